// SPDX-License-Identifier: GPL-3.0-or-later
/// What people say of what was learned: yes becomes a rule, no is remembered.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/decide.hpp"
#include "core/learning.hpp"
#include "daemon/log.hpp"
#include "daemon/profile_keeper.hpp"

namespace priorityd::daemon {

class DaemonLearning final : public Learning {
public:
    /// References and what the function refers to live as long as this.
    struct Parts {
        const Log& log;
        ProfileKeeper& keeper;
        std::function<const Layers&()> layers;                               ///< Those in force.
        std::function<std::optional<std::filesystem::path>()> rules_folder;  ///< Where a new rule goes.
    };

    explicit DaemonLearning(Parts parts);
    DaemonLearning(const DaemonLearning&) = delete;
    DaemonLearning& operator=(const DaemonLearning&) = delete;
    ~DaemonLearning() override { parts_.keeper.on_suggestion({}); }

    void add_listener(SuggestionListener& listener) { listeners_.push_back(&listener); }
    void remove_listener(SuggestionListener& listener) { std::erase(listeners_, &listener); }

    [[nodiscard]] std::vector<SuggestionView> suggestions() const override;
    void accept(const std::string& id, Done done) override;
    [[nodiscard]] Verdict<void> reject(const std::string& id) override;
    void forget() override;

private:
    [[nodiscard]] bool has_rule(const Suggestion& suggestion) const;
    [[nodiscard]] bool is_in_force(const Suggestion& suggestion) const;
    [[nodiscard]] Verdict<Suggestion> find(const std::string& id) const;
    void tell(const Suggestion& suggestion) const;

    Parts parts_;
    std::set<std::uint64_t> accepting_;
    std::vector<SuggestionListener*> listeners_;
};

}  // namespace priorityd::daemon
