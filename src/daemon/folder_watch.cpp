// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/folder_watch.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <system_error>

#include "kernel/ananicy_folders.hpp"

namespace priorityd::daemon {
namespace {

/// A file is news when it has been written or moved, not while it is being written; links come by IN_CREATE alone.
constexpr std::uint32_t kEvents =
    IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ATTRIB;

/// Room for some hundred events; what does not fit is read next.
constexpr std::size_t kReadBytes = 16384;

/// Without a name, it is the folder itself.
bool is_news(std::string_view name)
{
    return name.empty() || name.ends_with(".toml") || kernel::ananicy_kind(name);
}

}  // namespace

Result<FolderWatch> FolderWatch::open()
{
    kernel::UniqueFd inotify{inotify_init1(IN_CLOEXEC | IN_NONBLOCK)};
    if (!inotify)
        return failure(errno, "inotify_init1");
    return FolderWatch{std::move(inotify)};
}

void FolderWatch::watch(const std::vector<std::filesystem::path>& paths)
{
    for (const auto& [descriptor, watched] : watched_)
        inotify_rm_watch(inotify_.get(), descriptor);
    watched_.clear();
    for (const auto& path : paths) {
        std::error_code error;
        auto folder = std::filesystem::absolute(path, error);
        std::string missing;  // the first part of the path that is not there
        while (!std::filesystem::is_directory(folder, error) && folder.has_relative_path()) {
            missing = folder.filename();
            folder = folder.parent_path();
        }
        add(folder, missing);
    }
}

void FolderWatch::add(const std::filesystem::path& folder, const std::string& name)
{
    const int descriptor = inotify_add_watch(inotify_.get(), folder.c_str(), kEvents | IN_ONLYDIR);
    if (descriptor < 0)
        return;  // gone again, or no more watches to be had: SIGHUP and Reload still work
    auto& watched = watched_[descriptor];
    if (name.empty())
        watched.is_rule_folder = true;
    else
        watched.names.push_back(name);
}

bool FolderWatch::has_changed()
{
    bool is_ours = false;
    alignas(inotify_event) std::array<char, kReadBytes> buffer;
    for (ssize_t length = 0; (length = read(inotify_.get(), buffer.data(), buffer.size())) > 0;) {
        for (std::size_t at = 0; at < static_cast<std::size_t>(length);) {
            const auto* event =
                reinterpret_cast<const inotify_event*>(buffer.data() + at);  // NOLINT: the kernel's layout
            at += sizeof(inotify_event) + event->len;
            const auto watched = watched_.find(event->wd);
            const std::string_view name = event->len > 0 ? std::string_view{event->name} : std::string_view{};
            const bool is_folder = (event->mask & IN_ISDIR) != 0;  // below one of ananicy's, it has rules too
            if ((event->mask & IN_Q_OVERFLOW) != 0)
                is_ours = true;
            else if (watched != watched_.end())
                is_ours = is_ours || (watched->second.is_rule_folder && (is_news(name) || is_folder)) ||
                          std::ranges::find(watched->second.names, name) != watched->second.names.end();
        }
    }
    return is_ours;
}

}  // namespace priorityd::daemon
