// SPDX-License-Identifier: GPL-3.0-or-later
/// A daemon that is nothing but the service, on a bus of its own, and clients that ask it in the test's event loop.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <systemd/sd-event.h>

#include "bus/client.hpp"
#include "bus/connection.hpp"
#include "bus/names.hpp"
#include "bus/sdbus_compat.hpp"
#include "bus/service.hpp"
#include "fake_control.hpp"
#include "fake_inspection.hpp"
#include "fake_learning.hpp"
#include "fake_overlays.hpp"
#include "private_bus.hpp"

namespace priorityd::test {

using namespace priorityd::bus;

constexpr Uid kNobodyHere{4'000'000'000};  // a user who is neither root nor the one who runs the test

/// An event loop that runs until something is so, for ten seconds at most.
class Loop {
public:
    Loop() { sd_event_new(&event_); }
    ~Loop() { sd_event_unref(event_); }
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    [[nodiscard]] sd_event* native() const { return event_; }

    template <typename Condition>
    bool run_until(Condition is_so)
    {
        constexpr std::uint64_t kPatienceUsec = 10'000'000;
        bool is_over = false;
        sd_event_source* timer = nullptr;
        sd_event_add_time_relative(event_, &timer, CLOCK_MONOTONIC, kPatienceUsec, 0, set_flag, &is_over);
        while (!is_so() && !is_over)
            sd_event_run(event_, UINT64_MAX);
        sd_event_source_disable_unref(timer);
        return is_so();
    }

    /// Runs `question`, which waits for this loop's answers, on a thread of its own; serves until it has come to its
    /// end.
    template <typename Question>
    auto serve(Question question)
    {
        const int done = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        bool is_done = false;
        sd_event_source* source = nullptr;
        sd_event_add_io(event_, &source, done, EPOLLIN, set_io_flag, &is_done);
        auto answer = std::async(std::launch::async, [&] {
            auto result = question();
            ::eventfd_write(done, 1);
            return result;
        });
        run_until([&] { return is_done; });
        sd_event_source_disable_unref(source);
        auto result = answer.get();
        ::close(done);
        return result;
    }

private:
    static int set_flag(sd_event_source*, std::uint64_t, void* flag)
    {
        *static_cast<bool*>(flag) = true;
        return 0;
    }
    static int set_io_flag(sd_event_source* source, int, std::uint32_t, void* flag)
    {
        sd_event_source_set_enabled(source, SD_EVENT_OFF);
        *static_cast<bool*>(flag) = true;
        return 0;
    }
    sd_event* event_ = nullptr;
};

template <typename T>
T expect(Result<T> result)
{
    if (!result)
        throw std::runtime_error{result.error().message()};
    return *std::move(result);
}

/// Records who has a session, as "1000: a.service b.scope" and "1000 left".
class RecordingSessions final : public SessionListener {
public:
    void session_attached(Uid user, const std::vector<std::string>& units) override
    {
        std::string line = std::to_string(raw(user)) + ":";
        for (const auto& unit : units)
            line += " " + unit;
        lines.push_back(line);
    }
    void session_left(Uid user) override { lines.push_back(std::to_string(raw(user)) + " left"); }

    std::vector<std::string> lines;
};

/// A daemon that is nothing but a service on a bus.
struct Daemon {
    Daemon(Loop& loop, const Address& address, Uid own_uid = kNobodyHere)
        : connection{expect(Connection::open(address))},
          service{expect(Service::create(connection, inspection, control, learning, overlays, sessions, own_uid))},
          attachment{expect(attach(connection, loop.native(), {.on_lost = [this](const Error& error) {
                                       losses += 1;
                                       loss = error;
                                   }}))}
    {
        inspection.listener = service.get();
        control.listener = service.get();
        overlays.listener = service.get();
        if (auto named = connection.request_name(kBusName); !named)
            throw std::runtime_error{named.error().message()};
    }

    FakeInspection inspection;
    FakeControl control;
    FakeLearning learning;
    FakeOverlays overlays;
    RecordingSessions heard;
    int losses = 0;
    Error loss;
    Connection connection;
    Sessions sessions{connection, heard};
    std::unique_ptr<Service> service;
    Attachment attachment;
};

struct Fixture {
    PrivateBus bus;
    Address address{Address::Kind::other, bus.address()};
    Loop loop;
    Daemon daemon{loop, address};
    FakeInspection& inspection = daemon.inspection;
    /// Neither root nor the user that the daemon says it runs as.
    const As stranger = ::geteuid() == 0 ? As::nobody : As::self;

    /// The answer to one question of a client with a connection of its own.
    template <typename Question>
    auto ask(Question question)
    {
        return loop.serve([&] {
            auto client = ManagerClient::connect(address);
            using Answer = decltype(question(*client));
            return client ? question(*client) : Answer{tl::unexpected{client.error()}};
        });
    }

    /// The name of the error that a call of this method gets; the empty name when it gets none.
    template <typename... Arguments>
    std::pair<std::string, std::string> error_of(const char* method, const Arguments&... arguments)
    {
        return loop.serve([&]() -> std::pair<std::string, std::string> {
            try {
                const auto connection = expect(Connection::open(address));
                const auto proxy = compat::make_proxy(connection.native(), kBusName, kObjectPath);
                proxy->callMethod(method).onInterface(kManagerInterface).withArguments(arguments...);
                return {};
            } catch (const sdbus::Error& error) {
                return {error.getName(), error.getMessage()};
            }
        });
    }

    CommandResult run(std::vector<std::string> command, As user = As::self)
    {
        return loop.serve([&] { return run_command(command, user); });
    }

    [[nodiscard]] std::vector<std::string> dbus_send(const std::vector<std::string>& rest) const
    {
        std::vector<std::string> command{
            "dbus-send", "--bus=" + bus.address(), "--print-reply", "--reply-timeout=9000", "--dest=org.priorityd1",
            kObjectPath};
        command.insert(command.end(), rest.begin(), rest.end());
        return command;
    }
};

inline bool contains(const std::string& text, const std::string& part)
{
    return text.find(part) != std::string::npos;
}

class RecordingWatcher final : public Watcher {
public:
    void processes_changed(const std::vector<ProcessView>& changed, std::uint32_t left_out) override
    {
        rows.insert(rows.end(), changed.begin(), changed.end());
        left_out_rows += left_out;
    }
    void policy_reloaded(const PolicyNews& told) override { news.push_back(told); }
    void overrides_changed(const std::vector<std::string>& added, const std::vector<std::string>& removed) override
    {
        added_overrides.insert(added_overrides.end(), added.begin(), added.end());
        removed_overrides.insert(removed_overrides.end(), removed.begin(), removed.end());
    }
    void suggestion_added(const SuggestionView& one) override { suggestions.push_back(one); }
    void daemon_vanished() override { said += "vanished "; }
    void daemon_returned() override { said += "returned "; }

    std::vector<ProcessView> rows;
    std::uint32_t left_out_rows = 0;
    std::vector<PolicyNews> news;
    std::vector<std::string> added_overrides;
    std::vector<std::string> removed_overrides;
    std::vector<SuggestionView> suggestions;
    std::string said;
};

/// A client in the same loop that has subscribed to everything.
struct Subscriber {
    Subscriber(Loop& loop, const Address& address)
        : client{*ManagerClient::connect(address)},
          is_watching{client.watch(watcher).has_value()},
          attachment{expect(attach(client.connection(), loop.native(), {.on_lost = [](const Error&) {}}))}
    {
    }
    RecordingWatcher watcher;
    ManagerClient client;
    bool is_watching;
    Attachment attachment;
};

}  // namespace priorityd::test
