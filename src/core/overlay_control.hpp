// SPDX-License-Identifier: GPL-3.0-or-later
/// What people may ask about overlays, which they know as profiles: which there are, which one is in force, and another
/// one. Who may ask for it is seen to before.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/control.hpp"
#include "core/overlay.hpp"

namespace priorityd {

struct OverlayStatus {
    std::string name;                ///< Of the one in force; empty for none.
    std::string chosen{kAutomatic};  ///< A name, kNoOverlay or kAutomatic.
    std::string because;             ///< Why that one is in force.
    friend bool operator==(const OverlayStatus&, const OverlayStatus&) = default;
};

struct OverlayView {
    std::string name;
    std::string description;
    std::string source;  ///< "FILE:LINE".
    bool is_in_force = false;
    friend bool operator==(const OverlayView&, const OverlayView&) = default;
};

class OverlayControl {
public:
    using Done = std::function<void(Verdict<void>)>;

    virtual ~OverlayControl() = default;
    [[nodiscard]] virtual OverlayStatus status() const = 0;
    /// In the order of their names.
    [[nodiscard]] virtual std::vector<OverlayView> overlays() const = 0;
    /// Whether it may be chosen: a name, kNoOverlay or kAutomatic. Refusals: no_such_profile.
    [[nodiscard]] virtual Verdict<void> check(const std::string& choice) const = 0;
    /// Stays until the next choice, over restarts too. `done` is called once, now or later, when it is in force and,
    /// where there is a state folder, on disk. Refusals: no_such_profile; failed when it could not be stored: then
    /// nothing has changed.
    virtual void choose(const std::string& choice, Done done) = 0;
};

/// Told when the status has changed, for whatever reason.
class OverlayListener {
public:
    virtual ~OverlayListener() = default;
    virtual void overlay_changed(const OverlayStatus& status) = 0;
};

}  // namespace priorityd
