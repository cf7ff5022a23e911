// SPDX-License-Identifier: GPL-3.0-or-later
/// What callers may know of other users' processes: not the paths of their programs, nor names that stand in their
/// arguments, unless they are root, the user that the daemon runs as, or allowed to inspect.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "bus/callers.hpp"
#include "bus/gate.hpp"
#include "core/explain.hpp"
#include "core/ids.hpp"
#include "core/learning.hpp"

namespace priorityd::bus {

/// As anybody may see it.
[[nodiscard]] ProcessView public_view(ProcessView process);
[[nodiscard]] SuggestionView public_view(SuggestionView suggestion);

/// What one caller sees, and whether that was all.
class Sight {
public:
    enum class Reach : std::uint8_t { own_processes, all_processes };

    Sight(Uid user, Reach reach) : user_{user}, reach_{reach} {}

    /// The process as the caller may see it.
    [[nodiscard]] ProcessView of(ProcessView process);
    /// Nobody knows whose starts made a suggestion: they count as those of others.
    [[nodiscard]] SuggestionView of(SuggestionView suggestion);
    /// Whether something has been kept from the caller.
    [[nodiscard]] bool has_hidden() const { return has_hidden_; }

private:
    Uid user_;
    Reach reach_;
    bool has_hidden_ = false;
};

class Discretion {
public:
    /// Puts together an answer of what the Sight shows, and returns what sends it.
    using Draft = std::function<std::function<void()>(Sight&)>;

    /// Both must outlive this.
    Discretion(Callers& callers, Gate& gate) : callers_{callers}, gate_{gate} {}

    /// Sends one answer. Drafts it again with more to see when the first draft had to hide something and polkit, asked
    /// without a dialog, then allows to inspect. Nothing is sent once this object is gone.
    void answer(const Call& call, Draft draft);

private:
    void answer(const Caller& caller, const Draft& draft);
    void ask(const Caller& caller, std::function<void(Sight::Reach)> then);

    Callers& callers_;
    Gate& gate_;
    /// Connections that polkit is being asked about: who waits for the answer.
    std::map<std::string, std::vector<std::function<void(Sight::Reach)>>> asked_;
};

}  // namespace priorityd::bus
