// SPDX-License-Identifier: GPL-3.0-or-later
/// The surroundings engine: what a process is for, by where it runs rather than by what it runs.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "core/cgroup_path.hpp"
#include "core/scoring/advice.hpp"
#include "core/snapshot.hpp"

namespace priorityd {

/// Services that a timer starts, by the names of their units: "backup.service", "scrub@.service".
struct TimedServices {
    std::set<std::string, std::less<>> system;
    std::set<std::string, std::less<>> user;  ///< Of every user's manager.
    /// A service that is an instance of a template counts as that, too.
    [[nodiscard]] bool contains(const Unit& unit) const;
    friend bool operator==(const TimedServices&, const TimedServices&) = default;
};

struct Surroundings {
    enum class Place : std::uint8_t {
        unknown,
        container,      ///< Whatever unit is in it.
        timed_service,  ///< Started by a timer, of the system or of a user.
        service,        ///< Another one of the system.
        app,            ///< An application that a desktop has started. See app_id.hpp.
    };
    /// Source: systemd.special(7).
    enum class Slice : std::uint8_t { other, background, session, machine };
    Place place{};
    Slice slice{};
    bool has_terminal = false;
    friend bool operator==(const Surroundings&, const Surroundings&) = default;
};

/// Precondition: stat and cgroup are known. A cgroup's path is a claim, as in app_id.hpp.
[[nodiscard]] Surroundings surroundings_of(const Snapshot& process, const TimedServices& timed);

/// By the lexicon. What speaks for raising is never sure enough to be followed alone: to stand in an application's unit
/// does not make a compiler one.
[[nodiscard]] std::optional<Advice> advice_by_surroundings(const Surroundings& surroundings);

/// Somebody waits at a terminal for what runs in its foreground: nobody advises it the lowest of all classes then, but
/// the next one. Precondition: stat is known.
[[nodiscard]] Advice heeding_terminal(Advice advice, const Snapshot& process);

}  // namespace priorityd
