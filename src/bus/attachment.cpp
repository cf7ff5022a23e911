// SPDX-License-Identifier: GPL-3.0-or-later
/// A connection on somebody's sd-event loop: a source for its socket, and one for its deadlines.
#include <utility>

#include <systemd/sd-event.h>

#include "bus/connection.hpp"

namespace priorityd::bus {
namespace {

struct Release {
    void operator()(sd_event_source* source) const { sd_event_source_disable_unref(source); }
};
using Source = std::unique_ptr<sd_event_source, Release>;

}  // namespace

struct Attachment::State {
    State(Connection& driven, Driving how) : connection{driven}, driving{std::move(how)} {}

    Connection& connection;
    Driving driving;
    Connection::Wait wait{};
    Source io{};
    Source timer{};

    Result<void> add_sources(sd_event* event);
    Result<bool> process();
    void prepare();
    void dispatch();
    void arm(const Connection::Wait& next);
    void lose(const Error& error);

    static int on_prepare(sd_event_source*, void* state);
    static int on_io(sd_event_source*, int, std::uint32_t, void* state);
    static int on_deadline(sd_event_source*, std::uint64_t, void* state);
};

int Attachment::State::on_prepare(sd_event_source* /*source*/, void* state)
{
    static_cast<State*>(state)->prepare();
    return 0;
}

int Attachment::State::on_io(sd_event_source* /*source*/, int /*fd*/, std::uint32_t /*events*/, void* state)
{
    static_cast<State*>(state)->dispatch();
    return 0;
}

int Attachment::State::on_deadline(sd_event_source* /*source*/, std::uint64_t /*usec*/, void* state)
{
    static_cast<State*>(state)->dispatch();
    return 0;
}

Result<void> Attachment::State::add_sources(sd_event* event)
{
    auto first = connection.wait();
    if (!first)
        return tl::unexpected{first.error()};
    wait = *first;
    sd_event_source* source = nullptr;
    int r = sd_event_add_io(event, &source, wait.fd, wait.events, on_io, this);
    if (r < 0)
        return failure(-r, "sd_event_add_io(bus)");
    io.reset(source);
    r = sd_event_add_time(event, &source, CLOCK_MONOTONIC, wait.deadline_usec, 0, on_deadline, this);
    if (r < 0)
        return failure(-r, "sd_event_add_time(bus)");
    timer.reset(source);
    r = sd_event_source_set_prepare(io.get(), on_prepare);
    if (r < 0)
        return failure(-r, "sd_event_source_set_prepare(bus)");
    sd_event_source_set_priority(io.get(), driving.priority);
    sd_event_source_set_priority(timer.get(), driving.priority);
    return {};
}

/// Sending, too, changes what there is to wait for, so this is asked before each wait of the loop. A loss is left to
/// dispatch(), at once: a handler that ends the loop would not be noticed here.
void Attachment::State::prepare()
{
    arm(connection.wait().value_or(Connection::Wait{.fd = wait.fd, .events = 0, .deadline_usec = 0}));
}

/// Writes only what differs: setting a time costs a system call, and this runs before each wait of the whole daemon.
void Attachment::State::arm(const Connection::Wait& next)
{
    if (next.events != wait.events)
        sd_event_source_set_io_events(io.get(), next.events);
    if (next.deadline_usec != wait.deadline_usec)
        sd_event_source_set_time(timer.get(), next.deadline_usec);
    wait = next;
    int enabled = SD_EVENT_OFF;
    sd_event_source_get_enabled(timer.get(), &enabled);
    const int wanted = next.deadline_usec == UINT64_MAX ? SD_EVENT_OFF : SD_EVENT_ONESHOT;
    if (enabled != wanted)
        sd_event_source_set_enabled(timer.get(), wanted);
}

Result<bool> Attachment::State::process()
{
    if (!driving.around)
        return connection.process();
    Result<bool> done = false;
    driving.around([&] { done = connection.process(); });
    return done;
}

void Attachment::State::dispatch()
{
    if (const auto done = process(); !done)
        lose(done.error());
    else if (const auto next = connection.wait(); !next)
        lose(next.error());
}

/// The handler may destroy this object, so nothing of it is touched after the call.
void Attachment::State::lose(const Error& error)
{
    io.reset();
    timer.reset();
    const auto handler = std::exchange(driving.on_lost, nullptr);
    if (handler)
        handler(error);
}

Attachment::Attachment(std::unique_ptr<State> state) : state_{std::move(state)} {}
Attachment::Attachment(Attachment&&) noexcept = default;
Attachment& Attachment::operator=(Attachment&&) noexcept = default;
Attachment::~Attachment() = default;

Result<Attachment> attach(Connection& connection, sd_event* event, Driving driving)
{
    auto state = std::make_unique<Attachment::State>(connection, std::move(driving));
    if (auto added = state->add_sources(event); !added)
        return tl::unexpected{added.error()};
    return Attachment{std::move(state)};
}

}  // namespace priorityd::bus
