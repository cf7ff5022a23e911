// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/session.hpp"

#include <array>
#include <utility>

#include <fmt/format.h>

namespace priorityd::session {
namespace {

using namespace std::chrono_literals;

/// A daemon that has just started answers in milliseconds, on a busy machine in seconds.
constexpr std::array kRetryDelays{1s, 2s, 5s, 15s, 60s};

Instant now()
{
    return std::chrono::steady_clock::now();
}

}  // namespace

Session::Session(Parts parts)
    : parts_{std::move(parts)}, rules_{parts_.log, parts_.rules, [this](const auto& files, auto then) {
                                           daemon_->use_rules(files, then);
                                       }}
{
}

Result<void> Session::start()
{
    auto retry = parts_.loop.add_timer(daemon::Priority::later, [this] { attach(); });
    auto patience = parts_.loop.add_timer(daemon::Priority::later, [this] { on_patience_over(); });
    if (!retry || !patience)
        return tl::unexpected(retry ? patience.error() : retry.error());
    retry_ = *std::move(retry);
    patience_ = *std::move(patience);
    if (auto watched = rules_.watch(parts_.loop); !watched)
        parts_.log.warning(fmt::format("changes of own rules go unnoticed: {}", watched.error().message()));
    auto service = bus::SessionService::create(parts_.system_bus, parts_.units);
    if (!service)
        return tl::unexpected(service.error());
    service_ = *std::move(service);
    auto link = bus::DaemonLink::follow(
        parts_.system_bus, [this](const std::string& owner) { on_owner(owner); },
        [this] {
            parts_.log.error("the bus does not let priorityd be followed");
            parts_.loop.stop(1);
        });
    if (!link)
        return tl::unexpected(link.error());
    daemon_ = *std::move(link);
    return {};
}

void Session::stop()
{
    service_->obey({});
    parts_.units.take_back();
}

/// Wishes of the daemon before are not waited for any longer than those of none.
void Session::on_owner(const std::string& owner)
{
    service_->obey(owner);
    rules_.lose_daemon();
    retry_.disable();
    attempts_ = 0;
    if (!patience_.is_armed() && !parts_.units.changed().empty())
        patience_.arm(now() + parts_.patience);
    if (!owner.empty())
        attach();
}

void Session::attach()
{
    ++attempts_;
    daemon_->attach(parts_.units.changed(), [this](const Result<void>& answer) { on_attached(answer); });
}

void Session::on_attached(const Result<void>& answer)
{
    if (answer) {
        patience_.disable();
        parts_.log.info("attached to priorityd");
        return rules_.send_to_new_daemon();
    }
    if (attempts_ <= kRetryDelays.size())
        return retry_.arm(now() + kRetryDelays.at(attempts_ - 1));
    parts_.log.warning(
        fmt::format("priorityd does not want this session: {}; weights of this user's units stay as they "
                    "are until it is started again",
                    answer.error().message()));
}

void Session::on_patience_over()
{
    parts_.log.notice("priorityd has gone without a word: taking back the weights that it has asked for");
    parts_.units.take_back();
}

}  // namespace priorityd::session
