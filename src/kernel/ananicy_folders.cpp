// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/ananicy_folders.hpp"

#include <algorithm>
#include <set>
#include <system_error>

namespace priorityd::kernel {
namespace {

namespace fs = std::filesystem;

/// The catalogue of the community is three deep. It is an end for links that lead in circles through bind mounts.
constexpr int kDeepest = 16;

/// Walks a tree, folder by folder, each in the order of names.
class Walk {
public:
    std::vector<fs::path> files, folders;

    /// Error: why the folder cannot be read.
    std::error_code go(const fs::path& folder, int depth = 0)
    {
        std::error_code error;
        const auto real = fs::canonical(folder, error);
        if (error || depth > kDeepest || !seen_.insert(real).second)
            return error;
        folders.push_back(folder);
        std::vector<fs::path> entries;
        for (fs::directory_iterator entry{folder, error}, end; !error && entry != end; entry.increment(error))
            entries.push_back(entry->path());
        std::ranges::sort(entries, {}, [](const fs::path& path) { return path.filename().native(); });
        for (const auto& path : entries)
            look_at(path, depth);
        return error;
    }

private:
    void look_at(const fs::path& path, int depth)
    {
        std::error_code error;
        if (fs::is_directory(path, error))
            go(path, depth + 1);
        else if (ananicy_kind(path))
            files.push_back(path);
    }

    std::set<fs::path> seen_;
};

}  // namespace

std::optional<PolicyFile::Kind> ananicy_kind(const fs::path& file)
{
    const auto suffix = file.extension();
    if (file.filename() == "ananicy.conf")
        return PolicyFile::Kind::ananicy_conf;
    if (suffix == ".rules" || suffix == ".types" || suffix == ".cgroups")
        return PolicyFile::Kind::ananicy;
    return std::nullopt;
}

Result<std::vector<fs::path>> ananicy_files(const fs::path& folder)
{
    Walk walk;
    if (const auto error = walk.go(folder))
        return failure(error.value(), folder.string());
    return std::move(walk.files);
}

std::vector<fs::path> ananicy_folders(const fs::path& folder)
{
    Walk walk;
    walk.go(folder);
    return std::move(walk.folders);
}

bool is_ananicy_folder(const fs::path& folder)
{
    std::error_code error;
    const auto is_own = [](const fs::path& path) { return path.extension() == ".toml"; };
    for (fs::directory_iterator entry{folder, error}, end; !error && entry != end; entry.increment(error)) {
        if (is_own(entry->path()))
            return false;
    }
    const auto files = ananicy_files(folder);
    return files && !files->empty();
}

}  // namespace priorityd::kernel
