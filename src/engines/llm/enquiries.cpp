// SPDX-License-Identifier: GPL-3.0-or-later
#include "engines/llm/enquiries.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fmt/format.h>

namespace priorityd::llm {
namespace {

using namespace std::chrono_literals;

/// What one answer is guessed to take before there has been one.
constexpr auto kFirstGuess = 5s;
/// Between a failed request and the next.
constexpr auto kPause = 1s;
/// Texts of a day's worth of new programs; beyond that one of them may be asked about again.
constexpr std::size_t kMostGivenUp = Enquiries::kMostWaiting;

}  // namespace

bool blames_question(const Error& error)
{
    return error.code == EBADMSG || error.code == EMSGSIZE || error.code == EFBIG || error.code == ETIMEDOUT ||
           error.code == ECONNRESET;
}

bool Enquiries::expect(const Key& key, const ToldProgram& program, Instant now)
{
    if (waiting_.contains(key))
        return true;
    if (waiting_.size() >= kMostWaiting)
        return false;
    waiting_.emplace(key, Waiting{program});
    queue_.push_back(key);
    if (!due_)
        due_ = now + manners_.gather;
    if (is_full_batch())
        due_ = std::min(*due_, now);
    return true;
}

std::optional<Instant> Enquiries::deadline() const
{
    if (queue_.empty() || !asked_.empty())
        return std::nullopt;
    const auto rested = breaker_.until();
    return rested && due_ ? std::max(*rested, *due_) : due_;
}

Instant Enquiries::guess(Instant now) const
{
    const auto each = latency_ > 0ms ? latency_ : std::chrono::milliseconds{kFirstGuess};
    const auto requests = (waiting_.size() + most_ - 1) / most_;
    return std::max(now, deadline().value_or(now)) +
           each * static_cast<std::int64_t>(std::max<std::size_t>(requests, 1));
}

std::optional<Batch> Enquiries::take_batch(Instant now)
{
    const auto due = deadline();
    if (!due || *due > now)
        return std::nullopt;
    Batch batch{.keys = {}, .programs = {}, .form = form_};
    const auto& classes = waiting_.at(queue_.front()).program.classes;
    const std::size_t most = breaker_.is_trying() ? 1 : most_;
    // Programs that wait for other classes stay where they are, for the next request.
    std::erase_if(queue_, [&](const Key& key) {
        const auto& one = waiting_.at(key);
        if (batch.keys.size() >= most || one.program.classes != classes)
            return false;
        batch.keys.push_back(key);
        batch.programs.push_back(one.program);
        return true;
    });
    asked_ = batch.keys;
    due_.reset();
    sent_ = now;
    ++tally_.requests;
    return batch;
}

std::vector<Finding> Enquiries::hear(const Result<std::vector<Judgement>>& answer, Instant now)
{
    if (asked_.empty())
        return {};
    if (!answer || answer->size() != asked_.size()) {
        fail(answer ? Error{EBADMSG, "an answer about other programs"} : answer.error(), now);
        return {};
    }
    latency_ = std::chrono::ceil<std::chrono::milliseconds>(now - sent_);
    most_ = std::min(manners_.batch, most_ * 2);
    breaker_.succeed();
    trouble_.clear();
    auto findings = hear_rows(*answer);
    if (!queue_.empty())
        due_ = is_full_batch() ? now : now + manners_.gather;
    return findings;
}

std::vector<Finding> Enquiries::hear_rows(const std::vector<Judgement>& rows)
{
    std::vector<Finding> findings;
    const auto asked = std::exchange(asked_, {});
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (rows[i]) {
            waiting_.erase(asked[i]);
            findings.push_back({asked[i], *rows[i]});
            continue;
        }
        ++tally_.refused;
        trouble_ = rows[i].error().doing;
        blame(asked[i], kRefusal);
    }
    return findings;
}

void Enquiries::blame(const Key& key, int attempts)
{
    if ((waiting_.at(key).attempts += attempts) < kMostAttempts)
        return queue_.push_back(key);
    waiting_.erase(key);
    if (given_up_.size() >= kMostGivenUp)
        given_up_.erase(given_up_.begin());
    given_up_.insert(key);
}

void Enquiries::fail(const Error& error, Instant now)
{
    const auto asked = std::exchange(asked_, {});
    if (error.code == ENOTSUP && form_ != Form::plain) {
        form_ = static_cast<Form>(static_cast<int>(form_) + 1);
        queue_.insert(queue_.begin(), asked.begin(), asked.end());
        due_ = now;
        return;
    }
    ++tally_.failures;
    trouble_ = error.message();
    if (!blames_question(error)) {
        queue_.insert(queue_.begin(), asked.begin(), asked.end());
    } else {
        most_ = std::max<std::size_t>(1, asked.size() / 2);
        for (const auto& key : asked)
            blame(key, 1);
    }
    breaker_.fail(now);
    due_ = now + kPause;
}

std::string Enquiries::health(Instant now) const
{
    if (!breaker_.lets_through(now))
        return "resting: " + trouble_;
    const auto state = asked_.empty() ? std::string{"ready"} : fmt::format("asking about {} programs", asked_.size());
    return trouble_.empty() ? state : fmt::format("{}; last trouble: {}", state, trouble_);
}

}  // namespace priorityd::llm
