// SPDX-License-Identifier: GPL-3.0-or-later
/// Weights of units, decided from all processes in them, with managers that answer when the test says so.
#include "core/unit_weights.hpp"

#include <deque>

#include <doctest/doctest.h>

using namespace priorityd;
using namespace std::chrono_literals;

namespace {

const Unit kService{{}, "db.service", "/system.slice/db.service"};
const Unit kUsersScope{Uid{1000}, "app.scope", "/user.slice/user-1000.slice/user@1000.service/app.slice/app.scope"};

/// Managers whose answers wait until the test lets them go.
class FakeManagers final : public UnitManagers {
public:
    [[nodiscard]] std::vector<Pid> processes_in(const Unit& unit) override { return processes[unit.name]; }
    void read(const Unit& unit, std::function<void(const Result<Weights>&)> then) override
    {
        log.push_back("read " + unit.name);
        answers.push_back([this, unit, then = std::move(then)] {
            then(error ? Result<Weights>{tl::unexpected(*error)} : Result<Weights>{set[unit.name]});
        });
    }
    void write(const Unit& unit, const Weights& weights, std::function<void(const Result<void>&)> then) override
    {
        log.push_back(unit.name + " " + to_text(weights));
        answers.push_back([this, unit, weights, then = std::move(then)] {
            if (error)
                return then(tl::unexpected(*error));
            set[unit.name] = weights;
            then({});
        });
    }
    [[nodiscard]] bool shares_out_cpu(const Unit&) override { return true; }
    void disown(const Unit& unit) override { log.push_back(unit.name + " is somebody else's"); }
    void split(const Unit& scope, const std::vector<Pid>& leaving, const std::string& new_scope,
               std::function<void(const Result<void>&)> then) override
    {
        std::string pids;
        for (const Pid pid : leaving)
            pids += " " + std::to_string(raw(pid));
        log.push_back("split " + scope.name + " -> " + new_scope + ":" + pids);
        answers.push_back([this, scope, leaving, new_scope, then = std::move(then)] {
            if (split_error)
                return then(tl::unexpected(*split_error));
            for (const Pid pid : leaving)
                std::erase(processes[scope.name], pid);
            processes[new_scope] = leaving;
            then({});
        });
    }
    void answer_all()
    {
        while (!answers.empty()) {
            const auto answer = std::move(answers.front());
            answers.pop_front();
            answer();
        }
    }

