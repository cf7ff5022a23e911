// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/change_log.hpp"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/text.hpp"

namespace priorityd::daemon {
namespace {

std::string line_of(const ProcessView& process)
{
    std::vector<std::string> settings;
    for (const auto& [setting, value] : process.settings)
        settings.push_back(fmt::format("{} {}", info(setting).name, to_text(value)));
    const auto who = fmt::format("{}[{}]", escaped(process.name), raw(process.key.pid));
    if (process.source.empty())
        return fmt::format("{}: put back, no rule matches any more", who);
    return fmt::format("{}: {}{}{} ({})", who, process.class_name.empty() ? "" : "class " + process.class_name,
                       process.class_name.empty() || settings.empty() ? "" : ": ", fmt::join(settings, ", "),
                       process.source);
}

}  // namespace

void ChangeLog::processes_changed(const std::vector<ProcessView>& changed, std::uint32_t left_out)
{
    for (const auto& process : changed)
        log_.info(line_of(process));
    if (left_out > 0)
        log_.info(fmt::format("and {} more changes", left_out));
}

}  // namespace priorityd::daemon
