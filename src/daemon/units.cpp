// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/units.hpp"

#include <utility>

#include "kernel/cgroup.hpp"

namespace priorityd::daemon {
namespace {

Error no_bus()
{
    return {ENOTCONN, "there is no bus to ask systemd on"};
}

}  // namespace

std::vector<Pid> Units::processes_in(const Unit& unit)
{
    return kernel::processes_in_cgroup(sys_.get(), unit.cgroup);
}

bool Units::shares_out_cpu(const Unit& unit)
{
    return kernel::shares_out_cpu(sys_.get(), unit.cgroup);
}

/// A user's manager is not reached by anybody but that user. Source: org.freedesktop.systemd1(5), "Security".
void Units::read(const Unit& unit, std::function<void(const Result<Weights>&)> then)
{
    if (!managers_)
        then(tl::unexpected(no_bus()));
    else if (unit.user)
        managers_->sessions.read(*unit.user, unit.name, then);
    else
        managers_->systemd.read(unit.name, std::move(then));
}

void Units::write(const Unit& unit, const Weights& weights, std::function<void(const Result<void>&)> then)
{
    if (!managers_)
        then(tl::unexpected(no_bus()));
    else if (unit.user)
        managers_->sessions.write(*unit.user, unit.name, weights, then);
    else
        write_noted(unit, weights, std::move(then));
}

void Units::write_noted(const Unit& unit, const Weights& weights, std::function<void(const Result<void>&)> then)
{
    if (!weights.empty())
        state_.note_unit(unit);
    const auto done = [this, unit, weights, then = std::move(then)](const Result<void>& answer) {
        const bool is_clean = answer ? weights.empty() : answer.error().is_vanished();
        if (is_clean)
            state_.forget_unit(unit);
        then(answer);
    };
    managers_->systemd.write(unit.name, weights, done);
}

void Units::split(const Unit& scope, const std::vector<Pid>& processes, const std::string& new_scope,
                  std::function<void(const Result<void>&)> then)
{
    if (!managers_)
        then(tl::unexpected(no_bus()));
    else if (scope.user)
        managers_->sessions.split(*scope.user, scope.name, processes, new_scope, then);
    else
        managers_->systemd.split(scope.name, processes, new_scope, std::move(then));
}

void DryRunUnits::split(const Unit& /*scope*/, const std::vector<Pid>& /*processes*/, const std::string& new_scope,
                        std::function<void(const Result<void>&)> then)
{
    then(failure(ECANCELED, new_scope));
}

void DryRunUnits::write(const Unit& /*unit*/, const Weights& weights, std::function<void(const Result<void>&)> then)
{
    then(failure(ECANCELED, to_text(weights)));
}

}  // namespace priorityd::daemon
