// SPDX-License-Identifier: GPL-3.0-or-later
/// The daemon as its clients see it: typed calls, and errors that tell apart what to do about them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

#include "bus/connection.hpp"
#include "core/control.hpp"
#include "core/explain.hpp"
#include "core/inspection.hpp"
#include "core/learning.hpp"
#include "core/overlay_control.hpp"

namespace priorityd::bus {

struct ClientError {
    enum class Kind : std::uint8_t {
        no_daemon,       ///< No bus, nobody on it, or it went away during the call.
        not_authorised,  ///< The daemon or the bus does not allow it to this user.
        no_such_process,
        no_such_override,
        refused_rules,  ///< The rules have errors; the property Diagnostics has them.
        failed,         ///< Anything else; the text says what.
    };
    Kind kind{};
    std::string text;  ///< One line for a person.
};

template <typename T>
using ClientResult = tl::expected<T, ClientError>;

/// The properties of the daemon.
struct ManagerStatus {
    DaemonStatus daemon;                   ///< Its `diagnostics` stay empty: they come as texts.
    std::vector<std::string> diagnostics;  ///< "FILE:LINE:COLUMN: error: WHAT".
    std::vector<std::string> engines;
    OverlayStatus overlay;
};

struct Reloaded {
    std::uint32_t rules = 0;
    std::vector<std::string> diagnostics;
};

struct PolicyNews {
    std::uint32_t generation = 0;
    bool is_accepted = false;
    Reloaded policy;
};

/// Told of what the daemon says by itself.
class Watcher {
public:
    virtual ~Watcher() = default;
    virtual void processes_changed(const std::vector<ProcessView>& changed, std::uint32_t left_out) = 0;
    virtual void policy_reloaded(const PolicyNews& news) = 0;
    /// Ids of overrides that have come or gone. Who does not care need not listen.
    virtual void overrides_changed(const std::vector<std::string>& /*added*/,
                                   const std::vector<std::string>& /*removed*/)
    {
    }
    /// Something has become a suggestion; without its path, as everybody hears it.
    virtual void suggestion_added(const SuggestionView& /*suggestion*/) {}
    virtual void daemon_vanished() = 0;
    virtual void daemon_returned() = 0;
};

/// Every call waits for its answer: 25 s at most, or 3 minutes where a person may be asked for a password.
class ManagerClient {
public:
    [[nodiscard]] static ClientResult<ManagerClient> connect(const Address& address);
    ManagerClient(const ManagerClient&) = delete;
    ManagerClient& operator=(const ManagerClient&) = delete;
    ManagerClient(ManagerClient&&) noexcept;
    ManagerClient& operator=(ManagerClient&&) noexcept;
    ~ManagerClient();

    /// Whether there is a daemon now. Any other call may start one, where the bus is told how to.
    [[nodiscard]] bool is_there();
    [[nodiscard]] ClientResult<ManagerStatus> status();
    [[nodiscard]] ClientResult<ProcessView> process(Pid pid);
    [[nodiscard]] ClientResult<std::vector<ProcessView>> processes(const ProcessFilter& filter);
    [[nodiscard]] ClientResult<Explanation> explanation(Pid pid);
    [[nodiscard]] ClientResult<Explanation> classify(const GivenFacts& facts);
    /// In the order of their making; `ends` stays empty, `remaining` tells it.
    [[nodiscard]] ClientResult<std::vector<OverrideView>> overrides();
    [[nodiscard]] ClientResult<std::vector<EngineView>> engines();
    [[nodiscard]] ClientResult<std::vector<SuggestionView>> suggestions();

    [[nodiscard]] ClientResult<std::vector<OverlayView>> overlays();

    // These allow the daemon to have a person asked for a password, and so may take as long as that takes.

    [[nodiscard]] ClientResult<Reloaded> reload();
    /// The id of the new override.
    [[nodiscard]] ClientResult<std::string> add_override(const OverrideRequest& request);
    [[nodiscard]] ClientResult<void> remove_override(const std::string& id);
    /// Names and texts of the caller's own rules; none to take them back.
    [[nodiscard]] ClientResult<Reloaded> use_user_rules(const std::vector<std::pair<std::string, std::string>>& files);

    /// The file that has the new rule.
    [[nodiscard]] ClientResult<std::string> accept_suggestion(const std::string& id);
    [[nodiscard]] ClientResult<void> reject_suggestion(const std::string& id);
    [[nodiscard]] ClientResult<void> forget_learned();
    /// A name, kNoOverlay or kAutomatic.
    [[nodiscard]] ClientResult<void> choose_overlay(const std::string& choice);

    /// From now on tells `watcher`, which must outlive this, whenever connection() is driven by a loop.
    /// Errors: no_daemon when there is none to begin with.
    [[nodiscard]] ClientResult<void> watch(Watcher& watcher);
    [[nodiscard]] Connection& connection();

private:
    struct State;
    explicit ManagerClient(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace priorityd::bus
