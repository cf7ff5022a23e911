// SPDX-License-Identifier: GPL-3.0-or-later
/// Fuzz target: what units, desktop entries and dpkg say of programs, on any bytes.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>
#include <string_view>

#include "core/scoring/app_id.hpp"
#include "fuzz/expect.hpp"
#include "kernel/package_text.hpp"

using namespace priorityd;

namespace {

bool is_file_name_character(char c)
{
    constexpr std::string_view kMarks = "._-+";
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kMarks.find(c) != std::string_view::npos;
}

/// `text`: the path of a cgroup, and behind a NUL that of a program.
void check_app(std::string_view text)
{
    const auto end = std::min(text.find('\0'), text.size());
    const App app = app_of_cgroup(text.substr(0, end));
    const auto exe = text.substr(std::min(end + 1, text.size()));
    const auto file_name = app.id + ".desktop";
    expect(std::ranges::all_of(app.id, is_file_name_character) && file_name.size() <= 255);
    expect(app.empty() || (app.id.front() != '.' && app.id.front() != '-'));
    expect(!app.empty() || app == App{});
    expect(!app.empty() || !is_own_file(app, exe));
    // What only its mount namespace has is looked up by its own entry.
    expect(app.kind == App::Kind::desktop || !is_own_file(app, exe) || exe.starts_with('/'));
    expect(app.kind != App::Kind::flatpak || !is_own_file(app, exe) || is_inside_app(exe));
    expect(app.kind != App::Kind::snap || !is_own_file(app, exe) || is_inside_app(exe));
}

void check_list(const std::vector<std::string>& parts, char between)
{
    for (const auto& part : parts) {
        expect(!part.empty() && part.find(between) == std::string::npos);
        expect(part.front() != ' ' && part.back() != ' ');
    }
}

void check_desktop_entry(const std::string& text)
{
    const auto entry = kernel::parse_desktop_entry(text);
    // A group that follows, as actions do, changes nothing.
    const auto longer =
        kernel::parse_desktop_entry(text + "\n[Desktop Action x]\nExec=other\nCategories=Other;\nType=x\n");
    expect(entry.has_value() == longer.has_value());
    if (!entry)
        return;
    expect(entry->program == longer->program && entry->categories == longer->categories);
    expect(text.find('\0') == std::string::npos && text.find("[Desktop Entry]") != std::string::npos);
    expect(entry->program.find('\n') == std::string::npos);
    const auto again = kernel::parse_desktop_entry(text + "\n[Desktop Entry]\nExec=other\n");
    expect(again && entry->program == again->program && entry->categories == again->categories);
    check_list(entry->categories, ';');
}

struct Counts {
    std::size_t good = 0;
    std::size_t refused = 0;
    friend bool operator==(const Counts&, const Counts&) = default;
};

Counts packages_in(const std::string& text)
{
    std::istringstream status{text};
    Counts counts;
    counts.refused = kernel::for_each_package(status, [&](const kernel::PackageStanza& stanza) {
        ++counts.good;
        expect(!stanza.package.empty() && stanza.package.find('\n') == std::string::npos);
        check_list(kernel::info_of(stanza).tags, ',');
    });
    return counts;
}

/// Each paragraph counts once and by itself.
void check_status(const std::string& text)
{
    const auto once = packages_in(text);
    const auto twice = packages_in(text + "\n\n" + text);
    expect(twice == Counts{.good = 2 * once.good, .refused = 2 * once.refused});
    expect(once.good + once.refused <= text.size() / 2 + 1);
    const bool is_blank = text.find_first_not_of('\n') == std::string::npos;
    expect((once == Counts{}) == is_blank);
}

void check_list_name(std::string_view name)
{
    const auto package = kernel::package_of_list(name);
    expect(name.starts_with(package) && package.find(':') == std::string_view::npos);
    const auto paths = kernel::paths_in_packages(name);
    expect(paths.front() == name && paths.size() == (name.starts_with("/usr/") ? 2 : 1));
    expect(name.ends_with(paths.back()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    // The first byte chooses what the rest is.
    if (size == 0)
        return 0;
    const std::string text{bytes + 1, bytes + size};
    switch (bytes[0]) {
        case 'a': check_app(text); break;
        case 'e': check_desktop_entry(text); break;
        case 'l': check_list_name(text); break;
        default: check_status(text); break;
    }
    return 0;
}
