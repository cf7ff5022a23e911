// SPDX-License-Identifier: GPL-3.0-or-later
/// One engine outside: which programs it is to be asked about, when, and what it has said. It sends nothing itself and
/// is told the time. Whatever the engine does, a start of a program is answered from memory.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/ids.hpp"
#include "core/result.hpp"
#include "core/scoring/advice.hpp"
#include "core/scoring/circuit_breaker.hpp"
#include "core/scoring/score.hpp"
#include "core/snapshot.hpp"

namespace priorityd {

class ExternalEngine {
public:
    /// Programs in one call.
    static constexpr std::size_t kMostAtOnce = 32;
    /// More at a time are not waited for: they are asked about when they start the next time.
    static constexpr std::size_t kMostWaiting = 2048;
    /// As many as the votes of the other engines.
    static constexpr std::size_t kMostRemembered = 4096;
    /// A program with which a call has failed so often is one that it has no opinion of.
    static constexpr int kMostAttempts = 3;
    /// What is looked up together is asked together.
    static constexpr std::chrono::milliseconds kGathering{100};
    /// Between a failed call and the next.
    static constexpr std::chrono::seconds kPause{1};

    /// Since start.
    struct Tally {
        std::uint64_t calls = 0;     ///< Programs that it was asked about, again and again too.
        std::uint64_t votes = 0;     ///< Of how many it had something to say.
        std::uint64_t refused = 0;   ///< Rows that were none, or said what they may not.
        std::uint64_t failures = 0;  ///< Calls without an answer that counts.
        std::uint64_t hits = 0;
        std::uint64_t misses = 0;
    };

    explicit ExternalEngine(std::string name) : name_{std::move(name)} {}

    /// Appends what it has said of the program, if anything. False when it has not been asked about it, or has not
    /// answered yet. Costs a look into a tree.
    bool recall(const FileId& program, std::vector<Vote>& into);
    /// Whether it can be told of another program.
    [[nodiscard]] bool is_full() const { return waiting_.size() >= kMostWaiting; }
    /// Whether it waits for its turn to be asked about the program, or is being asked.
    [[nodiscard]] bool is_described(const FileId& program) const;
    /// It is to be asked about the program, for this process, once it is known what the program is. Whether the program
    /// is a new one: then tell_of() may follow. Nothing when is_full() and it is.
    bool expect(const FileId& program, Pid asking);
    /// What it is told of that process.
    void tell_of(const FileId& program, Circumstances circumstances);
    /// What is known of a program that it may be waiting for; its circumstances are those of tell_of().
    void describe(DescribedProgram program, Instant now);
    /// Nothing will be known of it.
    void give_up(const FileId& program);

    /// When take_batch() would have something; empty while it waits for nothing, or for an answer.
    [[nodiscard]] std::optional<Instant> deadline() const;
    /// The programs to ask about now, as one call; hear() or take_back() has to follow. Empty when there is nothing to
    /// ask, or not now. One program alone as long as the engine has to prove itself, and for those with which a call
    /// has failed before.
    [[nodiscard]] std::vector<DescribedProgram> take_batch(Instant now);
    /// The answer to the batch, or why there is none. Returns who has asked for programs of which it says something.
    /// Errors with EHOSTUNREACH say that nobody is there, those with ETIMEDOUT, ECONNRESET, EBADMSG and EMSGSIZE that
    /// it could not cope with the question; after EMSGSIZE it rests at once.
    [[nodiscard]] std::vector<Pid> hear(const Result<ScoreAnswer>& answer, const OfferedClasses& classes, Instant now);
    /// The batch will never be answered, and nobody is to blame.
    void take_back(Instant now);
    /// Somebody has come to its place: it need not rest any longer.
    void try_now(Instant now) { breaker_.try_now(now); }
    /// Other classes than before may be given: what it has said of those that still are is kept, the rest is forgotten,
    /// that it had no opinion too.
    void use_classes(const OfferedClasses& classes);

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] const Tally& tally() const { return tally_; }
    /// Programs of which it is remembered what it says, or that it has no opinion.
    [[nodiscard]] std::size_t remembered() const { return known_.size(); }
    /// How long the last answer took; zero before the first.
    [[nodiscard]] std::chrono::microseconds latency() const { return latency_; }
    /// "ready", "being asked", "resting for 20s more: it did not answer within 5s", "not on the bus"; what of the last
    /// answer was refused is told too.
    [[nodiscard]] std::string health(Instant now) const;

private:
    struct Waiting {
        std::optional<DescribedProgram> program;  ///< Empty until it is known what it is.
        Circumstances circumstances;              ///< Until then.
        std::vector<Pid> asking;
        int attempts = 0;
    };
    static constexpr std::size_t kMostAsking = 64;

    [[nodiscard]] std::vector<Pid> hear_rows(const ScoreAnswer& rows, const OfferedClasses& classes, Instant now);
    void queue_those_put_off(Instant now);
    void fail(const Error& error, Instant now);
    void remember(const FileId& program, std::optional<Advice> advice);

    std::string name_;
    std::map<FileId, std::optional<Vote>> known_;
    std::map<FileId, Waiting> waiting_;
    std::deque<FileId> queue_;   // those of waiting_ that are described and not being asked about
    std::vector<FileId> asked_;  // the call under way
    std::multimap<Instant, FileId>
        put_off_;  // those of waiting_ that it does not know yet; by whole seconds, so that many come due at once
    Instant sent_{};
    std::optional<Instant> due_;
    CircuitBreaker breaker_;
    Tally tally_;
    std::chrono::microseconds latency_{};
    bool is_absent_ = false;
    std::string trouble_;  // the last failure, or what was refused last
};

}  // namespace priorityd
