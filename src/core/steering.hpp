// SPDX-License-Identifier: GPL-3.0-or-later
/// What people have asked for: checks it, keeps it, brings it into force in the pipeline, and ends it in time.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/condition.hpp"
#include "core/control.hpp"
#include "core/explain.hpp"
#include "core/foreground.hpp"
#include "core/overrides.hpp"
#include "core/pipeline.hpp"
#include "core/ports.hpp"
#include "core/rate_limit.hpp"

namespace priorityd {

/// How much one may ask for. Source: the contract's "D-Bus" for the first two.
struct SteeringLimits {
    static constexpr int kRequestsASecond = 32;
    static constexpr std::size_t kOverrides = 1024;
    static constexpr std::size_t kOverridesOfAUser = 256;  ///< So that no user takes the place of all others.
    static constexpr std::size_t kRuleFiles = 64;
    static constexpr std::size_t kRuleBytes = 256UL * 1024;  ///< In all files of a user.
    static constexpr std::size_t kRules = 2000;              ///< Of a user.
};

class Steering final : public Control {
public:
    /// References and what the functions refer to live as long as this.
    struct Parts {
        Pipeline& pipeline;
        ProcessSource& source;
        OverrideKeeper& keeper;
        const Accounts& accounts;
        std::function<Clocks()> clocks;
        std::function<void()> request_scan;  ///< All processes are to be looked at, soon.
        Pid own_pid{};                       ///< The daemon, which nobody changes.
    };

    explicit Steering(Parts parts);

    void add_listener(OverrideListener& listener) { listeners_.push_back(&listener); }
    void remove_listener(OverrideListener& listener) { std::erase(listeners_, &listener); }

    /// Overrides that were kept on disk. Before the first scan.
    void resume(std::vector<Override> permanent);
    /// Another policy of the system is in force; whoever calls this sees to a scan. Returns what is wrong now with
    /// rules of users: those are out of force until they are handed over again.
    [[nodiscard]] std::vector<std::string> use(std::shared_ptr<const Policy> policy);

    /// When run_due() wants to be called.
    [[nodiscard]] std::optional<Instant> deadline() const { return overrides_.deadline(); }
    void run_due(Instant now);
    /// A process has ended, and with it what was asked for it.
    void on_exit(Pid pid);

    [[nodiscard]] Verdict<OverridePlan> plan_override(OverrideRequest request, const Caller& caller) override;
    void add_override(OverridePlan plan, Done done) override;
    [[nodiscard]] Verdict<Privileges> plan_removal(const std::string& id, const Caller& caller) override;
    void remove_override(const std::string& id, Done done) override;
    [[nodiscard]] std::vector<OverrideView> overrides() const override;
    [[nodiscard]] Verdict<UserRulesPlan> plan_user_rules(const std::vector<std::pair<std::string, std::string>>& files,
                                                         const Caller& caller) override;
    void use_user_rules(UserRulesPlan plan) override;
    void forget_user(Uid uid) override;
    void forget_caller(const std::string& connection) override;
    [[nodiscard]] Verdict<ProcessKey> plan_foreground(int pidfd, const Caller& caller) override;
    void use_foreground(const std::optional<ProcessKey>& process) override { foreground_.set(process); }
    [[nodiscard]] std::optional<ProcessKey> foreground() const override { return foreground_.process(); }
    /// See Foreground::contains().
    [[nodiscard]] bool is_in_foreground(const ProcessKey& process) { return foreground_.contains(process); }

private:
    [[nodiscard]] Verdict<void> check_rate(Uid user);
    [[nodiscard]] Verdict<void> check_room(Uid user) const;
    [[nodiscard]] Verdict<SettingMap> complete(const SettingMap& settings) const;
    [[nodiscard]] Verdict<ProcessKey> find_process(const OverrideRequest::Process& wanted, Uid& owner) const;
    [[nodiscard]] bool is_alive(const ProcessKey& process) const;
    void begin(Override one);
    void end(const std::vector<std::string>& ids);
    void end_one(const std::string& id, const Done& done);
    void use_layers();
    void tell(const std::vector<std::string>& added, const std::vector<std::string>& removed) const;

    Parts parts_;
    std::shared_ptr<const Policy> policy_;
    Overrides overrides_;
    Foreground foreground_;
    std::map<Uid, std::vector<PolicyFile>> user_files_;
    UserRules user_rules_;
    RateLimit rate_{SteeringLimits::kRequestsASecond};
    std::uint64_t next_id_ = 1;
    std::vector<OverrideListener*> listeners_;
};

}  // namespace priorityd
