// SPDX-License-Identifier: GPL-3.0-or-later
/// Which overlay is in force: is told what people, the power state and the settings want, keeps the choice, and has the
/// policy swapped.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/overlay_choice.hpp"
#include "core/overlay_control.hpp"
#include "core/policy.hpp"
#include "core/power_state.hpp"
#include "daemon/chosen_overlay.hpp"
#include "daemon/event_loop.hpp"
#include "daemon/log.hpp"

namespace priorityd::daemon {

class OverlaySwitch final : public OverlayControl {
public:
    /// References and what the functions refer to live as long as this.
    struct Parts {
        const Log& log;
        ChosenOverlay* store = nullptr;  ///< Null: a choice lasts until the daemon ends.
        /// Another one than use() has returned is to be in force.
        std::function<void(std::shared_ptr<const Policy>)> swap;
    };

    explicit OverlaySwitch(Parts parts);
    OverlaySwitch(const OverlaySwitch&) = delete;
    OverlaySwitch& operator=(const OverlaySwitch&) = delete;
    ~OverlaySwitch() override = default;

    void add_listener(OverlayListener& listener) { listeners_.push_back(&listener); }
    void remove_listener(OverlayListener& listener) { std::erase(listeners_, &listener); }

    /// What the disk has done is told in the loop, in a call of `around`. Errors: those of the loop.
    [[nodiscard]] Result<void> attach(EventLoop& loop, std::function<void(const std::function<void()>&)> around);

    /// A policy has been read: the one to be in force instead, with its overlay.
    [[nodiscard]] std::shared_ptr<const Policy> use(std::shared_ptr<const Policy> read);
    /// Who knows the power state; null when there is no bus, or no more.
    void use(PowerSource* source);
    void hear(const PowerState& power);

    [[nodiscard]] OverlayStatus status() const override;
    [[nodiscard]] std::vector<OverlayView> overlays() const override;
    [[nodiscard]] Verdict<void> check(const std::string& choice) const override;
    void choose(const std::string& choice, Done done) override;

private:
    void take(const std::string& choice);
    void follow_power();
    [[nodiscard]] std::shared_ptr<const Policy> overlaid() const;
    bool judge();
    void settle();

    Parts parts_;
    std::shared_ptr<const Policy> read_ = std::make_shared<const Policy>();
    OverlayWishes wishes_;
    OverlayVerdict verdict_;
    PowerSource* source_ = nullptr;
    std::vector<OverlayListener*> listeners_;
    Source kept_;
};

}  // namespace priorityd::daemon
