// SPDX-License-Identifier: GPL-3.0-or-later
/// What processes use: the kernel's answers as bytes, and this kernel's of this very process.
#include "kernel/usage.hpp"

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/taskstats.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>
#include <thread>

#include <doctest/doctest.h>

#include "kernel/procfs_text.hpp"
#include "kernel/taskstats.hpp"
#include "skip.hpp"

namespace priorityd::kernel {
namespace {

using Bytes = std::vector<std::byte>;

template <typename Value>
void append(Bytes& bytes, const Value& value)
{
    const auto* begin = reinterpret_cast<const std::byte*>(&value);
    bytes.insert(bytes.end(), begin, begin + sizeof value);
    bytes.resize(NLMSG_ALIGN(bytes.size()));
}

Bytes attribute(std::uint16_t type, const Bytes& value)
{
    Bytes bytes;
    append(bytes, nlattr{.nla_len = static_cast<std::uint16_t>(NLA_HDRLEN + value.size()), .nla_type = type});
    bytes.insert(bytes.end(), value.begin(), value.end());
    bytes.resize(NLA_ALIGN(bytes.size()));
    return bytes;
}

template <typename Value>
Bytes bytes_of(const Value& value)
{
    Bytes bytes;
    append(bytes, value);
    return bytes;
}

Bytes message(const Bytes& attributes)
{
    Bytes bytes;
    append(bytes, nlmsghdr{.nlmsg_len = static_cast<std::uint32_t>(NLMSG_HDRLEN + GENL_HDRLEN + attributes.size()),
                           .nlmsg_type = 31});
    append(bytes, genlmsghdr{.cmd = TASKSTATS_CMD_NEW, .version = 1});
    bytes.insert(bytes.end(), attributes.begin(), attributes.end());
    return bytes;
}

Bytes refusal(int code)
{
    Bytes bytes;
    append(bytes, nlmsghdr{.nlmsg_len = NLMSG_HDRLEN + sizeof(nlmsgerr), .nlmsg_type = NLMSG_ERROR});
    append(bytes, nlmsgerr{.error = -code});
    return bytes;
}

/// As the kernel nests it.
Bytes answer(const Bytes& stats)
{
    Bytes both = attribute(TASKSTATS_TYPE_TGID, bytes_of(std::uint32_t{42}));
    const Bytes second = attribute(TASKSTATS_TYPE_STATS, stats);
    both.insert(both.end(), second.begin(), second.end());
    return message(attribute(TASKSTATS_TYPE_AGGR_TGID, both));
}

taskstats some_stats()
{
    taskstats stats{};
    stats.cpu_run_virtual_total = 1;
    stats.cpu_delay_total = 2;
    stats.cpu_count = 3;
    stats.nvcsw = 4;
    stats.nivcsw = 5;
    return stats;
}

const TaskTotals kSome{.run = std::chrono::nanoseconds{1},
                       .delay = std::chrono::nanoseconds{2},
                       .turns = 3,
                       .sleeps = 4,
                       .preemptions = 5};

}  // namespace

TEST_CASE("the kernel's counts are found where it nests them, whatever later kernels add to them")
{
    CHECK(*parse_taskstats(answer(bytes_of(some_stats()))) == kSome);
    Bytes longer = bytes_of(some_stats());
    longer.resize(longer.size() + 80, std::byte{1});
    CHECK(*parse_taskstats(answer(longer)) == kSome);
    Bytes shorter = bytes_of(some_stats());
    shorter.resize(offsetof(taskstats, nivcsw) + 8);
    CHECK(*parse_taskstats(answer(shorter)) == kSome);
    shorter.resize(shorter.size() - 8);
    CHECK(parse_taskstats(answer(shorter)).error().code == EBADMSG);
}

TEST_CASE("an answer that is cut short anywhere is refused, and so is one that lies about its lengths")
{
    const Bytes whole = answer(bytes_of(some_stats()));
    for (std::size_t length = 0; length < whole.size(); ++length)
        CHECK_FALSE(parse_taskstats(std::span{whole}.first(length)));
    for (std::size_t at = 0; at < 64; ++at) {
        for (const int value : {0, 1, 3, 127, 255}) {
            Bytes lying = whole;
            lying[at] = static_cast<std::byte>(value);
            (void)parse_taskstats(lying);  // must not read beyond its end
        }
    }
}

TEST_CASE("a refusal is the kernel's own")
{
    CHECK(parse_taskstats(refusal(ESRCH)).error().code == ESRCH);
    CHECK(parse_family(refusal(ENOENT)).error().code == ENOENT);
    CHECK(parse_taskstats(refusal(0)).error().code == EBADMSG);
    CHECK(parse_taskstats(refusal(std::numeric_limits<int>::max())).error().code == EBADMSG);
    constexpr int kLeast = std::numeric_limits<int>::min();  // which has no opposite
    Bytes least = refusal(0);
    std::memcpy(least.data() + NLMSG_HDRLEN, &kLeast, sizeof kLeast);
    CHECK(parse_taskstats(least).error().code == EBADMSG);
    CHECK(*parse_family(message(attribute(CTRL_ATTR_FAMILY_ID, {std::byte{31}, std::byte{0}}))) == 31);
    CHECK(parse_family(message(attribute(CTRL_ATTR_FAMILY_ID, {std::byte{31}}))).error().code == EBADMSG);
}

TEST_CASE("storage is what was really read and written")
{
    constexpr const char* kIo =
        "rchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\nread_bytes: 4096\nwrite_bytes: 8192\ncancelled_write_bytes: 5\n";
    CHECK(parse_storage_bytes(kIo) == 12288U);
    for (const char* none : {"", "read_bytes: 1\n", "read_bytes: x\nwrite_bytes: 1\n", "write_bytes 1", "\n\n:\n"})
        CHECK_FALSE(parse_storage_bytes(none));
}

TEST_CASE("this process is seen at work, with threads of its own that have ended")
{
    auto usage = KernelUsage::open();
    if (!usage)
        return skip(usage.error().message());
    const Pid self{getpid()};
    CHECK(std::ranges::count(usage->list(), self) == 1);
    const auto before = usage->look_at(self);
    if (!before && before.error().code == EPERM)
        return skip("taskstats wants CAP_NET_ADMIN");
    REQUIRE(before);
    std::thread{[] {
        const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds{50};
        while (std::chrono::steady_clock::now() < end) {
        }
    }}.join();
    const auto after = *usage->look_at(self);
    CHECK(after.key == before->key);
    CHECK(after.parent == Pid{getppid()});
    CHECK_FALSE(after.is_kernel_thread);
    CHECK(after.usage.run > before->usage.run);
    CHECK(after.usage.when > before->usage.when);
    CHECK(after.usage.turns > 0);
    CHECK(usage->cpu_time(self) >= after.usage.run);
    CHECK(usage->spent().count() > 0);
}

TEST_CASE("a process that has ended is gone, and threads of the kernel are known as such")
{
    auto usage = KernelUsage::open();
    if (!usage)
        return skip(usage.error().message());
    constexpr Pid kNobody{(1 << 22) + 1};  // no pid is as high; source: PID_MAX_LIMIT in include/linux/threads.h
    CHECK(usage->look_at(kNobody).error().code == ESRCH);
    CHECK_FALSE(usage->cpu_time(kNobody));
    constexpr Pid kThreadsOfTheKernel{2};
    if (const auto seen = usage->look_at(kThreadsOfTheKernel); seen && seen->key.start_ticks < 1000)
        CHECK(seen->is_kernel_thread);
}

}  // namespace priorityd::kernel
