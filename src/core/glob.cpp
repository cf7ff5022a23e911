// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/glob.hpp"

#include <algorithm>
#include <cstddef>

namespace priorityd {
namespace {

constexpr auto kNone = std::string_view::npos;

bool same(char a, char b, Case letters)
{
    return a == b || (letters == Case::ignored && ascii_lower(a) == ascii_lower(b));
}

/// The position of the `]` that closes the set opened at `open`; kNone when nothing does.
std::size_t end_of_set(std::string_view pattern, std::size_t open)
{
    std::size_t at = open + 1;
    if (at < pattern.size() && (pattern[at] == '!' || pattern[at] == '^'))
        ++at;
    if (at < pattern.size() && pattern[at] == ']')  // a `]` that comes first is a member
        ++at;
    return pattern.find(']', at);
}

bool in_range(char low, char high, char c, Case letters)
{
    const auto is_between = [&](char x) {
        return static_cast<unsigned char>(low) <= static_cast<unsigned char>(x) &&
               static_cast<unsigned char>(x) <= static_cast<unsigned char>(high);
    };
    return is_between(c) ||
           (letters == Case::ignored &&
            (is_between(ascii_lower(c)) || (c >= 'a' && c <= 'z' && is_between(static_cast<char>(c - 'a' + 'A')))));
}

/// Whether the set `members` (what stands between the brackets) has `c`.
bool set_has(std::string_view members, char c, Case letters)
{
    const bool is_negated = members.starts_with('!') || members.starts_with('^');
    if (is_negated)
        members.remove_prefix(1);
    bool found = false;
    for (std::size_t at = 0; at < members.size() && !found; ++at) {
        const bool is_range = at + 2 < members.size() && members[at + 1] == '-';
        found = in_range(members[at], is_range ? members[at + 2] : members[at], c, letters);
        at += is_range ? 2 : 0;
    }
    return found != is_negated;
}

/// One element of a pattern that stands for exactly one byte: how long it is, and whether it fits `c`.
struct Step {
    std::size_t length;
    bool fits;
};
Step step(std::string_view pattern, std::size_t at, char c, Case letters)
{
    if (pattern[at] == '?')
        return {1, true};
    if (pattern[at] == '\\' && at + 1 < pattern.size())
        return {2, same(pattern[at + 1], c, letters)};
    if (pattern[at] == '[') {
        const auto close = end_of_set(pattern, at);
        if (close != kNone)
            return {close - at + 1, set_has(pattern.substr(at + 1, close - at - 1), c, letters)};
    }
    return {1, same(pattern[at], c, letters)};
}

/// Whether the text cannot match since it ends otherwise: the last byte of a pattern stands for itself, unless it is a
/// wildcard or may close a set. Most globs that begin with a star are told apart by that.
bool ends_otherwise(std::string_view pattern, std::string_view text, Case letters)
{
    const char last = pattern.empty() ? '*' : pattern.back();
    return last != '*' && last != '?' && last != ']' && (text.empty() || !same(last, text.back(), letters));
}

}  // namespace

bool has_wildcards(std::string_view pattern)
{
    for (std::size_t at = 0; at < pattern.size(); ++at) {
        if (pattern[at] == '\\')
            ++at;
        else if (pattern[at] == '*' || pattern[at] == '?' || (pattern[at] == '[' && end_of_set(pattern, at) != kNone))
            return true;
    }
    return false;
}

std::string unescape(std::string_view pattern)
{
    std::string text;
    for (std::size_t at = 0; at < pattern.size(); ++at) {
        if (pattern[at] == '\\' && at + 1 < pattern.size())
            ++at;
        text += pattern[at];
    }
    return text;
}

std::string glob_escaped(std::string_view text)
{
    std::string pattern;
    for (const char c : text) {
        if (c == '*' || c == '?' || c == '[' || c == '\\')
            pattern += '\\';
        pattern += c;
    }
    return pattern;
}

bool glob_matches(std::string_view pattern, std::string_view text, Case letters)
{
    if (ends_otherwise(pattern, text, letters))
        return false;
    // Only the last star ever needs to be tried again: what an earlier one swallowed cannot help.
    std::size_t in_pattern = 0;
    std::size_t in_text = 0;
    std::size_t after_star = kNone;
    std::size_t star_text = 0;
    while (in_text < text.size()) {
        if (in_pattern < pattern.size() && pattern[in_pattern] == '*') {
            after_star = ++in_pattern;
            star_text = in_text;
            continue;
        }
        const Step next =
            in_pattern < pattern.size() ? step(pattern, in_pattern, text[in_text], letters) : Step{0, false};
        if (next.fits) {
            in_pattern += next.length;
            ++in_text;
        } else if (after_star != kNone) {
            in_pattern = after_star;
            in_text = ++star_text;
        } else {
            return false;
        }
    }
    return pattern.find_first_not_of('*', std::min(in_pattern, pattern.size())) == kNone;
}

std::string literal_prefix(std::string_view pattern)
{
    std::string prefix;
    for (std::size_t at = 0; at < pattern.size(); ++at) {
        if (pattern[at] == '*' || pattern[at] == '?' || (pattern[at] == '[' && end_of_set(pattern, at) != kNone))
            break;
        if (pattern[at] == '\\' && at + 1 < pattern.size())
            ++at;
        prefix += pattern[at];
    }
    return prefix;
}

std::string ascii_lower(std::string_view text)
{
    std::string lowered{text};
    std::ranges::transform(lowered, lowered.begin(), [](char c) { return ascii_lower(c); });
    return lowered;
}

bool is_windows_name(std::string_view name)
{
    constexpr std::string_view kSuffix = ".exe";
    return name.size() > kSuffix.size() && std::ranges::equal(name.substr(name.size() - kSuffix.size()), kSuffix, {},
                                                              [](char c) { return ascii_lower(c); });
}

}  // namespace priorityd
