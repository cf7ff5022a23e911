// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/overlay_switch.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "core/nearest.hpp"
#include "core/text.hpp"

namespace priorityd::daemon {

OverlaySwitch::OverlaySwitch(Parts parts) : parts_{std::move(parts)}
{
    if (parts_.store) {
        auto loaded = parts_.store->load();
        if (!loaded.note.empty())
            parts_.log.warning(loaded.note);
        wishes_.chosen = std::move(loaded.choice);
    }
    verdict_ = judge_overlays(wishes_, *read_);
}

Result<void> OverlaySwitch::attach(EventLoop& loop, std::function<void(const std::function<void()>&)> around)
{
    if (!parts_.store)
        return {};
    auto kept = loop.watch_fd(parts_.store->fd(), Priority::requests,
                              [this, around = std::move(around)] { around([this] { parts_.store->dispatch(); }); });
    if (!kept)
        return tl::unexpected(kept.error());
    kept_ = *std::move(kept);
    return {};
}

std::shared_ptr<const Policy> OverlaySwitch::use(std::shared_ptr<const Policy> read)
{
    read_ = std::move(read);
    follow_power();
    (void)judge();
    if (!verdict_.fault.empty())
        parts_.log.warning(verdict_.fault);
    return overlaid();
}

void OverlaySwitch::use(PowerSource* source)
{
    source_ = source;
    wishes_.power = {};
    follow_power();
    settle();
}

void OverlaySwitch::hear(const PowerState& power)
{
    wishes_.power = power;
    settle();
}

/// What is followed no more is not known either.
void OverlaySwitch::follow_power()
{
    const auto interest = interest_of(read_->settings().overlays);
    if (!interest.in_profile)
        wishes_.power.profile.reset();
    if (!interest.in_battery)
        wishes_.power.is_on_battery = false;
    if (source_)
        source_->follow(interest);
}

std::shared_ptr<const Policy> OverlaySwitch::overlaid() const
{
    const auto* overlay = read_->find_overlay(verdict_.name);
    return overlay ? std::make_shared<const Policy>(read_->overlaid(*overlay)) : read_;
}

/// Whether another overlay is to be in force.
bool OverlaySwitch::judge()
{
    const auto before = std::exchange(verdict_, judge_overlays(wishes_, *read_));
    const bool is_another = before.name != verdict_.name;
    if (is_another && verdict_.name.empty())
        parts_.log.notice(fmt::format("no profile is in force: {}", verdict_.because));
    else if (is_another)
        parts_.log.notice(fmt::format("profile {} is in force: {}", verdict_.name, verdict_.because));
    if (before != verdict_) {
        for (auto* listener : listeners_)
            listener->overlay_changed(status());
    }
    return is_another;
}

void OverlaySwitch::settle()
{
    if (judge())
        parts_.swap(overlaid());
}

OverlayStatus OverlaySwitch::status() const
{
    return {.name = verdict_.name, .chosen = wishes_.chosen, .because = verdict_.because};
}

std::vector<OverlayView> OverlaySwitch::overlays() const
{
    std::vector<OverlayView> views;
    std::ranges::transform(read_->overlays(), std::back_inserter(views), [this](const Overlay& one) {
        return OverlayView{.name = one.name,
                           .description = one.description,
                           .source = read_->place_text(one.place),
                           .is_in_force = one.name == verdict_.name};
    });
    return views;
}

Verdict<void> OverlaySwitch::check(const std::string& choice) const
{
    if (choice == kAutomatic || choice == kNoOverlay || read_->find_overlay(choice))
        return {};
    std::vector<std::string_view> known{kAutomatic, kNoOverlay};
    for (const auto& overlay : read_->overlays())
        known.push_back(overlay.name);
    return refuse(Refusal::Kind::no_such_profile,
                  fmt::format("no file defines a profile \"{}\"{}", escaped(choice), suggestion(choice, known)));
}

/// It is in force only once it is kept, so that no later daemon says otherwise.
void OverlaySwitch::choose(const std::string& choice, Done done)
{
    if (auto sound = check(choice); !sound)
        return done(sound);
    if (!parts_.store) {
        take(choice);
        return done({});
    }
    parts_.store->save(choice, [this, choice, done = std::move(done)](const Result<void>& saved) {
        if (!saved)
            return done(refuse(Refusal::Kind::failed, "cannot be kept: " + saved.error().message()));
        take(choice);
        done({});
    });
}

void OverlaySwitch::take(const std::string& choice)
{
    const bool is_news = wishes_.chosen != choice;
    wishes_.chosen = choice;
    const auto before = verdict_;
    settle();
    if (is_news && before == verdict_) {  // then that the choice is another one has not been told
        for (auto* listener : listeners_)
            listener->overlay_changed(status());
    }
}

}  // namespace priorityd::daemon
