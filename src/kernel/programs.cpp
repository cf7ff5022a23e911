// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/programs.hpp"

#include <fcntl.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <string_view>
#include <system_error>
#include <utility>

#include "kernel/file_id.hpp"
#include "kernel/package_owners.hpp"
#include "kernel/package_text.hpp"
#include "kernel/rpm_database.hpp"

namespace priorityd::kernel {
namespace {

namespace fs = std::filesystem;

/// Of 100,000 packages.
constexpr std::uintmax_t kLargestStatus = 128UL << 20U;

/// `owners`: of the paths of programs, those of `into`, and then of others.
void add_packages(const PackageOwners& owners, const fs::path& status, std::vector<ProgramInfo>& into, Refused& refused)
{
    std::error_code error;
    if (owners.empty() || !fs::is_regular_file(status, error))
        return;
    if (fs::file_size(status, error) > kLargestStatus)
        return refuse(status.string(), refused);
    std::ifstream text{status};
    const auto bad = for_each_package(text, [&](const PackageStanza& stanza) {
        for (const auto index : owners.of(stanza.package)) {
            if (index < into.size())
                into[index] = info_of(stanza);
        }
    });
    if (bad > 0)
        refuse(status.string(), refused);
}

/// Programs whose files are here, with the entries of the applications that they claim to belong to.
struct Known {
    std::vector<ProgramFile> programs;
    std::vector<std::string> paths;                 ///< Of the programs; then those of entries.
    std::map<std::size_t, std::size_t> entry_path;  ///< From a program to its entry, where it has one.
};

Known with_entries(std::vector<ProgramFile> programs, const std::vector<std::string>& folders)
{
    Known known{.programs = std::move(programs), .paths = {}, .entry_path = {}};
    for (const auto& program : known.programs)
        known.paths.push_back(program.exe);
    for (std::size_t i = 0; i < known.programs.size(); ++i) {
        const App& app = known.programs[i].app;
        auto entry = app.kind == App::Kind::desktop ? entry_of(app, folders) : std::string{};
        if (entry.empty())
            continue;
        known.entry_path.emplace(i, known.paths.size());
        known.paths.push_back(std::move(entry));
    }
    return known;
}

/// Where both know of a program, as on a Debian with RPM installed, dpkg does better.
void add_packages(const RpmPackages& packages, std::vector<ProgramInfo>& into)
{
    for (const auto& [number, package] : packages) {
        for (const auto index : package.files) {
            if (index < into.size() && into[index].empty())
                into[index] = package.info;
        }
    }
}

bool share(const RpmPackages& packages, std::size_t one, std::size_t other)
{
    return std::ranges::any_of(packages, [&](const auto& entry) {
        return entry.second.files.contains(one) && entry.second.files.contains(other);
    });
}

/// A unit named after an application holds all that this one starts, too: only programs of the entry's package are it.
void add_categories_of_apps(const Known& known, const PackageOwners& owners, const RpmPackages& packages,
                            std::vector<ProgramInfo>& into, Refused& refused)
{
    for (const auto& [program, entry] : known.entry_path) {
        if (into[program].categories.empty() && (owners.share(program, entry) || share(packages, program, entry)))
            into[program].categories = categories_in(known.paths[entry], refused);
    }
}

std::vector<ProgramInfo> look_up_known(const Known& known, const std::stop_token& stop, const ProgramPlaces& places,
                                       Refused& refused)
{
    std::vector<ProgramInfo> found(known.programs.size());
    if (found.empty())
        return found;
    PackageOwners owners{known.paths, fs::path{places.dpkg} / "info"};
    owners.find(stop, refused);
    if (!stop.stop_requested())
        add_packages(owners, fs::path{places.dpkg} / "status", found, refused);
    const auto packages = rpm_packages_of(known.paths, places.rpm, stop, refused);
    add_packages(packages, found);
    auto categories = categories_of(known.programs, places.applications, stop, refused);
    for (std::size_t i = 0; i < found.size(); ++i)
        found[i].categories = std::move(categories[i]);
    add_categories_of_apps(known, owners, packages, found, refused);
    return found;
}

/// Of a program in a mount namespace of its own.
ProgramInfo look_up_inside_app(const App& app, const ProgramPlaces& places, Refused& refused)
{
    if (app.kind == App::Kind::desktop)
        return {};
    ProgramInfo info;
    const auto entry = entry_of(app, app.kind == App::Kind::snap ? places.snap : places.flatpak);
    if (!entry.empty())
        info.categories = categories_in(entry, refused);
    return info;
}

}  // namespace

ProgramFindings look_up_programs(const std::vector<ProgramFile>& programs, const std::stop_token& stop,
                                 const ProgramPlaces& places)
{
    ProgramFindings findings;
    findings.programs.resize(programs.size());
    std::vector<ProgramFile> here;
    Indices places_of;
    for (std::size_t i = 0; i < programs.size(); ++i) {
        const auto& program = programs[i];
        if (!program.app.empty() && program.app.kind != App::Kind::desktop) {
            findings.programs[i] = look_up_inside_app(program.app, places, findings.refused);
        } else if (file_id(AT_FDCWD, program.exe.c_str()) == program.id) {
            here.push_back(program);
            places_of.push_back(i);
        }
    }
    auto found = look_up_known(with_entries(std::move(here), places.applications), stop, places, findings.refused);
    for (std::size_t i = 0; i < found.size(); ++i)
        findings.programs[places_of[i]] = std::move(found[i]);
    return findings;
}

}  // namespace priorityd::kernel
