// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scoring/program_cache.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace priorityd {

bool is_where_packages_go(std::string_view exe)
{
    constexpr std::array<std::string_view, 5> kFolders{"/usr/", "/bin/", "/sbin/", "/lib", "/opt/"};
    return !exe.starts_with("/usr/local/") &&
           std::ranges::any_of(kFolders, [&](std::string_view folder) { return exe.starts_with(folder); });
}

const std::vector<Vote>* ProgramCache::find(const ProgramFile& program, Pid asking)
{
    if (const auto found = known_.find(program.id); found != known_.end()) {
        ++tally_.hits;
        return &found->second;
    }
    ++tally_.misses;
    if (wanted_.size() >= kMostWanted && !wanted_.contains(program.id))
        return nullptr;
    auto& wanted = wanted_[program.id];
    wanted.exe = program.exe;
    if (wanted.asking.size() < kMostAsking)
        wanted.asking.push_back(asking);
    return nullptr;
}

bool ProgramCache::has_wanted() const
{
    return std::ranges::any_of(wanted_, [](const auto& entry) { return !entry.second.is_taken; });
}

std::vector<ProgramFile> ProgramCache::take_wanted()
{
    std::vector<ProgramFile> programs;
    for (auto& [id, wanted] : wanted_) {
        if (!std::exchange(wanted.is_taken, true))
            programs.push_back({wanted.exe, id});
    }
    return programs;
}

std::vector<Pid> ProgramCache::learn(const ProgramFile& program, std::vector<Vote> votes)
{
    ++tally_.learned;
    for (const Vote& vote : votes)
        ++tally_.votes[vote.engine];
    if (known_.size() >= kMost)
        known_.clear();
    known_.insert_or_assign(program.id, std::move(votes));
    const auto wanted = wanted_.extract(program.id);
    return wanted ? std::move(wanted.mapped().asking) : std::vector<Pid>{};
}

}  // namespace priorityd
