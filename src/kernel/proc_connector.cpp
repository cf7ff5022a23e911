// SPDX-License-Identifier: GPL-3.0-or-later
/// Subscribing to the proc connector, and reading its datagrams. Source: Documentation/driver-api/connector.rst,
/// drivers/connector/cn_proc.c, netlink(7).
#include "kernel/proc_connector.hpp"

#include <linux/connector.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <utility>

#include <fmt/format.h>

namespace priorityd::kernel {

namespace {

using Clock = std::chrono::steady_clock;

/// Measured: 1 MiB holds about 2,500 events, so this one about 20,000: more than a burst of a parallel build. The
/// memory is used only while events wait.
constexpr int kReceiveBuffer = 8 * 1024 * 1024;
/// The kernel answers while the request is being sent; the rest is for one that is short of memory.
constexpr std::chrono::milliseconds kAnswerWithin{250};

constexpr std::string_view kCannotReceive = "cannot receive process events: ";

tl::unexpected<Error> cannot_receive(int code, std::string_view why)
{
    return failure(code, fmt::format("{}{}", kCannotReceive, why));
}

/// Why, in the words of somebody who can do something about it.
tl::unexpected<Error> cannot_receive(int code)
{
    switch (code) {
        case EPERM:
        case EACCES: return cannot_receive(code, "CAP_NET_ADMIN is missing (run as root)");
        case EPROTONOSUPPORT:
            return cannot_receive(code, "this kernel is built without CONFIG_CONNECTOR and CONFIG_PROC_EVENTS");
        case EAFNOSUPPORT:
            return cannot_receive(code, "AF_NETLINK sockets are not allowed (RestrictAddressFamilies in the unit?)");
        case ECONNREFUSED:
            return cannot_receive(
                code, "this is a container with a network of its own, where the kernel sends none; run on the host");
        default: return cannot_receive(code, "proc connector");
    }
}

tl::unexpected<Error> no_answer()
{
    return cannot_receive(
        ETIMEDOUT,
        "the kernel does not answer: it is built without CONFIG_PROC_EVENTS, or this is a user or pid "
        "namespace (a container), where it sends none; run on the host");
}

Result<void> send_request(int socket, std::span<const std::byte> request)
{
    // Without an address a netlink message goes to the kernel.
    if (::send(socket, request.data(), request.size(), MSG_NOSIGNAL) < 0)
        return cannot_receive(errno);
    return {};
}

/// The socket's own port is unique in its network namespace, and so are requests that carry it.
Result<RequestNumber> number_of(int socket)
{
    sockaddr_nl self{};
    socklen_t size = sizeof self;
    if (::getsockname(socket, reinterpret_cast<sockaddr*>(&self), &size) != 0)
        return cannot_receive(errno);
    return RequestNumber{self.nl_pid};
}

/// Another one than the first request's, and nobody else's either: answers go to all, and a neighbour's port may well
/// be the next one. The kernel gives pids, of at most 22 bits, and random numbers of 31 bits where those are taken.
/// Source: netlink_autobind() in net/netlink/af_netlink.c.
RequestNumber second_number(RequestNumber port)
{
    constexpr std::uint32_t kUnusedInPids = 1U << 30U;
    return RequestNumber{static_cast<std::uint32_t>(port) ^ kUnusedInPids};
}

/// What the kernel has answered to the request, among what has arrived; empty when it is not there yet.
std::optional<int> queued_answer(int socket, RequestNumber number)
{
    std::array<std::byte, 4096> buffer;
    for (;;) {
        const ssize_t size = ::recv(socket, buffer.data(), buffer.size(), 0);
        if (size < 0 && (errno == EINTR || errno == ENOBUFS))
            continue;
        if (size <= 0)
            return std::nullopt;
        std::span<const std::byte> datagram{buffer.data(), static_cast<std::size_t>(size)};
        while (!datagram.empty()) {
            const WireMessage message = take_message(datagram);
            const auto* answer = std::get_if<Acknowledgement>(&message);
            if (answer && answer->request == number)
                return answer->error;
        }
    }
}

/// False when `deadline` has passed.
bool wait_readable(int socket, Clock::time_point deadline)
{
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    pollfd poll_for{socket, POLLIN, 0};
    return left.count() > 0 && (::poll(&poll_for, 1, static_cast<int>(left.count())) > 0 || errno == EINTR);
}

Result<void> await_answer(int socket, RequestNumber number)
{
    const auto deadline = Clock::now() + kAnswerWithin;
    do {
        if (const auto answer = queued_answer(socket, number))
            return *answer == 0 ? Result<void>{} : cannot_receive(*answer);
    } while (wait_readable(socket, deadline));
    return no_answer();
}

}  // namespace

std::string_view to_text(EventFilter filter)
{
    switch (filter) {
        case EventFilter::proc_input: return "proc_input";
        case EventFilter::socket_filter: return "socket filter";
        case EventFilter::none: break;
    }
    return "none";
}

Result<ProcConnector> ProcConnector::open(std::optional<EventFilter> forced)
{
    UniqueFd socket{::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_CONNECTOR)};
    if (!socket)
        return cannot_receive(errno);
    ProcConnector connector{std::move(socket)};
    connector.enlarge_buffer();
    // Before binding, so that no unwanted event is ever queued.
    if (forced != EventFilter::none)
        connector.attach_filter();
    return connector.subscribe(forced).and_then([&] { return connector.narrow(forced); }).map([&] {
        return std::move(connector);
    });
}

