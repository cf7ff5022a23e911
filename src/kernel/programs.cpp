// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/programs.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <set>
#include <string_view>
#include <system_error>
#include <unordered_map>

#include "core/names.hpp"
#include "kernel/package_text.hpp"

namespace priorityd::kernel {
namespace {

namespace fs = std::filesystem;

/// A desktop entry in a hundred languages has 30 KB.
constexpr std::uintmax_t kLargestEntry = 256UL << 10U;

/// Calls visit(path) for each file of the folder, until it is asked to stop; none where it cannot be read.
template <typename Visit>
void for_each_file(const fs::path& folder, const std::stop_token& stop, Visit visit)
{
    std::error_code error;
    for (fs::directory_iterator entry{folder, error};
         !error && !stop.stop_requested() && entry != fs::directory_iterator{}; entry.increment(error))
        visit(entry->path());
}

/// Indices of programs.
using Indices = std::vector<std::size_t>;
using ByText = std::unordered_map<std::string_view, Indices>;

/// Which packages have put programs there.
class Owners {
public:
    Owners(const std::vector<ProgramFile>& programs, fs::path lists) : programs_{programs}, lists_{std::move(lists)}
    {
        constexpr std::string_view kUsr = "/usr";
        for (std::size_t i = 0; i < programs.size(); ++i) {
            const std::string_view exe = programs[i].exe;
            wanted_[exe].push_back(i);
            // What is below /usr now was put beside it by packages that do not know. Source: hier(7), merged /usr.
            if (exe.starts_with(kUsr))
                wanted_[exe.substr(kUsr.size())].push_back(i);
        }
    }

    void find(const std::stop_token& stop)
    {
        // Most programs are in a package of their name: then no other list has to be read.
        for (const auto& program : programs_)
            read(lists_ / (std::string{base_name(program.exe)} + ".list"));
        if (found_.size() < programs_.size())
            for_each_file(lists_, stop, [this](const fs::path& list) { read(list); });
    }

    /// The programs of this package.
    [[nodiscard]] Indices of(const std::string& package) const
    {
        const auto its = by_package_.find(package);
        return its == by_package_.end() ? Indices{} : Indices{its->second.begin(), its->second.end()};
    }
    [[nodiscard]] bool empty() const { return by_package_.empty(); }

private:
    void read(const fs::path& list)
    {
        const auto file_name = list.filename().string();
        const std::string package{package_of_list(file_name)};
        if (package.empty())
            return;
        std::ifstream lines{list};
        while (std::getline(lines, line_)) {
            if (const auto its = wanted_.find(line_); its != wanted_.end()) {
                by_package_[package].insert(its->second.begin(), its->second.end());
                found_.insert(its->second.begin(), its->second.end());
            }
        }
    }

    const std::vector<ProgramFile>& programs_;
    fs::path lists_;
    ByText wanted_;  // by path
    std::unordered_map<std::string, std::set<std::size_t>> by_package_;
    std::set<std::size_t> found_;
    std::string line_;
};

void add_packages(const std::vector<ProgramFile>& programs, const fs::path& dpkg, const std::stop_token& stop,
                  std::vector<ProgramInfo>& into)
{
    Owners owners{programs, dpkg / "info"};
    owners.find(stop);
    if (owners.empty() || stop.stop_requested())
        return;
    std::ifstream status{dpkg / "status"};
    for_each_package(status, [&](const PackageStanza& stanza) {
        for (const auto index : owners.of(stanza.package))
            into[index] = info_of(stanza);
    });
}

/// Where several entries start the same program, as they do a launcher, what they have in common.
class Categories {
public:
    void add(const std::vector<std::string>& more)
    {
        if (!std::exchange(is_known_, true))
            common_ = more;
        else
            std::erase_if(common_, [&](const std::string& one) { return std::ranges::find(more, one) == more.end(); });
    }
    [[nodiscard]] const std::vector<std::string>& common() const { return common_; }

private:
    bool is_known_ = false;
    std::vector<std::string> common_;
};

void add_categories(const std::vector<ProgramFile>& programs, const std::vector<std::string>& places,
                    const std::stop_token& stop, std::vector<ProgramInfo>& into)
{
    ByText by_name;
    for (std::size_t i = 0; i < programs.size(); ++i)
        by_name[base_name(programs[i].exe)].push_back(i);
    std::vector<Categories> categories(programs.size());
    for (const auto& place : places) {
        for_each_file(place, stop, [&](const fs::path& path) {
            std::error_code error;
            if (path.extension() != ".desktop" || fs::file_size(path, error) > kLargestEntry || error)
                return;
            std::ifstream text{path};
            const auto entry = parse_desktop_entry(text);
            const auto found = by_name.find(base_name(entry.program));
            if (found == by_name.end())
                return;
            for (const auto index : found->second) {
                if (!entry.program.starts_with('/') || entry.program == programs[index].exe)
                    categories[index].add(entry.categories);
            }
        });
    }
    for (std::size_t i = 0; i < programs.size(); ++i)
        into[i].categories = categories[i].common();
}

}  // namespace

FileId file_id(int below, const char* path)
{
    constexpr std::int64_t kNanosecondsASecond = 1'000'000'000;
    struct stat info {};
    if (::fstatat(below, path, &info, 0) != 0)
        return {};
    return {.device = info.st_dev,
            .inode = info.st_ino,
            .changed = info.st_ctim.tv_sec * kNanosecondsASecond + info.st_ctim.tv_nsec};
}

std::vector<ProgramInfo> look_up_programs(const std::vector<ProgramFile>& programs, const std::stop_token& stop,
                                          const ProgramPlaces& places)
{
    std::vector<ProgramFile> here;
    Indices places_of;
    for (std::size_t i = 0; i < programs.size(); ++i) {
        if (file_id(AT_FDCWD, programs[i].exe.c_str()) != programs[i].id)
            continue;
        here.push_back(programs[i]);
        places_of.push_back(i);
    }
    std::vector<ProgramInfo> found(here.size());
    if (!here.empty()) {
        add_packages(here, places.dpkg, stop, found);
        add_categories(here, places.applications, stop, found);
    }
    std::vector<ProgramInfo> all(programs.size());
    for (std::size_t i = 0; i < here.size(); ++i)
        all[places_of[i]] = std::move(found[i]);
    return all;
}

}  // namespace priorityd::kernel
