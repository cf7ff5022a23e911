// SPDX-License-Identifier: GPL-3.0-or-later
/// The one way in which expected failures travel: Result<T>, holding a value or an Error.
#pragma once

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include <tl/expected.hpp>

namespace priorityd {

/// An expected failure: what the kernel or a parser answered, and what was being attempted.
struct Error {
    int code = 0;       ///< errno(3) value; 0 where no system call was involved.
    std::string doing;  ///< The attempt with its values: "setpriority(tid 4242, nice 10)".

    /// One line for a person: the attempt, then the answer.
    [[nodiscard]] std::string message() const
    {
        return code == 0 ? doing : doing + ": " + std::generic_category().message(code);
    }

    /// True when the process or file was gone: an outcome of racing with exit, never a warning.
    [[nodiscard]] bool is_vanished() const { return code == ESRCH || code == ENOENT; }
};

template <typename T>
using Result = tl::expected<T, Error>;

/// Shorthand for `return failure(errno, "open(/proc/1/stat)")`.
[[nodiscard]] inline tl::unexpected<Error> failure(int code, std::string doing)
{
    return tl::unexpected<Error>(Error{code, std::move(doing)});
}

}  // namespace priorityd
