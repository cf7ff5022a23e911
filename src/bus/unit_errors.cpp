// SPDX-License-Identifier: GPL-3.0-or-later
#include "bus/unit_errors.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

#include "bus/names.hpp"
#include "bus/readable.hpp"
#include "bus/sdbus_compat.hpp"

namespace priorityd::bus {
namespace {

struct KnownError {
    std::string_view name;
    int code;
};
/// Of several names of one code the first is the one that is sent.
constexpr std::array kKnownErrors{
    KnownError{"org.freedesktop.systemd1.NoSuchUnit", ENOENT},
    KnownError{"org.freedesktop.DBus.Error.UnknownObject", ENOENT},
    KnownError{"org.freedesktop.DBus.Error.ServiceUnknown", EHOSTUNREACH},
    KnownError{"org.freedesktop.DBus.Error.NameHasNoOwner", EHOSTUNREACH},
    KnownError{"org.freedesktop.DBus.Error.Disconnected", EHOSTUNREACH},
    KnownError{"org.freedesktop.DBus.Error.Timeout", ETIMEDOUT},
    KnownError{"org.freedesktop.DBus.Error.NoReply", ETIMEDOUT},
    KnownError{"org.freedesktop.DBus.Error.AccessDenied", EACCES},
    KnownError{"org.freedesktop.DBus.Error.InteractiveAuthorizationRequired", EACCES},
};

}  // namespace

Error unit_error(const sdbus::Error& error, const std::string& doing)
{
    const auto known = std::ranges::find(kKnownErrors, std::string_view{error.getName()}, &KnownError::name);
    if (known == kKnownErrors.end())
        return {0, fmt::format("{}: {}", doing, error.getMessage())};
    if (known->code == EHOSTUNREACH)
        return {EHOSTUNREACH, "there is no systemd on the bus"};
    return {known->code, doing};
}

sdbus::Error to_unit_error(const Error& error)
{
    const auto known = std::ranges::find(kKnownErrors, error.code, &KnownError::code);
    const char* name = known == kKnownErrors.end() ? error_name::kFailed : known->name.data();
    return compat::make_error(name, readable(error.message()));
}

}  // namespace priorityd::bus
