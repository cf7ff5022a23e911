// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/package_owners.hpp"

#include <algorithm>
#include <climits>
#include <fstream>
#include <system_error>
#include <utility>

#include "core/names.hpp"
#include "kernel/bounded_file.hpp"
#include "kernel/package_text.hpp"

namespace priorityd::kernel {
namespace {

namespace fs = std::filesystem;

/// The documentation of a whole distribution in one package has 5 MB of names.
constexpr std::uintmax_t kLargestList = 64UL << 20U;

}  // namespace

PackageOwners::PackageOwners(const std::vector<std::string>& paths, fs::path lists)
    : paths_{paths}, lists_{std::move(lists)}
{
    for (std::size_t i = 0; i < paths.size(); ++i) {
        for (const auto path : paths_in_packages(paths[i]))
            wanted_[path].push_back(i);
    }
}

void PackageOwners::find(const std::stop_token& stop, Refused& refused)
{
    // Most programs are in a package of their name: then no other list has to be read.
    for (const auto& path : paths_)
        read(lists_ / (std::string{base_name(path)} + ".list"), refused);
    if (found_.size() >= paths_.size())
        return;
    std::error_code error;
    for (fs::directory_iterator list{lists_, error};
         !error && !stop.stop_requested() && list != fs::directory_iterator{}; list.increment(error))
        read(list->path(), refused);
}

Indices PackageOwners::of(const std::string& package) const
{
    const auto its = by_package_.find(package);
    return its == by_package_.end() ? Indices{} : Indices{its->second.begin(), its->second.end()};
}

bool PackageOwners::share(std::size_t one, std::size_t other) const
{
    return std::ranges::any_of(
        by_package_, [&](const auto& entry) { return entry.second.contains(one) && entry.second.contains(other); });
}

void PackageOwners::read(const fs::path& list, Refused& refused)
{
    const auto file_name = list.filename().string();
    const std::string package{package_of_list(file_name)};
    std::error_code error;
    if (package.empty() || !fs::is_regular_file(list, error))
        return;
    if (fs::file_size(list, error) > kLargestList)
        return refuse(list.string(), refused);
    std::ifstream text{list};
    for (BoundedLines lines{text, PATH_MAX}; lines.next();) {
        if (lines.is_cut())
            return refuse(list.string(), refused);
        if (const auto its = wanted_.find(lines.line()); its != wanted_.end()) {
            by_package_[package].insert(its->second.begin(), its->second.end());
            found_.insert(its->second.begin(), its->second.end());
        }
    }
}

}  // namespace priorityd::kernel
