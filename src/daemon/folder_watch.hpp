// SPDX-License-Identifier: GPL-3.0-or-later
/// Notices when a folder of rules or settings changes, or comes into being.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "kernel/unique_fd.hpp"

namespace priorityd::daemon {

class FolderWatch {
public:
    /// Errors: those of inotify_init1(2).
    [[nodiscard]] static Result<FolderWatch> open();

    /// Watches these paths instead of the earlier ones. Of one that does not exist its nearest existing parent is
    /// watched until it does. Relative paths are taken from the working folder of now.
    void watch(const std::vector<std::filesystem::path>& paths);
    [[nodiscard]] int fd() const { return inotify_.get(); }
    /// Reads what has happened; true when it concerns a file of rules or settings, a folder, or one of the paths
    /// themselves.
    [[nodiscard]] bool has_changed();

private:
    explicit FolderWatch(kernel::UniqueFd inotify) : inotify_{std::move(inotify)} {}
    /// What to look for in a watched folder: any file of rules or settings, or one name.
    struct Watched {
        bool is_rule_folder = false;
        std::vector<std::string> names;
    };
    void add(const std::filesystem::path& folder, const std::string& name);

    kernel::UniqueFd inotify_;
    std::map<int, Watched> watched_;
};

}  // namespace priorityd::daemon
