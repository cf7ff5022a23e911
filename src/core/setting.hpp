// SPDX-License-Identifier: GPL-3.0-or-later
/// The table of settings: how each is called, spelled, read and printed. To add a setting, add a row here,
/// its value type to units.hpp, and its system call to the actuator.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/result.hpp"
#include "core/units.hpp"

namespace priorityd {

/// What can be decided for a process. The order is the order in which explain prints them.
enum class Setting : std::uint8_t {
    program_class,  ///< The class itself: not written anywhere, but decided, kept and shown like the rest.
    nice,
    sched,
    slice,
    io,
    cpu_weight,
    io_weight,
    cpus,
    oom_score_adj,
    timer_slack,
    uclamp_min,
    uclamp_max,
    children,
};
constexpr std::size_t kSettingCount = 13;

/// The name of a class, as the value of Setting::program_class.
struct ClassName {
    std::string text;
    friend bool operator==(const ClassName&, const ClassName&) = default;
};

/// A valid value of some setting; which alternative belongs to which setting is fixed by the table.
using Value = std::variant<ClassName, Nice, SchedPolicy, Slice, IoPriority, CpuWeight, IoWeight, CpuChoice, OomScoreAdj,
                           TimerSlack, UclampPercent, ChildrenPolicy>;

/// How TOML, D-Bus, JSON and the command line spell a value.
using RawValue = std::variant<std::int64_t, std::string>;

struct SettingInfo {
    Setting setting;
    std::string_view name;     ///< As in rules, on the bus and on the command line.
    std::string_view expects;  ///< For the error text: "a whole number from -20 to 19".
    std::optional<Value> (*parse)(const RawValue&);
};

/// One row per setting, in the order of the enumeration.
[[nodiscard]] std::span<const SettingInfo, kSettingCount> setting_table();
[[nodiscard]] const SettingInfo& info(Setting setting);
/// Null for a name that is no setting.
[[nodiscard]] const SettingInfo* find_setting(std::string_view name);

/// Error (code 0), for a person: "nice = 25: expected a whole number from -20 to 19".
[[nodiscard]] Result<Value> parse_value(Setting setting, const RawValue& raw_value);
/// The spelling that parse_value reads back: an integer where TOML has one, else text.
[[nodiscard]] RawValue to_raw(const Value& value);
/// The same as text: "-4", "best-effort/2".
[[nodiscard]] std::string to_text(const Value& value);
[[nodiscard]] std::string to_text(const RawValue& raw_value);

/// Settings with their values, at most one entry a setting, in the order of the enumeration.
class SettingMap {
public:
    using Entry = std::pair<Setting, Value>;

    void set(Setting setting, Value value);
    void erase(Setting setting);
    [[nodiscard]] const Value* find(Setting setting) const;
    [[nodiscard]] bool contains(Setting setting) const { return find(setting) != nullptr; }
    [[nodiscard]] bool empty() const { return entries_.empty(); }
    [[nodiscard]] std::size_t size() const { return entries_.size(); }
    [[nodiscard]] auto begin() const { return entries_.begin(); }
    [[nodiscard]] auto end() const { return entries_.end(); }
    friend bool operator==(const SettingMap&, const SettingMap&) = default;

private:
    std::vector<Entry> entries_;
};

/// The typed value of a setting, or null when the map has none.
template <typename T>
[[nodiscard]] const T* find_value(const SettingMap& map, Setting setting)
{
    const Value* value = map.find(setting);
    return value ? std::get_if<T>(value) : nullptr;
}

}  // namespace priorityd
