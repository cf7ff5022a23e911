// SPDX-License-Identifier: GPL-3.0-or-later
/// Writes the files that a process has, in the formats of proc(5).
#include "support/fake_proc.hpp"

#include <stdlib.h>

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>

namespace priorityd::test {
namespace {

namespace fs = std::filesystem;

std::string stat_text(const FakeProcEntry& process)
{
    const auto number = [](auto value) { return " " + std::to_string(value); };
    return std::to_string(process.pid) + " (" + process.comm + ") " + process.state + number(process.parent) + " 1" +
           number(process.session) + number(process.terminal) + " -1" + number(process.flags) +
           " 1 2 3 4 5 6 7 8 20 0" + number(process.threads.size() + 1) + " 0" + number(process.start_ticks) +
           " 4096 10 18446744073709551615 0 0\n";
}

std::string cmdline_text(const FakeProcEntry& process)
{
    std::string text;
    for (const auto& argument : process.argv)
        text += argument + '\0';
    return text;
}

}  // namespace

FakeProc::FakeProc()
{
    std::string pattern = (fs::temp_directory_path() / "priorityd-proc-XXXXXX").string();
    if (!::mkdtemp(pattern.data()))
        throw std::runtime_error{"mkdtemp(" + pattern + ")"};
    root_ = pattern;
    fs::create_directories(proc());
    fs::create_directories(sys());
}

FakeProc::~FakeProc()
{
    std::error_code ignored;
    fs::remove_all(root_, ignored);
}

void FakeProc::add(const FakeProcEntry& process)
{
    remove(process.pid);
    const fs::path folder = fs::path{"proc"} / std::to_string(process.pid);
    write(folder / "stat", stat_text(process));
    write(folder / "cmdline", cmdline_text(process));
    write(folder / "cgroup", process.cgroup);
    write(folder / "oom_score_adj", process.oom_score_adj);
    if (!process.autogroup.empty())
        write(folder / "autogroup", process.autogroup);
    if (!process.exe.empty())
        fs::create_symlink(process.exe, root_ / folder / "exe");
    fs::create_directories(root_ / folder / "task" / std::to_string(process.pid));
    for (const int thread : process.threads)
        fs::create_directories(root_ / folder / "task" / std::to_string(thread));
    fs::create_directories(root_ / folder / "fd");
    for (std::size_t number = 0; number < process.descriptors.size(); ++number)
        fs::create_symlink(process.descriptors[number], root_ / folder / "fd" / std::to_string(number));
}

void FakeProc::remove(int pid)
{
    fs::remove_all(fs::path{proc()} / std::to_string(pid));
}

void FakeProc::write(const fs::path& file, std::string_view text)
{
    fs::create_directories((root_ / file).parent_path());
    std::ofstream{root_ / file, std::ios::binary} << text;
}

void FakeProc::link(const fs::path& link, const fs::path& target)
{
    fs::create_directories((root_ / link).parent_path());
    fs::create_symlink(target, root_ / link);
}

std::string FakeProc::read(const fs::path& file) const
{
    std::ifstream stream{root_ / file, std::ios::binary};
    return {std::istreambuf_iterator<char>{stream}, {}};
}

}  // namespace priorityd::test
