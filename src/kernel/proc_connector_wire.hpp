// SPDX-License-Identifier: GPL-3.0-or-later
/// The proc connector's messages as bytes: from datagrams to Events, and the requests and the filter that go the other
/// way.
#pragma once

#include <linux/filter.h>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include "core/event.hpp"

namespace priorityd::kernel {

/// A number that a request carries, so that its acknowledgement can be told from those of other listeners: the kernel
/// sends every acknowledgement to all of them. Source: cn_proc_ack() in drivers/connector/cn_proc.c.
enum class RequestNumber : std::uint32_t {};

/// The kernel's answer to a request.
struct Acknowledgement {
    RequestNumber request{};
    int error = 0;  ///< errno(3) value; 0 for success.
    friend bool operator==(const Acknowledgement&, const Acknowledgement&) = default;
};
struct Unwanted {};   ///< Well-formed, but of a kind that is no Event: fork, session, tracing …
struct Malformed {};  ///< No message of the proc connector, or one cut short.
using WireMessage = std::variant<Event, Acknowledgement, Unwanted, Malformed>;

/// Takes the first message off `datagram`, which must not be empty. After a message whose length cannot be believed
/// nothing is left of the datagram.
[[nodiscard]] WireMessage take_message(std::span<const std::byte>& datagram);

/// Hands each Event of `datagram` to `sink`. Returns how many messages were malformed.
template <std::invocable<Event&&> Sink>
std::size_t decode(std::span<const std::byte> datagram, Sink&& sink)
{
    std::size_t malformed = 0;
    while (!datagram.empty()) {
        WireMessage message = take_message(datagram);
        if (Event* event = std::get_if<Event>(&message))
            sink(std::move(*event));
        else if (std::holds_alternative<Malformed>(message))
            ++malformed;
    }
    return malformed;
}

/// Kinds of events in the kernel's numbers; they can be joined to a mask. Source: linux/cn_proc.h.
enum class WireEvents : std::uint32_t {
    every = 0,  ///< As a mask: no filtering, acknowledgements included.
    exec = 0x2,
    uid = 0x4,
    comm = 0x200,
    /// Ends are told by ExitWatch: here they would cost something for every fork.
    wanted = exec | uid | comm,
};

/// Asks for all events: understood by every kernel that has the proc connector.
[[nodiscard]] std::vector<std::byte> listen_request(RequestNumber number);
/// Asks for the kinds in `events` alone. Linux before 6.6 does not answer this one. With any mask but `every` the
/// acknowledgement is itself filtered out.
[[nodiscard]] std::vector<std::byte> listen_request(RequestNumber number, WireEvents events);
/// Ends the subscription. To be sent before closing: kernels do not notice the closing, and would go on making events.
[[nodiscard]] std::vector<std::byte> ignore_request(RequestNumber number);

constexpr std::size_t kEventFilterLength = 11;
/// Classic BPF for SO_ATTACH_FILTER: lets EXEC, UID and acknowledgements pass, COMM only of the thread that leads
/// a process, and nothing else.
[[nodiscard]] std::array<sock_filter, kEventFilterLength> event_filter();

}  // namespace priorityd::kernel
