// SPDX-License-Identifier: GPL-3.0-or-later
/// Hostile names cannot drive a terminal or break D-Bus; globs and near words.
#include "core/text.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "core/glob.hpp"
#include "core/nearest.hpp"

using namespace priorityd;

namespace {

/// All texts of up to `length` of these bytes.
std::vector<std::string> all_texts(std::string_view bytes, std::size_t length)
{
    std::vector<std::string> texts{""};
    for (std::size_t i = 0; i < texts.size() && texts[i].size() < length; ++i) {
        for (const char byte : bytes)
            texts.push_back(std::string{texts[i]} + byte);
    }
    return texts;
}

}  // namespace

TEST_CASE("safe text comes out as it went in")
{
    CHECK(escaped("Baldurs Gate 3.exe") == "Baldurs Gate 3.exe");
    CHECK(escaped("Привет 日本 😀") == "Привет 日本 😀");
}

TEST_CASE("UTF-8 is told from what only looks like it")
{
    for (const char* text : {"", "a\nb\x1b", "Привет 日本 😀", "\xc2\x9b"})
        CHECK(is_utf8(text));
    CHECK(is_utf8({"\0", 1}));
    for (const char* text : {"\xff", "ok\xe9", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe6\x97"})
        CHECK_FALSE(is_utf8(text));
}

TEST_CASE("control characters and invalid UTF-8 are shown, not sent")
{
    CHECK(escaped("a\nb") == "a\\nb");
    CHECK(escaped("\x1b[31m") == "\\x1b[31m");
    CHECK(escaped("\x7f") == "\\x7f");
    CHECK(escaped("\xff\xfe") == "\\xff\\xfe");
    CHECK(escaped("\xc2\x9b"
                  "31m") == "\\xc2\\x9b31m");             // C1 CSI
    CHECK(escaped("\xc0\xaf") == "\\xc0\\xaf");           // overlong
    CHECK(escaped("\xed\xa0\x80") == "\\xed\\xa0\\x80");  // surrogate
    CHECK(escaped("\xf4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80");
    CHECK(escaped("\xe6\x97") == "\\xe6\\x97");  // cut short
    CHECK(escaped("back\\slash") == "back\\\\slash");
    CHECK(escaped(std::string_view("nul\0x", 5)) == "nul\\x00x");
}

TEST_CASE("globs match as shells do, but across slashes")
{
    struct Row {
        const char* pattern;
        const char* text;
        bool matches;
    };
    const Row rows[] = {{"python3*", "python3.11", true},
                        {"*", "", true},
                        {"?", "", false},
                        {"?", "x", true},
                        {"a*b*c", "aXbYbZc", true},
                        {"a*b*c", "aXbYbZ", false},
                        {"/opt/*/bin", "/opt/a/b/bin", true},
                        {"[a-c]x", "bx", true},
                        {"[!a-c]x", "bx", false},
                        {"[^a-c]x", "dx", true},
                        {"[]]x", "]x", true},
                        {"[x", "[x", true},
                        {"\\*", "*", true},
                        {"\\*", "a", false},
                        {"a\\", "a\\", true},
                        {"a\\\\", "a\\", true},
                        {"cc1*", "cc1", true},
                        {"", "", true},
                        {"", "a", false},
                        {"**", "abc", true},
                        {"[a-]", "-", true}};
    for (const auto& row : rows)
        CHECK_MESSAGE(glob_matches(row.pattern, row.text, Case::sensitive) == row.matches,
                      row.pattern << " on " << row.text);
}

TEST_CASE("what a glob ends with counts like what stands before it")
{
    const auto texts = all_texts("aB]\\", 2);
    for (const auto& pattern : all_texts("ab]\\[!*?", 4)) {
        if (pattern.ends_with('\\'))
            continue;  // what is appended would be taken literally
        for (const auto& text : texts) {
            for (const auto letters : {Case::sensitive, Case::ignored}) {
                if (glob_matches(pattern, text, letters) != glob_matches(pattern + '?', text + 'x', letters))
                    FAIL_CHECK(pattern << " on " << text);
            }
        }
    }
}

TEST_CASE("many stars take no exponential time")
{
    const std::string text(4000, 'a');
    std::string pattern;
    for (int i = 0; i < 200; ++i)
        pattern += "*a";
    CHECK_FALSE(glob_matches(pattern + "ba", text, Case::sensitive));
}

TEST_CASE("case is ignored for ASCII letters when asked")
{
    CHECK(glob_matches("game*.EXE", "GAME2.exe", Case::ignored));
    CHECK(glob_matches("[A-C]", "b", Case::ignored));
    CHECK_FALSE(glob_matches("game.EXE", "GAME.exe", Case::sensitive));
    CHECK(is_windows_name("Game.ExE"));
    CHECK_FALSE(is_windows_name(".exe"));
}

TEST_CASE("a pattern without wildcards is plain text")
{
    CHECK_FALSE(has_wildcards("clang++"));
    CHECK(has_wildcards("a[bc]"));
    CHECK_FALSE(has_wildcards("a[bc"));
    CHECK_FALSE(has_wildcards("a\\*"));
    CHECK(unescape("a\\*b") == "a*b");
    CHECK(literal_prefix("py*3") == "py");
    CHECK(literal_prefix("*x").empty());
}

TEST_CASE("the nearest known word is offered, a far one is not")
{
    const std::vector<std::string_view> known{"nice", "sched", "slice", "oom_score_adj"};
    CHECK(nearest("niec", known) == "nice");
    CHECK(nearest("oom_score", known) == std::nullopt);
    CHECK(nearest("oom_score_ad", known) == "oom_score_adj");
    CHECK(suggestion("shced", known) == "; did you mean \"sched\"?");
    CHECK(suggestion("zzzzzz", known) == "; known here: nice, sched, slice, oom_score_adj");
    CHECK(nearest(std::string(100, 'x'), known) == std::nullopt);
}

TEST_CASE("text is written so that TOML reads the same, and a terminal does nothing of its own")
{
    CHECK(toml_string("") == "\"\"");
    CHECK(toml_string("a \"b\" \\") == R"("a \"b\" \\")");
    CHECK(toml_string("a\nb\x1b[1m\x7f") == R"("a\u000ab\u001b[1m\u007f")");
    CHECK(toml_string("\u009b\u00e9\u00a0") == "\"\\u009b\u00e9\u00a0\"");
}
