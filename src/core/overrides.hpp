// SPDX-License-Identifier: GPL-3.0-or-later
/// All overrides: the list that grows and shrinks, and the immutable table that processes are compared with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/certainty.hpp"
#include "core/ids.hpp"
#include "core/override.hpp"
#include "core/policy.hpp"
#include "core/snapshot.hpp"

namespace priorityd {

/// Overrides in force, made for looking up: exact names in a hash table, pids in another.
class OverrideTable {
public:
    OverrideTable() = default;
    /// In the order of precedence, lowest first.
    explicit OverrideTable(std::vector<Override> overrides);

    [[nodiscard]] bool empty() const { return overrides_.empty(); }
    [[nodiscard]] std::size_t size() const { return overrides_.size(); }
    /// The facts that are missing to say which overrides fit this process. Asked several times for each exec, so it is
    /// not found out from the patterns one by one: whoever is in reach of one for a unit gets the cgroup read.
    [[nodiscard]] FactSet needs(const Snapshot& process) const;
    /// Those that fit, lowest precedence first. Precondition: needs() is empty.
    [[nodiscard]] std::vector<const Override*> fitting(const Snapshot& process) const;
    /// How much can be said of a process of which only exe is known.
    [[nodiscard]] Certainty certainty_by_exe(const Snapshot& process) const
    {
        return patterns_.certainty_by_exe(process);
    }
    /// Whether a process could come to fit by taking this comm, or by changing its user.
    [[nodiscard]] bool could_match(std::string_view comm) const { return patterns_.could_match(comm); }
    [[nodiscard]] bool needs_owner() const { return patterns_.needs().contains(Fact::owner); }
    /// Whether the source of a contribution is an override that is still in force; true for other sources.
    [[nodiscard]] bool is_in_force(std::string_view source) const;

private:
    std::vector<Override> overrides_;
    Policy patterns_;                     // one rule for each pattern, without settings
    std::vector<std::uint32_t> of_rule_;  // rule of patterns_ -> index into overrides_
    std::unordered_multimap<Pid, std::uint32_t> of_process_;
    FactSet of_everybody_ = Fact::stat;  // what patterns for processes of every user ask for
    std::map<Uid, FactSet> of_user_;     // and those for processes of their owner alone
};

/// As the source of contributions: "override 7".
[[nodiscard]] std::string override_source(const std::string& id);
[[nodiscard]] inline std::string source_of(const Override& one)
{
    return override_source(one.id);
}

class Overrides {
public:
    void add(Override one) { overrides_.push_back(std::move(one)); }
    /// Empty when there is none of that id.
    std::optional<Override> remove(std::string_view id);
    [[nodiscard]] const Override* find(std::string_view id) const;

    [[nodiscard]] const std::vector<Override>& all() const { return overrides_; }
    [[nodiscard]] std::size_t count_of(Uid owner) const;
    [[nodiscard]] std::size_t count_of(const std::string& connection) const;
    /// When the next one ends by itself.
    [[nodiscard]] std::optional<Instant> deadline() const;

    // Each takes out what has come to its end, and returns the ids.
    std::vector<std::string> take_due(Instant now);
    std::vector<std::string> take_of_connection(const std::string& connection);
    std::vector<std::string> take_of_process(Pid pid);

    [[nodiscard]] std::shared_ptr<const OverrideTable> table() const
    {
        return std::make_shared<const OverrideTable>(overrides_);
    }

private:
    template <typename Predicate>
    std::vector<std::string> take_if(Predicate predicate);
    std::vector<Override> overrides_;  // in the order of their making
};

}  // namespace priorityd
