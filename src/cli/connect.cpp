// SPDX-License-Identifier: GPL-3.0-or-later
/// What the verbs that need the daemon have in common.
#include "cli/verbs.hpp"

namespace priorityd::cli {

bus::ClientResult<bus::ManagerClient> find_daemon(const Context& context)
{
    // The address was checked when it was read.
    return bus::ManagerClient::connect(bus::parse_address(context.bus).value_or(bus::Address{}));
}

tl::expected<bus::ManagerClient, ExitStatus> connect(const Context& context)
{
    return find_daemon(context).map_error([](const bus::ClientError& error) { return fail(error); });
}

ExitStatus fail(const bus::ClientError& error)
{
    using Kind = bus::ClientError::Kind;
    switch (error.kind) {
        case Kind::no_daemon: return fail(ExitStatus::no_daemon, error.text);
        case Kind::not_authorised: return fail(ExitStatus::not_authorised, error.text);
        case Kind::no_such_process:
        case Kind::no_such_override:
        case Kind::refused_rules:
        case Kind::failed: break;
    }
    return fail(ExitStatus::refused, error.text);
}

}  // namespace priorityd::cli
