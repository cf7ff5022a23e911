// SPDX-License-Identifier: GPL-3.0-or-later
/// Where errors of D-Bus end and begin.
#include "bus/errors.hpp"

#include <systemd/sd-bus.h>

#include "bus/names.hpp"
#include "bus/readable.hpp"
#include "bus/sdbus_compat.hpp"

namespace priorityd::bus {
namespace {

const char* name_of(Refusal::Kind kind)
{
    using Kind = Refusal::Kind;
    switch (kind) {
        case Kind::no_such_process: return error_name::kNoSuchProcess;
        case Kind::no_such_override: return error_name::kNoSuchOverride;
        case Kind::no_such_suggestion: return error_name::kNoSuchSuggestion;
        case Kind::no_such_profile: return error_name::kNoSuchProfile;
        case Kind::unknown_class: return error_name::kUnknownClass;
        case Kind::invalid_setting: return error_name::kInvalidSetting;
        case Kind::not_authorised: return error_name::kNotAuthorized;
        case Kind::invalid_rules: return error_name::kInvalidRules;
        case Kind::limit_reached: return error_name::kLimitReached;
        case Kind::failed: break;
    }
    return error_name::kFailed;
}

}  // namespace

Error to_error(const sdbus::Error& error, std::string doing)
{
    const sd_bus_error bus_error{error.getName().c_str(), error.getMessage().c_str(), 0};
    return {sd_bus_error_get_errno(&bus_error), std::move(doing)};
}

sdbus::Error to_bus_error(const Refusal& refusal)
{
    return compat::make_error(name_of(refusal.kind), readable(refusal.text));
}

}  // namespace priorityd::bus
