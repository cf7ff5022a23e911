// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/taskstats.hpp"

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/taskstats.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace priorityd::kernel {
namespace {

using Bytes = std::span<const std::byte>;

/// An answer takes 600 bytes; later kernels count more.
constexpr std::size_t kAnswerBytes = 4096;

/// Source: linux/err.h, MAX_ERRNO.
constexpr int kLargestErrno = 4095;

template <typename Header>
std::optional<Header> take(Bytes& bytes)
{
    Header header{};
    if (bytes.size() < sizeof header)
        return std::nullopt;
    std::memcpy(&header, bytes.data(), sizeof header);
    bytes = bytes.subspan(std::min<std::size_t>(NLMSG_ALIGN(sizeof header), bytes.size()));
    return header;
}

/// What the attribute of this type holds, among those in `attributes`; empty without one.
std::optional<Bytes> find_attribute(Bytes attributes, std::uint16_t type)
{
    while (attributes.size() >= NLA_HDRLEN) {
        nlattr header{};
        std::memcpy(&header, attributes.data(), sizeof header);
        if (header.nla_len < NLA_HDRLEN || header.nla_len > attributes.size())
            return std::nullopt;
        if ((header.nla_type & NLA_TYPE_MASK) == type)
            return attributes.subspan(NLA_HDRLEN, header.nla_len - NLA_HDRLEN);
        attributes = attributes.subspan(std::min<std::size_t>(NLA_ALIGN(header.nla_len), attributes.size()));
    }
    return std::nullopt;
}

/// The attributes of a generic netlink message. Errors: the one that it carries; EBADMSG.
Result<Bytes> attributes_of(Bytes message, const char* doing)
{
    const auto whole = message;
    const auto header = take<nlmsghdr>(message);
    if (!header || header->nlmsg_len < sizeof *header || header->nlmsg_len > whole.size())
        return failure(EBADMSG, doing);
    message = whole.subspan(NLMSG_HDRLEN, header->nlmsg_len - NLMSG_HDRLEN);
    if (header->nlmsg_type == NLMSG_ERROR) {
        const auto error = take<nlmsgerr>(message);
        const bool has_code = error && error->error < 0 && error->error >= -kLargestErrno;
        return failure(has_code ? -error->error : EBADMSG, doing);
    }
    if (!take<genlmsghdr>(message))
        return failure(EBADMSG, doing);
    return message;
}

template <typename Value>
void append(std::vector<std::byte>& bytes, const Value& value)
{
    const auto* begin = reinterpret_cast<const std::byte*>(&value);
    bytes.insert(bytes.end(), begin, begin + sizeof value);
}

/// A generic netlink request with one attribute.
std::vector<std::byte> request(std::uint16_t type, std::uint8_t command, std::uint16_t attribute, Bytes value)
{
    const auto length = static_cast<std::uint16_t>(NLA_HDRLEN + value.size());
    const auto total = static_cast<std::uint32_t>(NLMSG_LENGTH(GENL_HDRLEN) + NLA_ALIGN(length));
    std::vector<std::byte> bytes;
    bytes.reserve(total);
    append(
        bytes,
        nlmsghdr{.nlmsg_len = total, .nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST, .nlmsg_seq = 0, .nlmsg_pid = 0});
    append(bytes, genlmsghdr{.cmd = command, .version = 1, .reserved = 0});
    append(bytes, nlattr{.nla_len = length, .nla_type = attribute});
    bytes.insert(bytes.end(), value.begin(), value.end());
    bytes.resize(total);
    return bytes;
}

Result<Bytes> ask(int socket, Bytes question, std::span<std::byte> buffer, const char* doing)
{
    // Without an address a netlink message goes to the kernel, which answers while it is being sent.
    if (::send(socket, question.data(), question.size(), MSG_NOSIGNAL) < 0)
        return failure(errno, doing);
    const ssize_t size = ::recv(socket, buffer.data(), buffer.size(), 0);
    if (size < 0)
        return failure(errno, doing);
    return Bytes{buffer.data(), static_cast<std::size_t>(size)};
}

constexpr const char* kDoing = "taskstats";

}  // namespace

std::vector<std::byte> taskstats_request(std::uint16_t family, Pid process)
{
    const auto pid = static_cast<std::uint32_t>(raw(process));
    return request(family, TASKSTATS_CMD_GET, TASKSTATS_CMD_ATTR_TGID, std::as_bytes(std::span{&pid, 1}));
}

Result<TaskTotals> parse_taskstats(Bytes answer)
{
    const auto attributes = attributes_of(answer, kDoing);
    if (!attributes)
        return tl::unexpected(attributes.error());
    const auto both = find_attribute(*attributes, TASKSTATS_TYPE_AGGR_TGID);
    const auto counted = both ? find_attribute(*both, TASKSTATS_TYPE_STATS) : std::nullopt;
    // Kernels add to the end of it; what is wanted here ends with the context switches.
    constexpr std::size_t kLeast = offsetof(taskstats, nivcsw) + sizeof(taskstats::nivcsw);
    if (!counted || counted->size() < kLeast)
        return failure(EBADMSG, kDoing);
    taskstats stats{};
    std::memcpy(&stats, counted->data(), std::min(counted->size(), sizeof stats));
    return TaskTotals{.run = std::chrono::nanoseconds{stats.cpu_run_virtual_total},
                      .delay = std::chrono::nanoseconds{stats.cpu_delay_total},
                      .turns = stats.cpu_count,
                      .sleeps = stats.nvcsw,
                      .preemptions = stats.nivcsw};
}

std::vector<std::byte> family_request()
{
    constexpr std::string_view kName{TASKSTATS_GENL_NAME "\0", sizeof TASKSTATS_GENL_NAME};
    return request(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_NAME, std::as_bytes(std::span{kName}));
}

Result<std::uint16_t> parse_family(Bytes answer)
{
    const auto attributes = attributes_of(answer, kDoing);
    if (!attributes)
        return tl::unexpected(attributes.error());
    const auto id = find_attribute(*attributes, CTRL_ATTR_FAMILY_ID);
    std::uint16_t family = 0;
    if (!id || id->size() != sizeof family)
        return failure(EBADMSG, kDoing);
    std::memcpy(&family, id->data(), sizeof family);
    return family;
}

Result<Taskstats> Taskstats::open()
{
    UniqueFd socket{::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_GENERIC)};
    if (!socket)
        return failure(errno, kDoing);
    std::array<std::byte, kAnswerBytes> buffer;
    const auto answer = ask(socket.get(), family_request(), buffer, kDoing);
    const auto family = answer ? parse_family(*answer) : tl::unexpected(answer.error());
    if (!family && family.error().code == ENOENT)
        return failure(ENOENT, "taskstats: this kernel is built without CONFIG_TASKSTATS, or this is a container");
    if (!family)
        return tl::unexpected(family.error());
    return Taskstats{std::move(socket), *family};
}

Result<TaskTotals> Taskstats::of(Pid process)
{
    std::array<std::byte, kAnswerBytes> buffer;
    const auto answer = ask(socket_.get(), taskstats_request(family_, process), buffer, kDoing);
    return answer ? parse_taskstats(*answer) : tl::unexpected(answer.error());
}

}  // namespace priorityd::kernel
