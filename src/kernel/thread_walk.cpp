// SPDX-License-Identifier: GPL-3.0-or-later
/// What single threads answer, summed up for the process.
#include "kernel/thread_walk.hpp"

#include <cerrno>

#include <fmt/format.h>

namespace priorityd::kernel {

Outcome refused(const Error& error, std::string_view capability)
{
    if (error.is_vanished())
        return {Outcome::Kind::vanished, {}};
    if (error.code == EOPNOTSUPP)  // the answer to clamps alone
        return {Outcome::Kind::not_live, "this kernel has no uclamp"};
    const bool is_permission = error.code == EPERM || error.code == EACCES;
    return {Outcome::Kind::failed,
            is_permission ? fmt::format("{}; needs {}", error.message(), capability) : error.message()};
}

void Met::note(const StepResult& result)
{
    if (!result) {
        // A thread that has ended meanwhile needs nothing.
        if (!result.error().is_vanished() && !first_error)
            first_error = result.error();
        return;
    }
    is_written = is_written || *result == Step::written;
    is_already_so = is_already_so || *result == Step::already_so;
}

Outcome Met::outcome(std::string_view capability) const
{
    if (first_error)
        return refused(*first_error, capability);
    if (is_written)
        return {Outcome::Kind::applied, {}};
    if (is_already_so)
        return {Outcome::Kind::already_so, {}};
    return {Outcome::Kind::held, "a real-time policy that somebody else has given it"};
}

}  // namespace priorityd::kernel
