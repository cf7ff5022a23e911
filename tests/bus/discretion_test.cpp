// SPDX-License-Identifier: GPL-3.0-or-later
/// What callers are shown of other users' processes, and what polkit is asked for it, on a real bus.
#include "bus/discretion.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "peers.hpp"

using namespace priorityd;
using namespace priorityd::bus;
using namespace priorityd::test;
using Kind = ClientError::Kind;
using Reach = Sight::Reach;
using Says = FakePolkit::Says;

namespace {

constexpr Pid kOwn{10};
constexpr Pid kOthers{20};
constexpr Pid kThread{30};

/// A script, whose name stands in the arguments.
ProcessView script_of(Uid user, Pid pid)
{
    ProcessView process = compiler();
    process.key.pid = pid;
    process.name = "wages.py";
    process.public_name = "python3";
    process.exe = "/home/boss/bin/python3.11";
    process.uid = user;
    return process;
}

ProcessView kernel_thread()
{
    ProcessView process = compiler();
    process.key.pid = kThread;
    process.name = "kworker/0:1";
    process.public_name = "kworker/0:1";
    process.exe = {};
    process.uid = Uid{0};
    return process;
}

bool is_whole(const ProcessView& process)
{
    return process.name == "wages.py" && process.exe == "/home/boss/bin/python3.11";
}

bool is_public(const ProcessView& process)
{
    return process.name == "python3" && process.exe.empty();
}

/// A stranger has a process, somebody else has another, and the kernel a thread.
struct DiscretionFixture : StrangerFixture {
    const Uid others_uid{raw(stranger_uid()) - 1};

    DiscretionFixture()
    {
        inspection.views = {script_of(stranger_uid(), kOwn), script_of(others_uid, kOthers), kernel_thread()};
    }
    ProcessView process_for_stranger(Pid pid)
    {
        return ask_as_stranger([&](ManagerClient& client) { return client.process(pid); }).value();
    }
    std::vector<ProcessView> list_for_stranger(const ProcessFilter& filter = {})
    {
        return ask_as_stranger([&](ManagerClient& client) { return client.processes(filter); }).value();
    }
};

}  // namespace

TEST_CASE("the public view has neither path nor a name from arguments, and all the rest")
{
    const ProcessView shown = public_view(script_of(Uid{7}, kOthers));
    CHECK(is_public(shown));
    CHECK(shown.key.pid == kOthers);
    CHECK(shown.uid == Uid{7});
    CHECK(shown.class_name == "build");
    CHECK(shown.settings == compiler().settings);
    CHECK(shown.actual == compiler().actual);
}

TEST_CASE("a sight shows own processes whole, others only as far as it reaches, and tells what it hides")
{
    Sight sight{Uid{1000}, Reach::own_processes};
    CHECK(is_whole(sight.of(script_of(Uid{1000}, kOwn))));
    CHECK(sight.of(kernel_thread()).name == "kworker/0:1");
    CHECK_FALSE(sight.has_hidden());
    CHECK(is_public(sight.of(script_of(Uid{0}, kOthers))));
    CHECK(sight.has_hidden());
    Sight all{Uid{1000}, Reach::all_processes};
    CHECK(is_whole(all.of(script_of(Uid{0}, kOthers))));
    CHECK_FALSE(all.has_hidden());
}

TEST_CASE("a path alone is hidden too, and so is a name alone")
{
    ProcessView only_path = script_of(Uid{0}, kOthers);
    only_path.name = only_path.public_name;
    ProcessView only_name = script_of(Uid{0}, kOthers);
    only_name.exe = {};
    for (const ProcessView& process : {only_path, only_name}) {
        Sight sight{Uid{1000}, Reach::own_processes};
        CHECK(is_public(sight.of(process)));
        CHECK(sight.has_hidden());
    }
}

TEST_CASE_FIXTURE(DiscretionFixture, "others' processes come without path and script where polkit says no")
{
    with_polkit(Says::no);
    CHECK(is_public(process_for_stranger(kOthers)));
    const auto told = ask_as_stranger([](ManagerClient& client) { return client.explanation(kOthers); });
    REQUIRE(told);
    CHECK(is_public(told->process));
    const auto list = list_for_stranger();
    REQUIRE(list.size() == 3);
    CHECK(is_whole(list[0]));
    CHECK(is_public(list[1]));
    CHECK(polkit->questions.size() == 3);
}

