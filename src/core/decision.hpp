// SPDX-License-Identifier: GPL-3.0-or-later
/// A Decision is its own explanation: the ordered list of everything that had a say.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/setting.hpp"

namespace priorityd {

/// The source of contributions that only cut what others give.
constexpr const char* kLimits = "limits";

/// One voice for one setting.
struct Contribution {
    enum class Origin : std::uint8_t {
        own,
        from_class,  ///< Comes with a class, and so goes when a later contribution replaces the class.
        vote,        ///< Of a scoring engine that is not followed: shown, never in force.
    };

    Setting setting{};
    Value value;
    std::string source;   ///< Who: "FILE:LINE" of a rule, "limits", the name of an engine.
    std::string because;  ///< Why, for a person: "class build: compilers …".
    Origin origin = Origin::own;
};

/// Ordered contributions, lowest precedence first. The last one for a setting wins; the losers stay to be shown.
class Decision {
public:
    void add(Contribution contribution) { contributions_.push_back(std::move(contribution)); }
    [[nodiscard]] const std::vector<Contribution>& contributions() const { return contributions_; }
    [[nodiscard]] bool empty() const { return contributions_.empty(); }
    /// Whether there is anything in force: more than votes.
    [[nodiscard]] bool has_say() const;

    /// For each contribution whether it is the one in force. Same order and length as contributions().
    [[nodiscard]] std::vector<bool> in_force() const;
    /// The folded result; includes program_class.
    [[nodiscard]] SettingMap effective() const;
    /// The winning contribution for `setting`; null when nobody named it.
    [[nodiscard]] const Contribution* winner(Setting setting) const;
    /// Who is behind the value in force for `setting`: the winner, or the one whom limits have cut; empty when nobody
    /// is.
    [[nodiscard]] std::string_view asker(Setting setting) const;
    /// Whether this source has had a say, in force or not.
    [[nodiscard]] bool names(std::string_view source) const;
    /// The class in force; empty when there is none.
    [[nodiscard]] std::string_view class_name() const;

private:
    std::vector<Contribution> contributions_;
};

}  // namespace priorityd
