// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/units.hpp"

#include <utility>

#include <fmt/format.h>

namespace priorityd::session {
namespace {

/// Of a unit of this manager only the name is known here; where it lies is the manager's business.
constexpr const char* kSomewhere = "/";

}  // namespace

Units::Units(const daemon::Log& log, bus::SystemdUnits& systemd, Uid user, std::optional<daemon::ChangedUnits> changed)
    : log_{log}, systemd_{systemd}, user_{user}, changed_{std::move(changed)}
{
    if (!changed_)
        return;
    for (const Unit& left : changed_->take_left())
        given_.emplace(left.name, std::nullopt);
}

std::vector<std::string> Units::changed() const
{
    std::vector<std::string> names;
    for (const auto& [name, weights] : given_)
        names.push_back(name);
    return names;
}

void Units::take_back()
{
    for (const std::string& unit : changed())
        take_back(unit);
}

void Units::take_back(const std::string& unit)
{
    read(unit, [this, unit](const Result<Weights>&) {
        if (given_.contains(unit))
            write(unit, {}, [](const Result<void>&) {});
    });
}

void Units::read(const std::string& unit, std::function<void(const Result<Weights>&)> then)
{
    const auto known = given_.find(unit);
    const auto given = known == given_.end() ? std::nullopt : known->second;
    systemd_.read(unit, [this, unit, given, then = std::move(then)](const Result<Weights>& found) {
        const auto present = given_.find(unit);
        const bool is_as_asked = present != given_.end() && present->second == given;
        if (found && given && is_as_asked && !found->empty() && *found != *given)
            forget(unit);
        then(found);
    });
}

void Units::write(const std::string& unit, const Weights& weights, std::function<void(const Result<void>&)> then)
{
    if (!weights.empty())
        remember(unit, weights);
    if (log_.takes(daemon::Log::Level::debug))
        log_.write(daemon::Log::Level::debug, fmt::format("{}: {}", unit, to_text(weights)));
    systemd_.write(unit, weights, [this, unit, weights, then = std::move(then)](const Result<void>& answer) {
        const bool is_clean = answer ? weights.empty() : answer.error().is_vanished();
        if (is_clean)
            forget(unit);
        then(answer);
    });
}

void Units::split(const std::string& scope, const std::vector<Pid>& processes, const std::string& new_scope,
                  std::function<void(const Result<void>&)> then)
{
    systemd_.split(scope, processes, new_scope, std::move(then));
}

void Units::remember(const std::string& unit, const Weights& weights)
{
    const bool is_new = given_.insert_or_assign(unit, weights).second;
    const auto noted =
        is_new && changed_ ? changed_->add({.user = user_, .name = unit, .cgroup = kSomewhere}) : Result<void>{};
    if (!noted)
        log_.warning(fmt::format("after a crash {} will keep its weight: {}", unit, noted.error().message()));
}

void Units::forget(const std::string& unit)
{
    const bool is_known = given_.erase(unit) > 0;
    const auto forgotten =
        is_known && changed_ ? changed_->remove({.user = user_, .name = unit, .cgroup = kSomewhere}) : Result<void>{};
    if (!forgotten)
        log_.warning(fmt::format("{} stays on the list of changed units: {}", unit, forgotten.error().message()));
}

}  // namespace priorityd::session
