// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/changed_units.hpp"

#include <charconv>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "daemon/boot_id.hpp"

namespace priorityd::daemon {
namespace {

const std::string kName = "units";
constexpr std::size_t kLargest = 16UL * 1024 * 1024;

/// "MANAGER NAME CGROUP", the manager being "system" or a user's number. Names of units have no blanks. Source:
/// systemd.unit(5).
std::string line_of(const Unit& unit)
{
    const std::string manager = unit.user ? std::to_string(raw(*unit.user)) : "system";
    return fmt::format("{} {} {}\n", manager, unit.name, unit.cgroup);
}

std::optional<Unit> parse_line(std::string_view line)
{
    const auto first = line.find(' ');
    const auto second = first == std::string_view::npos ? first : line.find(' ', first + 1);
    if (second == std::string_view::npos || second + 1 >= line.size())
        return std::nullopt;
    const auto manager = line.substr(0, first);
    Unit unit{.user = {},
              .name = std::string{line.substr(first + 1, second - first - 1)},
              .cgroup = std::string{line.substr(second + 1)}};
    if (manager == "system")
        return unit;
    std::uint32_t uid = 0;
    const auto [end, error] = std::from_chars(manager.data(), manager.data() + manager.size(), uid);
    if (error != std::errc{} || end != manager.data() + manager.size())
        return std::nullopt;
    unit.user = Uid{uid};
    return unit;
}

}  // namespace

Result<ChangedUnits> ChangedUnits::open(const std::filesystem::path& folder)
{
    auto opened = DurableFolder::open(folder);
    if (!opened)
        return tl::unexpected{opened.error()};
    const auto boot = boot_id();
    if (!boot)
        return tl::unexpected{boot.error()};
    ChangedUnits units{*std::move(opened), fmt::format("priorityd units 1 {}\n", *boot)};
    const auto file = units.folder_.read(kName, kLargest);
    if (file && file->starts_with(units.header_))
        units.read_lines(std::string_view{*file}.substr(units.header_.size()));
    return units;
}

/// A line that cannot be read was not written by priorityd: the file is replaced whole.
void ChangedUnits::read_lines(std::string_view lines)
{
    for (auto end = lines.find('\n'); end != std::string_view::npos; end = lines.find('\n')) {
        if (auto unit = parse_line(lines.substr(0, end)))
            units_.insert(*std::move(unit));
        lines.remove_prefix(end + 1);
    }
    left_.assign(units_.begin(), units_.end());
}

Result<void> ChangedUnits::add(const Unit& unit)
{
    return units_.insert(unit).second ? write() : Result<void>{};
}

Result<void> ChangedUnits::remove(const Unit& unit)
{
    return units_.erase(unit) > 0 ? write() : Result<void>{};
}

Result<void> ChangedUnits::write() const
{
    if (units_.empty())
        return folder_.drop(kName);
    std::string text = header_;
    for (const auto& unit : units_)
        text += line_of(unit);
    const auto draft = folder_.draft(kName);
    if (!draft)
        return tl::unexpected{draft.error()};
    if (auto written = write_all(draft->get(), text); !written)
        return written;
    return folder_.put_in_place(kName);
}

}  // namespace priorityd::daemon
