// SPDX-License-Identifier: GPL-3.0-or-later
/// What is allowed in rules and probably not meant.
#include "core/lint.hpp"

#include <doctest/doctest.h>

#include "support/fake_world.hpp"

using namespace priorityd;
using namespace priorityd::test;

namespace {

std::vector<std::string> warnings(const std::string& programs)
{
    std::vector<std::string> texts;
    for (const auto& diagnostic :
         lint(*policy_of("[class.a]\nnice = 1\n[class.b]\nnice = 2\n[programs]\n" + programs))) {
        CHECK(diagnostic.level == Diagnostic::Level::warning);
        texts.push_back(diagnostic.to_text());
    }
    return texts;
}

std::string one_warning(const std::string& programs)
{
    const auto texts = warnings(programs);
    REQUIRE(texts.size() == 1);
    return texts.front();
}

}  // namespace

TEST_CASE("rules that people mean are not complained of")
{
    CHECK(
        warnings(
            "mpv = \"a\"\n\"Game.exe\" = \"b\"\nMpv = \"a\"\na-very-long-name-1 = \"a\"\na-very-long-name-2 = \"a\"\n")
            .empty());
}

TEST_CASE("names that can never match are told")
{
    CHECK(one_warning("'C:\\Games\\Some\\x.exe' = \"a\"\n")
              .find("can never match: a name is what follows the last slash") != std::string::npos);
    CHECK(one_warning('"' + std::string(256, 'x') + "\" = \"a\"\n").find("at most 255 bytes") != std::string::npos);
    CHECK(warnings("'a\\b' = \"a\"\n").empty());  // comm may be anything
}

TEST_CASE("names that differ in case alone are told when they say different things, or are the same name")
{
    CHECK(one_warning("MC = \"a\"\nmc = \"b\"\n") ==
          "test.toml:7: warning: \"mc\" and \"MC\" (test.toml:6) differ in case alone and say different things");
    CHECK(one_warning("\"A.exe\" = \"a\"\n\"a.exe\" = \"a\"\n").find("are the same name") != std::string::npos);
}

TEST_CASE("names with the same 15 bytes in front are told when they say different things")
{
    CHECK(one_warning("a-very-long-name-1 = \"a\"\na-very-long-name-2 = \"b\"\n")
              .find("\"a-very-long-name-2\" and \"a-very-long-name-1\"") != std::string::npos);
    CHECK(one_warning("exactly-fifteen = \"a\"\nexactly-fifteen-and-more = \"b\"\n").find("same 15 bytes") !=
          std::string::npos);
}
