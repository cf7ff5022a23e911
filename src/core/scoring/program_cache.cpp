// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scoring/program_cache.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "core/names.hpp"

namespace priorityd {

namespace {

bool is_where_packages_go(std::string_view exe)
{
    constexpr std::array<std::string_view, 5> kFolders{"/usr/", "/bin/", "/sbin/", "/lib", "/opt/"};
    return !exe.starts_with("/usr/local/") &&
           std::ranges::any_of(kFolders, [&](std::string_view folder) { return exe.starts_with(folder); });
}

}  // namespace

bool runs_own_file(const Snapshot& process)
{
    return !process.names.empty() && !process.exe.empty() && process.names.front() == base_name(process.exe);
}

bool may_be_known_by_file(const Snapshot& process)
{
    return runs_own_file(process) && (is_where_packages_go(process.exe) || is_inside_app(process.exe));
}

std::optional<ProgramFile> program_of(const Snapshot& process)
{
    if (!may_be_known_by_file(process) || process.file_id == FileId{})
        return std::nullopt;
    ProgramFile program{process.exe, process.file_id};
    if (auto app = app_of_cgroup(process.cgroup); is_own_file(app, process.exe))
        program.app = std::move(app);
    else if (is_inside_app(process.exe))
        return std::nullopt;
    return program;
}

std::optional<ProgramFile> program_anywhere(const Snapshot& process, std::chrono::sys_seconds today)
{
    constexpr auto kSettled = std::chrono::minutes{10};
    if (may_be_known_by_file(process))
        return program_of(process);
    const std::chrono::nanoseconds written{process.file_id.changed};
    if (!runs_own_file(process) || process.file_id == FileId{} || today.time_since_epoch() - written < kSettled)
        return std::nullopt;
    return ProgramFile{process.exe, process.file_id};
}

const std::vector<Vote>* ProgramCache::find(const ProgramFile& program, Pid asking)
{
    const auto key = key_of(program);
    if (const auto found = known_.find(key); found != known_.end()) {
        ++tally_.hits;
        return &found->second;
    }
    ++tally_.misses;
    if (!want(program))
        return nullptr;
    auto& wanted = wanted_[key];
    if (wanted.asking.size() < kMostAsking)
        wanted.asking.push_back(asking);
    return nullptr;
}

bool ProgramCache::want(const ProgramFile& program)
{
    const auto key = key_of(program);
    if (wanted_.size() >= kMostWanted && !wanted_.contains(key))
        return false;
    wanted_[key].exe = program.exe;
    return true;
}

bool ProgramCache::has_wanted() const
{
    return std::ranges::any_of(wanted_, [](const auto& entry) { return !entry.second.is_taken; });
}

std::vector<ProgramFile> ProgramCache::take_wanted()
{
    std::vector<ProgramFile> programs;
    for (auto& [key, wanted] : wanted_) {
        if (!std::exchange(wanted.is_taken, true))
            programs.push_back({wanted.exe, key.first, key.second});
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
    known_.insert_or_assign(key_of(program), std::move(votes));
    const auto wanted = wanted_.extract(key_of(program));
    return wanted ? std::move(wanted.mapped().asking) : std::vector<Pid>{};
}

}  // namespace priorityd
