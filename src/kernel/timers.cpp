// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/timers.hpp"

#include <cstddef>
#include <filesystem>
#include <system_error>
#include <utility>

#include "core/cgroup_path.hpp"
#include "kernel/bounded_file.hpp"
#include "kernel/key_lines.hpp"

namespace priorityd::kernel {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kTimer = ".timer";
constexpr std::string_view kService = ".service";
/// The longest timers of distributions have 2 KB.
constexpr std::size_t kLargestTimer = 64UL * 1024;
/// A machine has a few dozen. Users cannot write there; a bug of a generator should not fill memory.
constexpr std::size_t kMostTimers = 4096;

/// "scrub@%i.service" is an instance of "scrub@.service".
std::string template_of(std::string_view name)
{
    const auto at = name.find('@');
    const auto percent = name.find('%');
    if (percent == std::string_view::npos)
        return std::string{name};
    return at < percent ? std::string{name.substr(0, at + 1)} + std::string{kService} : std::string{};
}

/// The value behind `Unit=` in the section [Timer]; the last one counts.
std::string_view unit_in(std::string_view text)
{
    std::string_view unit;
    bool is_in_section = false;
    while (!text.empty()) {
        const auto line = trimmed(take_line(text));
        if (line.starts_with('[')) {
            is_in_section = line == "[Timer]";
            continue;
        }
        const auto [key, value] = field_of(line, '=');
        if (is_in_section && key == "Unit")
            unit = value;
    }
    return unit;
}

std::set<std::string, std::less<>> services_in(const std::vector<std::string>& folders)
{
    std::set<std::string, std::less<>> services;
    std::set<std::string, std::less<>> seen;
    for (const auto& folder : folders) {
        std::error_code error;
        for (fs::directory_iterator entry{folder, error};
             !error && entry != fs::directory_iterator{} && seen.size() < kMostTimers; entry.increment(error)) {
            auto name = entry->path().filename().string();
            // A file of a higher folder replaces one of the same name in a lower one, a mask too.
            if (!name.ends_with(kTimer) || !seen.insert(name).second)
                continue;
            const auto text = read_bounded_file(entry->path(), kLargestTimer);
            auto service = text ? service_of_timer(name, *text) : std::string{};
            if (!service.empty())
                services.insert(std::move(service));
        }
    }
    return services;
}

}  // namespace

std::string service_of_timer(std::string_view name, std::string_view text)
{
    if (!name.ends_with(kTimer))
        return {};
    const auto said = unit_in(text);
    auto service = said.empty() ? std::string{name.substr(0, name.size() - kTimer.size())} + std::string{kService}
                                : template_of(said);
    return service.ends_with(kService) && is_leaf_unit_name(service) ? service : std::string{};
}

TimedServices read_timers(const TimerPlaces& places)
{
    return {.system = services_in(places.system), .user = services_in(places.user)};
}

}  // namespace priorityd::kernel
