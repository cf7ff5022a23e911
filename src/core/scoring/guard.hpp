// SPDX-License-Identifier: GPL-3.0-or-later
/// The guard: where programs that somebody waits for wait for a CPU themselves, it lowers those that keep the CPUs
/// busy, step by step, looks whether that has helped, and takes it back when it has not or is not needed any more.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/ids.hpp"
#include "core/scoring/behaviour_watch.hpp"
#include "core/scoring/restraint.hpp"
#include "core/scoring/standing.hpp"

namespace priorityd {

/// A process of a round, with its standing.
struct Participant {
    Observation seen;
    Standing standing;
};

/// All that did anything in a round, and whether a process that did nothing is still there.
struct Round {
    std::vector<Participant> active;
    std::function<bool(const ProcessKey&)> is_there;
};

class Guard {
public:
    /// After each round of samples; may make, deepen or end restraints.
    void consider(const Round& round, Instant now);
    /// Ends all of them: the guard is switched off.
    void stand_down();

    /// Null for nearly all.
    [[nodiscard]] const Restraint* restraint_on(const ProcessKey& process) const;
    /// Whether anything is restrained, so that rounds are to go on even when nobody waits.
    [[nodiscard]] bool is_holding() const { return !restrained_.empty(); }
    /// Processes whose restraint has changed since the last call.
    [[nodiscard]] std::vector<Pid> take_news();

    /// Since start.
    struct Tally {
        std::uint64_t episodes = 0;  ///< How often it has begun to restrain.
        std::uint64_t helped = 0;    ///< After how many of those programs waited less.
        std::uint64_t undone = 0;    ///< How many were taken back, because they did not.
    };
    [[nodiscard]] const Tally& tally() const { return tally_; }
    [[nodiscard]] std::size_t restrained() const { return restrained_.size(); }

private:
    enum class Phase : std::uint8_t { watching, trying, holding };
    /// How long some processes waited for a CPU each time they wanted one.
    struct Wait {
        double seconds = 0;  ///< On average.
        double turns = 0;    ///< A second.
    };
    using Keys = std::set<ProcessKey>;

    void watch(const Round& round, Instant now);
    void begin(Keys victims, Keys suspects, const Round& round, Instant now);
    void judge_step(const Round& round, Instant now);
    void conclude(Instant now);
    void hold(const Round& round, Instant now);
    void help_more(const Keys& waiting, const Round& round, Instant now);
    [[nodiscard]] bool have_victims_ended(const Round& round);
    [[nodiscard]] bool is_over(const Wait& wait, const Round& round, Instant now);
    [[nodiscard]] static Keys waiting_in(const Round& round);
    [[nodiscard]] static Wait wait_of(const Keys& keys, const Round& round);
    [[nodiscard]] static std::string text_of(const Keys& keys, const Round& round);
    [[nodiscard]] Keys suspects_in(const Round& round, Instant now) const;
    void take_step(Step step, Instant now);
    void explain_step();
    [[nodiscard]] std::vector<ProcessKey> spared_ones() const;
    void let_go_of(const Keys& processes);
    void release(Instant now);
    [[nodiscard]] bool may_step(Instant now);

    static constexpr std::size_t kSteps = 4;  // as many as there are of Step

    Phase phase_ = Phase::watching;
    Keys foreground_;  // as far as it did anything in this round
    Keys victims_;
    std::map<ProcessKey, double> turns_before_;  // of the victims, a second
    std::string victims_text_;
    Keys suspects_;
    std::map<ProcessKey, Restraint> restrained_;
    Step step_ = Step::none;
    std::array<double, kSteps> waits_{};        // in seconds, after each step; the first is before
    Keys waited_before_;                        // in the last round
    std::map<ProcessKey, Instant> not_causal_;  // until when
    std::optional<Instant> needless_since_;
    std::optional<Instant> released_;
    std::chrono::seconds hold_{};
    std::deque<Instant> steps_taken_;  // the last few
    std::vector<Pid> news_;
    Tally tally_;
};

}  // namespace priorityd
