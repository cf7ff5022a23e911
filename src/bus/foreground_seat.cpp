// SPDX-License-Identifier: GPL-3.0-or-later
#include "bus/foreground_seat.hpp"

#include <utility>

namespace priorityd::bus {

void ForegroundSeat::take(const Caller& caller, const ProcessKey& process, Trust trust, const Then& then)
{
    if (trust == Trust::anyhow)
        return believe(caller.connection, process, then);
    logins_.ask_if_active(caller.uid, [this, connection = caller.connection, process, then](bool is_active) {
        if (is_active)
            believe(connection, process, then);
        else
            then(refuse(Refusal::Kind::not_authorised,
                        "only who has an active session at this machine may say which program has the focus: "
                        "\"loginctl list-sessions\" shows them"));
    });
}

void ForegroundSeat::believe(const std::string& connection, const ProcessKey& process, const Then& then)
{
    if (connection != who_says_) {
        auto watch = callers_.watch(connection, [this, connection] { part_from(connection); });
        if (!watch)
            return then(tl::unexpected{caller_has_left()});
        watch_ = *std::move(watch);
        who_says_ = connection;
    }
    control_.use_foreground(process);
    then({});
    callers_.find_user(connection, [this, connection](std::optional<Uid> user) {
        if (!user)
            part_from(connection);
    });
}

void ForegroundSeat::part_from(const std::string& connection)
{
    if (connection == who_says_)
        clear();
}

void ForegroundSeat::clear()
{
    who_says_.clear();
    watch_.reset();
    control_.use_foreground(std::nullopt);
}

}  // namespace priorityd::bus
