// SPDX-License-Identifier: GPL-3.0-or-later
/// The objects in files of ananicy, as people and other programs write them.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "core/ananicy/object.hpp"
#include "core/ananicy/says.hpp"

using namespace priorityd::ananicy;

namespace {

struct Read {
    std::string objects;  ///< `1{name="a" nice=5}`, with the line in front.
    std::string losses;   ///< `2:7 what`, one a line.
};

Read read(std::string_view text)
{
    Read result;
    ObjectReader reader{text, [&](std::uint32_t line, std::uint32_t column, const std::string& what) {
                            result.losses += fmt::format("{}:{} {}\n", line, column, what);
                        }};
    for (Object object; reader.next(object);) {
        std::string members;
        for (const auto& member : object.members)
            members += fmt::format("{}{}={}", members.empty() ? "" : " ", member.key, value_text(member.value));
        result.objects += fmt::format("{}{{{}}}", object.line, members);
    }
    return result;
}

/// What is read without a complaint.
std::string objects(std::string_view text)
{
    const auto result = read(text);
    CHECK_MESSAGE(result.losses.empty(), result.losses);
    return result.objects;
}

}  // namespace

TEST_CASE("objects come with their lines and members in order")
{
    CHECK(objects("{\"name\":\"a\",\"nice\":-5}\n\n{ \"type\" : \"b\" }\n") == "1{name=\"a\" nice=-5}3{type=\"b\"}");
    CHECK(objects("").empty());
    CHECK(objects("\n \t\n").empty());
    CHECK(objects("{}") == "1{}");
}

TEST_CASE("comments may stand anywhere outside of quotes")
{
    CHECK(objects("# {\"name\":\"no\"}\n{\"name\":\"a\"} # said of it\n // more\n  #\n") == "2{name=\"a\"}");
    CHECK(objects("{\"name\":\"a\", # here too\n \"nice\": 1 // and here\n}") == "1{name=\"a\" nice=1}");
    CHECK(objects("{\"name\":\"a#b//c\"}") == "1{name=\"a#b//c\"}");
}

TEST_CASE("braces, brackets and quotes in names are part of them")
{
    CHECK(objects(R"({"name":"a } b { c"})") == R"(1{name="a } b { c"})");
    CHECK(objects(R"({"name":"[white label], x"})") == R"(1{name="[white label], x"})");
    CHECK(objects(R"({"name":"say \"so\""})") == R"(1{name="say "so""})");
}

TEST_CASE("ends of lines as Windows has them, a byte order mark and a missing last end are no mistakes")
{
    CHECK(objects("\xef\xbb\xbf{\"name\":\"a\"}\r\n{\"name\":\"b\"}\r\n") == "1{name=\"a\"}2{name=\"b\"}");
    CHECK(objects("{\"name\":\"a\"}") == "1{name=\"a\"}");
}

TEST_CASE("commas too many or too few are no mistakes")
{
    CHECK(objects("{\"name\":\"a\",},\n{,\"name\":\"b\",,\"nice\":1},\n") == "1{name=\"a\"}2{name=\"b\" nice=1}");
    CHECK(objects("{\"name\":\"a\" \"nice\":1}") == "1{name=\"a\" nice=1}");
    CHECK(objects("[\n{\"name\":\"a\"},\n{\"name\":\"b\"}\n]\n") == "2{name=\"a\"}3{name=\"b\"}");
}

TEST_CASE("a brace that is missing at the end costs nothing")
{
    CHECK(objects("{\"name\":\"a\",\n{\"name\":\"b\"}") == "1{name=\"a\"}2{name=\"b\"}");
    CHECK(objects("{\"name\":\"a\"") == "1{name=\"a\"}");
    CHECK(objects("{\"name\":\"a\" # }\n{\"name\":\"b\"}") == "1{name=\"a\"}2{name=\"b\"}");
}

TEST_CASE("several objects on a line, and one on several lines, are read")
{
    CHECK(objects("{\"name\":\"a\"} {\"name\":\"b\"}") == "1{name=\"a\"}1{name=\"b\"}");
    CHECK(objects("{\n  \"name\": \"a\",\n  \"nice\": 2\n}\n{\"name\":\"b\"}") == "1{name=\"a\" nice=2}5{name=\"b\"}");
}

TEST_CASE("what stands beside rules is told and left out")
{
    const auto behind = read("{\"name\":\"a\"} note: {x}\n{\"name\":\"b\"}");
    CHECK(behind.objects == "1{name=\"a\"}2{name=\"b\"}");
    CHECK(behind.losses == "1:14 ignored, since it stands behind the rule: note: {x}\n");
    const auto old = read("NAME=gcc NICE=19\n{\"name\":\"b\"}\n");
    CHECK(old.objects == "2{name=\"b\"}");
    CHECK(old.losses == "1:1 not a rule, since rules stand in braces: NAME=gcc NICE=19\n");
}

TEST_CASE("an object that cannot be understood is told with its place, and the next line is for itself")
{
    for (const auto* text :
         {R"({"name":"a)", R"({"name" "a"})", R"({name:"a"})", R"({'name':'a'})", R"({"name":})", R"({"name":bare})",
          R"({"name":[)", R"({"name":["a)", R"({"name":{"x":1)", R"({"name")", R"({"name":1x})", R"({"name":--1})"}) {
        CAPTURE(text);
        const auto result = read(std::string{text} + "\n{\"name\":\"b\"}\n");
        CHECK(result.objects == "2{name=\"b\"}");
        CHECK(result.losses.starts_with("1:"));
        CHECK(result.losses.find("not kept: ") != std::string::npos);
    }
}

TEST_CASE("values of all kinds are read")
{
    CHECK(objects(R"({"a":1,"b":-2,"c":+3,"d":4.5,"e":true,"f":false,"g":null,"h":["x","y"],"i":[],"j":{"k":[1]}})") ==
          R"(1{a=1 b=-2 c=3 d=4.5 e=true f=false g=null h=["x", "y"] i=[""] j={…}})");
    CHECK(objects(R"({"a":[1,2],"b":[["x"]],"c":99999999999999999999})") == "1{a={…} b={…} c=1e+20}");
}

TEST_CASE("escapes stand for what JSON says, and a backslash before anything else for itself")
{
    CHECK(objects(R"({"name":"\u00e4\u4e2d\ud83c\udff9\/\t"})") == "1{name=\"ä中🏹/\t\"}");
    CHECK(objects(R"({"name":"C:\Games\x.exe"})") == "1{name=\"C:\\Games\\x.exe\"}");
    CHECK(objects(R"({"name":"\ud83c \udff9 \u12"})") == "1{name=\"\ufffd \ufffd \\u12\"}");
}

TEST_CASE("bytes that are no text are names like any other")
{
    CHECK(objects("{\"name\":\"\xff\xfe\"}") == "1{name=\"\xff\xfe\"}");
}
