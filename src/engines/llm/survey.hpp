// SPDX-License-Identifier: GPL-3.0-or-later
/// A list of programs that the model is asked about for a person who waits: what to ask next, and what is known by now.
/// It sends nothing itself and is told the time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/ids.hpp"
#include "core/result.hpp"
#include "engines/llm/enquiries.hpp"
#include "engines/llm/prompt.hpp"
#include "engines/llm/settings.hpp"

namespace priorityd::llm {

class Survey {
public:
    /// So many requests in a row without an answer are the end, where there has been none yet or the server is busy:
    /// a full batch, smaller ones, and single programs.
    static constexpr int kMostFailures = 6;

    /// Names of `settings.never_ask` are known at once: the engine says nothing of them.
    Survey(std::vector<ToldProgram> programs, const Settings& settings);

    /// When the next request may be sent: past, unless the server has asked for a rest. Empty when all is known.
    [[nodiscard]] std::optional<Instant> deadline() const;
    /// What to ask; hear() has to follow. `now`: deadline() or later.
    [[nodiscard]] std::optional<Batch> take_batch(Instant now);
    /// The body of the answer, or why there is none. Errors: the same, or what is wrong with the body, when asking on
    /// makes no sense.
    [[nodiscard]] Result<void> hear(const Batch& batch, const Result<std::string>& body, Instant now);

    /// What has become known since the last call, in the order of the programs and without a gap. An error: nothing
    /// that the model has said of this program could be used.
    [[nodiscard]] std::vector<Judgement> take_known();

    struct Tally {
        std::size_t programs = 0;
        std::size_t known = 0;     ///< Of them; also beyond a gap.
        std::size_t requests = 0;  ///< Those without an answer count too.
        std::int64_t tokens = 0;   ///< Of questions and answers, where the server tells.
        Form form{};               ///< Of the last request.
    };
    [[nodiscard]] const Tally& tally() const { return tally_; }
    /// What went wrong last with a request; empty after one that was answered.
    [[nodiscard]] const std::string& trouble() const { return trouble_; }

private:
    void feed(Instant now);
    void note(std::size_t index, Judgement judgement);
    void note_given_up(const Batch& batch, const Result<std::vector<Judgement>>& answer);
    [[nodiscard]] bool is_hopeless(const Error& error, Form form) const;

    std::vector<ToldProgram> programs_;
    std::vector<std::optional<Judgement>> known_;  // as many
    std::size_t fed_ = 0;                          // so many of them are, or were, in enquiries_
    std::size_t taken_ = 0;
    Enquiries enquiries_;
    int failures_ = 0;  // in a row
    bool is_answering_ = false;
    bool is_busy_ = false;
    std::string trouble_;
    Tally tally_;
};

}  // namespace priorityd::llm
