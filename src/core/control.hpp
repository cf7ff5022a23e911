// SPDX-License-Identifier: GPL-3.0-or-later
/// What people may ask the daemon to do, in two halves: first it is checked and said what has to be allowed for it;
/// then, when whoever is responsible has allowed it, it is done. In between the bus asks polkit, which takes its time.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <tl/expected.hpp>

#include "core/diagnostic.hpp"
#include "core/ids.hpp"
#include "core/override.hpp"
#include "core/policy_reading.hpp"

namespace priorityd {

/// Who asks: as the bus, not the caller, tells it.
struct Caller {
    Uid uid{};
    std::string connection;  ///< Unique name on the bus, ":1.42"; never used again by another connection.
};

/// What can be allowed to a caller or not: the polkit actions of the contract. Root is allowed all of it, unasked.
enum class Privilege : std::uint8_t {
    inspect,         ///< See the programs of others' processes, and names that stand in their arguments.
    lower_own,       ///< Lower own processes.
    raise_own,       ///< Raise own processes within the limits for users.
    modify_any,      ///< Processes of others, real-time classes, values beyond the limits for users.
    persist,         ///< What outlives the daemon.
    reload,          ///< Read settings and rules again.
    switch_profile,  ///< Bring another overlay into force.
};
using Privileges = std::vector<Privilege>;

/// A no, with a text that says what to do.
struct Refusal {
    enum class Kind : std::uint8_t {
        no_such_process,
        no_such_override,
        no_such_suggestion,
        no_such_profile,
        unknown_class,
        invalid_setting,
        not_authorised,
        invalid_rules,
        limit_reached,
        failed,
    };
    Kind kind{};
    std::string text;
};
template <typename T>
using Verdict = tl::expected<T, Refusal>;
[[nodiscard]] inline tl::unexpected<Refusal> refuse(Refusal::Kind kind, std::string text)
{
    return tl::unexpected<Refusal>(Refusal{kind, std::move(text)});
}

/// What a caller wants, as it came over the bus: values are valid, nothing else is checked.
struct OverrideRequest {
    /// A pid; `start_ticks` only when the caller has said which process of that pid is meant.
    struct Process {
        Pid pid{};
        std::optional<std::uint64_t> start_ticks;
    };
    std::variant<Process, PatternTarget> target;
    SettingMap settings;
    std::optional<std::chrono::microseconds> lifetime;  ///< Empty: until it is removed.
    bool is_permanent = false;
    bool is_while_connected = false;
    bool is_for_everybody = false;  ///< A pattern counts for processes of all users.
    std::string reason;
};

/// An override that is fit to be made, once `needs` are allowed.
struct OverridePlan {
    Override draft;  ///< Without id and dates.
    std::optional<std::chrono::microseconds> lifetime;
    Privileges needs;
};

/// One override as ListOverrides shows it.
struct OverrideView {
    Override kept;
    std::optional<std::chrono::microseconds> remaining;  ///< Empty: has no end.
    std::uint32_t processes = 0;                         ///< How many of the tracked ones it fits now.
};

/// The rules of one user, compiled, once `needs` are allowed.
struct UserRulesPlan {
    Uid uid{};
    std::vector<PolicyFile> files;  ///< Empty: the user's rules go.
    std::uint32_t rules = 0;
    Diagnostics diagnostics;  ///< Warnings.
    Privileges needs;
};

class Control {
public:
    using Done = std::function<void(Verdict<std::string>)>;

    virtual ~Control() = default;

    /// Counts against the caller's rate, whatever comes of it.
    [[nodiscard]] virtual Verdict<OverridePlan> plan_override(OverrideRequest request, const Caller& caller) = 0;
    /// Makes it, and tells its id when it is in force and, for a permanent one, on disk. `done` is called once, now or
    /// later. Refusals: no_such_process when the process has ended since the plan; limit_reached; failed when it could
    /// not be stored: then nothing has changed.
    virtual void add_override(OverridePlan plan, Done done) = 0;

    /// What it takes to remove it. Refusals: no_such_override; limit_reached.
    [[nodiscard]] virtual Verdict<Privileges> plan_removal(const std::string& id, const Caller& caller) = 0;
    /// `done` gets the id when it is gone, from the disk too. Refusals: no_such_override, failed.
    virtual void remove_override(const std::string& id, Done done) = 0;

    /// In the order of their making.
    [[nodiscard]] virtual std::vector<OverrideView> overrides() const = 0;

    /// `files`: names and texts of the caller's own rules; replace the earlier ones. Refusals: invalid_rules with the
    /// first error, limit_reached.
    [[nodiscard]] virtual Verdict<UserRulesPlan> plan_user_rules(
        const std::vector<std::pair<std::string, std::string>>& files, const Caller& caller) = 0;
    virtual void use_user_rules(UserRulesPlan plan) = 0;
    /// The user has logged out: rules that were handed over go.
    virtual void forget_user(Uid uid) = 0;

    /// The process with the focus, which the caller holds fast by `pidfd`. Refusals: invalid_setting when it is no
    /// pidfd; no_such_process; not_authorised when it is another user's and the caller is not root.
    [[nodiscard]] virtual Verdict<ProcessKey> plan_foreground(int pidfd, const Caller& caller) = 0;
    /// Empty: nobody says any more.
    virtual void use_foreground(const std::optional<ProcessKey>& process) = 0;
    /// Empty when nobody has said, or it has ended.
    [[nodiscard]] virtual std::optional<ProcessKey> foreground() const = 0;

    /// This connection has left the bus: what was to last only as long goes.
    virtual void forget_caller(const std::string& connection) = 0;
};

/// Told when overrides have come or gone, for whatever reason.
class OverrideListener {
public:
    virtual ~OverrideListener() = default;
    virtual void overrides_changed(const std::vector<std::string>& added, const std::vector<std::string>& removed) = 0;
};

}  // namespace priorityd
