// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scoring/app_id.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "core/cgroup_path.hpp"

namespace priorityd {
namespace {

constexpr std::string_view kFlatpakFiles = "/app/";
constexpr std::array<std::string_view, 2> kSnapFolders{"/snap/", "/var/lib/snapd/snap/"};
/// Not the folders of commands: those are known by entries that start them, whatever unit they run in.
constexpr std::array<std::string_view, 5> kProgramFolders{"/opt/", "/usr/lib/", "/usr/lib64/", "/usr/libexec/",
                                                          "/usr/share/"};

bool take_lead(std::string_view& text, std::string_view lead)
{
    const bool has_it = text.starts_with(lead);
    text.remove_prefix(has_it ? lead.size() : 0);
    return has_it;
}

bool take_ending(std::string_view& text, std::string_view ending)
{
    const bool has_it = text.ends_with(ending);
    text.remove_suffix(has_it ? ending.size() : 0);
    return has_it;
}

std::optional<int> hex_digit(char c)
{
    constexpr int kTen = 10;
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + kTen;
    return std::nullopt;
}

/// "a\x2db" is "a-b". Empty where a backslash begins nothing of that form. Source: systemd.unit(5), "String escaping".
std::optional<std::string> unescaped(std::string_view text)
{
    constexpr std::string_view kLead = "\\x";
    constexpr std::size_t kDigits = 2;
    constexpr int kBase = 16;
    std::string plain;
    while (!text.empty()) {
        if (text.front() != '\\') {
            plain += text.front();
            text.remove_prefix(1);
            continue;
        }
        if (!take_lead(text, kLead) || text.size() < kDigits)
            return std::nullopt;
        const auto high = hex_digit(text[0]);
        const auto low = hex_digit(text[1]);
        if (!high || !low)
            return std::nullopt;
        plain += static_cast<char>(*high * kBase + *low);
        text.remove_prefix(kDigits);
    }
    return plain;
}

/// What can be a file's name, and nothing but a file's name.
bool is_id(std::string_view id)
{
    constexpr std::size_t kLongest = 200;
    const auto is_allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
               c == '-' || c == '+';
    };
    return !id.empty() && id.size() <= kLongest && id.front() != '.' && id.front() != '-' &&
           std::ranges::all_of(id, is_allowed);
}

App app_with_id(App::Kind kind, std::string_view escaped)
{
    auto id = unescaped(escaped);
    return id && is_id(*id) ? App{kind, *std::move(id)} : App{};
}

/// The part before the last `-`, and behind; the first is empty where there is none.
std::pair<std::string_view, std::string_view> cut_at_last_dash(std::string_view text)
{
    const auto dash = text.rfind('-');
    if (dash == std::string_view::npos)
        return {{}, text};
    return {text.substr(0, dash), text.substr(dash + 1)};
}

/// app[-LAUNCHER]-ID[@RANDOM].service and app[-LAUNCHER]-ID-RANDOM.scope. In the parts `-` is escaped, except that
/// Flatpak, a launcher too, does not: app-flatpak-ID-NUMBER.scope.
App desktop_app(std::string_view unit)
{
    constexpr std::string_view kFlatpak = "flatpak-";
    if (take_ending(unit, ".service"))
        unit = unit.substr(0, unit.find('@'));
    else if (take_ending(unit, ".scope") && !unit.ends_with('-'))
        unit = cut_at_last_dash(unit).first;
    else
        return {};
    if (!take_lead(unit, "app-"))
        return {};
    if (take_lead(unit, kFlatpak))
        return app_with_id(App::Kind::flatpak, unit);
    const auto [launcher, id] = cut_at_last_dash(unit);
    return launcher.find('-') == std::string_view::npos ? app_with_id(App::Kind::desktop, id) : App{};
}

/// Whether it is one as `uuidgen` prints it.
bool is_uuid(std::string_view text)
{
    constexpr std::string_view kForm = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    return std::ranges::equal(text, kForm,
                              [](char c, char form) { return form == '-' ? c == '-' : hex_digit(c).has_value(); });
}

/// snap.NAME.APP.service, snap.NAME.APP-UUID.scope and, of earlier ones, snap.NAME.APP.UUID.scope. The entry is called
/// NAME_APP. A hook has one part more. Source: snapd, "systemd units of snaps".
App snap_app(std::string_view unit)
{
    constexpr std::size_t kUuid = 36;
    if (!take_lead(unit, "snap."))
        return {};
    if (take_ending(unit, ".scope")) {
        if (unit.size() <= kUuid + 1 || !is_uuid(unit.substr(unit.size() - kUuid)))
            return {};
        const char between = unit[unit.size() - kUuid - 1];
        if (between != '-' && between != '.')
            return {};
        unit.remove_suffix(kUuid + 1);
    } else if (!take_ending(unit, ".service")) {
        return {};
    }
    const auto dot = unit.find('.');
    if (dot == 0 || dot == std::string_view::npos || unit.find('.', dot + 1) != std::string_view::npos ||
        dot + 1 == unit.size())
        return {};
    std::string entry{unit};
    entry[dot] = '_';
    return app_with_id(App::Kind::snap, entry);
}

/// "/snap/NAME/" and where else that lies.
bool is_file_of_snap(std::string_view id, std::string_view exe)
{
    const auto name = id.substr(0, id.rfind('_'));
    return std::ranges::any_of(kSnapFolders, [&](std::string_view folder) {
        auto rest = exe;
        return take_lead(rest, folder) && take_lead(rest, name) && rest.starts_with('/');
    });
}

}  // namespace

App app_of_cgroup(std::string_view cgroup)
{
    const auto unit = unit_of(cgroup);
    return unit.starts_with("snap.") ? snap_app(unit) : desktop_app(unit);
}

bool is_own_file(const App& app, std::string_view exe)
{
    if (app.empty())
        return false;
    const auto is_below = [&](std::string_view folder) { return exe.starts_with(folder); };
    switch (app.kind) {
        case App::Kind::flatpak: return is_below(kFlatpakFiles);
        case App::Kind::snap: return is_file_of_snap(app.id, exe);
        case App::Kind::desktop: break;
    }
    return std::ranges::any_of(kProgramFolders, is_below);
}

bool is_inside_app(std::string_view exe)
{
    return exe.starts_with(kFlatpakFiles) ||
           std::ranges::any_of(kSnapFolders, [&](std::string_view folder) { return exe.starts_with(folder); });
}

}  // namespace priorityd
