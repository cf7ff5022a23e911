// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/ananicy/regex.hpp"

#include <algorithm>
#include <utility>

#include "core/glob.hpp"

namespace priorityd::ananicy {
namespace {

using Globs = std::vector<std::string>;

constexpr std::size_t kMostGlobs = 64;
constexpr int kDeepest = 16;
// In fragments these stand for the anchors, until it is known where they have come to stand.
constexpr char kBegin = '\x01';
constexpr char kEnd = '\x02';

bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// Reads an expression from left to right; every part becomes the list of globs that it may stand for.
class Translation {
public:
    explicit Translation(std::string_view regex) : rest_{regex} {}

    std::optional<Globs> all()
    {
        constexpr std::string_view kIgnoreCase = "(?i)";
        if (rest_.starts_with(kIgnoreCase)) {
            ignores_case_ = true;
            rest_.remove_prefix(kIgnoreCase.size());
        }
        auto globs = alternatives(0);
        return globs && rest_.empty() ? globs : std::nullopt;
    }

private:
    std::optional<Globs> alternatives(int depth);
    std::optional<Globs> sequence(int depth);
    std::optional<Globs> element(int depth);
    std::optional<Globs> group(int depth);
    std::optional<std::string> set();
    std::optional<std::string> escaped_class();
    [[nodiscard]] std::string literal(char c) const;
    std::optional<Globs> repeated(Globs globs);
    std::optional<Globs> times(const Globs& globs);

    char take()
    {
        const char c = rest_.front();
        rest_.remove_prefix(1);
        return c;
    }
    bool take_if(char c)
    {
        const bool is_it = rest_.starts_with(c);
        rest_.remove_prefix(is_it ? 1 : 0);
        return is_it;
    }

    std::string_view rest_;
    bool ignores_case_ = false;
};

std::optional<Globs> joined(const Globs& left, const Globs& right)
{
    if (left.size() * right.size() > kMostGlobs)
        return std::nullopt;
    Globs both;
    for (const auto& first : left) {
        for (const auto& second : right)
            both.push_back(first + second);
    }
    return both;
}

std::optional<Globs> Translation::alternatives(int depth)
{
    Globs all;
    do {
        const auto one = depth > kDeepest ? std::nullopt : sequence(depth);
        if (!one || all.size() + one->size() > kMostGlobs)
            return std::nullopt;
        all.insert(all.end(), one->begin(), one->end());
    } while (take_if('|'));
    return all;
}

std::optional<Globs> Translation::sequence(int depth)
{
    Globs globs{""};
    while (!rest_.empty() && rest_.front() != '|' && rest_.front() != ')') {
        auto next = element(depth);
        auto both = next ? joined(globs, *next) : std::nullopt;
        if (!both)
            return std::nullopt;
        globs = *std::move(both);
    }
    return globs;
}

std::optional<Globs> Translation::element(int depth)
{
    const auto one = [this](std::optional<std::string> glob) {
        return glob ? repeated({*std::move(glob)}) : std::nullopt;
    };
    switch (const char c = take()) {
        case '^': return Globs{std::string(1, kBegin)};
        case '$': return Globs{std::string(1, kEnd)};
        case '.':
            if (take_if('*'))
                return Globs{"*"};
            if (take_if('+'))
                return Globs{"?*"};
            return one("?");
        case '(': {
            auto globs = group(depth);
            return globs ? repeated(*std::move(globs)) : std::nullopt;
        }
        case '[': return one(set());
        case '\\': return one(escaped_class());
        case '*':
        case '+':
        case '?':
        case '{': return std::nullopt;  // nothing to be repeated
        default: return one(literal(c));
    }
}

/// Behind an opening parenthesis.
std::optional<Globs> Translation::group(int depth)
{
    if (take_if('?') && !take_if(':'))
        return std::nullopt;  // it looks around, or has a name
    auto globs = alternatives(depth + 1);
    return globs && take_if(')') ? globs : std::nullopt;
}

/// Behind an opening bracket. Sets are written alike in both languages but for the sign of negation; one with a
/// backslash or a class by name in it is not.
std::optional<std::string> Translation::set()
{
    const bool is_negated = take_if('^');
    const auto close = rest_.find(']', 1);
    if (close == std::string_view::npos)
        return std::nullopt;
    const auto members = rest_.substr(0, close);
    rest_.remove_prefix(close + 1);
    const bool is_plain = members.find_first_of("\\[") == std::string_view::npos && !members.starts_with('!');
    if (!is_plain || ignores_case_)
        return std::nullopt;
    return std::string{is_negated ? "[!" : "["}.append(members).append("]");
}

/// Behind a backslash.
std::optional<std::string> Translation::escaped_class()
{
    if (rest_.empty())
        return std::nullopt;
    switch (const char c = take()) {
        case 'd': return "[0-9]";
        case 'w': return "[A-Za-z0-9_]";
        case 's': return "[ \t]";
        default: return is_letter(c) || (c >= '0' && c <= '9') ? std::nullopt : std::optional{literal(c)};
    }
}

std::string Translation::literal(char c) const
{
    if (!ignores_case_ || !is_letter(c))
        return glob_escaped({&c, 1});
    const char small = ascii_lower(c);
    return {'[', small, static_cast<char>(small - 'a' + 'A'), ']'};
}

/// With what stands behind an element: once or not at all, so many times.
std::optional<Globs> Translation::repeated(Globs globs)
{
    if (take_if('?')) {
        globs.emplace_back("");
    } else if (take_if('{')) {
        auto all = times(globs);
        if (!all)
            return std::nullopt;
        globs = *std::move(all);
    }
    const bool is_more = !rest_.empty() && std::string_view{"*+?{"}.find(rest_.front()) != std::string_view::npos;
    return is_more ? std::nullopt : std::optional{std::move(globs)};
}

/// Behind an opening brace: a single digit.
std::optional<Globs> Translation::times(const Globs& globs)
{
    if (rest_.size() < 2 || rest_[0] < '1' || rest_[0] > '9' || rest_[1] != '}')
        return std::nullopt;
    const int count = take() - '0';
    take();
    std::optional<Globs> all{globs};
    for (int i = 1; i < count && all; ++i)
        all = joined(*all, globs);
    return all;
}

/// The glob for a whole name; empty when an anchor stands in the middle, where it matches nothing.
std::optional<std::string> whole(std::string_view fragment)
{
    std::string_view inside = fragment;
    const bool has_begin = inside.starts_with(kBegin);
    inside.remove_prefix(has_begin ? 1 : 0);
    const bool has_end = inside.ends_with(kEnd);
    inside.remove_suffix(has_end ? 1 : 0);
    if (inside.find_first_of({"\x01\x02", 2}) != std::string_view::npos)
        return std::nullopt;
    std::string glob{has_begin || inside.starts_with('*') ? "" : "*"};
    glob += inside;
    if (!has_end && (!glob.ends_with('*') || glob.ends_with("\\*")))
        glob += '*';
    return glob;
}

}  // namespace

std::optional<std::vector<std::string>> globs_of(std::string_view regex)
{
    if (regex.empty() || regex.find_first_of({"\0\x01\x02", 3}) != std::string_view::npos)
        return std::nullopt;
    const auto fragments = Translation{regex}.all();
    if (!fragments)
        return std::nullopt;
    constexpr std::size_t kLongest = 1024;
    Globs globs;
    for (const auto& fragment : *fragments) {
        auto glob = whole(fragment);
        if (!glob || glob->size() > kLongest)
            return std::nullopt;
        globs.push_back(*std::move(glob));
    }
    return globs;
}

}  // namespace priorityd::ananicy
