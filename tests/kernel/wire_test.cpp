// SPDX-License-Identifier: GPL-3.0-or-later
/// The proc connector's messages: well-formed, unwanted and hostile ones.
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "kernel/proc_connector_wire.hpp"
#include "kernel/unique_fd.hpp"

namespace priorityd::kernel {

namespace {

using Bytes = std::vector<std::byte>;
using What = decltype(proc_event::what);  // within proc_event up to Linux 6.5, beside it since

constexpr std::size_t kMessageSize = sizeof(nlmsghdr) + sizeof(cn_msg) + sizeof(proc_event);

/// A message as the kernel sends it: the layout of the headers against the constants of the decoder.
struct Message {
    nlmsghdr header{kMessageSize, NLMSG_DONE, 0, 0, 0};
    std::uint32_t idx = CN_IDX_PROC, val = CN_VAL_PROC, seq = 0, ack = 0;
    std::uint16_t length = sizeof(proc_event), flags = 0;
    proc_event event{};

    [[nodiscard]] Bytes bytes() const
    {
        Bytes all;
        const auto add = [&](const auto& value) {
            const auto part = std::as_bytes(std::span{&value, 1});
            all.insert(all.end(), part.begin(), part.end());
        };
        add(header);
        add(idx);
        add(val);
        add(seq);
        add(ack);
        add(length);
        add(flags);
        add(event);
        return all;
    }
};

Message message(std::uint32_t what, int process, int thread)
{
    Message made;
    std::memcpy(&made.event.what, &what, sizeof what);
    made.event.event_data.exec.process_tgid = process;
    made.event.event_data.exec.process_pid = thread;
    return made;
}

Message comm_message(int process, int thread, std::string_view comm)
{
    Message made = message(What::PROC_EVENT_COMM, process, thread);
    std::memcpy(made.event.event_data.comm.comm, comm.data(), std::min<std::size_t>(comm.size(), 16));
    return made;
}

struct Decoded {
    std::vector<Event> events;
    std::size_t malformed = 0;
};

Decoded decode_all(std::span<const std::byte> datagram)
{
    Decoded decoded;
    decoded.malformed = decode(datagram, [&](Event&& event) { decoded.events.push_back(std::move(event)); });
    return decoded;
}

Bytes operator+(Bytes left, const Bytes& right)
{
    left.insert(left.end(), right.begin(), right.end());
    return left;
}

/// Whether the kernel lets `datagram` through the filter. A socket of any family can carry it.
bool passes_filter(const Bytes& datagram)
{
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
    const UniqueFd from{ends[0]}, to{ends[1]};
    auto instructions = event_filter();
    const sock_fprog program{static_cast<unsigned short>(instructions.size()), instructions.data()};
    REQUIRE(::setsockopt(to.get(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0);
    (void)::send(from.get(), datagram.data(), datagram.size(), 0);
    std::byte received[4096];
    return ::recv(to.get(), received, sizeof received, 0) == static_cast<ssize_t>(datagram.size());
}

}  // namespace

TEST_CASE("exec and uid messages become events with process and thread")
{
    for (const auto& [what, kind] :
         {std::pair{What::PROC_EVENT_EXEC, Event::Kind::exec}, std::pair{What::PROC_EVENT_UID, Event::Kind::uid}}) {
        const auto decoded = decode_all(message(what, 42, 43).bytes());
        REQUIRE(decoded.events.size() == 1);
        CHECK(decoded.events[0] == Event{kind, Pid{42}, Tid{43}, {}});
        CHECK(decoded.malformed == 0);
    }
}

TEST_CASE("a comm message carries the new name, whatever bytes it has")
{
    for (const std::string_view name : {"cc1plus", "", "foo) Z", "two\nlines", "\xff\xfe", "fifteen bytes !"}) {
        const auto decoded = decode_all(comm_message(7, 7, name).bytes());
        REQUIRE(decoded.events.size() == 1);
        CHECK(decoded.events[0].kind == Event::Kind::comm);
        CHECK(decoded.events[0].comm == name);
        CHECK(decoded.events[0].is_leader());
    }
}

TEST_CASE("a name ends at its first NUL, whatever follows")
{
    const auto decoded = decode_all(comm_message(7, 8, std::string_view{"ab\0leftover", 11}).bytes());
    REQUIRE(decoded.events.size() == 1);
    CHECK(decoded.events[0].comm == "ab");
    CHECK_FALSE(decoded.events[0].is_leader());
}

TEST_CASE("kinds that nobody asked for are ignored without being malformed")
{
    for (const std::uint32_t what : {0x1U, 0x40U, 0x80U, 0x100U, 0x40000000U, 0x80000000U, 0x400U, 0x6U}) {
        const auto decoded = decode_all(message(what, 42, 42).bytes());
        CHECK(decoded.events.empty());
        CHECK(decoded.malformed == 0);
    }
}

TEST_CASE("several messages in one datagram are all read")
{
    const Bytes two = message(What::PROC_EVENT_EXEC, 1, 1).bytes() + comm_message(2, 2, "b").bytes();
    const auto decoded = decode_all(two + message(What::PROC_EVENT_UID, 3, 3).bytes());
    REQUIRE(decoded.events.size() == 3);
    CHECK(decoded.events[1].comm == "b");
    CHECK(decoded.events[2].process == Pid{3});
    CHECK(decoded.malformed == 0);
}

TEST_CASE("a message of no interest does not end a datagram")
{
    Message noop = message(What::PROC_EVENT_EXEC, 1, 1);
    noop.header.nlmsg_type = NLMSG_NOOP;
    Message other_type = noop;
    other_type.header.nlmsg_type = NLMSG_ERROR;
    const auto decoded = decode_all(noop.bytes() + other_type.bytes() + message(What::PROC_EVENT_EXEC, 5, 5).bytes());
    REQUIRE(decoded.events.size() == 1);
    CHECK(decoded.events[0].process == Pid{5});
    CHECK(decoded.malformed == 1);
}

TEST_CASE("an acknowledgement names its request and the kernel's answer")
{
    Message made = message(0, 0, 0);
    made.ack = 1001;
    made.event.event_data.ack.err = EPERM;
    const Bytes bytes = made.bytes();
    std::span<const std::byte> datagram{bytes};
    const auto answer = take_message(datagram);
    REQUIRE(std::holds_alternative<Acknowledgement>(answer));
    CHECK(std::get<Acknowledgement>(answer) == Acknowledgement{RequestNumber{1000}, EPERM});
    CHECK(datagram.empty());
    CHECK(decode_all(bytes).malformed == 0);
}

TEST_CASE("a datagram cut at any byte is malformed and never read beyond its end")
{
    const Bytes whole = comm_message(42, 42, "name").bytes();
    for (std::size_t size = 1; size < whole.size(); ++size) {
        const Bytes cut(whole.begin(),
                        whole.begin() + static_cast<std::ptrdiff_t>(size));  // own memory: ASan sees its end
        const auto decoded = decode_all(cut);
        CAPTURE(size);
        CHECK(decoded.events.empty());
        CHECK(decoded.malformed == 1);
    }
}

TEST_CASE("lengths that lie are counted and not believed")
{
    const auto with = [](auto change) {
        Message made = comm_message(42, 42, "name");
        change(made);
        return decode_all(made.bytes());
    };
    struct Row {
        const char* what;
        Decoded decoded;
    };
    const Row rows[] = {
        {"message of no length", with([](Message& m) { m.header.nlmsg_len = 0; })},
        {"message shorter than its header", with([](Message& m) { m.header.nlmsg_len = sizeof(nlmsghdr) - 1; })},
        {"message with nothing in it", with([](Message& m) { m.header.nlmsg_len = sizeof(nlmsghdr); })},
        {"message longer than the datagram", with([](Message& m) { m.header.nlmsg_len = kMessageSize + 1; })},
        {"message of the largest length", with([](Message& m) { m.header.nlmsg_len = ~0U; })},
        {"event of no length", with([](Message& m) { m.length = 0; })},
        {"event shorter than its own header", with([](Message& m) { m.length = 15; })},
        {"event that ends within the ids", with([](Message& m) { m.length = 23; })},
        {"event that ends within the name", with([](Message& m) { m.length = 39; })},
        {"event longer than the message", with([](Message& m) { m.length = sizeof(proc_event) + 1; })},
        {"event of the largest length", with([](Message& m) { m.length = 0xffff; })},
    };
    for (const Row& row : rows) {
        CAPTURE(row.what);
        CHECK(row.decoded.events.empty());
        CHECK(row.decoded.malformed >= 1);
    }
}

TEST_CASE("messages of other senders, and events that cannot be, are malformed")
{
    Message other_idx = message(What::PROC_EVENT_EXEC, 1, 1);
    other_idx.idx = CN_IDX_DRBD;
    Message other_val = message(What::PROC_EVENT_EXEC, 1, 1);
    other_val.val = 2;
    const Bytes rows[] = {
        other_idx.bytes(),
        other_val.bytes(),
        message(What::PROC_EVENT_EXEC, 0, 1).bytes(),
        message(What::PROC_EVENT_EXEC, 1, 0).bytes(),
        message(What::PROC_EVENT_UID, -5, 1).bytes(),
        comm_message(1, 1, "sixteen bytes !!").bytes(),  // without a NUL
    };
    for (const Bytes& row : rows) {
        const auto decoded = decode_all(row);
        CHECK(decoded.events.empty());
        CHECK(decoded.malformed == 1);
    }
}

TEST_CASE("random bytes are survived")
{
    std::mt19937 random{12345};  // the same bytes each time
    const Bytes whole = comm_message(42, 42, "name").bytes() + message(What::PROC_EVENT_EXEC, 1, 1).bytes();
    for (int round = 0; round < 20000; ++round) {
        Bytes garbled = whole;
        for (int changes = 0; changes < 3; ++changes)
            garbled[random() % garbled.size()] = static_cast<std::byte>(random());
        const auto decoded = decode_all(garbled);
        CHECK(decoded.events.size() <= 2);
    }
}

TEST_CASE("requests have the layout of the kernel's headers")
{
    struct Request {
        nlmsghdr header;
        cb_id id;
        std::uint32_t seq, ack;
        std::uint16_t length, flags;
        std::uint32_t operation, events;
    };
    Request read{};
    const auto plain = listen_request(RequestNumber{77});
    REQUIRE(plain.size() == sizeof read - 4);
    std::memcpy(&read, plain.data(), plain.size());
    CHECK(read.header.nlmsg_len == plain.size());
    CHECK(read.header.nlmsg_type == NLMSG_DONE);
    CHECK(read.id.idx == CN_IDX_PROC);
    CHECK(read.id.val == CN_VAL_PROC);
    CHECK(read.ack == 77);
    CHECK(read.length == 4);
    CHECK(read.operation == PROC_CN_MCAST_LISTEN);

    const auto masked = listen_request(RequestNumber{1}, WireEvents::wanted);
    REQUIRE(masked.size() == sizeof read);
    std::memcpy(&read, masked.data(), masked.size());
    CHECK(read.length == 8);
    CHECK(read.events == (What::PROC_EVENT_EXEC | What::PROC_EVENT_UID | What::PROC_EVENT_COMM));

    const auto ignore = ignore_request(RequestNumber{1});
    std::memcpy(&read, ignore.data(), ignore.size());
    CHECK(read.operation == PROC_CN_MCAST_IGNORE);
}

TEST_CASE("the socket filter passes the wanted events and acknowledgements, and drops the rest")
{
    for (const std::uint32_t what : {0x0U, 0x2U, 0x4U}) {
        CAPTURE(what);
        CHECK(passes_filter(message(what, 42, 42).bytes()));
        CHECK(passes_filter(message(what, 42, 43).bytes()));
    }
    for (const std::uint32_t what : {0x1U, 0x40U, 0x80U, 0x100U, 0x40000000U, 0x400U, 0x02000000U, 0x80000000U}) {
        CAPTURE(what);
        CHECK_FALSE(passes_filter(message(what, 42, 42).bytes()));
    }
}

TEST_CASE("the socket filter passes names of leaders and drops those of mere threads")
{
    CHECK(passes_filter(comm_message(70000, 70000, "leader").bytes()));
    CHECK_FALSE(passes_filter(comm_message(70000, 70001, "worker").bytes()));
    CHECK_FALSE(passes_filter(comm_message(70000, 1, "worker").bytes()));
}

TEST_CASE("the socket filter drops what is too short to be an event")
{
    CHECK_FALSE(passes_filter(Bytes(36)));
    const Bytes whole = comm_message(42, 42, "name").bytes();
    CHECK_FALSE(passes_filter(Bytes(whole.begin(), whole.begin() + 59)));
}

}  // namespace priorityd::kernel
