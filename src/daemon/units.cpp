// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/units.hpp"

#include <utility>

#include <fmt/format.h>

#include "kernel/cgroup.hpp"

namespace priorityd::daemon {

std::vector<Pid> Units::processes_in(const Unit& unit)
{
    return kernel::processes_in_cgroup(sys_.get(), unit.cgroup);
}

/// A user's manager is not reached by anybody but that user. Source: org.freedesktop.systemd1(5), "Security".
Result<void> Units::check(const Unit& unit) const
{
    if (!systemd_)
        return failure(EHOSTUNREACH, "there is no systemd on the bus");
    if (unit.user)
        return failure(EHOSTUNREACH, fmt::format("the unit belongs to the manager of user {}", raw(*unit.user)));
    return {};
}

void Units::read(const Unit& unit, std::function<void(const Result<Weights>&)> then)
{
    if (auto ok = check(unit); !ok)
        return then(tl::unexpected(ok.error()));
    systemd_->read(unit.name, std::move(then));
}

void Units::write(const Unit& unit, const Weights& weights, std::function<void(const Result<void>&)> then)
{
    if (auto ok = check(unit); !ok)
        return then(ok);
    if (!weights.empty())
        state_.note_unit(unit);
    systemd_->write(unit.name, weights, [this, unit, weights, then = std::move(then)](const Result<void>& answer) {
        const bool is_clean = answer ? weights.empty() : answer.error().is_vanished();
        if (is_clean)
            state_.forget_unit(unit);
        then(answer);
    });
}

}  // namespace priorityd::daemon
