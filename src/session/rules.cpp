// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/rules.hpp"

#include <chrono>

#include <fmt/format.h>

namespace priorityd::session {
namespace {

/// An editor or a checkout writes several files in a row.
constexpr auto kDelay = std::chrono::milliseconds{200};

}  // namespace

Result<void> Rules::watch(daemon::EventLoop& loop)
{
    if (folder_.empty())
        return {};
    auto watch = daemon::FolderWatch::open();
    if (!watch)
        return tl::unexpected(watch.error());
    watch_ = *std::move(watch);
    watch_->watch({folder_});
    auto delay = loop.add_timer(daemon::Priority::later, [this] { on_change(); });
    auto changes = loop.watch_fd(watch_->fd(), daemon::Priority::requests, [this] {
        if (watch_->has_changed() && !delay_.is_armed())
            delay_.arm(std::chrono::steady_clock::now() + kDelay);
    });
    if (!delay || !changes)
        return tl::unexpected(delay ? changes.error() : delay.error());
    delay_ = *std::move(delay);
    changes_ = *std::move(changes);
    return {};
}

void Rules::on_change()
{
    watch_->watch({folder_});  // it, or a folder above it, may have come or gone
    if (has_daemon_)
        send();
}

void Rules::send_to_new_daemon()
{
    has_daemon_ = true;
    has_sent_ = false;
    send();
}

/// Where there are none, and have not been any, those that somebody has handed over by hand stay.
void Rules::send()
{
    if (folder_.empty())
        return;
    const auto files = kernel::read_user_rules({kernel::PolicyPlaces::Origin::standard, {folder_}});
    if (!files)
        return log_.warning(fmt::format("own rules: {}; the earlier ones stay", files.error().message()));
    if (files->empty() && !has_sent_)
        return;
    has_sent_ = !files->empty();
    hand_over_(*files, [this](const Result<bus::DaemonLink::RulesAnswer>& answer) { tell(answer); });
}

void Rules::tell(const Result<bus::DaemonLink::RulesAnswer>& answer) const
{
    if (!answer && answer.error().code == EACCES)
        return log_.warning("own rules: not allowed to this user; see org.priorityd1.raise-own in polkit");
    if (!answer)
        return log_.warning(fmt::format("own rules: {}", answer.error().message()));
    for (const std::string& diagnostic : answer->diagnostics)
        log_.warning(diagnostic);
    log_.notice(fmt::format("own rules: {} in force", answer->rules));
}

}  // namespace priorityd::session
