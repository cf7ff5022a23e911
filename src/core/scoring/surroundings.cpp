// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scoring/surroundings.hpp"

#include <utility>
#include <vector>

#include "core/scoring/app_id.hpp"
#include "core/scoring/findings.hpp"
#include "core/scoring/lexicon.hpp"

namespace priorityd {
namespace {

/// Whether the path leads through a cgroup of this name.
bool is_below(std::string_view cgroup, std::string_view name)
{
    while (!cgroup.empty()) {
        const auto end = std::min(cgroup.find('/'), cgroup.size());
        if (cgroup.substr(0, end) == name)
            return true;
        cgroup.remove_prefix(std::min(end + 1, cgroup.size()));
    }
    return false;
}

Surroundings::Slice slice_in(std::string_view cgroup)
{
    using enum Surroundings::Slice;
    if (is_below(cgroup, "background.slice"))
        return background;
    if (is_below(cgroup, "session.slice"))
        return session;
    return is_below(cgroup, "machine.slice") ? machine : other;
}

Surroundings::Place place_in(std::string_view cgroup, const TimedServices& timed)
{
    using enum Surroundings::Place;
    if (!container_of(cgroup).empty())
        return container;
    const auto unit = leaf_unit_of(cgroup);
    if (!unit)
        return unknown;
    if (timed.contains(*unit))
        return timed_service;
    if (!app_of_cgroup(cgroup).empty())
        return app;
    return !unit->user && unit->name.ends_with(".service") ? service : unknown;
}

/// How the lexicon calls what is true of it.
std::vector<std::string_view> words_for(const Surroundings& surroundings)
{
    std::vector<std::string_view> words;
    switch (surroundings.place) {
        using enum Surroundings::Place;
        case container: return {"in a container"};
        case timed_service: words.emplace_back("started by a timer"); break;
        case service: words.emplace_back("service of the system"); break;
        case app:
            // What is typed into a terminal runs in the unit of its window.
            if (!surroundings.has_terminal)
                words.emplace_back("application of a desktop");
            break;
        case unknown: break;
    }
    switch (surroundings.slice) {
        using enum Surroundings::Slice;
        case background: words.emplace_back("background.slice"); break;
        case session: words.emplace_back("session.slice"); break;
        case machine: words.emplace_back("machine.slice"); break;
        case other: break;
    }
    return words;
}

}  // namespace

bool TimedServices::contains(const Unit& unit) const
{
    const auto& its = unit.user ? user : system;
    if (its.contains(unit.name))
        return true;
    constexpr std::string_view kEnding = ".service";
    const auto at = unit.name.find('@');
    return at != std::string::npos && unit.name.ends_with(kEnding) &&
           its.contains(unit.name.substr(0, at + 1) + std::string{kEnding});
}

Surroundings surroundings_of(const Snapshot& process, const TimedServices& timed)
{
    return {
        .place = place_in(process.cgroup, timed), .slice = slice_in(process.cgroup), .has_terminal = process.has_tty};
}

std::optional<Advice> advice_by_surroundings(const Surroundings& surroundings)
{
    const auto words = words_for(surroundings);
    Findings found;
    look_up(
        HintPlace::surroundings, "", [&](auto word) { return std::ranges::find(words, word) != words.end(); }, found);
    return advice_of(found);
}

Advice heeding_terminal(Advice advice, const Snapshot& process)
{
    if (process.is_tty_foreground && advice.program_class == kLowestClass) {
        advice.program_class = kLowestClassWaitedFor;
        advice.because += ", but somebody waits at a terminal";
    }
    return advice;
}

}  // namespace priorityd
