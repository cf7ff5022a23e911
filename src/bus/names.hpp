// SPDX-License-Identifier: GPL-3.0-or-later
/// The names under which priorityd is known on D-Bus.
#pragma once

namespace priorityd::bus {

constexpr const char* kBusName = "org.priorityd1";
constexpr const char* kObjectPath = "/org/priorityd1";
constexpr const char* kManagerInterface = "org.priorityd1.Manager";
constexpr const char* kEnginePath = "/org/priorityd1/Engine";
constexpr const char* kLlmBusName = "org.priorityd1.Llm";
constexpr const char* kSessionPath = "/org/priorityd1/session";
constexpr const char* kSessionInterface = "org.priorityd1.Session";

namespace error_name {
constexpr const char* kNoSuchProcess = "org.priorityd1.Error.NoSuchProcess";
constexpr const char* kNoSuchOverride = "org.priorityd1.Error.NoSuchOverride";
constexpr const char* kNoSuchSuggestion = "org.priorityd1.Error.NoSuchSuggestion";
constexpr const char* kNoSuchProfile = "org.priorityd1.Error.NoSuchProfile";
constexpr const char* kUnknownClass = "org.priorityd1.Error.UnknownClass";
constexpr const char* kInvalidSetting = "org.priorityd1.Error.InvalidSetting";
constexpr const char* kInvalidRules = "org.priorityd1.Error.InvalidRules";
constexpr const char* kNotAuthorized = "org.priorityd1.Error.NotAuthorized";
constexpr const char* kLimitReached = "org.priorityd1.Error.LimitReached";
constexpr const char* kFailed = "org.freedesktop.DBus.Error.Failed";
}  // namespace error_name

/// The bus itself.
constexpr const char* kDriverName = "org.freedesktop.DBus";
constexpr const char* kDriverPath = "/org/freedesktop/DBus";

}  // namespace priorityd::bus