ProcConnector& ProcConnector::operator=(ProcConnector&& other) noexcept
{
    if (this != &other) {
        unsubscribe();
        socket_ = std::move(other.socket_);
        filter_ = other.filter_;
        notes_ = std::move(other.notes_);
    }
    return *this;
}

void ProcConnector::enlarge_buffer()
{
    const int size = kReceiveBuffer;
    if (::setsockopt(fd(), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) == 0)
        return;
    const int forced_error = errno;
    // Without CAP_NET_ADMIN the kernel takes what net.core.rmem_max allows.
    (void)::setsockopt(fd(), SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    int actual = 0;
    socklen_t length = sizeof actual;
    (void)::getsockopt(fd(), SOL_SOCKET, SO_RCVBUF, &actual, &length);
    notes_.push_back(
        fmt::format("{}: the event buffer is {} KiB instead of {}; bursts may overrun it (net.core.rmem_max)",
                    Error{forced_error, "setsockopt(SO_RCVBUFFORCE)"}.message(), actual / 2 / 1024,
                    size / 1024));  // the kernel reports twice what was asked for
}

void ProcConnector::attach_filter()
{
    auto instructions = event_filter();
    const sock_fprog program{static_cast<unsigned short>(instructions.size()), instructions.data()};
    if (::setsockopt(fd(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0)
        filter_ = EventFilter::socket_filter;
    else
        notes_.push_back(Error{errno, "setsockopt(SO_ATTACH_FILTER)"}.message());
}

/// Binds and listens to everything, in the way that every kernel understands and answers.
Result<void> ProcConnector::subscribe(std::optional<EventFilter> forced)
{
    if (forced == EventFilter::socket_filter && filter_ != EventFilter::socket_filter)
        return failure(EOPNOTSUPP, "socket filter for process events");
    sockaddr_nl self{};
    self.nl_family = AF_NETLINK;
    self.nl_groups = CN_IDX_PROC;
    if (::bind(fd(), reinterpret_cast<const sockaddr*>(&self), sizeof self) != 0)
        return cannot_receive(errno);
    const auto number = number_of(fd());
    if (!number)
        return tl::unexpected(number.error());
    return send_request(fd(), listen_request(*number)).and_then([&] { return await_answer(fd(), *number); });
}

/// Asks for the wanted kinds alone. Older kernels ignore the longer request in silence, and newer ones do not deliver
/// the answer through a mask: so the longer request is tried without a mask first. No waiting: the kernel has just
/// shown that its answers are there when send() returns.
Result<void> ProcConnector::narrow(std::optional<EventFilter> forced)
{
    if (forced && forced != EventFilter::proc_input)
        return {};
    const auto number = number_of(fd()).map(second_number);
    if (!number)
        return tl::unexpected(number.error());
    if (auto sent = send_request(fd(), listen_request(*number, WireEvents::every)); !sent)
        return sent;
    if (queued_answer(fd(), *number) == 0) {
        filter_ = EventFilter::proc_input;
        return send_request(fd(), listen_request(*number, WireEvents::wanted));
    }
    return forced ? Result<void>{failure(EOPNOTSUPP, "proc_input for process events (Linux 6.6 has it)")}
                  : Result<void>{};
}

void ProcConnector::unsubscribe() noexcept
{
    if (!socket_)
        return;
    // Nothing can be done about a failure: the socket goes in any case.
    const auto request = ignore_request(RequestNumber{});
    (void)::send(fd(), request.data(), request.size(), MSG_NOSIGNAL);
    socket_.reset();
}

std::span<const std::byte> ProcConnector::receive(std::span<std::byte> buffer, Drained& drained) const
{
    for (;;) {
        sockaddr_nl sender{};
        socklen_t sender_size = sizeof sender;
        // MSG_TRUNC: the answer is the datagram's length even where it is longer than the buffer.
        const ssize_t received = ::recvfrom(fd(), buffer.data(), buffer.size(), MSG_TRUNC,
                                            reinterpret_cast<sockaddr*>(&sender), &sender_size);
        const auto size = static_cast<std::size_t>(received);
        if (received > 0 && size <= buffer.size() && sender.nl_pid == 0)
            return buffer.first(size);
        if (received >= 0)
            ++drained.malformed;  // cut short, or from a process that plays kernel
        else if (errno == ENOBUFS)
            ++drained.overruns;
        else if (errno != EINTR) {
            if (errno != EAGAIN)
                drained.failure = Error{errno, "recvfrom(proc connector)"};
            return {};
        }
    }
}

}  // namespace priorityd::kernel
