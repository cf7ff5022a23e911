// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/outside_engines.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/names.hpp"
#include "core/scoring/program_cache.hpp"
#include "core/scoring/score.hpp"
#include "daemon/clocks.hpp"
#include "kernel/accounts.hpp"

namespace priorityd::daemon {

OutsideEngines::OutsideEngines(ProgramLookup& programs, ProfileKeeper& profiles)
    : programs_{programs}, profiles_{profiles}
{
    programs_.tell([this](const ProgramFile& program, const ProgramInfo* info) { learn(program, info); });
}

void OutsideEngines::use(EngineCalls* calls)
{
    calls_ = calls;
    if (calls)
        return;
    for (auto& [name, outside] : engines_) {
        outside->engine.take_back(now());
        outside->is_health_asked = false;
        outside->says.clear();
    }
}

void OutsideEngines::use(const Policy& policy)
{
    auto before = std::exchange(engines_, {});
    for (const auto& [name, settings] : policy.settings().scoring.engines) {
        if (!settings.address)
            continue;
        const auto known = before.find(name);
        const bool is_known = known != before.end() && known->second->settings.address == settings.address;
        auto& outside = engines_[name];
        outside = is_known ? known->second : std::make_shared<Outside>(Outside{settings, ExternalEngine{name}});
        outside->settings = settings;
    }
    if (!engines_.empty())
        read_users();
    auto classes = classes_for_engines(policy);
    if (classes == classes_)
        return;
    classes_ = std::move(classes);
    for (auto& [name, outside] : engines_)
        outside->engine.use_classes(classes_);
}

/// Where they cannot be read nothing is told that could have one of them in it.
void OutsideEngines::read_users()
{
    const auto names = kernel::names_of_people();
    users_ = names ? std::optional{*names} : std::nullopt;
}

void OutsideEngines::hear_of(const std::string& bus_name)
{
    for (auto& [name, outside] : engines_) {
        if (outside->settings.address->bus_name == bus_name)
            outside->engine.try_now(now());
    }
    if (on_news_)
        on_news_();
}

FactSet OutsideEngines::needs(const Snapshot& process) const
{
    FactSet wanted;
    if (!runs_own_file(process))
        return wanted;
    for (const auto& [name, outside] : engines_) {
        if (!outside->settings.is_enabled)
            continue;
        wanted |= Fact::stat | Fact::file_id | Fact::cgroup;
        if (outside->settings.sends_arguments)
            wanted |= Fact::argv;
    }
    return wanted;
}

void OutsideEngines::advise(const Snapshot& process, std::vector<Vote>& into)
{
    const auto program = program_anywhere(process, clocks().date);
    if (!program)
        return;
    for (auto& [name, outside] : engines_) {
        auto& engine = outside->engine;
        if (!outside->settings.is_enabled)
            continue;
        const auto votes = into.size();
        if (engine.recall(program->id, into)) {
            remember(*program, process.key, *outside, into.size() > votes ? &into.back() : nullptr);
            continue;
        }
        if (!calls_ || engine.is_full())
            continue;
        if ((engine.is_described(program->id) || programs_.want(*program)) &&
            engine.expect(program->id, process.key.pid))
            engine.tell_of(program->id, circumstances_of(process, *program, outside->settings));
    }
}

/// What it says of a program, for suggestions: as sure as its weight lets it be. Inside of a sandbox it is no path of
/// this machine.
void OutsideEngines::remember(const ProgramFile& program, const ProcessKey& process, const Outside& outside,
                              const Vote* vote)
{
    if (!vote)
        return profiles_.retract(program, outside.engine.name());
    if (is_inside_app(program.exe))
        return;
    auto weighed = *vote;
    weighed.advice.confidence *= outside.settings.weight;
    profiles_.hear(program, weighed, process);
}

Circumstances OutsideEngines::circumstances_of(const Snapshot& process, const ProgramFile& program,
                                               const EngineSettings& settings) const
{
    Circumstances told;
    if (users_)
        told.unit = redacted_unit(process.cgroup, *users_);
    if (users_ && settings.sends_arguments)
        told.arguments = redacted_arguments(process.argv, *users_);
    if (settings.sends_behaviour)
        told.behaviour = profiles_.known_of(program);
    return told;
}

void OutsideEngines::learn(const ProgramFile& program, const ProgramInfo* info)
{
    for (auto& [name, outside] : engines_) {
        if (info)
            outside->engine.describe(described(program, *info), now());
        else
            outside->engine.give_up(program.id);
    }
}

DescribedProgram OutsideEngines::described(const ProgramFile& program, const ProgramInfo& info) const
{
    auto exe = redacted_path(program.exe, users_.value_or(UserNames{}));
    auto name = std::string{base_name(exe)};
    return {.id = program.id, .name = std::move(name), .exe = std::move(exe), .info = info, .circumstances = {}};
}

std::optional<Instant> OutsideEngines::deadline(Instant /*now*/)
{
    std::optional<Instant> due;
    for (const auto& [name, outside] : engines_) {
        if (calls_ && outside->settings.is_enabled)
            due = earlier(due, outside->engine.deadline());
    }
    return due;
}

void OutsideEngines::run_due(Instant now)
{
    if (!calls_)
        return;
    for (const auto& [name, outside] : engines_) {
        if (outside->settings.is_enabled)
            ask(outside, now);
    }
}

/// The engine may be gone from the settings when the answer comes.
void OutsideEngines::ask(const std::shared_ptr<Outside>& outside, Instant now)
{
    auto batch = outside->engine.take_batch(now);
    if (batch.empty())
        return;
    for (auto& program : batch) {  // what was collected before the settings have changed
        if (!outside->settings.sends_arguments)
            program.circumstances.arguments.clear();
        if (!outside->settings.sends_behaviour)
            program.circumstances.behaviour.clear();
    }
    calls_->score(*outside->settings.address, outside->settings.timeout, {std::move(batch), classes_},
                  [this, asked = std::weak_ptr{outside}](const Result<ScoreAnswer>& answer) {
                      const auto still_there = asked.lock();
                      if (!still_there)
                          return;
                      const auto news = still_there->engine.hear(answer, classes_, daemon::now());
                      news_.insert(news_.end(), news.begin(), news.end());
                      if (answer)
                          ask_health(still_there);
                      else
                          still_there->says.clear();
                      if (on_news_)
                          on_news_();
                  });
}

void OutsideEngines::ask_health(const std::shared_ptr<Outside>& outside)
{
    if (!calls_ || std::exchange(outside->is_health_asked, true))
        return;
    calls_->health(*outside->settings.address, outside->settings.timeout,
                   [asked = std::weak_ptr{outside}](const std::string& says) {
                       const auto still_there = asked.lock();
                       if (!still_there)
                           return;
                       still_there->is_health_asked = false;
                       still_there->says = says;
                   });
}

std::vector<Pid> OutsideEngines::take_news(Instant /*now*/)
{
    return std::exchange(news_, {});
}

std::string OutsideEngines::health_of(const ExternalEngine& engine, const std::string& says, Instant now) const
{
    if (!calls_)
        return "there is no bus";
    auto health = engine.health(now);
    if (!users_)
        health += "; the accounts of people cannot be read, so that units and arguments are not told";
    return says.empty() ? health : fmt::format("{}; it says: {}", health, says);
}

std::vector<EngineView> OutsideEngines::views(Instant now) const
{
    std::vector<EngineView> views;
    for (const auto& [name, outside] : engines_) {
        const auto& engine = outside->engine;
        const auto& tally = engine.tally();
        views.push_back({.name = name,
                         .is_enabled = outside->settings.is_enabled,
                         .weight = outside->settings.weight,
                         .calls = tally.calls,
                         .votes = tally.votes,
                         .refused = tally.refused,
                         .failures = tally.failures,
                         .health = health_of(engine, outside->says, now),
                         .cache = {.programs = static_cast<std::uint32_t>(engine.remembered()),
                                   .hits = tally.hits,
                                   .misses = tally.misses,
                                   .latency = engine.latency()}});
    }
    return views;
}

}  // namespace priorityd::daemon
