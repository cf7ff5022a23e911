// SPDX-License-Identifier: GPL-3.0-or-later
/// Watches what processes do while somebody waits, and says what kind of program each looks like. When nobody waits it
/// does nothing and wants nothing.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/ports.hpp"
#include "core/scoring/adviser.hpp"
#include "core/scoring/behaviour.hpp"
#include "core/scoring/settled_advice.hpp"

namespace priorityd {

/// What a process that does anything has done since the round before.
struct Observation {
    Sighting sighting;
    Usage usage;
    Manner manner{};  ///< Of the last few rounds.
};

/// What a start of a program has turned out to be.
struct Discovery {
    ProgramFile program;
    Advice advice;
};

class BehaviourWatch final : public Adviser {
public:
    explicit BehaviourWatch(UsageSource& source) : source_{source} {}

    /// Somebody waits: rounds are made from now on, until nobody has said so for kPatience, nor since the last round.
    void note_pressure(Instant now);
    /// What the processes of the last whole round have done; empty when none has been made since the last call.
    [[nodiscard]] std::optional<std::vector<Observation>> take_round();
    /// What has lasted, to be learned: once for each process, unless its file is an interpreter's.
    [[nodiscard]] std::vector<Discovery> take_discoveries();

    /// Whether the process was there in the last round.
    [[nodiscard]] bool has(Pid pid) const { return clocks_.contains(pid); }

    [[nodiscard]] FactSet needs(const Snapshot& process) const override;
    void advise(const Snapshot& process, std::vector<Vote>& into) override;
    [[nodiscard]] std::optional<Instant> deadline(Instant now) override;
    void run_due(Instant now) override;
    [[nodiscard]] std::vector<Pid> take_news(Instant now) override;

    /// Since start.
    struct Tally {
        std::uint64_t rounds = 0;
        std::uint64_t samples = 0;
        std::uint64_t votes = 0;           ///< Processes that it has found a class for.
        std::chrono::microseconds cost{};  ///< CPU time of the last round.
    };
    [[nodiscard]] const Tally& tally() const { return tally_; }

private:
    struct Watched {
        Sighting sighting;
        Behaviour behaviour;
        Instant active{};  ///< When it was last seen doing something.
    };
    /// What is thought of a process, for as long as it lives.
    struct Opinion {
        ProcessKey key;
        SettledAdvice advice;
        Instant since{};          ///< Of the first advice.
        bool has_lasted = false;  ///< Long enough to be learned.
        bool is_found = false;    ///< And has been, or cannot be.
        std::string exe;
    };
    void note_lasting(Opinion& opinion, Instant now);
    void find(const Snapshot& process, Opinion& opinion);

    /// The kernel tells of pressure every two seconds at most.
    static constexpr auto kPatience = std::chrono::seconds{5};

    void begin_round(Instant now);
    void look_at(Pid pid, Instant now);
    void note(Watched& watched, const Sighting& sighting, Instant now);
    void end_round(Instant now);
    void rest();

    UsageSource& source_;
    std::optional<Instant> due_;
    Instant pressure_noted_{};
    Instant pressure_since_{};
    Instant round_began_{};
    Instant round_ended_{};
    std::chrono::nanoseconds cost_{};                           // of this round so far
    std::unordered_map<Pid, std::chrono::nanoseconds> clocks_;  // of the last round
    std::set<Pid> left_out_;                                    // threads of the kernel
    std::vector<Pid> queue_;                                    // to be sampled in this round
    std::unordered_map<Pid, Watched> watched_;
    std::unordered_map<Pid, Opinion> opinions_;
    std::vector<Pid> news_;
    std::vector<Discovery> discoveries_;
    std::vector<Observation> round_;
    bool is_round_whole_ = false;
    Tally tally_;
};

}  // namespace priorityd
