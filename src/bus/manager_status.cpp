// SPDX-License-Identifier: GPL-3.0-or-later
#include "bus/manager_status.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace priorityd::bus {
namespace {

Counters read_counters(const Dict& properties)
{
    return {
        .events_received = value_at<std::uint64_t>(properties, "EventsReceived"),
        .events_malformed = value_at<std::uint64_t>(properties, "EventsMalformed"),
        .events_lost = value_at<std::uint64_t>(properties, "EventsLost"),
        .rescans = value_at<std::uint64_t>(properties, "Rescans"),
        .applied = value_at<std::uint64_t>(properties, "Applied"),
        .failed = value_at<std::uint64_t>(properties, "Failed"),
    };
}

Knobs read_knobs(const Dict& properties)
{
    Knobs knobs;
    for (const auto& [name, text] : value_at<std::map<std::string, std::string>>(properties, "Knobs"))
        knobs.emplace(name, read_knob(text));
    return knobs;
}

}  // namespace

ManagerStatus read_status(const Dict& properties)
{
    return {
        .daemon = {.version = value_at<std::string>(properties, "Version"),
                   .generation = value_at<std::uint32_t>(properties, "Generation"),
                   .rules = value_at<std::uint32_t>(properties, "Rules"),
                   .classes = value_at<std::vector<std::string>>(properties, "Classes"),
                   .rule_files = value_at<std::vector<std::string>>(properties, "PolicyFiles"),
                   .tracked = value_at<std::uint32_t>(properties, "Tracked"),
                   .overrides = value_at<std::uint32_t>(properties, "Overrides"),
                   .counters = read_counters(properties),
                   .knobs = read_knobs(properties),
                   .listening = value_at<std::string>(properties, "Listening"),
                   .thread = value_at<std::string>(properties, "Thread"),
                   .is_dry_run = value_at<bool>(properties, "DryRun"),
                   .diagnostics = {}},
        .diagnostics = value_at<std::vector<std::string>>(properties, "Diagnostics"),
        .engines = value_at<std::vector<std::string>>(properties, "Engines"),
        .overlay = {.name = value_at<std::string>(properties, "Profile"),
                    .chosen = value_at<std::string>(properties, "ProfileChoice"),
                    .because = value_at<std::string>(properties, "ProfileReason")},
    };
}

}  // namespace priorityd::bus
