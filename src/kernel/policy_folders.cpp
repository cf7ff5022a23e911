// SPDX-License-Identifier: GPL-3.0-or-later
/// Finding and reading settings and rule files by the drop-in convention. Source: systemd.unit(5),
/// systemd-system.conf(5).
#include "kernel/policy_folders.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include <fmt/format.h>

#include "core/result.hpp"
#include "kernel/unique_fd.hpp"

namespace priorityd::kernel {

namespace {

namespace fs = std::filesystem;

/// 15,800 rules of a distribution take 0.5 MB. Larger is a file that has strayed here, and would be held in memory.
constexpr std::size_t kLargestFile = 8UL * 1024 * 1024;

constexpr std::string_view kSuffix = ".toml";

PolicyFile unreadable(PolicyFile file, std::string error)
{
    file.error = std::move(error);
    return file;
}

std::string answer(int code)
{
    return std::generic_category().message(code);
}

/// What went wrong, and what to do about it.
std::string open_error(int code)
{
    switch (code) {
        case ENOENT: return "does not exist (a link to nothing? link it to /dev/null to mask the name, or remove it)";
        case ELOOP: return "the link leads to itself; remove it, or link it to /dev/null to mask the name";
        case EACCES: return "may not be read by priorityd: " + answer(code) + " (chmod a+r, and a+x for its folders)";
        default: return "cannot be read: " + answer(code);
    }
}

bool is_dev_null(const struct stat& status)
{
    return S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3);  // Source: Documentation/admin-guide/devices.txt
}

/// Empty when it may be read.
std::string refusal(const struct stat& status)
{
    if (S_ISDIR(status.st_mode))
        return "is a folder, not a file; rename it so that it does not end in .toml";
    if (!S_ISREG(status.st_mode))
        return "is not a regular file (a FIFO, socket or device); replace it by a file";
    if (static_cast<std::uint64_t>(status.st_size) > kLargestFile)
        return fmt::format("is {} MiB long; at most {} MiB are read; split it, or take it away",
                           status.st_size / 1024 / 1024, kLargestFile / 1024 / 1024);
    return {};
}

/// Reads to the end. Error: the errno(3) value; EFBIG when it has grown beyond the limit meanwhile.
Result<std::string> read_all(int fd)
{
    std::string text;
    std::array<char, 65536> buffer;
    for (;;) {
        const ssize_t size = ::read(fd, buffer.data(), buffer.size());
        if (size == 0)
            return text;
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return failure(errno, "read");
        text.append(buffer.data(), static_cast<std::size_t>(size));
        if (text.size() > kLargestFile)
            return failure(EFBIG, "read");
    }
}

/// The file with its text or an error; empty when it is a mask.
std::optional<PolicyFile> read_file(const fs::path& path, PolicyFile::Kind kind)
{
    PolicyFile file{.kind = kind, .path = path.string(), .text = {}, .error = {}};
    struct stat status {};
    // Asked before opening, because opening a device may do something.
    if (::stat(path.c_str(), &status) != 0)
        return unreadable(std::move(file), open_error(errno));
    if (is_dev_null(status) || (S_ISREG(status.st_mode) && status.st_size == 0))
        return std::nullopt;
    if (auto why = refusal(status); !why.empty())
        return unreadable(std::move(file), std::move(why));
    // And again afterwards, because it may have been replaced meanwhile; without O_NONBLOCK a FIFO would hold us up.
    const UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
    if (!fd || ::fstat(fd.get(), &status) != 0)
        return unreadable(std::move(file), open_error(errno));
    if (auto why = refusal(status); !why.empty())
        return unreadable(std::move(file), std::move(why));
    auto text = read_all(fd.get());
    if (!text)
        return unreadable(std::move(file), open_error(text.error().code));
    file.text = std::move(*text);
    return file;
}

bool is_policy_name(std::string_view name)
{
    return name.size() > kSuffix.size() && name.ends_with(kSuffix) && !name.starts_with('.');
}

/// Names of the policy files in a folder, in no order.
Result<std::vector<std::string>> names_in(const fs::path& folder)
{
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator entry{folder, error}, end; !error && entry != end; entry.increment(error)) {
        if (std::string name = entry->path().filename().string(); is_policy_name(name))
            names.push_back(std::move(name));
    }
    if (error)
        return failure(error.value(), folder.string());
    return names;
}

/// A file or folder that is itself in the way: it becomes an entry of its own, so that it is reported.
PolicyFile broken_place(const fs::path& place, PolicyFile::Kind kind, int code)
{
    const bool is_missing = code == ENOENT;
    return {kind, place.string(), {}, is_missing ? "there is no such file or folder" : open_error(code)};
}

