// SPDX-License-Identifier: GPL-3.0-or-later
/// What the daemon tells whoever asks. Nothing here changes anything.
#include "daemon/clocks.hpp"
#include "daemon/daemon.hpp"

namespace priorityd::daemon {

Result<ProcessView> Daemon::process(Pid pid)
{
    return pipeline_.view(pid, clocks());
}

std::vector<ProcessView> Daemon::processes(const ProcessFilter& filter)
{
    return pipeline_.views(filter);
}

Result<Explanation> Daemon::explanation(Pid pid)
{
    return pipeline_.explain(pid, clocks());
}

Explanation Daemon::classify(const GivenFacts& facts) const
{
    return priorityd::classify(pipeline_.layers(), facts);
}

std::vector<EngineView> Daemon::engines() const
{
    return parts_.scoring.views(pipeline_.policy().settings().scoring);
}

DaemonStatus Daemon::status() const
{
    const auto& policy = pipeline_.policy();
    DaemonStatus status{.version = PRIORITYD_VERSION,
                        .generation = generation_,
                        .rules = static_cast<std::uint32_t>(policy.rules().size()),
                        .classes = {},
                        .rule_files = rule_files_,
                        .tracked = static_cast<std::uint32_t>(pipeline_.tracked()),
                        .overrides = static_cast<std::uint32_t>(pipeline_.layers().overrides->size()),
                        .counters = counters_,
                        .knobs = beside_gathering(parts_.world.machine.gathers_by_cache(),
                                                  under(parts_.scheduler(), pipeline_.knobs())),
                        .listening = std::string{kernel::to_text(parts_.connector.filter())},
                        .thread = parts_.realtime.state_text(),
                        .is_dry_run = parts_.is_dry_run,
                        .diagnostics = diagnostics_};
    for (const auto& program_class : policy.classes())
        status.classes.push_back(program_class.name);
    status.counters.applied = pipeline_.tally().applied;
    status.counters.failed = pipeline_.tally().failed;
    return status;
}

}  // namespace priorityd::daemon
