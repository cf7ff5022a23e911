// SPDX-License-Identifier: GPL-3.0-or-later
/// What a model has said outlives the process, and counts for the same question alone.
#include "engines/llm/catalogue.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "kernel/temporary_folder.hpp"
#include "llm/told.hpp"

using namespace priorityd;
using namespace priorityd::llm;
using namespace std::chrono_literals;
using kernel::TemporaryFolder;
using test::told;

namespace {

constexpr Date kStart{std::chrono::sys_days{std::chrono::year{2026} / 3 / 4}};

struct Opened {
    explicit Opened(const TemporaryFolder& top)
        : catalogue{std::move(Catalogue::open(top.path(), [this](const std::string& line) {
                        losses.push_back(line);
                    })).value()}
    {
    }
    Key key(const ToldProgram& program, const std::string& model = "small")
    {
        return catalogue.key_of(program, model).value();
    }
    std::optional<Finding> find(const Key& key, Date oldest = kStart) { return catalogue.find(key, oldest).value(); }

    std::vector<std::string> losses;
    Catalogue catalogue;
};

}  // namespace

TEST_CASE("what was said is known to the next process: a class, and that there is none")
{
    const TemporaryFolder top;
    {
        Opened opened{top};
        const auto game = opened.key(told("nethack"));
        const auto none = opened.key(told("frobnicate"));
        REQUIRE(opened.catalogue.keep({{game, Advice{"game", 0.75, "it is played"}}, {none, {}}}, kStart));
    }
    Opened opened{top};
    const auto game = opened.find(opened.key(told("nethack")));
    REQUIRE(game);
    REQUIRE(game->advice);
    CHECK(game->advice->program_class == "game");
    CHECK(game->advice->confidence == 0.75);
    CHECK(game->advice->because == "it is played");
    const auto none = opened.find(opened.key(told("frobnicate")));
    REQUIRE(none);
    CHECK_FALSE(none->advice);
    CHECK_FALSE(opened.find(opened.key(told("unknown"))));
    CHECK(opened.losses.empty());
}

TEST_CASE("another file, other facts, other classes or another model are another question")
{
    const TemporaryFolder top;
    Opened opened{top};
    const auto key = opened.key(told("a"));
    CHECK(opened.key(told("a")) == key);
    CHECK(opened.key(told("a"), "large") != key);
    const auto differs = [&](auto change) {
        auto program = told("a");
        change(program);
        return opened.key(program) != key;
    };
    CHECK(differs([](ToldProgram& one) { one.identity = "1-2-4"; }));
    CHECK(differs([](ToldProgram& one) { one.exe = "/opt/a"; }));
    CHECK(differs([](ToldProgram& one) { one.description = "now something else"; }));
    CHECK(differs([](ToldProgram& one) { one.tags.push_back("x"); }));
    CHECK(differs([](ToldProgram& one) { std::swap(one.tags, one.categories); }));
    CHECK(differs([](ToldProgram& one) { one.classes.pop_back(); }));
    CHECK(differs([](ToldProgram& one) { one.classes.front().meaning = "other"; }));
}

TEST_CASE("an answer that is too old is none")
{
    const TemporaryFolder top;
    Opened opened{top};
    const auto key = opened.key(told("a"));
    REQUIRE(opened.catalogue.keep({{key, {}}}, kStart));
    CHECK(opened.find(key, kStart));
    CHECK_FALSE(opened.find(key, kStart + 1s));
}

TEST_CASE("no more than so many answers are kept, those that were given last")
{
    const TemporaryFolder top;
    Opened opened{top};
    std::vector<Finding> many;
    for (std::int64_t i = 0; i < Catalogue::kMost; ++i)
        many.push_back({fmt::format("k{}", i), {}});
    REQUIRE(opened.catalogue.keep({{"first", {}}}, kStart));
    REQUIRE(opened.catalogue.keep(many, kStart + 1s));
    CHECK_FALSE(opened.find("first"));
    CHECK(opened.find("k0"));
}

TEST_CASE("what was spent is known to the next process")
{
    const TemporaryFolder top;
    REQUIRE(Opened{top}.catalogue.keep(Expense{kStart, 100}));
    REQUIRE(Opened{top}.catalogue.keep(Expense{kStart + 1h, 200}));
    CHECK(Opened{top}.catalogue.expenses(kStart).value() == std::vector<Expense>{{kStart, 100}, {kStart + 1h, 200}});
    CHECK(Opened{top}.catalogue.expenses(kStart + 1s).value().size() == 1);
    REQUIRE(Opened{top}.catalogue.keep(Expense{kStart + 72h, 300}));
    CHECK(Opened{top}.catalogue.expenses(kStart).value().size() == 1);
}

TEST_CASE("a file that is no catalogue is moved aside, and told")
{
    const TemporaryFolder top;
    top.write("catalogue.sqlite",
              "this is no database, and longer than a page header would be: " + std::string(200, 'x'));
    Opened opened{top};
    REQUIRE(opened.losses.size() == 1);
    CHECK(opened.losses.front().find("catalogue.sqlite.broken-1") != std::string::npos);
    CHECK(opened.catalogue.keep({{opened.key(told("a")), {}}}, kStart));
    CHECK(opened.find(opened.key(told("a"))));
}
