// SPDX-License-Identifier: GPL-3.0-or-later
/// The programs that the model is still to be asked about: which ones go together into a request, when it may be sent,
/// and what becomes of them when it fails. It sends nothing itself and is told the time.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/ids.hpp"
#include "core/result.hpp"
#include "core/scoring/circuit_breaker.hpp"
#include "engines/llm/finding.hpp"
#include "engines/llm/prompt.hpp"

namespace priorityd::llm {

/// One request.
struct Batch {
    std::vector<Key> keys;              ///< As many as programs.
    std::vector<ToldProgram> programs;  ///< All with the same classes.
    Form form{};
};

/// Whether other questions, or smaller ones, might be answered where this is what came of one.
[[nodiscard]] bool blames_question(const Error& error);

class Enquiries {
public:
    /// Some MB. More are not taken: whoever asks for one asks again.
    static constexpr std::size_t kMostWaiting = 4096;
    /// A program is given up that was in so many requests to which there was no answer that could be read.
    static constexpr int kMostAttempts = 6;
    /// What was said of it and did not count is as bad as so many: the same question seldom gets a better answer.
    static constexpr int kRefusal = 3;

    struct Manners {
        std::size_t batch;                 ///< Programs in a request, at most.
        std::chrono::milliseconds gather;  ///< How long the first waits for others.
    };
    explicit Enquiries(Manners manners) : manners_{manners}, most_{manners.batch} {}

    /// The model is to be asked about the program, once however often this is called. `key` says the same of the same
    /// question. False when no more are taken.
    bool expect(const Key& key, const ToldProgram& program, Instant now);
    /// Whether it was given up: then it is known no better until this process ends.
    [[nodiscard]] bool is_given_up(const Key& key) const { return given_up_.contains(key); }

    /// When take_batch() would have something, whatever the budget says; empty while it waits for nothing, or for an
    /// answer.
    [[nodiscard]] std::optional<Instant> deadline() const;
    /// When the answer about the last of them may be there; a guess.
    [[nodiscard]] Instant guess(Instant now) const;
    /// What to ask now; hear() has to follow. Empty when there is nothing to ask, or not now.
    [[nodiscard]] std::optional<Batch> take_batch(Instant now);
    /// The rows of the answer, or why there are none: ENOTSUP when the server does not know the form; EBADMSG,
    /// EMSGSIZE, EFBIG, ETIMEDOUT and ECONNRESET when it could not cope with the question; all others say that nobody
    /// can be asked now.
    [[nodiscard]] std::vector<Finding> hear(const Result<std::vector<Judgement>>& answer, Instant now);

    struct Tally {
        std::size_t requests = 0;
        std::size_t failures = 0;  ///< Of the requests.
        std::size_t refused = 0;   ///< Rows that said what they may not.
    };
    [[nodiscard]] const Tally& tally() const { return tally_; }
    [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }
    /// How long the last answer took; zero before the first.
    [[nodiscard]] std::chrono::milliseconds latency() const { return latency_; }
    /// "ready", "asking about 12 programs", "resting: connection refused"; no times, since it may be read later.
    [[nodiscard]] std::string health(Instant now) const;

private:
    struct Waiting {
        ToldProgram program;
        int attempts = 0;
    };

    [[nodiscard]] bool is_full_batch() const { return queue_.size() >= most_; }
    std::vector<Finding> hear_rows(const std::vector<Judgement>& rows);
    void fail(const Error& error, Instant now);
    void blame(const Key& key, int attempts);

    Manners manners_;
    std::size_t most_;  // programs in the next request: fewer after one that the server could not cope with
    Form form_ = Form::schema;
    std::map<Key, Waiting> waiting_;
    std::deque<Key> queue_;   // those of waiting_ that are not being asked about
    std::vector<Key> asked_;  // the request under way
    std::set<Key> given_up_;
    std::optional<Instant> due_;
    Instant sent_{};
    CircuitBreaker breaker_;
    Tally tally_;
    std::chrono::milliseconds latency_{};
    std::string trouble_;
};

}  // namespace priorityd::llm
