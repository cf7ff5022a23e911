// SPDX-License-Identifier: GPL-3.0-or-later
/// An OverlayControl with two profiles, one of which is in force, which records what was chosen.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/overlay_control.hpp"

namespace priorityd::test {

inline std::vector<OverlayView> two_overlays()
{
    return {{.name = "battery", .description = "On the road", .source = "02-profiles.toml:7", .is_in_force = true},
            {.name = "desk", .description = "", .source = "02-profiles.toml:12", .is_in_force = false}};
}

class FakeOverlays final : public OverlayControl {
public:
    OverlayStatus now{.name = "battery", .chosen = "auto", .because = "the machine runs on battery"};
    std::vector<OverlayView> all = two_overlays();
    std::vector<std::string> chosen;
    std::optional<Refusal> failure;  ///< What comes of every choice that is carried out.
    OverlayListener* listener = nullptr;

    [[nodiscard]] OverlayStatus status() const override { return now; }
    [[nodiscard]] std::vector<OverlayView> overlays() const override { return all; }
    [[nodiscard]] Verdict<void> check(const std::string& choice) const override
    {
        for (const auto& one : all) {
            if (one.name == choice)
                return {};
        }
        if (choice == kAutomatic || choice == kNoOverlay)
            return {};
        return refuse(Refusal::Kind::no_such_profile, "no file defines a profile of that name");
    }
    void choose(const std::string& choice, Done done) override
    {
        chosen.push_back(choice);
        if (failure)
            return done(tl::unexpected{*failure});
        now = {
            .name = choice == kNoOverlay || choice == kAutomatic ? "" : choice, .chosen = choice, .because = "chosen"};
        for (auto& one : all)
            one.is_in_force = one.name == now.name;
        if (listener)
            listener->overlay_changed(now);
        done({});
    }
};

}  // namespace priorityd::test
