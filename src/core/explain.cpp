// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/explain.hpp"

#include <algorithm>
#include <cstddef>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "core/names.hpp"

namespace priorityd {
namespace {

constexpr FactSet kAllFacts =
    Fact::exe | Fact::stat | Fact::argv | Fact::owner | Fact::cgroup | Fact::parent | Fact::ancestors | Fact::devices;

bool is_class(const Contribution& contribution)
{
    return contribution.setting == Setting::program_class;
}

/// Why a contribution is not in force.
std::string loss_of(const Decision& decision, std::size_t loser)
{
    const Contribution& contribution = decision.contributions()[loser];
    if (contribution.origin == Contribution::Origin::vote)
        return "not followed";
    const auto* winner = decision.winner(contribution.setting);
    if (winner)
        return fmt::format("overruled by {}", winner->source);
    return fmt::format("went with its class, replaced by {}", decision.class_name());
}

std::string outcome_of(const Contribution& contribution, const Ledger* ledger, const Clocks& clocks)
{
    const auto* entry = ledger ? ledger->find(contribution.setting) : nullptr;
    if (entry && entry->held_since && entry->outcome.kind == Outcome::Kind::held)
        return fmt::format("held by someone else since {}: {} = {}", clocks.date_text(*entry->held_since),
                           info(contribution.setting).name, entry->outcome.detail);
    if (entry)
        return entry->outcome.to_text();
    return is_class(contribution) || !ledger ? "decided" : kNotTried;
}

}  // namespace

std::string Clocks::date_text(Instant then) const
{
    return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", date - std::chrono::round<std::chrono::seconds>(now - then));
}

ProcessView view_of(const Snapshot& process, const Decision& decision)
{
    ProcessView view{.key = process.key,
                     .name = process.shown_name(),
                     .public_name = std::string{public_name(process)},
                     .exe = process.exe,
                     .uid = process.uid,
                     .class_name = std::string{decision.class_name()},
                     .source = {},
                     .settings = decision.effective(),
                     .actual = {}};
    view.settings.erase(Setting::program_class);
    const auto* voice = decision.winner(Setting::program_class);
    if (!voice && !view.settings.empty())
        voice = decision.winner(view.settings.begin()->first);
    if (voice)
        view.source = voice->source;
    return view;
}

std::vector<ExplainRow> explain(const Decision& decision, const Ledger* ledger, const Clocks& clocks)
{
    std::vector<ExplainRow> rows;
    const auto wins = decision.in_force();
    for (std::size_t i = 0; i < wins.size(); ++i) {
        const Contribution& contribution = decision.contributions()[i];
        rows.push_back({.setting = std::string{info(contribution.setting).name},
                        .value = to_text(contribution.value),
                        .source = contribution.source,
                        .because = contribution.because,
                        .effective = wins[i],
                        .outcome = wins[i] ? outcome_of(contribution, ledger, clocks) : loss_of(decision, i)});
    }
    return rows;
}

Snapshot snapshot_of(const GivenFacts& facts)
{
    Snapshot process;
    process.known = kAllFacts;
    process.exe = facts.exe;
    process.comm = facts.name;
    if (!facts.args.empty()) {
        process.argv.push_back(facts.exe.empty() ? facts.name : facts.exe);
        process.argv.insert(process.argv.end(), facts.args.begin(), facts.args.end());
    }
    process.uid = facts.user.value_or(kNobodysUid);
    process.gid = facts.group.value_or(kNobodysGid);
    process.has_tty = facts.has_tty;
    process.uses = facts.uses;
    process.cgroup = facts.cgroup;
    if (facts.cgroup.empty() && !(facts.slice.empty() && facts.unit.empty()))
        process.cgroup = fmt::format("{}{}{}{}", facts.slice.empty() ? "" : "/", facts.slice,
                                     facts.unit.empty() ? "" : "/", facts.unit);
    for (const auto& ancestor : facts.ancestors)
        process.ancestors.push_back({ancestor});
    if (!facts.container.empty()) {
        const auto slash = facts.container.find('/');
        process.cgroup += fmt::format("/{}/{}", facts.container.substr(0, slash), facts.container.substr(slash + 1));
    }
    process.names = names_of(process);
    return process;
}

}  // namespace priorityd