TEST_CASE_FIXTURE(DiscretionFixture, "who may inspect sees others' processes whole")
{
    with_polkit(Says::yes);
    CHECK(is_whole(process_for_stranger(kOthers)));
    const auto told = ask_as_stranger([](ManagerClient& client) { return client.explanation(kOthers); });
    REQUIRE(told);
    CHECK(is_whole(told->process));
    CHECK(std::ranges::count_if(list_for_stranger(), is_whole) == 2);
    for (const FakePolkit::Question& question : polkit->questions)
        CHECK(question.action == "org.priorityd1.inspect");
}

TEST_CASE_FIXTURE(DiscretionFixture, "own processes and what hides nothing are shown without asking")
{
    with_polkit(Says::no);
    CHECK(is_whole(process_for_stranger(kOwn)));
    CHECK(process_for_stranger(kThread).name == "kworker/0:1");
    const auto list = list_for_stranger({.uid = stranger_uid()});
    REQUIRE(list.size() == 1);
    CHECK(is_whole(list[0]));
    CHECK(polkit->questions.empty());
}

TEST_CASE("the user that the daemon runs as sees all, without asking")
{
    PrivateBus bus;
    Loop loop;
    const Address address{Address::Kind::other, bus.address()};
    Daemon daemon{loop, address, Uid{::geteuid()}};
    FakePolkit polkit{loop, address};
    polkit.says = Says::no;
    daemon.inspection.views = {script_of(Uid{::geteuid() + 1}, kOthers)};
    const auto process = loop.serve([&] { return ManagerClient::connect(address)->process(kOthers); });
    REQUIRE(process);
    CHECK(is_whole(*process));
    CHECK(polkit.questions.empty());
}

TEST_CASE_FIXTURE(DiscretionFixture, "without polkit nobody inspects, and everybody is answered")
{
    CHECK(is_public(process_for_stranger(kOthers)));
}

TEST_CASE_FIXTURE(DiscretionFixture, "an error or nonsense of polkit hides, and is no error for who reads")
{
    for (const Says says : {Says::error, Says::nonsense, Says::password}) {
        with_polkit(says);
        CHECK(is_public(process_for_stranger(kOthers)));
        polkit.reset();
    }
}

TEST_CASE_FIXTURE(DiscretionFixture, "nobody is asked for a password to read, even when the call allows it")
{
    with_polkit(Says::password);
    Peer caller{loop, address, stranger};
    caller.get_process(kOthers, true);
    REQUIRE(loop.run_until([&] { return !caller.answers.empty(); }));
    CHECK(caller.answers[0].error.empty());
    REQUIRE(polkit->questions.size() == 1);
    CHECK(polkit->questions[0].flags == 0);
    CHECK(polkit->questions[0].name == caller.name());
}

TEST_CASE_FIXTURE(DiscretionFixture, "a filter finds no process by a name that the caller is not shown")
{
    with_polkit(Says::no);
    const auto by_hidden = list_for_stranger({.name = "wages.py"});
    REQUIRE(by_hidden.size() == 1);
    CHECK(by_hidden[0].key.pid == kOwn);
    const auto by_shown = list_for_stranger({.name = "python3"});
    REQUIRE(by_shown.size() == 1);
    CHECK(by_shown[0].key.pid == kOthers);
    polkit->says = Says::yes;
    CHECK(list_for_stranger({.name = "wages.py"}).size() == 2);
    CHECK(list_for_stranger({.name = "python3"}).empty());
}

TEST_CASE_FIXTURE(DiscretionFixture, "who reads much at once makes polkit think once, and gets every answer")
{
    with_polkit(Says::nothing);
    Peer caller{loop, address, stranger};
    constexpr std::size_t kMany = 100;
    for (std::size_t i = 0; i < kMany; ++i)
        caller.get_process(kOthers);
    caller.get_process(kOwn);
    REQUIRE(loop.run_until([&] { return !caller.answers.empty() && !polkit->questions.empty(); }));
    CHECK(caller.answers.size() == 1);
    polkit->answer_late(Says::no);
    REQUIRE(loop.run_until([&] { return caller.answers.size() == kMany + 1; }));
    CHECK(polkit->questions.size() == 1);
    CHECK(std::ranges::all_of(caller.answers, [](const auto& answer) { return answer.error.empty(); }));
}

