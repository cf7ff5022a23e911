// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/desktop_entries.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>

#include "core/names.hpp"
#include "kernel/bounded_file.hpp"
#include "kernel/package_text.hpp"

namespace priorityd::kernel {
namespace {

namespace fs = std::filesystem;

/// A desktop entry in a hundred languages has 30 KB.
constexpr std::size_t kLargestEntry = 256UL << 10U;

constexpr std::string_view kEnding = ".desktop";

/// Empty where it was refused, or has gone meanwhile: a link to nothing is what an uninstalled application leaves.
std::optional<DesktopEntry> read_entry(const fs::path& path, Refused& refused)
{
    const auto text = read_bounded_file(path, kLargestEntry);
    auto entry = text ? parse_desktop_entry(*text) : std::nullopt;
    const bool is_gone = !text && (text.error().code == ENOENT || text.error().code == EACCES);
    if (!entry && !is_gone)
        refuse(path.string(), refused);
    return entry;
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

}  // namespace

void refuse(const std::string& file, Refused& refused)
{
    if (refused.size() < kMostRefused)
        refused.insert(file);
}

std::vector<std::vector<std::string>> categories_of(const std::vector<ProgramFile>& programs,
                                                    const std::vector<std::string>& folders,
                                                    const std::stop_token& stop, Refused& refused)
{
    std::unordered_map<std::string_view, std::vector<std::size_t>> by_name;
    for (std::size_t i = 0; i < programs.size(); ++i)
        by_name[base_name(programs[i].exe)].push_back(i);
    std::vector<Categories> categories(programs.size());
    const auto add = [&](const DesktopEntry& entry) {
        const auto found = by_name.find(base_name(entry.program));
        if (entry.program.empty() || found == by_name.end())
            return;
        for (const auto index : found->second) {
            if (!entry.program.starts_with('/') || entry.program == programs[index].exe)
                categories[index].add(entry.categories);
        }
    };
    for (const auto& folder : folders) {
        std::error_code error;
        for (fs::directory_iterator file{folder, error};
             !error && !stop.stop_requested() && file != fs::directory_iterator{}; file.increment(error)) {
            if (file->path().extension() != kEnding)
                continue;
            if (const auto entry = read_entry(file->path(), refused))
                add(*entry);
        }
    }
    std::vector<std::vector<std::string>> common(programs.size());
    std::ranges::transform(categories, common.begin(), &Categories::common);
    return common;
}

std::string entry_of(const App& app, const std::vector<std::string>& folders)
{
    for (const auto& folder : folders) {
        const auto path = fs::path{folder} / (app.id + std::string{kEnding});
        std::error_code error;
        if (!app.empty() && fs::exists(path, error))
            return path.string();
    }
    return {};
}

std::vector<std::string> categories_in(const std::string& entry, Refused& refused)
{
    const auto read = read_entry(entry, refused);
    return read ? read->categories : std::vector<std::string>{};
}

}  // namespace priorityd::kernel
