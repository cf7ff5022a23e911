// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/ananicy/object.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>

#include <fmt/format.h>

#include "core/ananicy/escape.hpp"

namespace priorityd::ananicy {
namespace {

constexpr std::string_view kBlanks = " \t\r\f\v";
/// What may stand between objects: files have been seen that are one JSON list.
constexpr std::string_view kBetweenObjects = ",;[]}";
/// What ends a number or a word.
constexpr std::string_view kEndOfWord = ",]}#/\" \t\r\n";

template <typename Number>
bool is_number(std::string_view word, Number& into)
{
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), into);
    return error == std::errc{} && end == word.data() + word.size();
}

}  // namespace

ObjectReader::ObjectReader(std::string_view text, Complain complain) : text_{text}, complain_{std::move(complain)}
{
    constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
    if (text_.starts_with(kByteOrderMark))
        at_ = line_begin_ = kByteOrderMark.size();
}

bool ObjectReader::next(Object& into)
{
    while (find_object()) {
        if (read_object(into)) {
            skip_behind_object();
            return true;
        }
        skip_line();
    }
    return false;
}

bool ObjectReader::find_object()
{
    for (;;) {
        skip_space(kBetweenObjects);
        if (is_at_end() || here() == '{')
            return !is_at_end();
        fail(fmt::format("not a rule, since rules stand in braces: {}", shown_rest_of_line()));
        while (here() != '{' && here() != '\n')
            ++at_;
    }
}

void ObjectReader::skip_behind_object()
{
    skip(kBetweenObjects);
    if (here() == '{' || here() == '\n' || skip_comment())
        return;
    fail(fmt::format("ignored, since it stands behind the rule: {}", shown_rest_of_line()));
    skip_line();
}

bool ObjectReader::read_object(Object& into)
{
    into.line = line_;
    into.members.clear();
    ++at_;
    for (;;) {
        const bool is_new_line = skip_space(",");
        if (here() == '}' && !is_at_end()) {
            ++at_;
            return true;
        }
        // Whoever forgets the brace goes on with the next rule.
        if (is_at_end() || (is_new_line && here() != '"'))
            return true;
        if (!read_member(into.members.emplace_back()))
            return false;
    }
}

bool ObjectReader::read_member(Member& into)
{
    into.line = line_;
    into.column = column();
    if (here() != '"')
        return lose(fmt::format("expected a key in quotes: {}", shown_rest_of_line()));
    if (!read_text(into.key))
        return false;
    skip({});
    if (here() != ':')
        return lose(fmt::format("expected a colon behind \"{}\": {}", into.key, shown_rest_of_line()));
    ++at_;
    skip({});
    return read_value(into.value);
}

bool ObjectReader::read_value(MemberValue& into)
{
    switch (here()) {
        case '"': return read_text(into.emplace<std::string>());
        case '[': return read_list(into);
        case '{': into = OtherValue{}; return skip_nested();
        default: return read_word(into);
    }
}

bool ObjectReader::read_text(std::string& into)
{
    into.clear();
    ++at_;
    for (;;) {
        const auto end = std::min(text_.find_first_of("\"\\\n", at_), text_.size());
        into += text_.substr(at_, end - at_);
        at_ = end;
        if (here() == '\n')
            return lose("text without a closing quote");
        if (here() == '"') {
            ++at_;
            return true;
        }
        at_ += take_escape(text_.substr(at_), into);
    }
}

bool ObjectReader::read_word(MemberValue& into)
{
    const auto end = std::min(text_.find_first_of(kEndOfWord, at_), text_.size());
    auto word = text_.substr(at_, end - at_);
    if (word.size() > 1 && word.starts_with('+'))
        word.remove_prefix(1);
    if (word == "null")
        into = std::monostate{};
    else if (word == "true" || word == "false")
        into = word == "true";
    else if (!is_number(word, into.emplace<std::int64_t>()) && !is_number(word, into.emplace<double>()))
        return lose(fmt::format("expected text in quotes or a number: {}", shown_rest_of_line()));
    at_ = end;
    return true;
}

bool ObjectReader::read_list(MemberValue& into)
{
    std::vector<std::string> texts;
    bool is_all_text = true;
    MemberValue element;
    ++at_;
    for (;;) {
        skip(",");
        if (here() == ']')
            break;
        if (here() == '\n')
            return lose("a list without a closing bracket");
        if (here() == '"') {
            if (!read_text(texts.emplace_back()))
                return false;
            continue;
        }
        is_all_text = false;
        if (here() == '[' || here() == '{' ? !skip_nested() : !read_word(element))
            return false;
    }
    ++at_;
    if (is_all_text)
        into = std::move(texts);
    else
        into = OtherValue{};
    return true;
}

/// Goes over an object or list with all that is in it.
bool ObjectReader::skip_nested()
{
    std::string ignored;
    for (std::size_t depth = 0; here() != '\n';) {
        if (here() == '"') {
            if (!read_text(ignored))
                return false;
            continue;
        }
        depth += here() == '{' || here() == '[' ? 1 : 0;
        depth -= here() == '}' || here() == ']' ? 1 : 0;
        ++at_;
        if (depth == 0)
            return true;
    }
    return lose("a brace or bracket is not closed");
}

bool ObjectReader::fail(std::string what)
{
    complain_(line_, column(), std::move(what));
    return false;
}

/// For what costs the whole object.
bool ObjectReader::lose(const std::string& what)
{
    return fail("not kept: " + what);
}

std::string ObjectReader::shown_rest_of_line() const
{
    constexpr std::size_t kEnough = 60;
    auto rest = text_.substr(at_, std::min(text_.find('\n', at_), text_.size()) - at_);
    while (!rest.empty() && kBlanks.find(rest.back()) != std::string_view::npos)
        rest.remove_suffix(1);
    return rest.size() > kEnough ? std::string{rest.substr(0, kEnough)} + " …" : std::string{rest};
}

void ObjectReader::skip(std::string_view bytes)
{
    const auto is_skipped = [&](char c) {
        return kBlanks.find(c) != std::string_view::npos || bytes.find(c) != std::string_view::npos;
    };
    while (!is_at_end() && is_skipped(text_[at_]))
        ++at_;
}

bool ObjectReader::skip_space(std::string_view also)
{
    bool is_new_line = false;
    for (;;) {
        skip(also);
        if (is_at_end())
            return is_new_line;
        if (here() == '\n') {
            skip_line();
            is_new_line = true;
        } else if (!skip_comment()) {
            return is_new_line;
        }
    }
}

bool ObjectReader::skip_comment()
{
    if (here() != '#' && !text_.substr(at_).starts_with("//"))
        return false;
    at_ = std::min(text_.find('\n', at_), text_.size());
    return true;
}

void ObjectReader::skip_line()
{
    at_ = std::min(text_.find('\n', at_), text_.size());
    if (is_at_end())
        return;
    line_begin_ = ++at_;
    ++line_;
}

}  // namespace priorityd::ananicy
