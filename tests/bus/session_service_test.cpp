// SPDX-License-Identifier: GPL-3.0-or-later
/// Whom priorityd-session listens to, and what it takes of them.
#include "bus/session_service.hpp"

#include <doctest/doctest.h>

#include "bus/weights_dict.hpp"
#include "peers.hpp"

using namespace priorityd;
using namespace priorityd::bus;
using namespace priorityd::test;

namespace {

class RecordingDuties final : public SessionDuties {
public:
    void read(const std::string& unit, std::function<void(const Result<Weights>&)> then) override
    {
        done.push_back("read " + unit);
        then(failure_ ? Result<Weights>{tl::unexpected(*failure_)} : Weights{CpuWeight::make(50), {}});
    }
    void write(const std::string& unit, const Weights& weights, std::function<void(const Result<void>&)> then) override
    {
        done.push_back(unit + " " + to_text(weights));
        then(failure_ ? Result<void>{tl::unexpected(*failure_)} : Result<void>{});
    }
    void split(const std::string& scope, const std::vector<Pid>& processes, const std::string& new_scope,
               std::function<void(const Result<void>&)> then) override
    {
        done.push_back(scope + " -> " + new_scope + ", " + std::to_string(processes.size()));
        then({});
    }
    std::vector<std::string> done;
    std::optional<Error> failure_;
};

struct Fixture {
    using Lines = std::vector<std::string>;

    /// The name of the error that this caller gets; empty for none.
    template <typename... Arguments>
    std::string error_of(const Connection& caller, const char* method, const Arguments&... arguments)
    {
        const auto proxy =
            compat::make_proxy(caller.native(), connection.native().getUniqueName().c_str(), kSessionPath);
        return loop.serve([&]() -> std::string {
            try {
                proxy->callMethod(method).onInterface(kSessionInterface).withArguments(arguments...);
                return {};
            } catch (const sdbus::Error& error) {
                return error.getName();
            }
        });
    }
    [[nodiscard]] static std::string name_of(const Connection& caller) { return caller.native().getUniqueName(); }

    PrivateBus bus;
    Address address{Address::Kind::other, bus.address()};
    Loop loop;
    RecordingDuties duties;
    Connection connection = expect(Connection::open(address));
    std::unique_ptr<SessionService> service = expect(SessionService::create(connection, duties));
    Attachment attachment = expect(attach(connection, loop.native(), {.on_lost = [](const Error&) {}}));
    Connection daemon = expect(Connection::open(address));
    Connection stranger = expect(Connection::open(address));
};

const Dict kFifty = to_dict(Weights{CpuWeight::make(50), {}});

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a session takes wishes from the daemon's own connection alone, and at first from nobody")
{
    const std::string no = "org.priorityd1.Error.NotAuthorized";
    CHECK(error_of(daemon, "SetUnitWeights", std::string{"a.service"}, kFifty) == no);
    service->obey(name_of(daemon));
    CHECK(error_of(daemon, "SetUnitWeights", std::string{"a.service"}, kFifty) == "");
    CHECK(error_of(stranger, "SetUnitWeights", std::string{"a.service"}, kFifty) == no);
    CHECK(error_of(stranger, "GetUnitWeights", std::string{"a.service"}) == no);
    CHECK(error_of(stranger, "SplitScope", std::string{"a.scope"}, std::vector<std::uint32_t>{1},
                   std::string{"priorityd-split-1.scope"}) == no);
    service->obey(name_of(stranger));  // another daemon has come
    CHECK(error_of(daemon, "SetUnitWeights", std::string{"a.service"}, kFifty) == no);
    service->obey({});
    CHECK(error_of(stranger, "SetUnitWeights", std::string{"a.service"}, kFifty) == no);
    CHECK(duties.done == Lines{"a.service cpu_weight 50"});
}

TEST_CASE_FIXTURE(Fixture, "whoever has the daemon's name later is not obeyed for that alone")
{
    service->obey(name_of(daemon));
    REQUIRE(stranger.request_name(kBusName));
    CHECK(error_of(stranger, "SetUnitWeights", std::string{"a.service"}, kFifty) ==
          "org.priorityd1.Error.NotAuthorized");
    CHECK(duties.done.empty());
}

TEST_CASE_FIXTURE(Fixture, "what is no unit that processes run in, or no weight, is refused before systemd hears of it")
{
    const std::string invalid = "org.priorityd1.Error.InvalidSetting";
    service->obey(name_of(daemon));
    for (const char* unit :
         {"", "app.slice", "init.scope", "a.mount", "../a.service", "a b.service", "x", ".service", "dbus.target"})
        CHECK_MESSAGE(error_of(daemon, "SetUnitWeights", std::string{unit}, kFifty) == invalid, unit);
    const Dict wrong[] = {{{"cpu_weight", sdbus::Variant(std::int32_t{0})}},
                          {{"cpu_weight", sdbus::Variant(std::string{"much"})}},
                          {{"cpu_weight", sdbus::Variant(50.0)}},
                          {{"io_weight", sdbus::Variant(std::int32_t{10001})}},
                          {{"nice", sdbus::Variant(std::int32_t{5})}}};
    for (const auto& weights : wrong)
        CHECK(error_of(daemon, "SetUnitWeights", std::string{"a.service"}, weights) == invalid);
    for (const char* name : {"evil.scope", "priorityd-split-1.service", "priorityd-split-"})
        CHECK(error_of(daemon, "SplitScope", std::string{"a.scope"}, std::vector<std::uint32_t>{1},
                       std::string{name}) == invalid);
    CHECK(error_of(daemon, "SplitScope", std::string{"a.scope"}, std::vector<std::uint32_t>{0},
                   std::string{"priorityd-split-1.scope"}) == invalid);
    CHECK(duties.done.empty());
    CHECK(error_of(daemon, "SetUnitWeights", std::string{"a.service"}, Dict{}) == "");
    CHECK(duties.done == Lines{"a.service none"});
}

TEST_CASE_FIXTURE(Fixture, "what its systemd says comes through")
{
    service->obey(name_of(daemon));
    duties.failure_ = Error{ENOENT, "a.service"};
    CHECK(error_of(daemon, "GetUnitWeights", std::string{"a.service"}) == "org.freedesktop.systemd1.NoSuchUnit");
    duties.failure_ = Error{ETIMEDOUT, "a.service"};
    CHECK(error_of(daemon, "SetUnitWeights", std::string{"a.service"}, kFifty) == "org.freedesktop.DBus.Error.Timeout");
    duties.failure_ = Error{0, "a.service: whatever"};
    CHECK(error_of(daemon, "SetUnitWeights", std::string{"a.service"}, kFifty) == "org.freedesktop.DBus.Error.Failed");
}
