// SPDX-License-Identifier: GPL-3.0-or-later
/// Values of the core as the dictionaries of D-Bus, and back. Pure: no bus is needed. The keys are in the XML.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <sdbus-c++/Types.h>

#include "core/explain.hpp"
#include "core/inspection.hpp"
#include "core/knobs.hpp"
#include "core/result.hpp"
#include "core/setting.hpp"

namespace priorityd::bus {

using Dict = std::map<std::string, sdbus::Variant>;

// What the daemon says. Texts from processes come out escaped, other texts readable.

[[nodiscard]] Dict to_dict(const SettingMap& settings);
[[nodiscard]] Dict to_dict(const ExplainRow& row);
[[nodiscard]] Dict to_dict(const ShareRow& row);
[[nodiscard]] Dict to_dict(const EngineView& engine);
/// All keys of a process.
[[nodiscard]] Dict full_row(const ProcessView& process);
/// The process of an explanation: all keys, and with whom it competes.
[[nodiscard]] Dict explained_row(const Explanation& explanation);
/// Without what the process has now.
[[nodiscard]] Dict list_row(const ProcessView& process);
/// The keys of ProcessesChanged alone.
[[nodiscard]] Dict change_row(const ProcessView& process);
[[nodiscard]] std::vector<std::string> to_texts(const Diagnostics& diagnostics);

// What the daemon is asked. Errors: EINVAL, with a text that names the key and those that are known.

[[nodiscard]] Result<ProcessFilter> read_filter(const Dict& dict);
[[nodiscard]] Result<GivenFacts> read_facts(const Dict& dict);

/// The value of a setting as it came; empty for types that no setting has.
[[nodiscard]] std::optional<RawValue> read_raw(const sdbus::Variant& variant);

// What the client asks, and how it reads the answers. What it does not know, of a later daemon, it leaves out.

[[nodiscard]] Dict to_dict(const ProcessFilter& filter);
[[nodiscard]] Dict to_dict(const GivenFacts& facts);
[[nodiscard]] SettingMap read_settings(const Dict& dict);
[[nodiscard]] ProcessView read_process(const Dict& dict);
[[nodiscard]] ExplainRow read_explain_row(const Dict& dict);
[[nodiscard]] EngineView read_engine(const Dict& dict);
[[nodiscard]] std::vector<ShareRow> read_shares(const Dict& process);
/// From the text that KnobState::to_text has made.
[[nodiscard]] KnobState read_knob(std::string_view text);

/// The value at `key`; an empty one when it is absent or of another type.
template <typename T>
[[nodiscard]] T value_at(const Dict& dict, const char* key)
{
    const auto found = dict.find(key);
    if (found == dict.end() || !found->second.containsValueOfType<T>())
        return T{};
    return found->second.get<T>();
}

}  // namespace priorityd::bus
