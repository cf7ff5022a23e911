// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/user_rules.hpp"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "core/steering.hpp"
#include "core/text.hpp"

namespace priorityd::kernel {
namespace {

namespace fs = std::filesystem;

/// Escaping makes every unsafe byte longer and doubles backslashes: if only the latter happened, nothing was unsafe.
bool is_plain_text(std::string_view text)
{
    const auto backslashes = static_cast<std::size_t>(std::ranges::count(text, '\\'));
    return escaped(text).size() == text.size() + backslashes;
}

/// Empty when the file can be sent: D-Bus carries UTF-8, and TOML has no control characters but blanks and line ends.
std::string refusal(const PolicyFile& file, const std::string& name)
{
    if (!file.error.empty())
        return file.error;
    if (!is_plain_text(name))
        return "give the file a name in UTF-8 without control characters";
    std::string text = file.text;
    std::ranges::replace_if(
        text, [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
    return is_plain_text(text) ? "" : "is no UTF-8 text; write it anew with an editor";
}

}  // namespace

fs::path own_rules_folder()
{
    const char* configuration = std::getenv("XDG_CONFIG_HOME");  // NOLINT(concurrency-mt-unsafe): one thread
    // A relative path is to be ignored. Source: XDG Base Directory Specification.
    if (configuration && *configuration == '/')
        return fs::path{configuration} / "priorityd/rules.d";
    const char* home = std::getenv("HOME");  // NOLINT(concurrency-mt-unsafe): one thread
    return home && *home == '/' ? fs::path{home} / ".config/priorityd/rules.d" : fs::path{};
}

Result<UserRuleFiles> read_user_rules(const PolicyPlaces& places)
{
    UserRuleFiles files;
    std::size_t bytes = 0;
    const PolicySources sources{.settings = {}, .settings_folders = {}, .rules = places};
    for (PolicyFile& file : read_policy_files(sources)) {
        std::string name = fs::path{file.path}.filename().string();
        if (const std::string why = refusal(file, name); !why.empty())
            return failure(0, fmt::format("{}: {}", file.path, why));
        bytes += name.size() + file.text.size();
        files.emplace_back(std::move(name), std::move(file.text));
    }
    if (bytes > SteeringLimits::kRuleBytes)
        return failure(0, fmt::format("the rules are {} KiB long in all, and a user may have {} KiB: take some away",
                                      (bytes + 1023) / 1024, SteeringLimits::kRuleBytes / 1024));
    return files;
}

}  // namespace priorityd::kernel
