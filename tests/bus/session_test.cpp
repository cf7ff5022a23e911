// SPDX-License-Identifier: GPL-3.0-or-later
/// priorityd-session as a program, between a bus that plays the system's and one that plays a user's.
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>

#include "fake_systemd.hpp"
#include "program.hpp"

using namespace priorityd;
using namespace priorityd::bus;
using namespace priorityd::test;

namespace {

namespace fs = std::filesystem;

const char* program_path()
{
    const char* path = std::getenv("PRIORITYD_SESSION");
    return path && fs::exists(path) ? path : nullptr;
}

class Folder {
public:
    Folder()
    {
        std::string pattern = (fs::temp_directory_path() / "priorityd-session-XXXXXX").string();
        path = ::mkdtemp(pattern.data());
        fs::permissions(path, fs::perms::all);  // whoever the session runs as keeps its list there
    }
    ~Folder()
    {
        std::error_code ignored;
        fs::remove_all(path, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    fs::path path;
};

struct Stage {
    Stage()
    {
        REQUIRE_MESSAGE(program_path(), "PRIORITYD_SESSION has to name the program");
        systemd.emplace(loop, user_address);
        daemon.emplace(loop, address);
    }

    void start(const std::string& patience = "3600", As user = As::self)
    {
        session = std::make_unique<Program>(
            std::vector<std::string>{program_path(), "--system-bus", bus.address(), "--user-bus", user_bus.address(),
                                     "--rules", rules.string(), "--state", (folder.path / "state").string(),
                                     "--patience", patience, "--log-level", "error"},
            user);
    }
    /// Until the daemon has heard this of sessions, last.
    bool hears(const std::string& line)
    {
        return loop.run_until([&] { return !daemon->heard.lines.empty() && daemon->heard.lines.back() == line; });
    }
    bool systemd_hears(const std::string& call)
    {
        return loop.run_until([&] { return systemd->was_asked(call); });
    }
    template <typename T, typename Ask>
    Result<T> ask(Ask question)
    {
        std::optional<Result<T>> answer;
        question([&](const Result<T>& result) { answer = result; });
        loop.run_until([&] { return answer.has_value(); });
        REQUIRE(answer);
        return *answer;
    }
    Result<void> write(Uid user, const std::string& unit, const Weights& weights)
    {
        return ask<void>([&](auto then) { daemon->sessions.write(user, unit, weights, then); });
    }
    Result<Weights> read(Uid user, const std::string& unit)
    {
        return ask<Weights>([&](auto then) { daemon->sessions.read(user, unit, then); });
    }
    void write_rule(const std::string& text) const
    {
        fs::create_directories(rules);
        std::ofstream{rules / "new"} << text;
        fs::rename(rules / "new", rules / "50-own.toml");
    }

    PrivateBus bus;
    PrivateBus user_bus;
    Address address{Address::Kind::other, bus.address()};
    Address user_address{Address::Kind::other, user_bus.address()};
    Folder folder;
    fs::path rules = folder.path / "rules.d";
    Loop loop;
    std::optional<FakeSystemd> systemd;
    std::optional<Daemon> daemon;
    std::unique_ptr<Program> session;
    const Uid me{::geteuid()};
    const std::string mine = std::to_string(raw(me));
};

const Weights kFifty{CpuWeight::make(50), IoWeight::make(7)};
constexpr const char* kSet = "a.service CPUWeight=50 IOWeight=7";
constexpr const char* kTakenBack = "a.service CPUWeight=unset IOWeight=unset";

}  // namespace

TEST_CASE_FIXTURE(Stage, "a session offers its user's units, and sets what the daemon wants through its own systemd")
{
    start();
    REQUIRE(hears(mine + ":"));
    CHECK(read(me, "a.service") == Weights{});
    CHECK(write(me, "a.service", kFifty));
    CHECK(systemd->calls.back() == kSet);
    CHECK(read(me, "a.service") == kFifty);
    CHECK(write(me, "a.service", {}));
    CHECK(systemd->calls.back().find("CPUWeight=unset IOWeight=unset") != std::string::npos);
    CHECK(ask<void>([&](auto then) {
        daemon->sessions.split(me, "tab.scope", {Pid{7}, Pid{8}}, "priorityd-split-7.scope", then);
    }));
    CHECK(systemd->calls.back() == "start priorityd-split-7.scope (fail) in app.slice: 7 8");
    CHECK_FALSE(daemon->sessions.is_waiting());
}

TEST_CASE_FIXTURE(Stage, "a session that ends takes everything back, and the daemon knows that it has left")
{
    start();
    REQUIRE(hears(mine + ":"));
    CHECK(write(me, "a.service", kFifty));
    session->signal(SIGTERM);
    CHECK(systemd_hears(kTakenBack));
    CHECK(hears(mine + " left"));
    CHECK(session->wait() == 0);
    const auto nobody_there = write(me, "a.service", kFifty);
    CHECK(nobody_there.error().code == ENOTCONN);
    CHECK(nobody_there.error().doing == "there is no priorityd-session of user " + mine);
}

TEST_CASE_FIXTURE(Stage, "a weight that the user has changed since is the user's, at the end and for the next daemon")
{
    start();
    REQUIRE(hears(mine + ":"));
    CHECK(write(me, "a.service", kFifty));
    CHECK(write(me, "b.service", kFifty));
    systemd->weights["CPUWeight of /org/freedesktop/systemd1/unit/a_2eservice"] = 700;
    SUBCASE("when it ends")
    {
        session->signal(SIGTERM);
        CHECK(systemd_hears("b.service CPUWeight=unset IOWeight=unset"));
        CHECK(session->wait() == 0);
    }
    SUBCASE("when the daemon has looked at it")
    {
        CHECK(read(me, "a.service")->cpu == CpuWeight::make(700));
        daemon.reset();
        daemon.emplace(loop, address);
        CHECK(hears(mine + ": b.service"));
    }
    CHECK_FALSE(systemd->was_asked(kTakenBack));
}

TEST_CASE_FIXTURE(Stage, "a daemon that is back in time finds the weights that the one before has asked for")
{
    start();
    REQUIRE(hears(mine + ":"));
    CHECK(write(me, "a.service", kFifty));
    daemon.reset();
    daemon.emplace(loop, address);
    CHECK(hears(mine + ": a.service"));
    CHECK_FALSE(systemd->was_asked(kTakenBack));
    CHECK(write(me, "a.service", {}));
    daemon.reset();
    daemon.emplace(loop, address);
    CHECK(hears(mine + ":"));
}

TEST_CASE_FIXTURE(Stage,
                  "when the daemon has gone without a word and does not come back, the session takes back what is left")
{
    start("0");
    REQUIRE(hears(mine + ":"));
    CHECK(write(me, "a.service", kFifty));
    daemon.reset();
    CHECK(systemd_hears(kTakenBack));
    daemon.emplace(loop, address);
    // It may name the unit still, when systemd's answer is on its way.
    CHECK(loop.run_until(
        [&] { return !daemon->heard.lines.empty() && daemon->heard.lines.back().starts_with(mine + ":"); }));
    CHECK(read(me, "a.service") == Weights{});
}

TEST_CASE_FIXTURE(Stage, "a session that was killed knows after its restart what it had set")
{
    start();
    REQUIRE(hears(mine + ":"));
    CHECK(write(me, "a.service", kFifty));
    session->end(SIGKILL);
    CHECK(hears(mine + " left"));
    start();
    CHECK(hears(mine + ": a.service"));
    SUBCASE("and gives it back when there is no daemon either")
    {
        session->end(SIGKILL);
        daemon.reset();
        start("0");
        CHECK(systemd_hears(kTakenBack));
    }
    SUBCASE("and gives it back at its end")
    {
        session->signal(SIGTERM);
        CHECK(systemd_hears(kTakenBack));
    }
}

TEST_CASE_FIXTURE(Stage, "a session waits for a daemon that comes later")
{
    daemon.reset();
    start();
    daemon.emplace(loop, address);
    CHECK(hears(mine + ":"));
}

TEST_CASE_FIXTURE(Stage, "without a systemd of the user the knob cannot be reached, and works when there is one again")
{
    systemd.reset();
    start();
    REQUIRE(hears(mine + ":"));
    CHECK(read(me, "a.service").error().code == EHOSTUNREACH);
    CHECK(write(me, "a.service", kFifty).error().code == EHOSTUNREACH);
    systemd.emplace(loop, user_address);
    systemd->error = "org.freedesktop.DBus.Error.NoReply";  // as while it is executed anew
    CHECK(write(me, "a.service", kFifty).error().code == ETIMEDOUT);
    systemd->error = "org.freedesktop.systemd1.NoSuchUnit";  // vanished between look-up and call
    CHECK(write(me, "b.service", kFifty).error().is_vanished());
    systemd->error.clear();
    CHECK(write(me, "a.service", kFifty));
    CHECK(systemd->was_asked(kSet));
}

TEST_CASE_FIXTURE(Stage,
                  "a user's bus that goes takes the session with it, which systemd starts again where there is one")
{
    start();
    REQUIRE(hears(mine + ":"));
    user_bus.end();
    CHECK(hears(mine + " left"));
    CHECK(session->wait() == 1);
}

TEST_CASE_FIXTURE(Stage, "each user's units go through that user's session, and through no other one's")
{
    const Uid user = raw(me) == 0 ? Uid{kNobody} : me;  // only root can be somebody else
    start("3600", raw(me) == 0 ? As::nobody : As::self);
    REQUIRE(hears(std::to_string(raw(user)) + ":"));
    CHECK(write(Uid{4'000'000'000}, "a.service", kFifty).error().doing ==
          "there is no priorityd-session of user 4000000000");
    CHECK(write(Uid{raw(user) + 1}, "a.service", kFifty).error().code == ENOTCONN);
    CHECK(systemd->calls.empty());
    CHECK(write(user, "a.service", kFifty));
    CHECK(systemd->calls.back() == kSet);
}

TEST_CASE_FIXTURE(Stage, "own rules are handed over at the start, to each new daemon, and when they change")
{
    using Files = FakeControl::Files;
    const auto has_got = [&](const Files& wanted) {
        return loop.run_until([&] { return !daemon->control.rules.empty() && daemon->control.rules.back() == wanted; });
    };
    write_rule("# one");
    start();
    CHECK(has_got({{"50-own.toml", "# one"}}));
    CHECK(daemon->control.callers.back().uid == me);
    write_rule("# two");
    CHECK(has_got({{"50-own.toml", "# two"}}));
    daemon.reset();
    daemon.emplace(loop, address);
    CHECK(has_got({{"50-own.toml", "# two"}}));
    fs::remove(rules / "50-own.toml");
    CHECK(has_got({}));
    fs::remove_all(rules);
    write_rule("# three");  // in a folder that was not there
    CHECK(has_got({{"50-own.toml", "# three"}}));
}

TEST_CASE_FIXTURE(Stage, "who has no rules hands over none, so that those handed over by hand stay")
{
    start();
    REQUIRE(hears(mine + ":"));
    CHECK(write(me, "a.service", kFifty));  // whatever it does at the start, it has done by now
    CHECK(daemon->control.rules.empty());
}
