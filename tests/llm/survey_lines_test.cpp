// SPDX-License-Identifier: GPL-3.0-or-later
/// What "priorityd-llm --score" reads and prints.
#include "engines/llm/survey_lines.hpp"

#include <cerrno>
#include <sstream>

#include <doctest/doctest.h>

using namespace priorityd;
using namespace priorityd::llm;

namespace {

Result<std::vector<ToldProgram>> read(const std::string& text)
{
    std::istringstream in{text};
    return read_programs(in);
}

}  // namespace

TEST_CASE("classes come first, then a program a line, of which only the name has to be known")
{
    const auto good = read(
        R"({"classes": {"game": "Played", "batch": ""}}

{"name": "nethack", "exe": "/bin/n", "section": "games", "description": "a", "tags": ["b"], "categories": ["c"]}
{"name": "\u00fc", "more": 7})");
    REQUIRE(good);
    const OfferedClasses classes{{"game", "Played"}, {"batch", ""}};
    CHECK((*good)[0] == ToldProgram{.name = "nethack",
                                    .exe = "/bin/n",
                                    .section = "games",
                                    .description = "a",
                                    .tags = {"b"},
                                    .categories = {"c"},
                                    .classes = classes});
    CHECK((*good)[1] == ToldProgram{.name = "\u00fc", .classes = classes});
    CHECK(read(R"({"classes": {"game": ""}})")->empty());
}

TEST_CASE("a line that is something else is named")
{
    const std::string classes = R"({"classes": {"game": ""}})"
                                "\n";
    for (const auto* line : {"{", "[]", "7", "{}", R"({"name": 7})", R"({"name": "a", "tags": "b"})", "\xff"}) {
        const auto broken = read(classes + line);
        REQUIRE_FALSE(broken);
        CHECK(broken.error().message().starts_with("line 2: "));
    }
    for (const auto* text :
         {R"({"name": "a"})", R"({"classes": {}})", R"({"classes": ["game"]})", R"({"classes": {"game": 7}})", "[7]"})
        CHECK(read(text).error().message().starts_with("line 1: "));
    CHECK(read(" \n").error().message().starts_with("nothing to read"));
}

TEST_CASE("what the model says is a line each, whatever is in it, and what it took is the last")
{
    CHECK(line_of(Judgement{Advice{"game", 0.5, "a\n\"b\" \xff"}}) ==
          R"({"class":"game","confidence":0.5,"reason":"a\n\"b\" )"
          "\xef\xbf\xbd\"}");
    CHECK(line_of(Judgement{std::nullopt}) == "{}");
    CHECK(line_of(Judgement{failure(EBADMSG, "no class")}) == R"({"error":"no class"})");
    CHECK(line_of(Survey::Tally{.programs = 4, .known = 4, .requests = 2, .tokens = 30, .form = Form::json},
                  std::chrono::milliseconds{1500}) ==
          R"({"total":{"requests":2,"tokens":30,"seconds":1.5,"form":"json"}})");
}
