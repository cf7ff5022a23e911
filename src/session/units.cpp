// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/units.hpp"

#include <utility>

#include <fmt/format.h>

namespace priorityd::session {
namespace {

/// Of a unit of this manager only the name is known here; where it lies is the manager's business.
constexpr const char* kSomewhere = "/";

}  // namespace

void Units::take_back()
{
    for (const std::string& unit : changed())
        write(unit, {}, [](const Result<void>&) {});
}

void Units::read(const std::string& unit, std::function<void(const Result<Weights>&)> then)
{
    systemd_.read(unit, std::move(then));
}

void Units::write(const std::string& unit, const Weights& weights, std::function<void(const Result<void>&)> then)
{
    if (!weights.empty())
        remember(unit);
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

void Units::remember(const std::string& unit)
{
    const bool is_new = set_.insert(unit).second;
    const auto noted =
        is_new && changed_ ? changed_->add({.user = user_, .name = unit, .cgroup = kSomewhere}) : Result<void>{};
    if (!noted)
        log_.warning(fmt::format("after a crash {} will keep its weight: {}", unit, noted.error().message()));
}

void Units::forget(const std::string& unit)
{
    const bool is_known = set_.erase(unit) > 0;
    const auto forgotten =
        is_known && changed_ ? changed_->remove({.user = user_, .name = unit, .cgroup = kSomewhere}) : Result<void>{};
    if (!forgotten)
        log_.warning(fmt::format("{} stays on the list of changed units: {}", unit, forgotten.error().message()));
}

}  // namespace priorityd::session
