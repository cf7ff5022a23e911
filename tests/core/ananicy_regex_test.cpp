// SPDX-License-Identifier: GPL-3.0-or-later
/// Regular expressions as globs.
#include <algorithm>
#include <regex>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/ananicy/regex.hpp"
#include "core/glob.hpp"

using namespace priorityd;
using ananicy::globs_of;

namespace {

std::string globs(std::string_view regex)
{
    const auto found = globs_of(regex);
    return found ? fmt::format("{}", fmt::join(*found, " ")) : "none";
}

}  // namespace

TEST_CASE("an expression matches anywhere in a name, unless anchors hold it")
{
    CHECK(globs("kworker") == "*kworker*");
    CHECK(globs("^kworker/") == "kworker/*");
    CHECK(globs("^kworker$") == "kworker");
    CHECK(globs("\\.x86_64$") == "*.x86_64");
    CHECK(globs("^(a|b)$|c") == "a b *c*");
}

TEST_CASE("the usual parts of expressions have a glob")
{
    CHECK(globs("^a.b$") == "a?b");
    CHECK(globs("^a.*b$") == "a*b");
    CHECK(globs("^a.+$") == "a?*");
    CHECK(globs("^a[0-9b]$") == "a[0-9b]");
    CHECK(globs("^a[^0-9]$") == "a[!0-9]");
    CHECK(globs("^a\\d\\w$") == "a[0-9][A-Za-z0-9_]");
    CHECK(globs("^colou?r$") == "colour color");
    CHECK(globs("^a(?:b|c)?$") == "ab ac a");
    CHECK(globs("^a\\d{3}$") == "a[0-9][0-9][0-9]");
    CHECK(globs("(?i)^ab1$") == "[aA][bB]1");
    CHECK(globs("^a\\*\\[\\?$") == "a\\*\\[\\?");
}

TEST_CASE("what globs cannot say has none")
{
    for (const auto* regex :
         {"",  "a+", "^(ab)*$", "a{2,}", "a{12}", "(?=a)", "(?!a)",       "(a)\\1", "\\bfoo", "a**", "a??",
          "[", "(",  "(a",      "a)",    "*a",    "a\\",   "[[:alpha:]]", "[\\d]",  "a^b",    "a$b", "(?i)[a]"}) {
        CAPTURE(regex);
        CHECK(globs(regex) == "none");
    }
    CHECK(globs("(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)") == "none");
    CHECK(globs(std::string(500, '(') + "a" + std::string(500, ')')) == "none");
}

TEST_CASE("the globs match what the expression does")
{
    const char* names[] = {"",          "a",    "ab",   "abc",  "b",       "kworker",  "kworker/0:1",
                           "x-kworker", "game", "Game", "ga.e", "game.sh", "game1.sh", "gameX",
                           "a*b",       "a.b",  "gme"};
    for (const auto* regex : {"^a", "b$", "^ab?c?$", "kworker(/.*)?$", "g.me", "^(game|Game)(\\.sh)?$", "[Gg]ame\\d?",
                              "^[^a-f]", "a\\*b", "^$", "(?:a|b)b", "^.*$", "."}) {
        const auto found = globs_of(regex);
        REQUIRE(found);
        const std::regex judge{regex, std::regex::ECMAScript};
        for (const std::string name : names) {
            CAPTURE(regex);
            CAPTURE(name);
            const bool is_matched = std::any_of(found->begin(), found->end(), [&](const std::string& glob) {
                return glob_matches(glob, name, Case::sensitive);
            });
            CHECK(is_matched == std::regex_search(name, judge));
        }
    }
}
