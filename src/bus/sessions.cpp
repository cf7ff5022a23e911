// SPDX-License-Identifier: GPL-3.0-or-later
#include "bus/sessions.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "bus/callers.hpp"
#include "bus/errors.hpp"
#include "bus/names.hpp"
#include "bus/readable.hpp"
#include "bus/sdbus_compat.hpp"
#include "bus/unit_errors.hpp"
#include "bus/weights_dict.hpp"
#include "core/cgroup_path.hpp"
#include "core/rate_limit.hpp"

namespace priorityd::bus {
namespace {

/// Longer than the session waits for its systemd.
constexpr auto kPatience = std::chrono::seconds{15};

/// One that is started again by its systemd comes once in a while; each time, all units of its user are looked at.
constexpr int kAttachesASecond = 4;

/// More units than a login has; what is above that is not priorityd-session.
constexpr std::size_t kMostUnits = 4096;

Verdict<void> check_units(const std::vector<std::string>& units)
{
    if (units.size() > kMostUnits)
        return refuse(Refusal::Kind::limit_reached, fmt::format("more than {} units", kMostUnits));
    const auto wrong = std::ranges::find_if_not(units, is_leaf_unit_name);
    if (wrong != units.end())
        return refuse(Refusal::Kind::invalid_setting,
                      fmt::format("{} is no service, scope or socket", readable(*wrong)));
    return {};
}

}  // namespace

class Sessions::State {
public:
    State(sdbus::IConnection& connection, SessionListener& listener)
        : connection_{connection}, callers_{connection}, listener_{listener}
    {
    }

    void attach(const Caller& caller, std::vector<std::string> units, std::function<void(const Verdict<void>&)> then)
    {
        if (auto ok = check_units(units); !ok)
            return then(ok);
        if (!rate_.take(caller.uid, std::chrono::steady_clock::now()))
            return then(refuse(Refusal::Kind::limit_reached,
                               fmt::format("more than {} sessions of a user in a second", kAttachesASecond)));
        auto watch = callers_.watch(caller.connection, [this, caller] { leave(caller); });
        if (!watch)
            return then(tl::unexpected{caller_has_left()});
        lose(caller.uid);
        sessions_[caller.uid] = std::make_unique<Session>(
            Session{.connection = caller.connection,
                    .watch = *std::move(watch),
                    .proxy = compat::make_proxy(connection_, caller.connection.c_str(), kSessionPath)});
        // Asked after the watch is on its way, so that no leaving is missed in between.
        callers_.find_user(caller.connection,
                           [this, caller, units = std::move(units), then = std::move(then)](std::optional<Uid> user) {
                               if (!user || !is_current(caller))
                                   return then(tl::unexpected{caller_has_left()});
                               then({});
                               listener_.session_attached(caller.uid, units);
                           });
    }

    void read(Uid user, const std::string& unit, const std::function<void(const Result<Weights>&)>& then)
    {
        auto* session = find(user);
        if (!session)
            return then(tl::unexpected(no_session(user)));
        session->proxy->callMethodAsync("GetUnitWeights")
            .onInterface(kSessionInterface)
            .withTimeout(kPatience)
            .withArguments(unit)
            .uponReplyInvoke([session, unit, then](compat::CallError error, const Dict& weights) {
                --session->waiting;
                then(error ? Result<Weights>{tl::unexpected(unit_error(*error, "look at " + unit))}
                           : read_weights(weights));
            });
        ++session->waiting;
    }

    template <typename... Arguments>
    void call(Uid user, const char* method, const std::function<void(const Result<void>&)>& then,
              const std::string& unit, const Arguments&... arguments)
    {
        auto* session = find(user);
        if (!session)
            return then(tl::unexpected(no_session(user)));
        session->proxy->callMethodAsync(method)
            .onInterface(kSessionInterface)
            .withTimeout(kPatience)
            .withArguments(unit, arguments...)
            .uponReplyInvoke([session, doing = fmt::format("{}({})", method, unit), then](compat::CallError error) {
                --session->waiting;
                then(error ? Result<void>{tl::unexpected(unit_error(*error, doing))} : Result<void>{});
            });
        ++session->waiting;
    }

    void lose_everybody()
    {
        while (!sessions_.empty())
            lose(sessions_.begin()->first);
    }

    [[nodiscard]] bool is_waiting() const
    {
        return std::ranges::any_of(sessions_, [](const auto& entry) { return entry.second->waiting > 0; });
    }

private:
    struct Session {
        std::string connection;
        Match watch;
        std::unique_ptr<sdbus::IProxy> proxy;  ///< No answer comes once it is gone.
        int waiting = 0;
    };

    [[nodiscard]] static Error no_session(Uid user)
    {
        return {ENOTCONN, fmt::format("there is no priorityd-session of user {}", raw(user))};
    }
    [[nodiscard]] Session* find(Uid user) const
    {
        const auto found = sessions_.find(user);
        return found == sessions_.end() ? nullptr : found->second.get();
    }
    [[nodiscard]] bool is_current(const Caller& caller) const
    {
        const auto* session = find(caller.uid);
        return session && session->connection == caller.connection;
    }
    /// Takes a copy, because the watch that tells of it ends here, and the caller in it.
    void leave(Caller caller)  // NOLINT(performance-unnecessary-value-param)
    {
        if (is_current(caller))
            lose(caller.uid);
    }
    void lose(Uid user)
    {
        if (sessions_.erase(user) > 0)
            listener_.session_left(user);
    }

    sdbus::IConnection& connection_;
    Callers callers_;
    SessionListener& listener_;
    std::map<Uid, std::unique_ptr<Session>> sessions_;
    RateLimit rate_{kAttachesASecond};
};

Sessions::Sessions(Connection& connection, SessionListener& listener)
    : state_{std::make_unique<State>(connection.native(), listener)}
{
}
Sessions::~Sessions() = default;

void Sessions::attach(const Caller& caller, std::vector<std::string> units,
                      std::function<void(const Verdict<void>&)> then)
{
    state_->attach(caller, std::move(units), std::move(then));
}

void Sessions::read(Uid user, const std::string& unit, const std::function<void(const Result<Weights>&)>& then)
{
    if (auto sent = caught("ask priorityd-session", [&] { state_->read(user, unit, then); }); !sent)
        then(tl::unexpected(sent.error()));
}

void Sessions::write(Uid user, const std::string& unit, const Weights& weights,
                     const std::function<void(const Result<void>&)>& then)
{
    if (auto sent = caught("ask priorityd-session",
                           [&] { state_->call(user, "SetUnitWeights", then, unit, to_dict(weights)); });
        !sent)
        then(tl::unexpected(sent.error()));
}

void Sessions::split(Uid user, const std::string& scope, const std::vector<Pid>& processes,
                     const std::string& new_scope, const std::function<void(const Result<void>&)>& then)
{
    std::vector<std::uint32_t> pids;
    std::ranges::transform(processes, std::back_inserter(pids),
                           [](Pid pid) { return static_cast<std::uint32_t>(raw(pid)); });
    if (auto sent =
            caught("ask priorityd-session", [&] { state_->call(user, "SplitScope", then, scope, pids, new_scope); });
        !sent)
        then(tl::unexpected(sent.error()));
}

void Sessions::lose_everybody()
{
    state_->lose_everybody();
}

bool Sessions::is_waiting() const
{
    return state_->is_waiting();
}

}  // namespace priorityd::bus
