// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/rpm_database.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "kernel/file_id.hpp"
#include "kernel/package_text.hpp"
#include "kernel/rpm_header.hpp"
#include "kernel/sqlite.hpp"

namespace priorityd::kernel {
namespace {

namespace fs = std::filesystem;

/// Half a kilobyte for each file: of a package of 60,000.
constexpr int kLargestHeader = 32 << 20;
/// A program takes some hundred, more where packages have thousands of folders; so many take half a second.
constexpr std::int64_t kMostSteps = 20'000'000;
/// The same name in the same folder of two packages is rare; of more, the first ones count.
constexpr std::int64_t kMostOwners = 16;

/// RPM writes to the file itself once, at the end of its work, for some milliseconds.
constexpr int kMostAttempts = 3;

/// The folder narrows them down to the packages that have both: there are hundreds with a file called "configure".
/// Which folder that file is in, the package's header says. The `+` has the folders of one package looked at, and not
/// the packages of one folder, which for /usr/bin/ are most.
constexpr const char* kOwners = R"(
SELECT hnum, idx FROM Basenames AS name
WHERE key = CAST(?1 AS TEXT) AND EXISTS (
    SELECT 1 FROM Dirnames WHERE hnum = name.hnum AND +key IN (CAST(?2 AS TEXT), CAST(?3 AS TEXT)))
LIMIT ?4)";

constexpr const char* kHeader = "SELECT blob FROM Packages WHERE hnum = ?1";

/// A file of a package, as the database numbers both.
struct Place {
    std::int64_t package;
    std::int64_t file;
};

/// What follows the last `/`.
std::string_view name_in(std::string_view path)
{
    return path.substr(path.rfind('/') + 1);
}

std::string_view folder_of(std::string_view path)
{
    return path.substr(0, path.rfind('/') + 1);
}

/// One look into the database, as it is at that moment.
class Reading {
public:
    Reading(Database database, const std::stop_token& stop) : database_{std::move(database)}, stop_{stop} {}

    void find_owners(const std::vector<std::string>& paths)
    {
        for (std::size_t i = 0; i < paths.size(); ++i) {
            const auto known_as = paths_in_packages(paths[i]);
            const auto places = places_of(known_as);
            if (!places)
                return;
            for (const auto& place : *places)
                add(i, known_as, place);
        }
    }

    /// Whether something could not be read, be it all or a single package.
    [[nodiscard]] bool is_refused() const { return is_refused_; }
    [[nodiscard]] RpmPackages packages() && { return std::move(packages_); }

private:
    /// Where the database says that files of these names are, which have one base name. Empty when it cannot be read.
    std::optional<std::vector<Place>> places_of(const std::vector<std::string_view>& paths)
    {
        auto owners = database_.prepare(kOwners);
        if (!owners)
            return refuse();
        owners->bind(1, name_in(paths.front()));
        owners->bind(2, folder_of(paths.front()));
        owners->bind(3, folder_of(paths.back()));
        owners->bind(4, kMostOwners);
        std::vector<Place> places;
        for (;;) {
            const auto row = owners->step();
            if (!row)
                return refuse();
            if (!*row)
                return places;
            places.push_back({.package = owners->integer(0), .file = owners->integer(1)});
        }
    }

    void add(std::size_t index, const std::vector<std::string_view>& paths, const Place& place)
    {
        auto packages = database_.prepare(kHeader);
        if (!packages || stop_.stop_requested())
            return void(refuse());
        packages->bind(1, place.package);
        const auto row = packages->step();
        const auto header = row && *row ? RpmHeader::parse(packages->view(0)) : std::nullopt;
        if (!header || place.file < 0 || place.file >= std::int64_t{header->file_count()})
            return void(refuse());
        if (std::ranges::find(paths, header->file(static_cast<std::uint32_t>(place.file))) == paths.end())
            return;
        auto& package = packages_[place.package];
        package.info.section = header->group();
        package.info.description = header->summary();
        package.files.insert(index);
    }

    std::nullopt_t refuse()
    {
        is_refused_ = true;
        return std::nullopt;
    }

    Database database_;
    const std::stop_token& stop_;
    RpmPackages packages_;
    bool is_refused_ = false;
};

/// What is known of the packages, and whether something was refused.
std::pair<RpmPackages, bool> look_into(const std::string& file, const std::vector<std::string>& paths,
                                       const std::stop_token& stop)
{
    auto database =
        Database::open_as_it_is(file, {.largest_value = kLargestHeader, .most_steps = kMostSteps, .stop = stop});
    if (!database)
        return {{}, true};
    Reading reading{*std::move(database), stop};
    reading.find_owners(paths);
    const bool is_refused = reading.is_refused() && !stop.stop_requested();
    return {std::move(reading).packages(), is_refused};
}

bool is_regular_file(const std::string& file)
{
    std::error_code error;
    return fs::is_regular_file(file, error);
}

}  // namespace

RpmPackages rpm_packages_of(const std::vector<std::string>& paths, const std::vector<std::string>& databases,
                            const std::stop_token& stop, Refused& refused)
{
    const auto file = std::ranges::find_if(databases, is_regular_file);
    if (paths.empty() || file == databases.end())
        return {};
    for (int attempt = 0; attempt < kMostAttempts && !stop.stop_requested(); ++attempt) {
        const auto before = file_id(AT_FDCWD, file->c_str());
        auto [packages, is_refused] = look_into(*file, paths, stop);
        if (file_id(AT_FDCWD, file->c_str()) != before)
            continue;
        if (is_refused)
            refuse(*file, refused);
        return std::move(packages);
    }
    return {};
}

}  // namespace priorityd::kernel
