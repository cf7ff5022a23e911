// SPDX-License-Identifier: GPL-3.0-or-later
/// From the names of a process to the few rules worth looking at: a hash table of exact names, prefiltered globs.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/glob.hpp"
#include "core/snapshot.hpp"

namespace priorityd {

/// Rules are known here by their index in reading order.
class NameIndex {
public:
    /// Files the rule under an exact name without NULs; ".exe" names without case. Returns the offset for text_at().
    std::uint32_t add_exact(std::string_view name, std::uint32_t rule);
    /// Files the rule under a glob.
    void add_glob(std::string_view pattern, std::uint32_t rule);
    /// Files a rule that has no name key and so is a candidate for every process.
    void add_unnamed(std::uint32_t rule);
    /// The rule does not match this very spelling of its Windows name, the name filed at `text`: another rule has it.
    void yield(std::uint32_t rule, std::uint32_t text) { yields_.push_back({.text = text, .rule = rule}); }
    /// To be called once after the last add: builds the table.
    void finish();

    /// Appends nothing twice; `into` is cleared first and comes back ascending.
    void candidates(const Names& names, std::vector<std::uint32_t>& into) const;
    /// Whether a process with this comm could be a candidate, going by comm alone. A comm of 15 bytes may be the
    /// beginning of a longer name, so for those the answer may be a needless yes, never a wrong no.
    [[nodiscard]] bool could_match(std::string_view comm) const;
    /// The name filed at `offset`, as it was given.
    [[nodiscard]] std::string_view text_at(std::uint32_t offset) const;

private:
    struct Entry {
        std::uint32_t text;  // offset into text_
        std::uint32_t rule;
    };
    /// Most look-ups end at the tag, without a look at the entry and its text, which lie elsewhere in memory.
    struct Slot {
        std::uint32_t tag;    // of the name's hash
        std::uint32_t entry;  // index into entries_, or kEmpty
    };
    struct GlobEntry {
        std::string pattern;
        std::string prefix;
        Case letters;
        std::uint32_t rule;
    };
    // Both call visit(rule) for each rule filed under `name` until it returns true, and say whether it did.
    template <typename Visit>
    bool any_exact(std::string_view name, Visit visit) const;
    template <typename Visit>
    bool any_glob(std::string_view name, Visit visit) const;
    [[nodiscard]] bool could_be_cut(std::string_view comm) const;
    [[nodiscard]] bool may_be_filed(std::uint32_t tag) const;
    [[nodiscard]] bool fits(const Entry& entry, std::string_view name) const;

    std::string text_;  // all exact names, each ended by a NUL
    std::vector<Entry> entries_;
    std::vector<std::uint32_t> cut_names_;  // hashes of what comm shows of the names that it cuts, ascending
    std::vector<Slot> slots_;               // open addressing
    std::vector<std::uint64_t> filter_;     // two bits for each name's tag: most programs have no rule and end here
    std::vector<Entry> yields_;             // by rule, ascending; the spellings that it leaves to others
    std::array<std::vector<GlobEntry>, 257> globs_by_first_byte_;  // the last bucket: globs that begin with a wildcard
    std::vector<std::uint32_t> unnamed_;
};

}  // namespace priorityd
