// SPDX-License-Identifier: GPL-3.0-or-later
/// Suggestions on a real bus: who sees what of them, and who may say yes, no, or forget it all.
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "bus/marshal_suggestion.hpp"
#include "peers.hpp"

using namespace priorityd;
using namespace priorityd::bus;
using namespace priorityd::test;
using Kind = ClientError::Kind;
using Says = FakePolkit::Says;

namespace {

struct SuggestionFixture : StrangerFixture {
    FakeLearning& learning = daemon.learning;

    std::vector<SuggestionView> list_for_stranger()
    {
        return ask_as_stranger([](ManagerClient& client) { return client.suggestions(); }).value();
    }
    [[nodiscard]] bool is_untouched() const
    {
        return learning.accepted.empty() && learning.rejected.empty() && learning.forgotten == 0;
    }
};

}  // namespace

TEST_CASE("a suggestion goes over the bus as it is, with a path that does no harm")
{
    CHECK(read_suggestion(to_dict(linker())) == linker());
    const auto shown = read_suggestion(to_dict(hostile_suggestion()));
    CHECK(shown.name == "a\\n\\x1b[2J\\xff");
    CHECK(shown.exe == "/tmp/a\\n\\x1b[2J\\xff");
    CHECK(read_suggestion({}) == SuggestionView{});
}

TEST_CASE_FIXTURE(SuggestionFixture, "whom polkit lets inspect is shown the paths, and nobody else")
{
    with_polkit(Says::yes);
    auto rows = list_for_stranger();
    REQUIRE(rows.size() == 2);
    CHECK(rows[0] == linker());
    REQUIRE(polkit->questions.size() == 1);
    CHECK(polkit->questions[0].action == "org.priorityd1.inspect");
    CHECK(polkit->questions[0].flags == 0);
    polkit->says = Says::no;
    rows = list_for_stranger();
    REQUIRE(rows.size() == 2);
    CHECK(rows[0].exe.empty());
    CHECK(rows[0].name == "mold");
    CHECK(rows[0].program_class == "build");
}

TEST_CASE_FIXTURE(SuggestionFixture, "where nothing is suggested there is nothing to ask polkit")
{
    with_polkit(Says::yes);
    learning.kept.clear();
    CHECK(list_for_stranger().empty());
    CHECK(polkit->questions.empty());
}

TEST_CASE_FIXTURE(SuggestionFixture, "a yes tells the file, a no is told on, and each takes what makes a rule for good")
{
    with_polkit(Says::yes);
    const auto file = ask_as_stranger([](ManagerClient& client) { return client.accept_suggestion("3"); });
    REQUIRE(file);
    CHECK(*file == "/etc/priorityd/rules.d/80-accepted.toml");
    CHECK(ask_as_stranger([](ManagerClient& client) { return client.reject_suggestion("4"); }));
    CHECK(learning.accepted == std::vector<std::string>{"3"});
    CHECK(learning.rejected == std::vector<std::string>{"4"});
    REQUIRE(polkit->questions.size() == 2);
    for (const auto& question : polkit->questions) {
        CHECK(question.action == "org.priorityd1.persist");
        CHECK(question.flags == 1);
    }
}

TEST_CASE_FIXTURE(SuggestionFixture, "what was learned is forgotten for whom polkit allows it")
{
    with_polkit(Says::yes);
    CHECK(ask_as_stranger([](ManagerClient& client) { return client.forget_learned(); }));
    CHECK(learning.forgotten == 1);
    REQUIRE(polkit->questions.size() == 1);
    CHECK(polkit->questions[0].action == "org.priorityd1.modify-any");
}

TEST_CASE_FIXTURE(SuggestionFixture, "whom polkit refuses it changes nothing")
{
    with_polkit(Says::no);
    const auto accepted = ask_as_stranger([](ManagerClient& client) { return client.accept_suggestion("3"); });
    const auto rejected = ask_as_stranger([](ManagerClient& client) { return client.reject_suggestion("3"); });
    const auto forgotten = ask_as_stranger([](ManagerClient& client) { return client.forget_learned(); });
    REQUIRE_FALSE(accepted);
    REQUIRE_FALSE(rejected);
    REQUIRE_FALSE(forgotten);
    CHECK(accepted.error().kind == Kind::not_authorised);
    CHECK(rejected.error().kind == Kind::not_authorised);
    CHECK(forgotten.error().kind == Kind::not_authorised);
    CHECK(is_untouched());
}

TEST_CASE_FIXTURE(SuggestionFixture, "a suggestion that is not there is an error of its own")
{
    with_polkit(Says::yes);
    Peer caller{loop, address, stranger};
    caller.call("AcceptSuggestion", "9");
    caller.call("RejectSuggestion", "nonsense");
    REQUIRE(loop.run_until([&] { return caller.answers.size() == 2; }));
    for (const auto& answer : caller.answers)
        CHECK(answer.error == "org.priorityd1.Error.NoSuchSuggestion");
    CHECK(is_untouched());
}

TEST_CASE_FIXTURE(SuggestionFixture, "everybody hears of a new suggestion, and nobody its path")
{
    Subscriber subscriber{loop, address};
    daemon.service->suggestion_added(linker());
    REQUIRE(loop.run_until([&] { return !subscriber.watcher.suggestions.empty(); }));
    auto expected = linker();
    expected.exe.clear();
    CHECK(subscriber.watcher.suggestions == std::vector{expected});
}
