// SPDX-License-Identifier: GPL-3.0-or-later
/// Layouts of the proc connector's messages. They are spelled out here, because headers older than the running kernel
/// lack some of them (struct proc_input came with Linux 6.6), and because nothing may be read by casting.
#include "kernel/proc_connector_wire.hpp"

#include <arpa/inet.h>
#include <linux/netlink.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace priorityd::kernel {

namespace {

using Bytes = std::span<const std::byte>;

/// struct nlmsghdr. Source: linux/netlink.h.
namespace nl {
constexpr std::size_t kLength = 0, kType = 4, kSize = 16;
}
/// struct cn_msg, after the nlmsghdr. Source: linux/connector.h.
namespace cn {
constexpr std::size_t kIdx = 0, kVal = 4, kAck = 12, kLength = 16, kSize = 20;
constexpr std::uint32_t kIdxProc = 1, kValProc = 1;
}  // namespace cn
/// struct proc_event, after the cn_msg. Source: linux/cn_proc.h.
namespace ev {
constexpr std::size_t kWhat = 0, kData = 16;
constexpr std::uint32_t kNone = 0;  // an acknowledgement
}  // namespace ev
/// The union in proc_event: all wanted kinds begin with these two. Source: linux/cn_proc.h.
namespace data {
constexpr std::size_t kThread = 0, kProcess = 4, kIdsSize = 8;
constexpr std::size_t kComm = 8, kCommSize = 16;  // TASK_COMM_LEN
constexpr std::size_t kError = 0, kErrorSize = 4;
}  // namespace data

/// enum proc_cn_mcast_op. Source: linux/cn_proc.h.
enum class Operation : std::uint32_t { listen = 1, ignore = 2 };

/// Precondition: the bytes are there.
template <typename T>
T load(Bytes bytes, std::size_t offset)
{
    T value;
    std::memcpy(&value, bytes.data() + offset, sizeof value);
    return value;
}

std::optional<Event::Kind> kind_of(std::uint32_t what)
{
    switch (WireEvents{what}) {
        case WireEvents::exec: return Event::Kind::exec;
        case WireEvents::uid: return Event::Kind::uid;
        case WireEvents::comm: return Event::Kind::comm;
        default: return std::nullopt;
    }
}

/// The text up to the first NUL; empty when there is none, which the kernel never sends.
std::optional<std::string_view> text_in(Bytes field)
{
    const auto end = std::ranges::find(field, std::byte{0});
    if (end == field.end())
        return std::nullopt;
    // Reading bytes as char is what aliasing rules allow.
    const auto* text = reinterpret_cast<const char*>(field.data());
    return std::string_view{text, static_cast<std::size_t>(end - field.begin())};
}

WireMessage read_event(Event::Kind kind, Bytes fields)
{
    const std::size_t needed = kind == Event::Kind::comm ? data::kComm + data::kCommSize : data::kIdsSize;
    if (fields.size() < needed)
        return Malformed{};
    const auto process = load<std::int32_t>(fields, data::kProcess);
    const auto thread = load<std::int32_t>(fields, data::kThread);
    if (process <= 0 || thread <= 0)
        return Malformed{};
    Event event{kind, Pid{process}, Tid{thread}, {}};
    if (kind == Event::Kind::comm) {
        const auto comm = text_in(fields.subspan(data::kComm, data::kCommSize));
        if (!comm)
            return Malformed{};
        event.comm = *comm;
    }
    return event;
}

WireMessage read_acknowledgement(std::uint32_t number, Bytes fields)
{
    if (fields.size() < data::kErrorSize)
        return Malformed{};
    // The kernel answers with the request's number plus one.
    return Acknowledgement{RequestNumber{number - 1}, static_cast<int>(load<std::uint32_t>(fields, data::kError))};
}

/// `payload`: what follows the nlmsghdr.
WireMessage read_connector_message(Bytes payload)
{
    if (payload.size() < cn::kSize)
        return Malformed{};
    const bool is_ours = load<std::uint32_t>(payload, cn::kIdx) == cn::kIdxProc &&
                         load<std::uint32_t>(payload, cn::kVal) == cn::kValProc;
    const std::size_t length = load<std::uint16_t>(payload, cn::kLength);
    if (!is_ours || length > payload.size() - cn::kSize || length < ev::kData)
        return Malformed{};
    const Bytes event = payload.subspan(cn::kSize, length);
    const Bytes fields = event.subspan(ev::kData);
    const auto what = load<std::uint32_t>(event, ev::kWhat);
    if (what == ev::kNone)
        return read_acknowledgement(load<std::uint32_t>(payload, cn::kAck), fields);
    if (const auto kind = kind_of(what))
        return read_event(*kind, fields);
    return Unwanted{};
}

template <typename T>
void append(std::vector<std::byte>& bytes, T value)
{
    const auto raw_bytes = std::as_bytes(std::span{&value, 1});
    bytes.insert(bytes.end(), raw_bytes.begin(), raw_bytes.end());
}

std::vector<std::byte> request(RequestNumber number, std::span<const std::uint32_t> body)
{
    std::vector<std::byte> bytes;
    append(bytes, static_cast<std::uint32_t>(nl::kSize + cn::kSize + body.size_bytes()));
    append(bytes, std::uint16_t{NLMSG_DONE});
    append(bytes, std::uint16_t{0});  // nlmsg_flags
    append(bytes, std::uint32_t{0});  // nlmsg_seq
    append(bytes, std::uint32_t{0});  // nlmsg_pid
    append(bytes, cn::kIdxProc);
    append(bytes, cn::kValProc);
    append(bytes, std::uint32_t{0});  // seq: the kernel puts its own count there when it answers
    append(bytes, static_cast<std::uint32_t>(number));
    append(bytes, static_cast<std::uint16_t>(body.size_bytes()));
    append(bytes, std::uint16_t{0});  // flags
    for (const std::uint32_t word : body)
        append(bytes, word);
    return bytes;
}

constexpr std::size_t kWhatAt = nl::kSize + cn::kSize + ev::kWhat;
constexpr std::size_t kThreadAt = nl::kSize + cn::kSize + ev::kData + data::kThread;
constexpr std::size_t kProcessAt = nl::kSize + cn::kSize + ev::kData + data::kProcess;

sock_filter statement(int code, std::uint32_t constant)
{
    return {static_cast<std::uint16_t>(code), 0, 0, constant};
}

sock_filter load_word(std::size_t offset)
{
    return statement(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
}

/// Where the filter's two ends stand.
constexpr std::size_t kDropAt = 9, kPassAt = 10;
static_assert(kPassAt + 1 == kEventFilterLength);

struct Branch {
    std::size_t at;        // index of the comparison itself
    std::size_t if_equal;  // index of the instruction to go on with
    std::size_t if_not;
};

/// Jumps count the instructions to skip.
sock_filter compare(int code, Branch branch, std::uint32_t constant)
{
    const auto skip = [&](std::size_t target) { return static_cast<std::uint8_t>(target - branch.at - 1); };
    return {static_cast<std::uint16_t>(code), skip(branch.if_equal), skip(branch.if_not), constant};
}

/// BPF loads words in network order, and events are in the host's: so the constant is swapped, not the event.
sock_filter compare_event(std::uint32_t what, Branch branch)
{
    return compare(BPF_JMP | BPF_JEQ | BPF_K, branch, htonl(what));
}

}  // namespace

WireMessage take_message(std::span<const std::byte>& datagram)
{
    const Bytes rest = std::exchange(datagram, {});
    if (rest.size() < nl::kSize)
        return Malformed{};
    const std::size_t length = load<std::uint32_t>(rest, nl::kLength);
    if (length < nl::kSize || length > rest.size())
        return Malformed{};
    datagram = rest.subspan(std::min<std::size_t>(NLMSG_ALIGN(length), rest.size()));
    switch (load<std::uint16_t>(rest, nl::kType)) {
        case NLMSG_DONE: return read_connector_message(rest.subspan(nl::kSize, length - nl::kSize));
        case NLMSG_NOOP: return Unwanted{};
        default: return Malformed{};
    }
}

std::vector<std::byte> listen_request(RequestNumber number)
{
    return request(number, std::array{static_cast<std::uint32_t>(Operation::listen)});
}

std::vector<std::byte> listen_request(RequestNumber number, WireEvents events)
{
    // struct proc_input {mcast_op, event_type}. Source: linux/cn_proc.h of Linux 6.6.
    return request(number,
                   std::array{static_cast<std::uint32_t>(Operation::listen), static_cast<std::uint32_t>(events)});
}

std::vector<std::byte> ignore_request(RequestNumber number)
{
    return request(number, std::array{static_cast<std::uint32_t>(Operation::ignore)});
}

std::array<sock_filter, kEventFilterLength> event_filter()
{
    using enum WireEvents;
    return {
        load_word(kWhatAt),
        compare_event(static_cast<std::uint32_t>(exec), {1, kPassAt, 2}),
        compare_event(static_cast<std::uint32_t>(uid), {2, kPassAt, 3}),
        compare_event(ev::kNone, {3, kPassAt, 4}),
        compare_event(static_cast<std::uint32_t>(comm), {4, 5, kDropAt}),
        load_word(kThreadAt),
        statement(BPF_MISC | BPF_TAX, 0),
        load_word(kProcessAt),
        compare(BPF_JMP | BPF_JEQ | BPF_X, {8, kPassAt, kDropAt}, 0),
        statement(BPF_RET | BPF_K, 0),    // drop
        statement(BPF_RET | BPF_K, ~0U),  // pass, whole
    };
}

}  // namespace priorityd::kernel
