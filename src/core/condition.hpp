// SPDX-License-Identifier: GPL-3.0-or-later
/// What a long-form rule asks of a process. To add a matching key, add a row to the table in condition.cpp.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/glob.hpp"
#include "core/ids.hpp"
#include "core/result.hpp"
#include "core/snapshot.hpp"

namespace priorityd {

enum class MatchKey : std::uint8_t {
    name,
    exe,
    cmdline,
    arg,
    user,
    group,
    parent,
    ancestor,
    unit,
    slice,
    cgroup,
    container,
    uses
};
constexpr std::size_t kMatchKeyCount = 13;

/// One of the alternatives of a key: a glob over text, or for accounts a number, for `uses` a word.
struct Pattern {
    std::string text;  ///< As written.
    Case letters = Case::sensitive;
    bool is_glob = false;       ///< Else compared as a whole.
    std::uint32_t account = 0;  ///< user, group: the resolved id.
};

/// The key matches when any of the patterns does.
struct Term {
    MatchKey key{};
    std::vector<Pattern> any_of;
};

/// All terms must match, and none of the exceptions as a whole.
struct Condition {
    std::vector<Term> all_of;
    std::vector<Condition> except;
};

struct MatchKeyInfo {
    MatchKey key;
    std::string_view name;  ///< As in rules.
    FactSet needs;          ///< What has to be read before it can be compared.
    bool (*matches)(const Pattern& pattern, const Snapshot& process);
};
/// One row per key, in the order of the enumeration.
[[nodiscard]] std::span<const MatchKeyInfo, kMatchKeyCount> match_key_table();
/// Null for a word that is no matching key.
[[nodiscard]] const MatchKeyInfo* find_match_key(std::string_view name);

/// Account names are resolved outside the core.
class Accounts {
public:
    virtual ~Accounts() = default;
    [[nodiscard]] virtual Result<Uid> uid_of(const std::string& user) const = 0;   ///< Errors: ENOENT.
    [[nodiscard]] virtual Result<Gid> gid_of(const std::string& group) const = 0;  ///< Errors: ENOENT.
};

/// For keys that are compared as text: all but user, group and uses.
[[nodiscard]] Pattern text_pattern(MatchKey key, const std::string& text);
/// Errors: EINVAL for a word that `uses` does not know; ENOENT for an unknown account.
[[nodiscard]] Result<Pattern> make_pattern(MatchKey key, const std::string& text, const Accounts& accounts);

/// All facts that the condition may look at.
[[nodiscard]] FactSet needs(const Condition& condition);
/// The first facts that are missing to judge it: empty as soon as the known ones rule it out.
[[nodiscard]] FactSet missing(const Condition& condition, const Snapshot& process);
/// Precondition: missing() is empty.
[[nodiscard]] bool matches(const Condition& condition, const Snapshot& process);

}  // namespace priorityd
