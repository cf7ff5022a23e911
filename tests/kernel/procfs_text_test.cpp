// SPDX-License-Identifier: GPL-3.0-or-later
/// Files below /proc, as the kernel writes them and as hostile programs make it write them.
#include "kernel/procfs_text.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

namespace priorityd::kernel {

namespace {

using namespace std::string_literals;
using Arguments = std::vector<std::string>;

/// What follows comm, up to the start time and a little further.
constexpr std::string_view kRest = ") S 7 42 43 34816 44 4194304 1 2 3 4 5 6 7 8 20 -5 9 0 123456 4096 10\n";

/// A whole stat, of a thread with this nice value, rt_priority and policy.
std::string stat_with(std::string_view nice, std::string_view priority, std::string_view policy)
{
    return "42 (a b) S 7 42 43 0 -1 4194304 1 2 3 4 5 6 7 8 20 " + std::string{nice} +
           " 9 0 123456 4096 10 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 3 " + std::string{priority} + " " +
           std::string{policy} + " 0 0 0 0 0 0 0 0 0 0 0\n";
}

std::optional<SchedPolicy> sched_in(std::string_view priority, std::string_view policy)
{
    const std::string text = stat_with("0", priority, policy);
    const auto fields = parse_stat(text);
    REQUIRE(fields);
    return fields->sched;
}

std::string stat_of(std::string_view comm)
{
    return "42 (" + std::string{comm} + std::string{kRest};
}

std::string comm_in(std::string_view text)
{
    const auto fields = parse_stat(text);
    return fields ? std::string{fields->comm} : "malformed";
}

CgroupPaths cgroups(std::string_view text)
{
    return parse_cgroup(text).value_or(CgroupPaths{"malformed", {}});
}

}  // namespace

TEST_CASE("a process is in the foreground of a terminal when its group is the one there")
{
    const auto is_foreground = [](const std::string& fields) {
        const auto stat = parse_stat("42 (a) S 7 " + fields + " 4194304 1 2 3 4 5 6 7 8 20 -5 9 0 123456 4096 10\n");
        REQUIRE(stat);
        return stat->is_tty_foreground();
    };
    CHECK(is_foreground("42 43 34816 42"));
    CHECK_FALSE(is_foreground("42 43 34816 44"));
    CHECK_FALSE(is_foreground("42 43 34816 -1"));
    CHECK_FALSE(is_foreground("42 43 0 42"));
    CHECK_FALSE(is_foreground("0 0 34816 0"));
    CHECK_FALSE(parse_stat("42 (a) S 7 42 43 34816 x 4194304 1 2 3 4 5 6 7 8 20 -5 9 0 123456 4096 10\n"));
}

TEST_CASE("every field of stat comes from its place")
{
    const std::string text = stat_of("cc1plus");
    const auto fields = parse_stat(text);
    REQUIRE(fields);
    CHECK(fields->comm == "cc1plus");
    CHECK(fields->state == 'S');
    CHECK(fields->parent == Pid{7});
    CHECK(fields->session == 43);
    CHECK(fields->terminal == 34816);
    CHECK(fields->flags == 4194304);
    CHECK(fields->nice == Nice::make(-5));
    CHECK(fields->threads == 9);
    CHECK(fields->start_ticks == 123456);
    CHECK_FALSE(fields->is_kernel_thread());
    CHECK_FALSE(fields->is_zombie());
}

TEST_CASE("comm may hold anything, and ends at the last parenthesis")
{
    for (const auto& comm : {"foo) Z 1"s, "a\nb"s, ")"s, "(("s, ""s, "\xff\xfe"s, ") R 1 1 1 1 1"s, "a b  c "s})
        CHECK(comm_in(stat_of(comm)) == comm);
}

TEST_CASE("a comm that imitates a zombie is none")
{
    const std::string text = stat_of("foo) Z 1");
    const auto fields = parse_stat(text);
    REQUIRE(fields);
    CHECK(fields->state == 'S');
    CHECK(fields->parent == Pid{7});
}

TEST_CASE("kernel threads and zombies are told by flag and state")
{
    const auto thread = parse_stat("2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 3 0 0\n");
    REQUIRE(thread);
    CHECK(thread->is_kernel_thread());
    const auto zombie = parse_stat("9 (gone) Z 1 9 9 0 -1 4194308 0 0 0 0 0 0 0 0 20 0 1 0 3 0 0\n");
    REQUIRE(zombie);
    CHECK(zombie->is_zombie());
    CHECK_FALSE(zombie->is_kernel_thread());
}

TEST_CASE("a stat that is cut off anywhere before the end of the start time is refused")
{
    const std::string text = stat_of("cc1plus");
    const std::size_t needed = text.find("123456") + 7;  // with the blank behind it
    for (std::size_t length = 0; length < needed; ++length)
        CHECK_FALSE(parse_stat(text.substr(0, length)));
    CHECK(parse_stat(text.substr(0, needed)));
}

TEST_CASE("nice value and policy of the main thread come from stat")
{
    using enum SchedPolicy::Kind;
    CHECK(sched_in("0", "0") == SchedPolicy{other, 0});
    CHECK(sched_in("7", "1") == SchedPolicy{fifo, 7});
    CHECK(sched_in("99", "2") == SchedPolicy{rr, 99});
    CHECK(sched_in("0", "3") == SchedPolicy{batch, 0});
    CHECK(sched_in("0", "5") == SchedPolicy{idle, 0});
    const std::string text = stat_with("-20", "0", "0");
    CHECK(parse_stat(text).value().nice == Nice::make(-20));
}

TEST_CASE("a policy that rules do not know is left empty")
{
    for (const auto* policy : {"4", "6", "7", "99", "1073741826", "99999999999", "-1", "x"})
        CHECK_FALSE(sched_in("0", policy));
}

TEST_CASE("a priority that does not go with its policy makes none")
{
    CHECK_FALSE(sched_in("0", "1"));
    CHECK_FALSE(sched_in("100", "2"));
    CHECK_FALSE(sched_in("4294967295", "2"));
    CHECK_FALSE(sched_in("5", "0"));
}

TEST_CASE("a stat that ends behind the start time has no policy, one that ends behind the policy has")
{
    const std::string text = stat_with("0", "3", "2");
    const std::size_t needed = text.find(" 3 2 ") + 5;
    const auto whole = parse_stat(std::string_view{text}.substr(0, needed));
    REQUIRE(whole);
    CHECK(whole->sched == SchedPolicy{SchedPolicy::Kind::rr, 3});
    const auto cut = parse_stat(std::string_view{text}.substr(0, needed - 1));
    REQUIRE(cut);
    CHECK_FALSE(cut->sched);
}

TEST_CASE("a nice value that no thread can have is left empty")
{
    for (const auto* nice : {"-21", "20", "2147483647"}) {
        const std::string text = stat_with(nice, "0", "0");
        const auto fields = parse_stat(text);
        REQUIRE(fields);
        CHECK_FALSE(fields->nice);
    }
}

TEST_CASE("a stat with fields that are no numbers, or too large ones, is refused")
{
    CHECK_FALSE(parse_stat(""));
    CHECK_FALSE(parse_stat("42 cc1plus S 7"));
    CHECK_FALSE(parse_stat(")("));
    CHECK_FALSE(parse_stat("42 (a) S x 42 43 0 44 0 1 2 3 4 5 6 7 8 20 0 9 0 1 \n"));
    CHECK_FALSE(parse_stat("42 (a) S 99999999999 42 43 0 44 0 1 2 3 4 5 6 7 8 20 0 9 0 1 \n"));
    CHECK_FALSE(parse_stat("42 (a) S 7 42 43 0 44 0 1 2 3 4 5 6 7 8 20 0 9 0 99999999999999999999 \n"));
    CHECK_FALSE(parse_stat("42 (a) S 7 42 43 0 44 0 1 2 3 4 5 6 7 8 20 0 9 0 -1 \n"));
    CHECK_FALSE(parse_stat("42 (a) S 7 42 43 0 44 0 1 2 3 4 5 6 7 8 20 x 9 0 1 \n"));
    CHECK_FALSE(parse_stat("42 (a)  7 42 43 0 44 0 1 2 3 4 5 6 7 8 20 0 9 0 1 \n"));
}

TEST_CASE("the largest start time is read in full")
{
    const auto fields = parse_stat("42 (a) S 7 42 43 0 44 0 1 2 3 4 5 6 7 8 20 0 9 0 18446744073709551615 \n");
    REQUIRE(fields);
    CHECK(fields->start_ticks == ~std::uint64_t{0});
}

TEST_CASE("arguments are divided by NULs, empty ones in between are kept")
{
    CHECK(parse_cmdline("python3\0-m\0vllm.server\0"s) == Arguments{"python3", "-m", "vllm.server"});
    CHECK(parse_cmdline("grep\0\0file\0"s) == Arguments{"grep", "", "file"});
    CHECK(parse_cmdline("a program\0"s) == Arguments{"a program"});
    CHECK(parse_cmdline("C:\\Games\\Baldurs Gate 3.exe\0-fullscreen\0"s) ==
          Arguments{"C:\\Games\\Baldurs Gate 3.exe", "-fullscreen"});
    CHECK(parse_cmdline("a\nb\0\xff\0"s) == Arguments{"a\nb", "\xff"});
    CHECK(parse_cmdline("").empty());
    CHECK(parse_cmdline("\0\0\0"s).empty());
}

TEST_CASE("a rewritten title is one argument, with or without its NULs")
{
    CHECK(parse_cmdline("sshd: user [priv]") == Arguments{"sshd: user [priv]"});
    CHECK(parse_cmdline("nginx: worker process\0\0\0\0\0\0"s) == Arguments{"nginx: worker process"});
}

TEST_CASE("a title that lists options is cut at its blanks")
{
    CHECK(parse_cmdline("/opt/chrome --type=renderer  --lang=de\0"s) ==
          Arguments{"/opt/chrome", "--type=renderer", "--lang=de"});
}

TEST_CASE("of a long command line the first 4 KiB count")
{
    const std::string text = "cc" + "\0"s + std::string(5000, 'x') + "\0never seen\0"s;
    const auto arguments = parse_cmdline(text);
    REQUIRE(arguments.size() == 2);
    CHECK(arguments[1] == std::string(kCmdlineBytes - 3, 'x'));
    CHECK(parse_cmdline(std::string(kCmdlineBytes, '\0') + "hidden").empty());
}

TEST_CASE("the unified hierarchy gives the cgroup")
{
    CHECK(cgroups("0::/system.slice/a:b.service\n") == CgroupPaths{"/system.slice/a:b.service", ""});
    CHECK(cgroups("0::/user.slice/gone.scope (deleted)\n") == CgroupPaths{"/user.slice/gone.scope", ""});
    CHECK(cgroups("0::/\n") == CgroupPaths{"/", ""});
    CHECK(cgroups("") == CgroupPaths{"/", ""});
}

TEST_CASE("where the unified hierarchy is unused systemd's own gives the cgroup")
{
    CHECK(cgroups("9:name=systemd:/user.slice\n1:cpu:/\n0::/\n") == CgroupPaths{"/user.slice", "/"});
    CHECK(cgroups("9:name=systemd:/user.slice\n") == CgroupPaths{"/user.slice", ""});
    CHECK(cgroups("9:name=systemd:/one\n0::/other\n") == CgroupPaths{"/other", ""});
}

TEST_CASE("the cpu controller is found among others, and not mistaken for its neighbours")
{
    CHECK(cgroups("4:cpu,cpuacct:/a\n0::/\n").cpu == "/a");
    CHECK(cgroups("4:cpuacct,cpu:/b\n").cpu == "/b");
    CHECK(cgroups("3:cpuset:/c\n2:cpuacct:/d\n").cpu.empty());
    CHECK(cgroups("3:name=cpu:/c\n").cpu.empty());
}

TEST_CASE("a malformed cgroup file is refused, a last line that was cut off is left out")
{
    for (const auto* text : {"0:/\n", "x::/\n", "0::relative\n", "\n", "::\n", "99999999999999:cpu:/\n"})
        CHECK_FALSE(parse_cgroup(text));
    CHECK(cgroups("1:cpu:/a\n0::/system.sl") == CgroupPaths{"/", "/a"});
}

TEST_CASE("a replaced program keeps its path")
{
    CHECK(exe_path("/usr/bin/cc (deleted)") == "/usr/bin/cc");
    CHECK(exe_path("/usr/bin/cc") == "/usr/bin/cc");
    CHECK(exe_path("/tmp/a (deleted) (deleted)") == "/tmp/a (deleted)");
    CHECK(exe_path("").empty());
}

TEST_CASE("the autogroup's nice value is read from its line alone")
{
    CHECK(parse_autogroup("/autogroup-123 nice 0\n") == Autogroup{123, *Nice::make(0)});
    CHECK(parse_autogroup("/autogroup-9 nice -20\n") == Autogroup{9, *Nice::make(-20)});
    for (const auto* text :
         {"", "\n", "/autogroup-123 nice 0", "/autogroup-123 nice 20\n", "/autogroup- nice 0\n",
          "/autogroup-1 mean 0\n", "/autogroup-1 nice\n", "autogroup-1 nice 0\n", "/autogroup-1 nice 99999999999\n"})
        CHECK_FALSE(parse_autogroup(text));
}

TEST_CASE("the thread group is read from its line alone")
{
    CHECK(parse_thread_group("Name:\tx\nUmask:\t0022\nTgid:\t42\nPid:\t43\n") == Pid{42});
    CHECK(parse_thread_group("Name:\tx\\nTgid:\t7\nTgid:\t42\n") == Pid{42});  // a name with an escaped newline
    CHECK_FALSE(parse_thread_group("Name:\tx\nPid:\t43\n"));
    CHECK_FALSE(parse_thread_group("Name:\tx\nTgid:\tmany\n"));
    CHECK_FALSE(parse_thread_group(""));
}

TEST_CASE("devices tell what a program uses")
{
    const auto is_gpu = [](std::string_view link) { return uses_of(link).gpu; };
    CHECK(is_gpu("/dev/dri/renderD128"));
    CHECK(is_gpu("/dev/nvidia0"));
    CHECK(is_gpu("/dev/kfd"));
    CHECK_FALSE(is_gpu("/dev/nvidiactl"));
    CHECK_FALSE(is_gpu("/dev/nvidia"));
    CHECK_FALSE(is_gpu("/dev/dri/card0"));
    CHECK_FALSE(is_gpu("/home/a/dev/kfd"));
    CHECK(uses_of("/dev/snd/pcmC0D0p") == Uses{.gpu = false, .audio = true});
    CHECK(uses_of("socket:[123]") == Uses{});
    CHECK(uses_of("") == Uses{});
}

TEST_CASE("a file with a number holds nothing else")
{
    CHECK(parse_number<int>("-17\n") == -17);
    CHECK(parse_number<int>("17") == 17);
    for (const auto* text : {"", "\n", " 1", "1 ", "1\n\n", "0x1", "99999999999", "1-"})
        CHECK_FALSE(parse_number<int>(text));
}

TEST_CASE("whose end a pidfd stands for is read from its description, and from no other's")
{
    CHECK(parse_pidfd_info("pos:\t0\nflags:\t02000002\nmnt_id:\t15\nino:\t1061\nPid:\t4242\nNSpid:\t4242\n") ==
          Pid{4242});
    CHECK(parse_pidfd_info("pos:\t0\nflags:\t02000002\nPid:\t-1\nNSpid:\t-1\n") == Pid{-1});
    CHECK_FALSE(parse_pidfd_info("pos:\t0\nflags:\t0100000\nmnt_id:\t23\nino:\t5\n"));
    CHECK_FALSE(parse_pidfd_info("pos:\t0\nPid:\tmany\n"));
    CHECK_FALSE(parse_pidfd_info(""));
}

}  // namespace priorityd::kernel
