// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/name_index.hpp"

#include <algorithm>
#include <bit>
#include <functional>

#include "core/program_name.hpp"

namespace priorityd {
namespace {

constexpr std::uint32_t kEmpty = ~0U;
constexpr std::size_t kWildcardBucket = 256;
/// What comm has room for. Source: TASK_COMM_LEN in proc(5), less the NUL.
constexpr std::size_t kCommLength = 15;

/// Slots are chosen by the lower bits of the hash, so that the upper ones still tell names apart.
std::uint32_t tag_of(std::size_t hash)
{
    return static_cast<std::uint32_t>(std::uint64_t{hash} >> 32U);
}

/// Of the part of a name that comm shows. Without case, because whether it is a Windows name is cut off.
std::uint32_t cut_hash(std::string_view name)
{
    return static_cast<std::uint32_t>(std::hash<std::string>{}(ascii_lower(name.substr(0, kCommLength))));
}

/// Where in the filter a name has its two bits: both in one word, so that asking touches one line of memory.
struct FilterBits {
    explicit FilterBits(std::uint32_t tag)
        : word{tag >> 12U}, bits{std::uint64_t{1} << (tag & 63U) | std::uint64_t{1} << (tag >> 6U & 63U)}
    {
    }
    std::size_t word;  // to be cut to the length of the filter
    std::uint64_t bits;
};

std::size_t bucket_of(std::string_view prefix)
{
    return prefix.empty() ? kWildcardBucket : static_cast<unsigned char>(prefix.front());
}

}  // namespace

std::uint32_t NameIndex::add_exact(std::string_view name, std::uint32_t rule)
{
    const auto offset = static_cast<std::uint32_t>(text_.size());
    text_ += name;
    text_ += '\0';  // no name contains one: it ends the name for text_at()
    entries_.push_back({offset, rule});
    return offset;
}

void NameIndex::add_glob(std::string_view pattern, std::uint32_t rule)
{
    const Case letters = is_windows_name(pattern) ? Case::ignored : Case::sensitive;
    // A prefix is compared byte by byte, so where case is ignored there is none.
    std::string prefix = letters == Case::ignored ? "" : literal_prefix(pattern);
    auto& bucket = globs_by_first_byte_.at(bucket_of(prefix));
    bucket.push_back({std::string{pattern}, std::move(prefix), letters, rule});
}

void NameIndex::add_unnamed(std::uint32_t rule)
{
    unnamed_.push_back(rule);
}

void NameIndex::finish()
{
    // At most half full: a look-up of an absent name then ends after 1.5 probes on average.
    slots_.assign(std::bit_ceil(std::max<std::size_t>(entries_.size() * 2, 16)), {0, kEmpty});
    // Sixteen bits a name or more, so an eighth of them is set at most: one in 64 of absent names gets through.
    filter_.assign(std::bit_ceil(std::max<std::size_t>(entries_.size() / 4, 1)), 0);
    const auto mask = slots_.size() - 1;
    for (std::uint32_t i = 0; i < entries_.size(); ++i) {
        const auto hash = hash_of_name(text_at(entries_[i].text));
        const FilterBits filed{tag_of(hash)};
        filter_[filed.word & (filter_.size() - 1)] |= filed.bits;
        auto slot = hash & mask;
        while (slots_[slot].entry != kEmpty)
            slot = (slot + 1) & mask;
        slots_[slot] = {tag_of(hash), i};
    }
    for (const auto& entry : entries_) {
        if (text_at(entry.text).size() > kCommLength)
            cut_names_.push_back(cut_hash(text_at(entry.text)));
    }
    std::ranges::sort(cut_names_);
    std::ranges::sort(yields_, {}, &Entry::rule);
    cut_names_.shrink_to_fit();
    text_.shrink_to_fit();
    entries_.shrink_to_fit();
}

template <typename Visit>
bool NameIndex::any_exact(std::string_view name, Visit visit) const
{
    if (filter_.empty())
        return false;
    const auto hash = hash_of_name(name);
    if (!may_be_filed(tag_of(hash)))
        return false;
    const auto mask = slots_.size() - 1;
    for (auto at = hash & mask; slots_[at].entry != kEmpty; at = (at + 1) & mask) {
        if (slots_[at].tag != tag_of(hash))
            continue;
        const Entry& entry = entries_[slots_[at].entry];
        if (fits(entry, name) && visit(entry.rule))
            return true;
    }
    return false;
}

bool NameIndex::may_be_filed(std::uint32_t tag) const
{
    const FilterBits asked{tag};
    return (filter_[asked.word & (filter_.size() - 1)] & asked.bits) == asked.bits;
}

bool NameIndex::fits(const Entry& entry, std::string_view name) const
{
    const auto filed = text_at(entry.text);
    if (filed == name)
        return true;
    if (!is_same_name(filed, name))
        return false;
    auto yield = std::ranges::lower_bound(yields_, entry.rule, {}, &Entry::rule);
    while (yield != yields_.end() && yield->rule == entry.rule && text_at(yield->text) != name)
        ++yield;
    return yield == yields_.end() || yield->rule != entry.rule;
}

template <typename Visit>
bool NameIndex::any_glob(std::string_view name, Visit visit) const
{
    const auto any_in = [&](const std::vector<GlobEntry>& bucket) {
        return std::ranges::any_of(bucket, [&](const GlobEntry& glob) {
            return name.starts_with(glob.prefix) && glob_matches(glob.pattern, name, glob.letters) && visit(glob.rule);
        });
    };
    return any_in(globs_by_first_byte_.at(bucket_of(name))) || any_in(globs_by_first_byte_[kWildcardBucket]);
}

void NameIndex::candidates(const Names& names, std::vector<std::uint32_t>& into) const
{
    into.assign(unnamed_.begin(), unnamed_.end());
    const auto collect = [&](std::uint32_t rule) {
        into.push_back(rule);
        return false;  // go on to the next
    };
    for (const auto& name : names) {
        any_exact(name, collect);
        any_glob(name, collect);
    }
    std::ranges::sort(into);
    into.erase(std::unique(into.begin(), into.end()), into.end());
}

bool NameIndex::could_match(std::string_view comm) const
{
    const auto stop = [](std::uint32_t) { return true; };
    return !unnamed_.empty() || any_exact(comm, stop) || any_glob(comm, stop) ||
           (comm.size() == kCommLength && could_be_cut(comm));
}

bool NameIndex::could_be_cut(std::string_view comm) const
{
    const auto& near = globs_by_first_byte_.at(bucket_of(comm));
    return std::ranges::binary_search(cut_names_, cut_hash(comm)) || !globs_by_first_byte_[kWildcardBucket].empty() ||
           std::ranges::any_of(near, [&](const GlobEntry& glob) {
               return comm.starts_with(glob.prefix) || glob.prefix.starts_with(comm);
           });
}

std::string_view NameIndex::text_at(std::uint32_t offset) const
{
    return std::string_view{text_.data() + offset};
}

}  // namespace priorityd
