// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/cgroup_path.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

namespace priorityd {
namespace {

constexpr std::array<std::string_view, 3> kUnitEndings{".service", ".scope", ".socket"};

bool is_unit(std::string_view part)
{
    return std::ranges::any_of(kUnitEndings, [&](std::string_view ending) { return part.ends_with(ending); });
}

bool is_slice(std::string_view part)
{
    return part.ends_with(".slice");
}

/// Source: VALID_CHARS and UNIT_NAME_MAX in systemd's unit-name.
bool is_unit_name(std::string_view name)
{
    constexpr std::string_view kOthers = ":-_.\\@";
    constexpr std::size_t kLongest = 255;
    const auto is_allowed = [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               kOthers.find(c) != std::string_view::npos;
    };
    return name.size() <= kLongest && std::ranges::all_of(name, is_allowed) && name.find('.') > 0;
}

/// The last path component that `fits`.
template <typename Predicate>
std::string_view innermost(std::string_view path, Predicate fits)
{
    while (!path.empty()) {
        const auto slash = path.rfind('/');
        const auto part = path.substr(slash == std::string_view::npos ? 0 : slash + 1);
        if (fits(part))
            return part;
        path = path.substr(0, slash == std::string_view::npos ? 0 : slash);
    }
    return {};
}

/// systemd puts `_` before names that would collide with a kernel file, and escapes with `\x2d`. Both are left in the
/// middle, so that a unit reads as systemctl(1) prints it; only the leading underscore goes.
std::string without_guard(std::string_view part)
{
    return std::string{part.starts_with('_') ? part.substr(1) : part};
}

/// How an engine names the cgroup of one container. Sources: the systemd cgroup drivers of runc and crun, lxc.conf(5),
/// systemd-nspawn(1).
struct Engine {
    std::string_view prefix;  ///< Of the path component, before the id.
    std::string_view ending;  ///< After the id; may be empty.
    std::string_view engine;
};
constexpr std::array kEngines{
    Engine{"docker-", ".scope", "docker"},
    Engine{"libpod-", ".scope", "podman"},
    Engine{"cri-containerd-", ".scope", "containerd"},
    Engine{"nerdctl-", ".scope", "containerd"},
    Engine{"crio-", ".scope", "crio"},
    Engine{"lxc.payload.", "", "lxc"},
    Engine{"systemd-nspawn@", ".service", "nspawn"},
};

/// 1000 for "user@1000.service". Source: user@.service(5).
std::optional<Uid> user_of_manager(std::string_view part)
{
    constexpr std::string_view kLead = "user@";
    constexpr std::string_view kEnding = ".service";
    if (!part.starts_with(kLead) || !part.ends_with(kEnding) || part.size() <= kLead.size() + kEnding.size())
        return std::nullopt;
    part.remove_prefix(kLead.size());
    part.remove_suffix(kEnding.size());
    std::uint32_t uid = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), uid);
    return error == std::errc{} && end == part.data() + part.size() ? std::optional{Uid{uid}} : std::nullopt;
}

std::string container_in(std::string_view part)
{
    for (const auto& engine : kEngines) {
        if (part.starts_with(engine.prefix) && part.ends_with(engine.ending) &&
            part.size() > engine.prefix.size() + engine.ending.size()) {
            part.remove_prefix(engine.prefix.size());
            part.remove_suffix(engine.ending.size());
            return fmt::format("{}/{}", engine.engine, part);
        }
    }
    return {};
}

/// The cgroupfs driver: /docker/ID and /lxc/NAME.
std::string container_below(std::string_view cgroup)
{
    for (const std::string_view engine : {"docker", "lxc"}) {
        const auto lead = fmt::format("/{}/", engine);
        const auto at = cgroup.find(lead);
        if (at != std::string_view::npos) {
            const auto id = cgroup.substr(at + lead.size());
            return fmt::format("{}/{}", engine, id.substr(0, id.find('/')));
        }
    }
    return {};
}

}  // namespace

std::string unit_of(std::string_view cgroup)
{
    return without_guard(innermost(cgroup, is_unit));
}

std::string slice_of(std::string_view cgroup)
{
    const auto slice = innermost(cgroup, is_slice);
    if (slice.empty() && !innermost(cgroup, is_unit).empty())
        return "-.slice";  // the root slice has no folder of its own
    return without_guard(slice);
}

std::optional<Unit> leaf_unit_of(std::string_view cgroup)
{
    const auto part = innermost(cgroup, is_unit);
    if (part.empty() || part == "init.scope" || user_of_manager(part))
        return std::nullopt;
    const auto end = cgroup.rfind(part) + part.size();
    Unit unit{.user = {}, .name = without_guard(part), .cgroup = std::string{cgroup.substr(0, end)}};
    innermost(cgroup.substr(0, end - part.size()), [&](std::string_view above) {
        unit.user = user_of_manager(above);
        return unit.user.has_value();
    });
    return unit;
}

/// Each dash is a level: user-1000.slice lies in user.slice. Source: systemd.slice(5).
Unit slice_unit(std::string_view name)
{
    Unit unit{.user = {}, .name = std::string{name}, .cgroup = {}};
    const auto stem = name.substr(0, name.rfind('.'));
    for (auto dash = stem.find('-'); dash != std::string_view::npos; dash = stem.find('-', dash + 1))
        unit.cgroup += fmt::format("/{}.slice", stem.substr(0, dash));
    unit.cgroup += fmt::format("/{}", name);
    return unit;
}

bool is_slice_name(std::string_view name)
{
    if (!is_unit_name(name) || !is_slice(name))
        return false;
    const auto stem = name.substr(0, name.rfind('.'));
    return !stem.starts_with('-') && !stem.ends_with('-') && stem.find("--") == std::string_view::npos;
}

bool is_leaf_unit_name(std::string_view name)
{
    return is_unit_name(name) && is_unit(name) && name != "init.scope";
}

std::string container_of(std::string_view cgroup)
{
    std::string found;
    innermost(cgroup, [&](std::string_view part) {
        found = container_in(part);
        return !found.empty();
    });
    return found.empty() ? container_below(cgroup) : found;
}

}  // namespace priorityd