/// Where each name is to be read from.
struct Found {
    std::map<std::string, fs::path> path_of;  // by name: a later place's file takes the place of an earlier one's
    std::vector<PolicyFile> broken;
};

void look_into_folder(const fs::path& folder, PolicyFile::Kind kind, PolicyPlaces::Origin origin, Found& found)
{
    const auto names = names_in(folder);
    const bool may_be_missing = origin == PolicyPlaces::Origin::standard;
    if (!names && !(may_be_missing && names.error().code == ENOENT))
        found.broken.push_back(broken_place(folder, kind, names.error().code));
    if (!names)
        return;
    for (const std::string& name : *names)
        found.path_of[name] = folder / name;
}

void append_in_force(const Found& found, PolicyFile::Kind kind, std::vector<PolicyFile>& files)
{
    files.insert(files.end(), found.broken.begin(), found.broken.end());
    for (const auto& [name, path] : found.path_of) {
        if (auto file = read_file(path, kind))
            files.push_back(std::move(*file));
    }
}

void append_folders(const PolicyPlaces& places, PolicyFile::Kind kind, std::vector<PolicyFile>& files)
{
    Found found;
    for (const fs::path& place : places.paths) {
        std::error_code ignored;  // what cannot be looked at is reported when it is opened
        const bool is_single_file = places.origin == PolicyPlaces::Origin::given && fs::exists(place, ignored) &&
                                    !fs::is_directory(place, ignored);
        if (is_single_file)
            found.path_of[place.filename().string()] = place;
        else
            look_into_folder(place, kind, places.origin, found);
    }
    append_in_force(found, kind, files);
}

void append_settings(const PolicyPlaces& places, std::vector<PolicyFile>& files)
{
    const bool is_given = places.origin == PolicyPlaces::Origin::given;
    const auto is_there = [](const fs::path& path) {
        std::error_code error;
        // A link counts wherever it leads to: one to /dev/null masks the vendor's file, a broken one is reported.
        return fs::exists(fs::symlink_status(path, error));
    };
    std::vector<fs::path> chosen = places.paths;
    if (!is_given) {
        const auto highest = std::find_if(places.paths.rbegin(), places.paths.rend(), is_there);
        chosen.assign(highest, highest == places.paths.rend() ? highest : std::next(highest));
    }
    for (const fs::path& path : chosen) {
        if (is_given && !is_there(path))
            files.push_back(broken_place(path, PolicyFile::Kind::settings, ENOENT));
        else if (auto file = read_file(path, PolicyFile::Kind::settings))
            files.push_back(std::move(*file));
    }
}

}  // namespace

PolicySources default_sources(const fs::path& root)
{
    PolicySources sources;
    for (const auto* folder : {"usr/lib/priorityd", "run/priorityd", "etc/priorityd"}) {
        sources.settings.paths.push_back(root / folder / "priorityd.toml");
        sources.settings_folders.paths.push_back(root / folder / "priorityd.toml.d");
        sources.rules.paths.push_back(root / folder / "rules.d");
    }
    return sources;
}

void use_settings_file(PolicySources& sources, const fs::path& file)
{
    sources.settings = {PolicyPlaces::Origin::given, {file}};
    sources.settings_folders = {};
}

void use_rules(PolicySources& sources, const std::vector<fs::path>& places)
{
    sources.rules = {PolicyPlaces::Origin::given, places};
}

std::vector<PolicyFile> read_policy_files(const PolicySources& sources)
{
    std::vector<PolicyFile> files;
    append_settings(sources.settings, files);
    append_folders(sources.settings_folders, PolicyFile::Kind::settings, files);
    append_folders(sources.rules, PolicyFile::Kind::rules, files);
    return files;
}

std::vector<fs::path> folders_to_watch(const PolicySources& sources)
{
    std::vector<fs::path> folders;
    const auto add = [&](const fs::path& folder) {
        if (std::ranges::find(folders, folder) == folders.end())
            folders.push_back(folder);
    };
    const auto folder_of = [](const fs::path& file) {
        return file.has_parent_path() ? file.parent_path() : fs::path{"."};
    };
    for (const fs::path& file : sources.settings.paths)
        add(folder_of(file));
    for (const fs::path& folder : sources.settings_folders.paths)
        add(folder);
    for (const fs::path& place : sources.rules.paths) {
        std::error_code ignored;
        add(fs::is_regular_file(place, ignored) ? folder_of(place) : place);
    }
    return folders;
}

}  // namespace priorityd::kernel
