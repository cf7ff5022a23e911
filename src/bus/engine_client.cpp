// SPDX-License-Identifier: GPL-3.0-or-later
#include "bus/engine_client.hpp"

#include <cerrno>
#include <list>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <systemd/sd-bus.h>

#include "bus/match.hpp"
#include "bus/names.hpp"
#include "bus/score_message.hpp"
#include "bus/sdbus_compat.hpp"
#include "core/text.hpp"
#include "core/units.hpp"

namespace priorityd::bus {
namespace {

using Clock = std::chrono::steady_clock;

bool is_nobody_there(std::string_view error)
{
    return error == SD_BUS_ERROR_SERVICE_UNKNOWN || error == SD_BUS_ERROR_NAME_HAS_NO_OWNER ||
           error.starts_with("org.freedesktop.DBus.Error.Spawn.");
}

/// What the engine, or the bus for it, has answered instead of rows.
Error error_of(const sd_bus_error& error, std::chrono::milliseconds timeout, bool is_late)
{
    constexpr std::size_t kMostShown = 200;
    const std::string_view name{error.name};
    if (is_nobody_there(name))
        return {EHOSTUNREACH, "not on the bus"};
    if (name == SD_BUS_ERROR_NO_REPLY || name == SD_BUS_ERROR_TIMEOUT)
        return is_late ? Error{ETIMEDOUT, fmt::format("it did not answer within {}", duration_text(timeout))}
                       : Error{ECONNRESET, "it left the bus instead of answering"};
    if (name == SD_BUS_ERROR_ACCESS_DENIED)
        return {EACCES, "the bus's policy does not let it be asked"};
    const std::string_view text{error.message ? error.message : ""};
    return {EIO, fmt::format("it answers {}: {}", name.substr(0, kMostShown), escaped(text.substr(0, kMostShown)))};
}

struct FreeSlot {
    void operator()(sd_bus_slot* slot) const { sd_bus_slot_unref(slot); }
};

}  // namespace

class EngineClient::State {
public:
    State(sdbus::IConnection& connection, std::function<void(const std::string&)> on_owner)
        : driver_{compat::make_proxy(connection, kDriverName, kDriverPath)},
          bus_{compat::native_bus(*driver_)},
          on_owner_{std::move(on_owner)}
    {
    }

    /// Errors: those of sd_bus_call_async(3).
    Result<void> ask(const EngineAddress& engine, std::chrono::milliseconds timeout, const ScoreQuestion& question,
                     const Then& then)
    {
        follow(engine.bus_name);
        const auto message = make_score_call(bus_, engine, question);
        if (!message)
            return tl::unexpected(message.error());
        const auto sent = Clock::now();
        const int status =
            send(message->get(), timeout, [=, programs = question.programs.size()](sd_bus_message* answer) {
                const bool is_late = Clock::now() - sent >= timeout;
                const auto* error = sd_bus_message_get_error(answer);
                then(error ? tl::unexpected{error_of(*error, timeout, is_late)} : read_score_answer(answer, programs));
            });
        return status >= 0 ? Result<void>{} : failure(-status, "call " + engine.bus_name);
    }

    /// Whether it could be sent.
    bool ask_health(const EngineAddress& engine, std::chrono::milliseconds timeout,
                    const std::function<void(const std::string&)>& then)
    {
        const auto message = make_health_call(bus_, engine);
        return message && send(message->get(), timeout, [then](sd_bus_message* answer) {
                              then(sd_bus_message_get_error(answer) ? std::string{} : read_health(answer));
                          }) >= 0;
    }

private:
    using OnAnswer = std::function<void(sd_bus_message*)>;
    struct Call {
        State* state;
        OnAnswer done;
        std::list<Call>::iterator self;
        std::unique_ptr<sd_bus_slot, FreeSlot> slot;
    };

    /// 0 or more, or a negative errno.
    int send(sd_bus_message* message, std::chrono::milliseconds timeout, OnAnswer done)
    {
        const auto call = calls_.insert(calls_.end(), Call{.state = this, .done = std::move(done)});
        call->self = call;
        sd_bus_slot* slot = nullptr;
        const auto usec = std::chrono::microseconds{timeout}.count();
        const int status = sd_bus_call_async(bus_, &slot, message, on_answer, &*call, static_cast<std::uint64_t>(usec));
        call->slot.reset(slot);
        if (status < 0)
            calls_.erase(call);
        return status;
    }

    static int on_answer(sd_bus_message* message, void* data, sd_bus_error* /*error*/)
    {
        auto& call = *static_cast<Call*>(data);
        const auto answered = std::move(call);
        answered.state->calls_.erase(answered.self);
        answered.done(message);
        return 1;
    }

    /// Tells when somebody takes the name; without that the engine is only asked again later.
    void follow(const std::string& name)
    {
        if (owners_.contains(name))
            return;
        const auto rule =
            fmt::format("type='signal',sender='{}',path='{}',interface='{}',member='NameOwnerChanged',arg0='{}'",
                        kDriverName, kDriverPath, kDriverName, name);
        auto match = Match::add(bus_, rule,
                                {.heard = [this](sd_bus_message* signal) { hear_of_owner(signal); }, .failed = [] {}});
        if (match)
            owners_.emplace(name, *std::move(match));
    }

    /// Anybody may send what looks like this signal; only the bus itself sends under its own name.
    void hear_of_owner(sd_bus_message* signal)
    {
        const char* sender = sd_bus_message_get_sender(signal);
        const char *name = nullptr, *before = nullptr, *now = nullptr;
        if (sender && std::string_view{sender} == kDriverName &&
            sd_bus_message_read(signal, "sss", &name, &before, &now) > 0 && *now != '\0' && owners_.contains(name))
            on_owner_(name);
    }

    std::unique_ptr<sdbus::IProxy> driver_;
    sd_bus* bus_;
    std::function<void(const std::string&)> on_owner_;
    std::list<Call> calls_;
    std::map<std::string, Match, std::less<>> owners_;
};

EngineClient::EngineClient(Connection& connection, std::function<void(const std::string& bus_name)> on_owner)
    : state_{std::make_unique<State>(connection.native(), std::move(on_owner))}
{
}
EngineClient::~EngineClient() = default;

void EngineClient::score(const EngineAddress& engine, std::chrono::milliseconds timeout, const ScoreQuestion& question,
                         Then then)
{
    if (const auto sent = state_->ask(engine, timeout, question, then); !sent)
        then(tl::unexpected(sent.error()));
}

void EngineClient::health(const EngineAddress& engine, std::chrono::milliseconds timeout,
                          std::function<void(const std::string&)> then)
{
    if (!state_->ask_health(engine, timeout, then))
        then({});
}

}  // namespace priorityd::bus
