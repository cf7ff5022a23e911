// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/learning.hpp"

#include <memory>
#include <string>

#include <fmt/format.h>

#include "core/names.hpp"
#include "core/scoring/engines.hpp"
#include "core/text.hpp"
#include "daemon/accepted_rules.hpp"
#include "daemon/clocks.hpp"

namespace priorityd::daemon {
namespace {

using Kind = Refusal::Kind;

std::string shown(const Suggestion& suggestion)
{
    return fmt::format("{}: {} ({})", escaped(suggestion.exe), escaped(suggestion.program_class),
                       escaped(suggestion.because));
}

}  // namespace

DaemonLearning::DaemonLearning(Parts parts) : parts_{std::move(parts)}
{
    parts_.keeper.on_suggestion([this](const Suggestion& suggestion) { tell(suggestion); });
}

/// One that asks for more than the program does not count: it is no answer for every start.
bool DaemonLearning::has_rule(const Suggestion& suggestion) const
{
    GivenFacts facts;
    facts.name = base_name(suggestion.exe);
    facts.exe = suggestion.exe;
    return !classify(parts_.layers(), facts).process.class_name.empty();
}

/// An engine outside may have gone from the settings since it has said so, and so may the class.
bool DaemonLearning::is_in_force(const Suggestion& suggestion) const
{
    const auto& policy = *parts_.layers().policy;
    const auto& engines = policy.settings().scoring.engines;
    const auto engine = engines.find(suggestion.engine);
    const bool is_listened_to =
        suggestion.engine == kBehaviourEngine || (engine != engines.end() && engine->second.is_enabled);
    return is_listened_to && policy.find_class(suggestion.program_class) && !has_rule(suggestion);
}

std::vector<SuggestionView> DaemonLearning::suggestions() const
{
    std::vector<SuggestionView> views;
    for (const Suggestion& one : parts_.keeper.profiles().suggestions()) {
        if (is_in_force(one))
            views.push_back(view_of(one));
    }
    return views;
}

Verdict<Suggestion> DaemonLearning::find(const std::string& id) const
{
    for (const Suggestion& one : parts_.keeper.profiles().suggestions()) {
        if (std::to_string(one.id) == id && is_in_force(one))
            return one;
    }
    return refuse(Kind::no_such_suggestion,
                  fmt::format("there is no suggestion {}: \"priorityctl suggestions\" has all", escaped(id)));
}

void DaemonLearning::accept(const std::string& id, Done done)
{
    const auto suggestion = find(id);
    if (!suggestion)
        return done(tl::unexpected{suggestion.error()});
    const auto folder = parts_.rules_folder();
    if (!folder)
        return done(
            refuse(Kind::failed, "no rule can be written: the daemon was given files as --rules, and no folder"));
    if (!accepting_.insert(suggestion->id).second)
        return done(
            refuse(Kind::limit_reached, fmt::format("suggestion {} is being accepted already", suggestion->id)));
    const auto written = std::make_shared<std::filesystem::path>();
    parts_.keeper.hand_over(
        [one = *suggestion, folder = *folder, policy = parts_.layers().policy, written]() -> Result<void> {
            return add_accepted_rule(folder, one, *policy, clocks().date).map([&](std::filesystem::path file) {
                *written = std::move(file);
            });
        },
        [this, one = *suggestion, written, done = std::move(done)](const Result<void>& result) {
            accepting_.erase(one.id);
            if (!result)
                return done(refuse(Kind::failed, fmt::format("no rule was written: {}", result.error().message())));
            parts_.keeper.accept(one.id);
            parts_.log.notice(fmt::format("accepted, in {}: {}", escaped(written->string()), shown(one)));
            done(written->string());
        });
}

Verdict<void> DaemonLearning::reject(const std::string& id)
{
    const auto suggestion = find(id);
    if (!suggestion)
        return tl::unexpected{suggestion.error()};
    if (!parts_.keeper.reject(suggestion->id))
        return refuse(Kind::limit_reached,
                      "too many suggestions were rejected: \"priorityctl engines forget\" makes room");
    parts_.log.notice(fmt::format("rejected: {}", shown(*suggestion)));
    return {};
}

void DaemonLearning::forget()
{
    const auto programs = parts_.keeper.profiles().size();
    parts_.keeper.forget();
    parts_.log.notice(fmt::format("what was learned of {} program{} is forgotten", programs, programs == 1 ? "" : "s"));
}

void DaemonLearning::tell(const Suggestion& suggestion) const
{
    if (!is_in_force(suggestion))
        return;
    parts_.log.info(fmt::format("suggestion {}: {}", suggestion.id, shown(suggestion)));
    for (auto* listener : listeners_)
        listener->suggestion_added(view_of(suggestion));
}

}  // namespace priorityd::daemon
