// SPDX-License-Identifier: GPL-3.0-or-later
/// Scoring engines: what is known of a program to a class, and how that is compared with what people say.
#include <cmath>

#include <doctest/doctest.h>

#include "core/direction.hpp"
#include "core/scoring/evaluation.hpp"
#include "core/scoring/lexicon.hpp"
#include "core/scoring/metadata.hpp"

using namespace priorityd;

namespace {

std::string class_of(const ProgramInfo& program)
{
    const auto advice = advice_by_metadata(program);
    return advice ? advice->program_class : "";
}

ProgramInfo described(std::string text)
{
    return {.section = {}, .description = std::move(text), .tags = {}, .categories = {}};
}

}  // namespace

TEST_CASE("the kind of a program is told by its package, its tags, or its desktop entry alone")
{
    CHECK(class_of({.section = "games", .description = "", .tags = {}, .categories = {}}) == "game");
    CHECK(class_of({.section = "non-free/games", .description = "", .tags = {}, .categories = {}}) == "game");
    CHECK(class_of({.section = "Amusements/Games/Board", .description = "", .tags = {}, .categories = {}}) == "game");
    CHECK(class_of({.section = "", .description = "", .tags = {"x11::terminal"}, .categories = {}}) == "terminal");
    CHECK(class_of({.section = "", .description = "", .tags = {}, .categories = {"Network", "P2P"}}) == "background");
    CHECK(class_of(described("Yet another BitTorrent client")) == "background");
    CHECK(class_of(described("music player")) == "media");
}

TEST_CASE("words count as wholes, in any case, and beside any punctuation")
{
    CHECK(class_of(described("WINDOW MANAGER, tiling")) == "compositor");
    CHECK(class_of(described("a (window manager)")) == "compositor");
    CHECK(class_of(described("windows managerial")) == "");
    CHECK(class_of(described("gameboy")) == "");
    CHECK(class_of(described("\xff\xfe game\x01 of \xc3\xbc")) == "game");
}

TEST_CASE("nothing is said of a program that nothing is known of, or nothing telling")
{
    CHECK_FALSE(advice_by_metadata({}));
    CHECK_FALSE(advice_by_metadata(described("does what it says")));
    CHECK_FALSE(advice_by_metadata({.section = "/", .description = " - ", .tags = {"*"}, .categories = {""}}));
}

TEST_CASE("what speaks for the other kind takes from the confidence")
{
    const auto plain = advice_by_metadata(described("backup"));
    const auto mixed = advice_by_metadata(described("backup viewer"));
    REQUIRE(plain);
    CHECK(plain->program_class == "background");
    CHECK(plain->confidence > kUsualThreshold);
    CHECK((!mixed || mixed->confidence < plain->confidence));
}

TEST_CASE("in doubt a program is not lowered: what would do to raise one is less than it takes")
{
    const auto raised = advice_by_metadata(described("synthesizer"));  // weight 2 for media
    const auto lowered = advice_by_metadata(described("compressor"));  // weight 2 for batch
    REQUIRE(raised);
    REQUIRE(lowered);
    CHECK(raised->confidence > lowered->confidence);
}

TEST_CASE("the evidence names the strongest words for the class and no others")
{
    const auto advice = advice_by_metadata(
        {.section = "sound", .description = "fast audio player for files", .tags = {"use::editing"}, .categories = {}});
    REQUIRE(advice);
    CHECK(advice->program_class == "media");
    CHECK(advice->because == "section sound, described as player, described as audio");
}

TEST_CASE("every row of the lexicon is for a class whose attention is known, and weighs something")
{
    using enum HintPlace;
    for (const auto place : {section, tag, category, description}) {
        for (const Hints& row : hints(place)) {
            CAPTURE(row.words);
            CHECK(row.weight > 0);
            CHECK(row.weight <= 4);
            CHECK(!row.words.empty());
            const bool is_told = row.program_class == "service" || row.program_class == "browser" ||
                                 row.program_class == "virtual-machine";
            CHECK((attention(row.program_class) == Attention::unknown) == is_told);
            CHECK((place == category || row.words.find_first_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string::npos));
        }
    }
}

TEST_CASE("confidence is a part of 1 however much is found")
{
    std::string all;
    for (const Hints& row : hints(HintPlace::description))
        all += std::string{row.words} + " ";
    for (const auto& program : {described(all), described(all + all), described(std::string(100'000, 'a'))}) {
        const auto advice = advice_by_metadata(program);
        CHECK((!advice || (advice->confidence > 0 && advice->confidence <= 1 && std::isfinite(advice->confidence))));
    }
}

TEST_CASE("a class raises or lowers by what it says of CPU time; only where it says nothing by the rest")
{
    SettingMap settings;
    CHECK(direction_of(settings) == Direction::sideways);
    settings.set(Setting::io, IoPriority{IoPriority::Class::best_effort, 1});
    CHECK(direction_of(settings) == Direction::raised);
    settings.set(Setting::nice, *Nice::make(5));
    CHECK(direction_of(settings) == Direction::lowered);
    settings.set(Setting::cpu_weight, *CpuWeight::make(500));
    CHECK(direction_of(settings) == Direction::sideways);
}

TEST_CASE("coverage is of all, agreement of the covered, harm is what people raise and an engine lowers")
{
    using enum Direction;
    Evaluation result;
    CHECK(result.coverage() == 0);
    CHECK(result.agreement() == 0);
    CHECK(result.harmful() == 0);
    result.add(raised, raised);
    result.add(raised, lowered);
    result.add(lowered, std::nullopt);
    result.add(sideways, raised);
    CHECK(result.programs() == 4);
    CHECK(result.coverage() == doctest::Approx(0.75));
    CHECK(result.agreement() == doctest::Approx(1.0 / 3));
    CHECK(result.harmful() == doctest::Approx(0.25));
    CHECK(result.count(lowered, std::nullopt) == 1);
    CHECK(read_label("neutral") == sideways);
    CHECK(label_text(sideways) == "neutral");
    CHECK_FALSE(read_label("Raised"));
}