TEST_CASE_FIXTURE(DiscretionFixture, "while polkit does not answer, a user's connections take no more than their share")
{
    with_polkit(Says::nothing);
    std::vector<std::unique_ptr<Peer>> callers;
    for (int i = 0; i < 20; ++i) {
        callers.push_back(std::make_unique<Peer>(loop, address, stranger));
        callers.back()->get_process(kOthers);
    }
    const auto answered = [&] {
        return std::ranges::count_if(callers, [](const auto& caller) { return !caller->answers.empty(); });
    };
    REQUIRE(loop.run_until([&] { return answered() == 4 && polkit->questions.size() == 16; }));
    polkit->answer_late(Says::yes);
    CHECK(loop.run_until([&] { return answered() == 20; }));
}

TEST_CASE_FIXTURE(DiscretionFixture, "a process that ends while polkit thinks is NoSuchProcess")
{
    with_polkit(Says::nothing);
    Peer caller{loop, address, stranger};
    caller.get_process(kOthers);
    REQUIRE(loop.run_until([&] { return !polkit->questions.empty(); }));
    inspection.views.clear();
    polkit->answer_late(Says::yes);
    REQUIRE(loop.run_until([&] { return !caller.answers.empty(); }));
    CHECK(caller.answers[0].error == "org.priorityd1.Error.NoSuchProcess");
}

TEST_CASE_FIXTURE(DiscretionFixture, "who has left while polkit thinks does no harm")
{
    with_polkit(Says::nothing);
    {
        Peer caller{loop, address, stranger};
        caller.get_process(kOthers);
        REQUIRE(loop.run_until([&] { return !polkit->questions.empty(); }));
    }
    polkit->answer_late(Says::yes);
    settle(polkit->peer);
    polkit->says = Says::no;
    CHECK(is_public(process_for_stranger(kOthers)));
}

TEST_CASE("a service that goes while polkit thinks takes its questions with it")
{
    PrivateBus bus;
    Loop loop;
    const Address address{Address::Kind::other, bus.address()};
    auto daemon = std::make_unique<Daemon>(loop, address);
    const As stranger = ::geteuid() == 0 ? As::nobody : As::self;
    FakePolkit polkit{loop, address};
    polkit.says = Says::nothing;
    Peer caller{loop, address, stranger};
    daemon->inspection.views = {script_of(Uid{kNobodyHere}, kOthers)};
    caller.get_process(kOthers);
    REQUIRE(loop.run_until([&] { return !polkit.questions.empty(); }));
    daemon->service.reset();
    polkit.answer_late(Says::yes);
    Peer other{loop, address};
    other.call("ListOverrides");
    REQUIRE(loop.run_until([&] { return !other.answers.empty(); }));
    CHECK(caller.answers.empty());
}

TEST_CASE_FIXTURE(DiscretionFixture, "what everybody hears names no script")
{
    Subscriber subscriber{loop, address};
    daemon.service->processes_changed(inspection.views, 0);
    REQUIRE(loop.run_until([&] { return subscriber.watcher.rows.size() == 3; }));
    CHECK(subscriber.watcher.rows[0].name == "python3");
    CHECK(subscriber.watcher.rows[1].name == "python3");
    CHECK(subscriber.watcher.rows[2].name == "kworker/0:1");
}

TEST_CASE_FIXTURE(DiscretionFixture, "users are known again by their connections, however many there have been")
{
    with_polkit(Says::no);
    for (int i = 0; i < 70; ++i) {
        Peer caller{loop, address, stranger};
        caller.get_process(kOwn);
        REQUIRE(loop.run_until([&] { return !caller.answers.empty(); }));
    }
    auto client = connected(stranger, [&] { return ManagerClient::connect(address); });
    REQUIRE(client);
    for (int i = 0; i < 3; ++i)
        CHECK(is_public(loop.serve([&] { return client->process(kOthers); }).value()));
    CHECK(is_whole(loop.serve([&] { return client->process(kOwn); }).value()));
}
