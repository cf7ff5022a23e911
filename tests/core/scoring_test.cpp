// SPDX-License-Identifier: GPL-3.0-or-later
/// Scoring engines: what is known of a program to a class, and how that is compared with what people say.
#include <algorithm>
#include <cmath>

#include <doctest/doctest.h>

#include "core/direction.hpp"
#include "core/scoring/arbiter.hpp"
#include "core/scoring/evaluation.hpp"
#include "core/scoring/lexicon.hpp"
#include "core/scoring/metadata.hpp"
#include "core/scoring/program_cache.hpp"
#include "support/fake_world.hpp"

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
    CHECK(plain->confidence > ScoringSettings{}.threshold);
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
    for (const auto place : {section, tag, category, description, surroundings}) {
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

namespace {

Vote vote(std::string engine, std::string program_class, double confidence)
{
    return {std::move(engine), {.program_class = std::move(program_class), .confidence = confidence, .because = {}}};
}

std::string followed(const std::vector<Vote>& votes, const ScoringSettings& settings = {})
{
    const auto followed = verdict(votes, settings);
    return followed ? followed->engine + " " + followed->advice.program_class : "";
}

}  // namespace

TEST_CASE("a vote is followed from the threshold on, and counts as much as its engine's weight")
{
    CHECK(followed({}) == "");
    CHECK(followed({vote("a", "game", 0.39)}) == "");
    CHECK(followed({vote("a", "game", 0.4)}) == "a game");
    ScoringSettings settings;
    settings.engines["a"].weight = 0.5;
    CHECK(followed({vote("a", "game", 0.6)}, settings) == "");
    CHECK(followed({vote("a", "game", 0.8)}, settings) == "a game");
    settings.engines["a"].is_enabled = false;
    settings.threshold = 0;
    CHECK(followed({vote("a", "game", 0.8)}, settings) == "");
}

TEST_CASE("engines that agree are surer together, and the surest of them is named")
{
    CHECK(followed({vote("a", "game", 0.3), vote("b", "game", 0.35)}) == "b game");
    CHECK(verdict({vote("a", "game", 0.5), vote("b", "game", 0.5)}, {})->advice.confidence == doctest::Approx(0.75));
    CHECK(followed({vote("a", "game", 0.5), vote("b", "media", 0.6)}) == "b media");
}

TEST_CASE("nothing is followed while as much speaks for a program that nobody waits for")
{
    CHECK(followed({vote("a", "game", 0.6), vote("b", "batch", 0.6)}) == "");
    CHECK(followed({vote("a", "game", 0.7), vote("b", "batch", 0.6)}) == "a game");
    CHECK(followed({vote("a", "batch", 0.7), vote("b", "game", 0.6)}) == "a batch");
}

TEST_CASE("packages put programs below /usr and a few other folders, not below /usr/local")
{
    Snapshot process;
    process.names = {"x"};
    for (const char* here : {"/usr/bin/x", "/usr/lib/y/x", "/bin/x", "/sbin/x", "/lib64/x", "/opt/y/x"}) {
        process.exe = here;
        CHECK(may_be_known_by_file(process));
    }
    for (const char* elsewhere : {"/home/a/usr/bin/x", "/usr/local/bin/x", "/tmp/x", "/usr", ""}) {
        process.exe = elsewhere;
        CHECK_FALSE(may_be_known_by_file(process));
    }
}

TEST_CASE("a program is looked up once, for all that ask")
{
    ProgramCache cache;
    const ProgramFile program{"/usr/bin/x", {.device = 1, .inode = 2, .changed = 3}};
    CHECK(cache.find(program, Pid{1}) == nullptr);
    CHECK(cache.find(program, Pid{2}) == nullptr);
    CHECK(cache.has_wanted());
    CHECK(cache.take_wanted() == std::vector{program});
    CHECK_FALSE(cache.has_wanted());
    CHECK(cache.find(program, Pid{3}) == nullptr);
    CHECK(cache.take_wanted().empty());
    CHECK(cache.learn(program, {vote("a", "game", 0.5)}) == std::vector{Pid{1}, Pid{2}, Pid{3}});
    REQUIRE(cache.find(program, Pid{4}));
    CHECK(cache.find(program, Pid{4})->front().engine == "a");

    auto replaced = program;
    replaced.id.changed = 4;
    CHECK(cache.find(replaced, Pid{5}) == nullptr);
    CHECK(cache.size() == 1);
    CHECK(cache.tally().hits == 2);
    CHECK(cache.tally().misses == 4);
    CHECK(cache.tally().learned == 1);
    CHECK(cache.tally().votes.at("a") == 1);
    CHECK(cache.take_wanted() == std::vector{replaced});
    cache.give_up(replaced);
    CHECK_FALSE(cache.has_wanted());
    CHECK(cache.find(replaced, Pid{6}) == nullptr);
    CHECK(cache.has_wanted());
}

TEST_CASE("whoever starts programs without end fills no memory")
{
    ProgramCache cache;
    for (std::uint64_t i = 1; i <= 5000; ++i)
        (void)cache.find({"/usr/bin/x", {.device = 1, .inode = i, .changed = 1}}, Pid{1});
    CHECK(cache.take_wanted().size() == 512);
    for (std::uint64_t i = 1; i <= 5000; ++i)
        (void)cache.learn({"/usr/bin/x", {.device = 1, .inode = i, .changed = 1}}, {});
    CHECK(cache.find({"/usr/bin/x", {.device = 1, .inode = 1, .changed = 1}}, Pid{1}) == nullptr);
    CHECK(cache.find({"/usr/bin/x", {.device = 1, .inode = 5000, .changed = 1}}, Pid{1}) != nullptr);
}

namespace {

using test::FakeKernel;

/// A machine with some rules, on which programs run that no rule knows.
struct House {
    explicit House(const std::string& settings = "")
        : pipeline{test::world_of(kernel), test::live_knobs(), test::layers_of(test::policy_of(kRules, settings))}
    {
    }
    void exec(test::FakeProcess process)
    {
        const int pid = kernel.add(std::move(process)).pid;
        pipeline.handle({.kind = Event::Kind::exec, .process = Pid{pid}}, Instant{});
        pipeline.catch_up();
    }
    std::vector<ExplainRow> rows(int pid) { return pipeline.explain(Pid{pid}, {})->rows; }
    std::string class_of(int pid) { return pipeline.view(Pid{pid}, {})->class_name; }

    static constexpr const char* kRules =
        "[class.game]\nnice = -3\n[class.interactive]\nnice = -1\n[class.build]\nnice = 10\n"
        "[programs]\ncc = \"build\"\n[[rule]]\nname = \"quake\"\n[rule.set]\noom_score_adj = 100\n";
    FakeKernel kernel;
    Pipeline pipeline;
};

const ProgramInfo kGame{.section = "games", .description = "", .tags = {}, .categories = {}};
const ProgramInfo kFaint = described("wallpaper");  // 0.3 for interactive, well under the threshold

}  // namespace

TEST_CASE("a program that no rule knows gets the class that is advised, once it is known what it is")
{
    House house;
    house.exec({.pid = 42, .comm = "chess", .exe = "/usr/games/chess"});
    CHECK(house.kernel.asked == std::vector{Pid{42}});
    CHECK(house.kernel.log.empty());
    house.kernel.programs["/usr/games/chess"] = kGame;
    house.pipeline.look_again(house.kernel.asked, Instant{});
    CHECK(house.kernel.log == std::vector<std::string>{"42 nice=-3"});
    CHECK(house.class_of(42) == "game");
    CHECK(house.rows(42).front().source == "engine metadata");
    CHECK(house.rows(42).front().because == "0.88 sure: section games");
    house.exec({.pid = 43, .comm = "chess", .exe = "/usr/games/chess"});
    CHECK(house.kernel.log.back() == "43 nice=-3");
}

TEST_CASE(
    "a rule's class is never advised against, and no engine is asked; a rule's settings are joined by an advised class")
{
    House house;
    house.kernel.programs["/usr/bin/cc"] = kGame;
    house.kernel.programs["/usr/games/quake"] = kGame;
    house.exec({.pid = 42, .comm = "cc", .exe = "/usr/bin/cc"});
    CHECK(house.class_of(42) == "build");
    CHECK(house.kernel.asked.empty());
    for (const auto& row : house.rows(42))
        CHECK(row.source != "engine metadata");
    house.exec({.pid = 43, .comm = "quake", .exe = "/usr/games/quake"});
    CHECK(house.class_of(43) == "game");
    CHECK(house.kernel.log == std::vector<std::string>{"42 nice=10", "43 nice=-3", "43 oom_score_adj=100"});
}

TEST_CASE("a child of a lowered parent stays lowered, whatever engines advise")
{
    House house;
    house.kernel.programs["/usr/games/chess"] = kGame;
    house.exec({.pid = 42, .comm = "cc", .exe = "/usr/bin/cc"});
    auto child = house.kernel.fork(42, 43);
    house.kernel.kill(43);
    child.comm = "chess";
    child.exe = "/usr/games/chess";
    house.exec(child);
    CHECK(house.class_of(43).empty());
    CHECK(std::get<Nice>(*house.kernel.at(43).actual.find(Setting::nice)) == *Nice::make(10));
    const auto rows = house.rows(43);
    const auto is_vote = [](const ExplainRow& row) { return row.source == "engine metadata"; };
    REQUIRE(std::ranges::count_if(rows, is_vote) == 1);
    CHECK(std::ranges::find_if(rows, is_vote)->outcome == "not followed");
    CHECK_FALSE(std::ranges::find_if(rows, is_vote)->effective);
}

TEST_CASE("nobody asks about a program that no package can have put there, or whose file cannot be told")
{
    House house;
    house.exec({.pid = 42, .comm = "chess", .exe = "/home/a/chess"});
    house.exec({.pid = 43, .comm = "chess", .exe = ""});
    CHECK(house.kernel.asked.empty());
}

TEST_CASE("what a script is, its interpreter does not tell")
{
    House house;
    house.kernel.programs["/usr/bin/python3"] = kGame;
    house.exec({.pid = 42, .comm = "python3", .exe = "/usr/bin/python3", .argv = {"python3", "/srv/report.py"}});
    CHECK(house.kernel.asked.empty());
    CHECK(house.class_of(42).empty());
}

TEST_CASE(
    "advice that is not sure enough is shown and does nothing; a process that has no more than that is not tracked")
{
    House house;
    house.kernel.programs["/usr/bin/m"] = kFaint;
    house.exec({.pid = 42, .comm = "m", .exe = "/usr/bin/m"});
    CHECK(house.kernel.log.empty());
    CHECK(house.pipeline.tracked() == 0);
    REQUIRE(house.rows(42).size() >= 1);
    CHECK(house.rows(42).front().value == "interactive");
    CHECK(house.rows(42).front().outcome == "not followed");
}

TEST_CASE("an engine that is switched off, or weighs too little, is not followed; a class that is not there neither")
{
    for (const char* settings : {"[engine.metadata]\nenabled = false\n", "[engine.metadata]\nweight = 0.1\n",
                                 "[scoring]\nthreshold = 0.99\n"}) {
        House house{settings};
        house.kernel.programs["/usr/games/chess"] = kGame;
        house.exec({.pid = 42, .comm = "chess", .exe = "/usr/games/chess"});
        CHECK(house.kernel.log.empty());
    }
    House house;
    house.kernel.programs["/usr/bin/p"] = {.section = "sound", .description = "", .tags = {}, .categories = {}};
    house.exec({.pid = 42, .comm = "p", .exe = "/usr/bin/p"});
    CHECK(house.kernel.log.empty());
}
