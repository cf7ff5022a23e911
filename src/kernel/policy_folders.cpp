// SPDX-License-Identifier: GPL-3.0-or-later
/// Finding and reading settings and rule files by the drop-in convention. Source: systemd.unit(5),
/// systemd-system.conf(5).
#include "kernel/policy_folders.hpp"

#include <algorithm>
#include <cerrno>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "core/result.hpp"
#include "kernel/ananicy_folders.hpp"
#include "kernel/policy_file.hpp"

namespace priorityd::kernel {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffix = ".toml";

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
        found.broken.push_back(broken_policy_place(folder, kind, names.error().code));
    if (!names)
        return;
    for (const std::string& name : *names)
        found.path_of[name] = folder / name;
}

void append_in_force(const Found& found, PolicyFile::Kind kind, std::vector<PolicyFile>& files)
{
    files.insert(files.end(), found.broken.begin(), found.broken.end());
    for (const auto& [name, path] : found.path_of) {
        if (auto file = read_policy_file(path, kind))
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
            files.push_back(broken_policy_place(path, PolicyFile::Kind::settings, ENOENT));
        else if (auto file = read_policy_file(path, PolicyFile::Kind::settings))
            files.push_back(std::move(*file));
    }
}

std::vector<PolicyFile> read_settings_files(const PolicySources& sources)
{
    std::vector<PolicyFile> files;
    append_settings(sources.settings, files);
    append_folders(sources.settings_folders, PolicyFile::Kind::settings, files);
    return files;
}

/// With those that the settings bring in.
PolicyPlaces ananicy_places(const PolicySources& sources, const Settings& settings)
{
    using From = PolicySources::FromSettings;
    PolicyPlaces places = sources.ananicy;
    if (sources.from_settings == From::nothing)
        return places;
    std::error_code ignored;  // what cannot be looked at is reported when it is opened
    if (settings.ananicy_dirs) {
        places.paths.insert(places.paths.begin(), settings.ananicy_dirs->begin(), settings.ananicy_dirs->end());
    } else if (sources.from_settings == From::named_or_standard && settings.reads_ananicy &&
               fs::exists(sources.standard_ananicy_folder, ignored)) {
        places.paths.insert(places.paths.begin(), sources.standard_ananicy_folder);
    }
    return places;
}

void append_ananicy_file(const fs::path& path, std::vector<PolicyFile>& files)
{
    if (auto file = read_policy_file(path, ananicy_kind(path).value_or(PolicyFile::Kind::ananicy)))
        files.push_back(std::move(*file));
}

void append_ananicy(const PolicyPlaces& places, std::vector<PolicyFile>& files)
{
    for (const fs::path& place : places.paths) {
        std::error_code ignored;
        if (fs::is_regular_file(place, ignored)) {
            append_ananicy_file(place, files);
            continue;
        }
        const auto found = ananicy_files(place);
        if (!found)
            files.push_back(broken_policy_place(place, PolicyFile::Kind::ananicy, found.error().code));
        else
            std::ranges::for_each(*found, [&](const fs::path& path) { append_ananicy_file(path, files); });
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
    sources.from_settings = PolicySources::FromSettings::named_or_standard;
    sources.standard_ananicy_folder = root / "etc/ananicy.d";
    return sources;
}

void use_settings_file(PolicySources& sources, const fs::path& file)
{
    sources.settings = {PolicyPlaces::Origin::given, {file}};
    sources.settings_folders = {};
}

void use_rules(PolicySources& sources, const std::vector<fs::path>& places)
{
    sources.rules = sources.ananicy = {PolicyPlaces::Origin::given, {}};
    sources.from_settings = PolicySources::FromSettings::named;
    for (const fs::path& place : places) {
        const bool is_ananicy = ananicy_kind(place) || is_ananicy_folder(place);
        (is_ananicy ? sources.ananicy : sources.rules).paths.push_back(place);
    }
}

std::optional<fs::path> folder_for_new_rules(const PolicySources& sources)
{
    const auto is_folder = [&](const fs::path& place) {
        std::error_code error;
        return sources.rules.origin == PolicyPlaces::Origin::standard || fs::is_directory(place, error);
    };
    const auto& places = sources.rules.paths;
    const auto last = std::find_if(places.rbegin(), places.rend(), is_folder);
    return last == places.rend() ? std::nullopt : std::optional{*last};
}

std::vector<PolicyFile> read_policy_files(const PolicySources& sources)
{
    auto files = read_settings_files(sources);
    append_ananicy(ananicy_places(sources, read_settings(files)), files);
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
    for (const fs::path& place : ananicy_places(sources, read_settings(read_settings_files(sources))).paths) {
        add(place);
        std::ranges::for_each(ananicy_folders(place), add);
    }
    return folders;
}

}  // namespace priorityd::kernel
