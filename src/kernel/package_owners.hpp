// SPDX-License-Identifier: GPL-3.0-or-later
/// Which packages of dpkg have put files there.
#pragma once

#include <filesystem>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "kernel/desktop_entries.hpp"

namespace priorityd::kernel {

/// Indices of paths.
using Indices = std::vector<std::size_t>;

class PackageOwners {
public:
    /// `paths` outlive it. `lists`: the folder of lists of files, one a package.
    PackageOwners(const std::vector<std::string>& paths, std::filesystem::path lists);

    /// Reads the lists of packages that are called like the files, and where that is not enough all others.
    void find(const std::stop_token& stop, Refused& refused);

    /// The paths of this package.
    [[nodiscard]] Indices of(const std::string& package) const;
    /// Whether one package has put both there.
    [[nodiscard]] bool share(std::size_t one, std::size_t other) const;
    [[nodiscard]] bool empty() const { return by_package_.empty(); }

private:
    void read(const std::filesystem::path& list, Refused& refused);

    const std::vector<std::string>& paths_;
    std::filesystem::path lists_;
    std::unordered_map<std::string_view, Indices> wanted_;  // by path
    std::unordered_map<std::string, std::set<std::size_t>> by_package_;
    std::set<std::size_t> found_;
};

}  // namespace priorityd::kernel
