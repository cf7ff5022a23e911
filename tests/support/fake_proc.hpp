// SPDX-License-Identifier: GPL-3.0-or-later
/// A /proc of one's own: folders that look like processes to whoever reads them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace priorityd::test {

/// A process as /proc would show it.
struct FakeProcEntry {
    int pid = 0;
    std::string comm = "program";
    std::string exe = {};  ///< Target of the link; empty for none, as kernel threads have it.
    std::vector<std::string> argv = {};
    char state = 'S';
    int parent = 1;
    int session = 1;
    int terminal = 0;
    std::uint32_t flags = 0;
    std::vector<int> threads = {};  ///< Besides the leader.
    std::uint64_t start_ticks = 100;
    std::string cgroup = "0::/\n";              ///< The whole file.
    std::string autogroup = {};                 ///< The whole file; empty for a kernel without autogroups.
    std::vector<std::string> descriptors = {};  ///< Targets of the links in fd/, from 0 on.
    std::string oom_score_adj = "0\n";
};

/// Removed with everything in it.
class FakeProc {
public:
    FakeProc();
    FakeProc(const FakeProc&) = delete;
    FakeProc& operator=(const FakeProc&) = delete;
    ~FakeProc();

    /// In place of what was there under this pid.
    void add(const FakeProcEntry& process);
    /// As after it has been reaped.
    void remove(int pid);
    /// Overwrites or makes a file below the root.
    void write(const std::filesystem::path& file, std::string_view text);
    /// Makes a link below the root, which need not lead anywhere.
    void link(const std::filesystem::path& link, const std::filesystem::path& target);
    [[nodiscard]] std::string read(const std::filesystem::path& file) const;

    [[nodiscard]] std::string proc() const { return (root_ / "proc").string(); }
    [[nodiscard]] std::string sys() const { return (root_ / "sys").string(); }

private:
    std::filesystem::path root_;
};

}  // namespace priorityd::test
