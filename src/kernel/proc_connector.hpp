// SPDX-License-Identifier: GPL-3.0-or-later
/// The socket on which the kernel says what happens to processes.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/event.hpp"
#include "core/result.hpp"
#include "kernel/proc_connector_wire.hpp"
#include "kernel/unique_fd.hpp"

namespace priorityd::kernel {

/// Where unwanted events (fork, session, names of mere threads …) are dropped.
enum class EventFilter : std::uint8_t {
    proc_input,     ///< In the connector (Linux 6.6 and later), and the socket filter drops names of mere threads.
    socket_filter,  ///< By classic BPF on the socket.
    none,           ///< Here, after having been received: each costs a wake-up.
};
/// "proc_input", "socket filter", "none".
[[nodiscard]] std::string_view to_text(EventFilter filter);

/// What one drain has found.
struct Drained {
    std::size_t events = 0;        ///< Handed to the sink.
    std::size_t malformed = 0;     ///< Messages that were no event: ignored.
    std::size_t overruns = 0;      ///< Times that the kernel has dropped events: scan the processes again.
    bool more = false;             ///< The maximum was reached; there may be more to read.
    std::optional<Error> failure;  ///< The socket is broken: open a new one and scan again.
};

/// A subscription to EXEC, COMM (of leaders) and UID of all processes, ended by the destructor.
class ProcConnector {
public:
    static constexpr std::size_t kUnlimited = std::numeric_limits<std::size_t>::max();

    /// Subscribes, with the best filter that the kernel has, and waits for the kernel to confirm it. Events from before
    /// the return may be lost: scan the processes afterwards. `forced` is for tests: that filter or an error.
    /// Errors: EPERM, ECONNREFUSED, EPROTONOSUPPORT, ETIMEDOUT …, with what is missing; EOPNOTSUPP for a forced filter.
    [[nodiscard]] static Result<ProcConnector> open(std::optional<EventFilter> forced = std::nullopt);

    ProcConnector(ProcConnector&&) noexcept = default;
    ProcConnector& operator=(ProcConnector&& other) noexcept;
    ProcConnector(const ProcConnector&) = delete;
    ProcConnector& operator=(const ProcConnector&) = delete;
    ~ProcConnector() { unsubscribe(); }

    /// For poll(2): readable when there are events or an overrun. Still owned by this object.
    [[nodiscard]] int fd() const { return socket_.get(); }
    [[nodiscard]] EventFilter filter() const { return filter_; }
    /// What is not as it should be though events arrive, for the log; empty as a rule.
    [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }

    /// Hands what has arrived to `sink`, in order, until there is nothing left or `max_messages` have been read. Does
    /// not block.
    template <std::invocable<Event&&> Sink>
    Drained drain(Sink&& sink, std::size_t max_messages = kUnlimited);

private:
    /// Much more than the one message that a datagram holds today; longer ones count as malformed.
    static constexpr std::size_t kDatagramSize = 16384;

    explicit ProcConnector(UniqueFd socket) : socket_{std::move(socket)} {}
    Result<void> subscribe(std::optional<EventFilter> forced);
    Result<void> narrow(std::optional<EventFilter> forced);
    void unsubscribe() noexcept;
    void attach_filter();
    void enlarge_buffer();
    /// The next datagram from the kernel, in `buffer`; empty when there is none. Counts what else it meets.
    std::span<const std::byte> receive(std::span<std::byte> buffer, Drained& drained) const;

    UniqueFd socket_;
    EventFilter filter_ = EventFilter::none;
    std::vector<std::string> notes_;
};

template <std::invocable<Event&&> Sink>
Drained ProcConnector::drain(Sink&& sink, std::size_t max_messages)
{
    Drained drained;
    std::array<std::byte, kDatagramSize> buffer;  // not cleared: that would cost more than reading an event
    const auto count_and_sink = [&](Event&& event) {
        ++drained.events;
        sink(std::move(event));
    };
    for (std::size_t messages = 0; messages < max_messages; ++messages) {
        const auto datagram = receive(buffer, drained);
        if (datagram.empty())
            return drained;
        drained.malformed += decode(datagram, count_and_sink);
    }
    drained.more = true;
    return drained;
}

}  // namespace priorityd::kernel
