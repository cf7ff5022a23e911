// SPDX-License-Identifier: GPL-3.0-or-later
/// Sessions that do not do what priorityd-session does: the daemon believes them only what is their own user's
/// business.
#include "bus/sessions.hpp"

#include <doctest/doctest.h>

#include "peers.hpp"

using namespace priorityd;
using namespace priorityd::bus;
using namespace priorityd::test;

namespace {

/// Calls AttachSession and answers whatever it is asked with what the test says.
class OddSession {
public:
    OddSession(Loop& loop, const Address& address, As user = As::self) : peer{loop, address, user}
    {
        sd_bus_add_filter(peer.native(), nullptr, take, this);
    }
    void attach(const std::vector<const char*>& units = {})
    {
        sd_bus_message* call = nullptr;
        sd_bus_message_new_method_call(peer.native(), &call, kBusName, kObjectPath, kManagerInterface, "AttachSession");
        sd_bus_message_open_container(call, 'a', "s");
        for (const char* unit : units)
            sd_bus_message_append(call, "s", unit);
        sd_bus_message_close_container(call);
        peer.send(call);
    }

    Peer peer;
    std::string says;  ///< A string that it answers with; empty: no answer at all.
    int questions = 0;

private:
    static int take(sd_bus_message* message, void* session, sd_bus_error*)
    {
        auto& self = *static_cast<OddSession*>(session);
        if (sd_bus_message_is_method_call(message, kSessionInterface, nullptr) <= 0)
            return 0;
        ++self.questions;
        if (!self.says.empty())
            sd_bus_reply_method_return(message, "s", self.says.c_str());
        return 1;
    }
};

struct Stage : Fixture {
    std::string answer_to(OddSession& session, const std::vector<const char*>& units = {})
    {
        const auto before = session.peer.answers.size();
        session.attach(units);
        loop.run_until([&] { return session.peer.answers.size() > before; });
        return session.peer.answers.back().error;
    }
    const Uid me{::geteuid()};
};

constexpr const char* kInvalid = "org.priorityd1.Error.InvalidSetting";

}  // namespace

TEST_CASE_FIXTURE(Stage, "only units that processes run in can have been given weights")
{
    OddSession session{loop, address};
    CHECK(answer_to(session, {"a.service", "app.slice"}) == kInvalid);
    CHECK(answer_to(session, {"../../x.service"}) == kInvalid);
    CHECK(daemon.heard.lines.empty());
    CHECK(answer_to(session, {"a.service", "b.scope"}) == "");
    CHECK(daemon.heard.lines.back() == std::to_string(raw(me)) + ": a.service b.scope");
}

TEST_CASE_FIXTURE(Stage, "the later session of a user takes the place of the earlier, whose end changes nothing then")
{
    OddSession first{loop, address};
    OddSession second{loop, address};
    CHECK(answer_to(first) == "");
    CHECK(answer_to(second, {"a.service"}) == "");
    first.peer.leave();
    daemon.sessions.read(me, "a.service", [](const Result<Weights>&) {});
    CHECK(loop.run_until([&] { return second.questions == 1; }));
    CHECK(daemon.heard.lines.back() == std::to_string(raw(me)) + ": a.service");
    second.peer.leave();
    CHECK(loop.run_until([&] { return daemon.heard.lines.back() == std::to_string(raw(me)) + " left"; }));
    CHECK_FALSE(daemon.sessions.is_waiting());
}

TEST_CASE_FIXTURE(Stage, "who attaches again and again is told to stop")
{
    OddSession session{loop, address};
    std::string last;
    for (int i = 0; i < 64 && last.empty(); ++i)
        last = answer_to(session);
    CHECK(last == "org.priorityd1.Error.LimitReached");
}

TEST_CASE_FIXTURE(Stage, "an answer that makes no sense is an error of that unit, and nothing more")
{
    OddSession session{loop, address};
    session.says = "fifty";
    REQUIRE(answer_to(session) == "");
    std::optional<Result<Weights>> answer;
    daemon.sessions.read(me, "a.service", [&](const Result<Weights>& result) { answer = result; });
    CHECK(loop.run_until([&] { return answer.has_value(); }));
    CHECK_FALSE(answer->has_value());
    CHECK_FALSE(daemon.sessions.is_waiting());
}

TEST_CASE_FIXTURE(Stage, "a session that leaves while it is asked leaves nobody waiting")
{
    OddSession session{loop, address};
    REQUIRE(answer_to(session) == "");
    daemon.sessions.write(me, "a.service", {CpuWeight::make(50), {}}, [](const Result<void>&) {});
    CHECK(loop.run_until([&] { return session.questions == 1; }));
    CHECK(daemon.sessions.is_waiting());
    session.peer.leave();
    CHECK(loop.run_until([&] { return !daemon.sessions.is_waiting(); }));
}

TEST_CASE_FIXTURE(Stage, "a lost bus has no sessions")
{
    OddSession session{loop, address};
    REQUIRE(answer_to(session) == "");
    daemon.sessions.lose_everybody();
    CHECK(daemon.heard.lines.back() == std::to_string(raw(me)) + " left");
    std::optional<Error> error;
    daemon.sessions.read(me, "a.service", [&](const Result<Weights>& result) { error = result.error(); });
    CHECK(error->code == ENOTCONN);
}