    std::map<std::string, std::vector<Pid>> processes;
    std::map<std::string, Weights> set;
    std::optional<Error> error;
    std::optional<Error> split_error;
    std::deque<std::function<void()>> answers;
    std::vector<std::string> log;
};

Weights cpu(int weight)
{
    return {CpuWeight::make(weight), {}};
}

struct House {
    House() { managers.processes["db.service"] = {Pid{1}}; }
    std::vector<Pid> settle()
    {
        now += 50ms;
        std::vector<Pid> strangers;
        for (const auto& stranger : weights.settle(now))
            strangers.push_back(stranger.pid);
        managers.answer_all();
        return strangers;
    }
    FakeManagers managers;
    UnitWeights weights{managers};
    Instant now{1h};
};

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("a step of nice is a quarter of a weight, as between processes")
{
    const auto weight = [](const SettingMap& settings) {
        const auto found = weight_by_nice(settings);
        return found ? found->value : -1;
    };
    SettingMap settings;
    CHECK(weight(settings) == -1);
    for (const auto& [nice, expected] : {std::pair{-20, 8674}, {-1, 125}, {0, -1}, {1, 80}, {10, 11}, {19, 1}}) {
        settings.set(Setting::nice, *Nice::make(nice));
        CHECK(weight(settings) == expected);
    }
    settings.set(Setting::sched, SchedPolicy{SchedPolicy::Kind::batch});
    CHECK(weight(settings) == 1);
    settings.set(Setting::sched, SchedPolicy{SchedPolicy::Kind::rr, 1});
    CHECK(weight(settings) == -1);
    settings.set(Setting::sched, SchedPolicy{SchedPolicy::Kind::idle});
    CHECK(weight(settings) == CpuWeight::kIdle);
}

TEST_CASE("a unit gets the weight of its process, after what it has was asked")
{
    House house;
    house.weights.add_member(kService, Pid{1}, {cpu(50)}, house.now);
    CHECK(house.managers.log.empty());
    CHECK(house.weights.deadline());
    house.settle();
    CHECK(house.managers.log == Lines{"read db.service", "db.service cpu_weight 50"});
    CHECK(house.weights.state(Pid{1})->outcome == "applied");
    CHECK(house.weights.changed() == std::vector{kService});
    CHECK_FALSE(house.weights.deadline());
}

TEST_CASE("a unit with several processes gets the most that one of them asks for")
{
    House house;
    house.managers.processes["db.service"] = {Pid{1}, Pid{2}};
    house.weights.add_member(kService, Pid{1}, {{CpuWeight::make(20), IoWeight::make(300)}}, house.now);
    house.weights.add_member(kService, Pid{2}, {{CpuWeight::make(50), IoWeight::make(10)}}, house.now);
    house.settle();
    CHECK(house.managers.log.back() == "db.service cpu_weight 50, io_weight 300");
    house.weights.remove(Pid{2}, house.now);
    house.managers.processes["db.service"] = {Pid{1}};
    house.settle();
    CHECK(house.managers.log.back() == "db.service cpu_weight 20, io_weight 300");
}

TEST_CASE("a unit is not lowered for one of its processes while another asks for nothing, but may be raised")
{
    House house;
    house.managers.processes["db.service"] = {Pid{1}, Pid{2}};
    house.weights.add_member(kService, Pid{1}, {cpu(50)}, house.now);
    house.settle();
    CHECK(house.managers.log.empty());
    CHECK(house.weights.state(Pid{1})->because.find("without a weight") != std::string::npos);
    house.weights.add_member(kService, Pid{1}, {cpu(500)}, house.now);
    house.settle();
    CHECK(house.managers.log.back() == "db.service cpu_weight 500");
    CHECK(house.weights.state(Pid{1})->because.find("without a weight") == std::string::npos);
}

TEST_CASE(
    "processes that nobody has told of are found, each once, and the unit is looked at again while they are there")
{
    House house;
    house.managers.processes["db.service"] = {Pid{1}, Pid{2}, Pid{3}};
    house.weights.add_member(kService, Pid{1}, {cpu(50)}, house.now);
    CHECK(house.settle() == std::vector{Pid{2}, Pid{3}});
    CHECK(house.weights.deadline() == house.now + 1s);
    house.weights.add_member(kService, Pid{2}, {cpu(50)}, house.now);
    CHECK(house.settle().empty());
    CHECK(house.managers.log.empty());
    house.managers.processes["db.service"] = {Pid{1}, Pid{2}};
    house.now = *house.weights.deadline();
    CHECK(house.settle().empty());
    CHECK(house.managers.log.back() == "db.service cpu_weight 50");
    CHECK_FALSE(house.weights.deadline());
}

TEST_CASE("a child that asks for nothing stays with a parent that is lowered, and is found out anew when that changes")
{
    House house;
    house.managers.processes["db.service"] = {Pid{1}, Pid{2}, Pid{3}};
    house.weights.add_member(kService, Pid{1}, {{CpuWeight::make(50), IoWeight::make(300)}}, house.now);
    house.settle();
    CHECK(house.managers.log.back() == "db.service io_weight 300");
    house.weights.add_heir({kService, Pid{2}}, Pid{1}, house.now);
    house.weights.add_heir({kService, Pid{3}}, Pid{2}, house.now);
    CHECK(house.settle().empty());
    CHECK(house.managers.log.back() == "db.service cpu_weight 50, io_weight 300");
    house.weights.add_member(kService, Pid{1}, {cpu(20)}, house.now);
    CHECK(house.settle() == std::vector{Pid{2}, Pid{3}});
    CHECK(house.managers.log.back() == "db.service none");
}

TEST_CASE("a child of a raised parent starts from what is usual")
{
    House house;
    house.managers.processes["db.service"] = {Pid{1}, Pid{2}};
    house.weights.add_member(kService, Pid{1}, {cpu(500)}, house.now);
    house.settle();
    house.weights.add_heir({kService, Pid{2}}, Pid{1}, house.now);
    CHECK_FALSE(house.weights.deadline());
    house.weights.remove(Pid{1}, house.now);
    house.managers.processes["db.service"] = {Pid{2}};
    house.settle();
    CHECK(house.managers.log.back() == "db.service none");
}

TEST_CASE("looking again has an end")
{
    House house;
    house.managers.processes["db.service"] = {Pid{1}, Pid{2}};
    house.weights.add_member(kService, Pid{1}, {cpu(50)}, house.now);
    int looks = 0;
    for (; house.weights.deadline() && looks < 100; ++looks) {
        house.now = *house.weights.deadline();
        (void)house.weights.settle(house.now);
    }
    CHECK(looks == 4);
    CHECK(house.now - Instant{1h} < 1min);
}

TEST_CASE("what a manager could not do is tried again")
{
    House house;
    house.managers.error = Error{ETIMEDOUT, "SetUnitProperties(db.service)"};
    house.weights.add_member(kService, Pid{1}, {cpu(50)}, house.now);
    house.settle();
    CHECK(house.weights.state(Pid{1})->outcome.starts_with("failed"));
    house.managers.error.reset();
    REQUIRE(house.weights.deadline());
    house.now = *house.weights.deadline();
    house.settle();
    CHECK(house.managers.log.back() == "db.service cpu_weight 50");
    CHECK(house.weights.state(Pid{1})->outcome == "applied");
}

TEST_CASE("a weight goes when the last process that asked for it has gone")
{
    House house;
    house.weights.add_member(kService, Pid{1}, {cpu(50)}, house.now);
    house.settle();
    house.weights.remove(Pid{1}, house.now);
    house.settle();
    CHECK(house.managers.log.back() == "db.service none");
    CHECK(house.weights.changed().empty());
}

TEST_CASE("what an administrator has set for a unit stays")
{
    House house;
    house.managers.set["db.service"] = cpu(300);
    house.weights.add_member(kService, Pid{1}, {cpu(50)}, house.now);
    house.settle();
    CHECK(house.managers.log == Lines{"read db.service"});
    CHECK(house.weights.state(Pid{1})->outcome == "held by someone else: the unit has cpu_weight 300");
    house.weights.restore();
    CHECK(house.managers.log == Lines{"read db.service"});
}

TEST_CASE("what an administrator sets later is theirs too, at every end")
{
    House house;
    house.weights.add_member(kService, Pid{1}, {cpu(50)}, house.now);
    house.settle();
    house.managers.set["db.service"] = cpu(300);
    SUBCASE("when another weight is wanted")
    {
        house.weights.add_member(kService, Pid{1}, {cpu(60)}, house.now);
        house.settle();
        CHECK(house.weights.state(Pid{1})->outcome == "held by someone else: the unit has cpu_weight 300");
    }
    SUBCASE("when nobody asks for one any more")
    {
        house.weights.remove(Pid{1}, house.now);
        house.settle();
    }
    SUBCASE("when the daemon ends")
    {
        house.weights.restore();
        house.managers.answer_all();
    }
    CHECK(house.managers.set["db.service"] == cpu(300));
    CHECK(house.managers.log.back() == "db.service is somebody else's");
    CHECK(house.weights.changed().empty());
}

TEST_CASE("a unit that was started anew without its weight gets another one")
{
    House house;
    house.weights.add_member(kService, Pid{1}, {cpu(50)}, house.now);
    house.settle();
    house.managers.set.erase("db.service");
    house.weights.add_member(kService, Pid{1}, {cpu(60)}, house.now);
    house.settle();
    CHECK(house.managers.set["db.service"] == cpu(60));
}

TEST_CASE("what changes while an answer is awaited is done after it, once")
{
    House house;
    house.weights.add_member(kService, Pid{1}, {cpu(50)}, house.now);
    (void)house.weights.settle(house.now += 50ms);
    for (const int weight : {60, 70, 80}) {
        house.weights.add_member(kService, Pid{1}, {cpu(weight)}, house.now);
        (void)house.weights.settle(house.now += 50ms);
    }
    CHECK_FALSE(house.weights.deadline());
    house.managers.answer_all();
    CHECK(house.managers.log == Lines{"read db.service", "db.service cpu_weight 80"});
    house.settle();
    CHECK(house.managers.log.size() == 2);
    CHECK_FALSE(house.weights.deadline());
}

TEST_CASE("without a manager the knob is not live, and that is all")
{
    House house;
    house.managers.error = Error{ENOTCONN, "no systemd on the bus"};
    house.weights.add_member(kService, Pid{1}, {cpu(50)}, house.now);
    house.settle();
    CHECK(house.weights.state(Pid{1})->outcome == "not live: no systemd on the bus");
    CHECK(house.weights.changed().empty());
    CHECK_FALSE(house.weights.deadline());
}

TEST_CASE("a unit that has vanished between look-up and call is an outcome")
{
    House house;
    house.weights.add_member(kService, Pid{1}, {cpu(50)}, house.now);
    (void)house.weights.settle(house.now += 50ms);
    house.managers.answers.front()();
    house.managers.answers.pop_front();
    house.managers.error = Error{ENOENT, "db.service"};
    house.managers.answer_all();
    CHECK(house.weights.state(Pid{1})->outcome == "process has ended");
    CHECK(house.weights.changed().empty());
}

TEST_CASE("a manager that does not answer is asked again, later and later, three times and no more")
{
    House house;
    house.managers.error = Error{ETIMEDOUT, "SetUnitProperties(db.service)"};
    house.weights.add_member(kService, Pid{1}, {cpu(50)}, house.now);
    int attempts = 0;
    for (auto due = house.weights.deadline(); due && attempts < 100; due = house.weights.deadline()) {
        CHECK(*due > house.now);
        house.now = *due;
        house.settle();
        ++attempts;
    }
    CHECK(attempts == 4);
    CHECK(house.now >= Instant{1h} + 31s);
    CHECK(house.weights.state(Pid{1})->outcome.starts_with("failed: SetUnitProperties(db.service)"));
}

TEST_CASE("what is asked for again comes through when systemd is back")
{
    House house;
    house.weights.add_member(kService, Pid{1}, {cpu(50)}, house.now);
    house.settle();
    house.managers.error = Error{EHOSTUNREACH, "there is no systemd on the bus"};
    house.weights.add_member(kService, Pid{1}, {cpu(60)}, house.now);
    house.settle();
    CHECK(house.weights.state(Pid{1})->outcome == "not live: there is no systemd on the bus");
    CHECK(house.weights.state(Pid{1})->written == cpu(50));
    house.managers.error.reset();
    house.now = house.weights.deadline().value();
    house.settle();
    CHECK(house.managers.set["db.service"] == cpu(60));
    CHECK(house.weights.state(Pid{1})->outcome == "applied");
    CHECK_FALSE(house.weights.deadline());
}

TEST_CASE("who changes much while a manager is silent does not have it asked more often")
{
    House house;
    house.managers.error = Error{ETIMEDOUT, "db.service"};
    house.weights.add_member(kService, Pid{1}, {cpu(50)}, house.now);
    house.settle();
    house.weights.add_member(kService, Pid{1}, {cpu(60)}, house.now + 1ms);
    house.now += 60ms;
    house.settle();
    CHECK(house.managers.log == Lines{"read db.service"});
    CHECK(house.weights.deadline() > house.now);
}

TEST_CASE("a user's units wait for that user's session, without asking for it again and again")
{
    House house;
    house.managers.processes["app.scope"] = {Pid{5}};
    house.managers.error = Error{ENOTCONN, "there is no priorityd-session of user 1000"};
    house.weights.add_member(kUsersScope, Pid{5}, {cpu(50)}, house.now);
    house.settle();
    CHECK(house.weights.state(Pid{5})->outcome == "not live: there is no priorityd-session of user 1000");
    CHECK_FALSE(house.weights.deadline());
    house.managers.error.reset();
    house.weights.reach_manager(Uid{1000}, {}, house.now);
    house.settle();
    CHECK(house.managers.set["app.scope"] == cpu(50));
}

TEST_CASE("a session that comes again has what it was asked for set anew, and gives back what nobody wants any more")
{
    House house;
    house.managers.processes["app.scope"] = {Pid{5}};
    house.weights.add_member(kUsersScope, Pid{5}, {cpu(50)}, house.now);
    house.weights.add_member(kService, Pid{1}, {cpu(50)}, house.now);
    house.settle();
    house.managers.log.clear();
    house.weights.reach_manager(Uid{1000}, {"app.scope", "old.service"}, house.now);
    house.settle();
    CHECK(house.managers.log == Lines{"old.service none", "read app.scope", "app.scope cpu_weight 50"});
    house.managers.log.clear();
    house.weights.reach_manager(Uid{1000}, {}, house.now);  // and has given back all of it meanwhile
    house.managers.set["app.scope"] = cpu(700);             // where the user has set another one
    house.settle();
    CHECK(house.managers.log == Lines{"read app.scope"});
    CHECK(house.weights.state(Pid{5})->outcome == "held by someone else: the unit has cpu_weight 700");
}

TEST_CASE("units of a user whose session has left are forgotten when their processes are")
{
    House house;
    house.managers.processes["app.scope"] = {Pid{5}};
    house.weights.add_member(kUsersScope, Pid{5}, {cpu(50)}, house.now);
    (void)house.weights.settle(house.now);  // an answer is awaited, which never comes
    house.managers.answers.clear();
    house.weights.lose_manager(Uid{1000}, house.now);
    house.managers.error = Error{ENOTCONN, "there is no priorityd-session of user 1000"};
    house.settle();
    CHECK(house.weights.changed().empty());
    CHECK(house.weights.state(Pid{5})->outcome.starts_with("not live: "));
    house.managers.log.clear();
    house.weights.remove(Pid{5}, house.now);
    house.settle();
    house.weights.reach_manager(Uid{1000}, {}, house.now);
    house.settle();
    CHECK(house.managers.log.empty());
}

TEST_CASE("a slice gets the weights of the settings, whatever runs in it, until they say otherwise")
{
    House house;
    house.managers.processes["system.slice"] = {Pid{1}, Pid{2}};
    const Weights low = cpu(20);
    house.weights.want_slices({{"system.slice", low}});
    REQUIRE(house.weights.deadline());
    house.settle();
    CHECK(house.managers.log == Lines{"read system.slice", "system.slice cpu_weight 20"});
    CHECK(house.weights.changed() == std::vector{slice_unit("system.slice")});
    house.weights.want_slices({{"system.slice", low}});
    CHECK_FALSE(house.weights.deadline());
    house.weights.want_slices({{"user.slice", cpu(200)}});
    house.settle();
    CHECK(house.managers.set["system.slice"].empty());
    CHECK(house.managers.set["user.slice"] == cpu(200));
    house.weights.restore();
    house.managers.answer_all();
    CHECK(house.managers.set["user.slice"].empty());
}

TEST_CASE("what an administrator has set for a slice stays, and is looked at again when the settings change")
{
    House house;
    house.managers.set["system.slice"] = cpu(300);
    house.weights.want_slices({{"system.slice", cpu(20)}});
    house.settle();
    CHECK(house.managers.set["system.slice"] == cpu(300));
    const auto above = house.weights.slices_above("/system.slice/db.service");
    REQUIRE(above.size() == 1);
    CHECK(above.front().outcome == "held by someone else: the unit has cpu_weight 300");
    house.managers.set["system.slice"] = {};
    house.weights.want_slices({{"system.slice", cpu(30)}});
    house.settle();
    CHECK(house.managers.set["system.slice"] == cpu(30));
}

TEST_CASE("a process is told of the slices above it that have weights, from the outermost on")
{
    House house;
    house.weights.want_slices({{"user-1000.slice", cpu(50)}, {"user.slice", cpu(20)}, {"system.slice", cpu(30)}});
    house.settle();
    std::vector<std::string> names;
    for (const auto& slice : house.weights.slices_above("/user.slice/user-1000.slice/session-3.scope"))
        names.push_back(slice.name + ": " + slice.outcome);
    CHECK(names == Lines{"user.slice: applied", "user-1000.slice: applied"});
    CHECK(house.weights.slices_above("/machine.slice/x.scope").empty());
}

TEST_CASE("a crashed daemon's slice is set anew, or taken back when the settings do not want it any more")
{
    House house;
    house.weights.want_slices({{"system.slice", cpu(20)}});
    house.weights.adopt({slice_unit("system.slice"), slice_unit("user.slice")}, house.now);
    house.settle();
    CHECK(house.managers.log ==
          Lines{"read system.slice", "read user.slice", "system.slice cpu_weight 20", "user.slice none"});
}

TEST_CASE("a dry run says what it would set, and has set nothing")
{
    House house;
    house.managers.error = Error{ECANCELED, "cpu_weight 50"};
    house.weights.add_member(kService, Pid{1}, {cpu(50)}, house.now);
    house.weights.adopt({kService}, house.now);  // known, so that it is not read first
    house.settle();
    CHECK(house.weights.state(Pid{1})->outcome == "dry run: cpu_weight 50");
}

TEST_CASE("who differs from the rest of a scope are those of one wish, the lower ones where nobody asks for nothing")
{
    const std::map<Pid, Weights> build{{Pid{3}, cpu(20)}, {Pid{2}, cpu(20)}};
    CHECK(who_differs(build, true) == std::vector{Pid{2}, Pid{3}});
    CHECK(who_differs(build, false).empty());
    const std::map<Pid, Weights> mixed{{Pid{2}, cpu(20)}, {Pid{3}, cpu(50)}};
    CHECK(who_differs(mixed, false) == std::vector{Pid{2}});
    CHECK(who_differs(mixed, true).size() == 1);  // the other wish has its turn afterwards
    CHECK(who_differs({{Pid{2}, cpu(100)}}, true).empty());
    CHECK(who_differs({}, true).empty());
}

TEST_CASE("a scope with a mix is left as it is, unless the settings say that it may be split")
{
    House house;
    house.managers.processes["app.scope"] = {Pid{5}, Pid{6}};
    house.weights.add_member(kUsersScope, Pid{5}, {cpu(20)}, house.now);
    house.settle();
    CHECK(house.managers.log.empty());
    house.weights.use(SessionScopes::split);
    house.settle();
    REQUIRE(house.managers.log.size() == 1);
    CHECK(house.managers.log.front() == "split app.scope -> priorityd-split-5-1.scope: 5");
    CHECK(house.weights.take_moved() == std::vector{Pid{5}});
    CHECK(house.weights.take_moved().empty());
}

TEST_CASE("a process that stays in its scope although it was to be moved is not moved again and again")
{
    House house;
    house.weights.use(SessionScopes::split);
    house.managers.processes["app.scope"] = {Pid{4}, Pid{5}, Pid{6}};
    house.weights.add_member(kUsersScope, Pid{5}, {cpu(20)}, house.now);
    house.settle();
    house.settle();
    CHECK(house.managers.log == Lines{"split app.scope -> priorityd-split-5-1.scope: 5"});
    house.managers.processes["app.scope"] = {Pid{4}, Pid{5}, Pid{6}};  // the kernel has refused it
    house.weights.add_member(kUsersScope, Pid{5}, {cpu(30)}, house.now);
    house.settle();
    CHECK(house.managers.log.size() == 1);
    house.weights.add_member(kUsersScope, Pid{6}, {cpu(20)}, house.now);
    house.settle();
    CHECK(house.managers.log.back() == "split app.scope -> priorityd-split-6-2.scope: 6");
}

TEST_CASE("where one of those that are moved has ended meanwhile the others are moved later")
{
    House house;
    house.weights.use(SessionScopes::split);
    house.managers.processes["app.scope"] = {Pid{4}, Pid{5}};
    house.managers.split_error = Error{0, "Process with ID 5 does not exist"};
    house.weights.add_member(kUsersScope, Pid{5}, {cpu(20)}, house.now);
    house.settle();
    house.settle();
    CHECK(house.weights.state(Pid{5})->because.find("not split, failed: Process with ID 5") != std::string::npos);
    house.managers.split_error.reset();
    REQUIRE(house.weights.deadline());
    house.now = *house.weights.deadline();
    house.settle();
    CHECK(house.managers.log.back() == "split app.scope -> priorityd-split-5-2.scope: 5");
    CHECK(house.weights.take_moved() == std::vector{Pid{5}});
}

TEST_CASE("the scope that was made for who differs gets what was asked for, whatever else is started in it")
{
    House house;
    house.weights.use(SessionScopes::split);
    const Unit made{Uid{1000}, "priorityd-split-5-1.scope", "/app.slice/priorityd-split-5-1.scope"};
    house.managers.processes[made.name] = {Pid{5}, Pid{7}};  // 7: a shell that 5 has started
    house.weights.add_member(made, Pid{5}, {cpu(20)}, house.now);
    house.settle();
    CHECK(house.managers.log == Lines{"read priorityd-split-5-1.scope", "priorityd-split-5-1.scope cpu_weight 20"});
    house.weights.remove(Pid{5}, house.now);
    house.settle();
    CHECK(house.managers.set[made.name].empty());
}

TEST_CASE("services are never split")
{
    House house;
    house.weights.use(SessionScopes::split);
    house.managers.processes["db.service"] = {Pid{1}, Pid{2}};
    house.weights.add_member(kService, Pid{1}, {cpu(20)}, house.now);
    house.settle();
    CHECK(house.managers.log.empty());
}

TEST_CASE("where nobody may split a scope it stays as it is, once and for all, and says why")
{
    House house;
    house.weights.use(SessionScopes::split);
    const Unit login{{}, "session-3.scope", "/user.slice/user-1000.slice/session-3.scope"};
    house.managers.processes[login.name] = {Pid{5}, Pid{6}};
    house.managers.split_error = Error{EACCES, "StartTransientUnit(priorityd-split-5-1.scope)"};
    house.weights.add_member(login, Pid{5}, {cpu(20)}, house.now);
    house.settle();
    house.weights.add_member(login, Pid{5}, {cpu(30)}, house.now);
    for (int looks = 0; house.weights.deadline() && looks < 100; ++looks) {
        house.now = *house.weights.deadline();
        house.settle();
    }
    CHECK(house.managers.log == Lines{"split session-3.scope -> priorityd-split-5-1.scope: 5"});
    const auto because = house.weights.state(Pid{5})->because;
    CHECK(because.find("not split, failed: StartTransientUnit") != std::string::npos);
}

TEST_CASE("everything is taken back at the end, and a late answer finds nothing")
{
    House house;
    house.weights.add_member(kService, Pid{1}, {cpu(50)}, house.now);
    house.settle();
    house.weights.restore();
    house.managers.answer_all();
    CHECK(house.managers.log.back() == "db.service none");
    CHECK(house.managers.set["db.service"].empty());

    auto gone = std::make_unique<UnitWeights>(house.managers);
    gone->add_member(kService, Pid{1}, {cpu(50)}, house.now);
    (void)gone->settle(house.now += 50ms);
    gone.reset();
    house.managers.answer_all();
    CHECK(house.managers.set["db.service"].empty());
}

TEST_CASE("a change that nobody has answered yet is taken back too")
{
    House house;
    house.weights.add_member(kService, Pid{1}, {cpu(50)}, house.now);
    (void)house.weights.settle(house.now += 50ms);
    house.managers.answers.front()();  // what it has
    house.managers.answers.pop_front();
    CHECK(house.weights.changed() == std::vector{kService});
    house.weights.restore();
    house.managers.answer_all();
    CHECK(house.managers.set["db.service"].empty());
}

TEST_CASE("what a crashed daemon has left is taken over by who still asks, or taken back")
{
    House house;
    const Unit idle{{}, "old.service", "/system.slice/old.service"};
    house.weights.adopt({kService, idle}, house.now);
    house.weights.add_member(kService, Pid{1}, {cpu(50)}, house.now);
    house.settle();
    CHECK(house.managers.set["db.service"] == cpu(50));
    CHECK(house.managers.log.back() == "old.service none");
    CHECK(house.weights.changed() == std::vector{kService});
}

TEST_CASE("what a crashed daemon has left is written anew even where it is what units usually have")
{
    House house;
    house.managers.set["db.service"] = cpu(50);
    house.weights.adopt({kService}, house.now);
    house.weights.add_member(kService, Pid{1}, {cpu(100)}, house.now);
    house.settle();
    CHECK(house.managers.set["db.service"] == cpu(100));
}

TEST_CASE("the leaf unit is found, with the manager that it belongs to")
{
    CHECK(leaf_unit_of("/system.slice/db.service/worker") == kService);
    CHECK(leaf_unit_of("/user.slice/user-1000.slice/user@1000.service/app.slice/app-x.scope") ==
          Unit{Uid{1000}, "app-x.scope", "/user.slice/user-1000.slice/user@1000.service/app.slice/app-x.scope"});
    CHECK(leaf_unit_of("/user.slice/user-1000.slice/session-3.scope") ==
          Unit{{}, "session-3.scope", "/user.slice/user-1000.slice/session-3.scope"});
    CHECK_FALSE(leaf_unit_of("/user.slice/user-1000.slice/user@1000.service/init.scope"));
    CHECK_FALSE(leaf_unit_of("/user.slice/user-1000.slice/user@1000.service"));
    CHECK_FALSE(leaf_unit_of("/init.scope"));
    CHECK_FALSE(leaf_unit_of("/system.slice"));
    CHECK_FALSE(leaf_unit_of("/"));
    CHECK(leaf_unit_of("/user@x.service/a.scope")->user == std::nullopt);
}

TEST_CASE("a unit is lowered for who is pressing although others in it are not")
{
    House house;
    house.managers.processes["db.service"] = {Pid{1}, Pid{2}};
    house.weights.add_member(kService, Pid{1}, {cpu(20)}, house.now);
    house.settle();
    house.settle();
    CHECK(house.managers.set["db.service"] == Weights{});
    house.weights.add_member(kService, Pid{1}, {cpu(20), Urgency::pressing}, house.now);
    house.settle();
    CHECK(house.managers.set["db.service"] == cpu(20));
    house.weights.add_member(kService, Pid{1}, {cpu(20), Urgency::usual}, house.now);
    house.settle();
    CHECK(house.managers.set["db.service"] == Weights{});
}
