// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/accepted_rules.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include <fmt/format.h>

#include "core/policy_reading.hpp"
#include "core/scoring/accepted_rule.hpp"
#include "daemon/durable_folder.hpp"
#include "kernel/accounts.hpp"

namespace priorityd::daemon {
namespace {

constexpr const char* kFileName = "80-accepted.toml";
/// Some thousand rules; larger is not what was written here.
constexpr std::size_t kLargestFile = 1024UL * 1024;

/// Folders above, as an administrator would make them.
Result<DurableFolder> open_with_parents(const std::filesystem::path& folder)
{
    std::error_code error;
    if (folder.has_relative_path() && !std::filesystem::exists(folder.parent_path(), error)) {
        if (auto parent = open_with_parents(folder.parent_path()); !parent)
            return parent;
    }
    return DurableFolder::open(folder, Readers::everybody);
}

Result<void> check(const std::string& path, const std::string& text, const Policy& policy)
{
    const auto reading = read_policy({{.kind = PolicyFile::Kind::rules, .path = path, .text = text, .error = {}}},
                                     kernel::SystemAccounts{}, &policy);
    if (reading.policy)
        return {};
    const auto first = std::ranges::find(reading.diagnostics, Diagnostic::Level::error, &Diagnostic::level);
    return failure(0, first->to_text());
}

/// Unlike DurableFolder::write it keeps the file where the disk fails at last: there are earlier rules in it.
Result<void> replace(const DurableFolder& folder, const std::string& text)
{
    const auto draft = folder.draft(kFileName);
    if (!draft)
        return tl::unexpected{draft.error()};
    auto done = write_all(draft->get(), text);
    if (done && ::fsync(draft->get()) != 0)
        done = failure(errno, "fsync");
    if (!done) {
        folder.discard_draft(kFileName);
        return failure(done.error().code, fmt::format("{}({})", done.error().doing, folder.path_of(kFileName)));
    }
    done = folder.put_in_place(kFileName);
    return done ? folder.sync() : done;
}

}  // namespace

Result<std::filesystem::path> add_accepted_rule(const std::filesystem::path& folder, const Suggestion& suggestion,
                                                const Policy& policy, std::chrono::sys_seconds today)
{
    const auto place = open_with_parents(folder);
    if (!place)
        return tl::unexpected{place.error()};
    const auto before = place->read(kFileName, kLargestFile);
    if (!before && before.error().code != ENOENT)
        return tl::unexpected{before.error()};
    const auto text = with_accepted_rule(before.value_or(""), suggestion, today);
    if (!text)
        return tl::unexpected{text.error()};
    const auto path = place->path_of(kFileName);
    if (auto sound = check(path, *text, policy); !sound)
        return tl::unexpected{sound.error()};
    if (auto written = replace(*place, *text); !written)
        return tl::unexpected{written.error()};
    return path;
}

}  // namespace priorityd::daemon
