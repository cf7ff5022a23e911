// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scoring/external_engine.hpp"

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "core/units.hpp"

namespace priorityd {
namespace {

/// Whether the question may be what it could not cope with: others might be answered.
bool blames_question(const Error& error)
{
    return error.code == ETIMEDOUT || error.code == ECONNRESET || error.code == EBADMSG || error.code == EMSGSIZE;
}

}  // namespace

bool ExternalEngine::recall(const FileId& program, std::vector<Vote>& into)
{
    const auto found = known_.find(program);
    if (found == known_.end()) {
        ++tally_.misses;
        return false;
    }
    ++tally_.hits;
    if (found->second)
        into.push_back(*found->second);
    return true;
}

bool ExternalEngine::is_described(const FileId& program) const
{
    const auto found = waiting_.find(program);
    return found != waiting_.end() && found->second.program;
}

bool ExternalEngine::expect(const FileId& program, Pid asking)
{
    const bool is_new = !waiting_.contains(program);
    if (is_new && is_full())
        return false;
    auto& its = waiting_[program].asking;
    if (its.size() < kMostAsking && std::ranges::find(its, asking) == its.end())
        its.push_back(asking);
    return is_new;
}

void ExternalEngine::tell_of(const FileId& program, Circumstances circumstances)
{
    if (const auto found = waiting_.find(program); found != waiting_.end())
        found->second.circumstances = std::move(circumstances);
}

void ExternalEngine::describe(DescribedProgram program, Instant now)
{
    const auto found = waiting_.find(program.id);
    if (found == waiting_.end() || found->second.program)
        return;
    queue_.push_back(program.id);
    program.circumstances = std::exchange(found->second.circumstances, {});
    found->second.program = std::move(program);
    if (!due_)
        due_ = now + kGathering;
}

void ExternalEngine::give_up(const FileId& program)
{
    const auto found = waiting_.find(program);
    if (found != waiting_.end() && !found->second.program)
        waiting_.erase(found);
}

std::optional<Instant> ExternalEngine::deadline() const
{
    if (!asked_.empty())
        return std::nullopt;
    const auto next = queue_.empty() ? std::nullopt : due_;
    const auto due = put_off_.empty() ? next : earlier(next, put_off_.begin()->first);
    const auto rested = breaker_.until();
    return rested && due ? std::max(*rested, *due) : due;
}

void ExternalEngine::queue_those_put_off(Instant now)
{
    const auto end = put_off_.upper_bound(now);
    for (auto one = put_off_.begin(); one != end; ++one)
        queue_.push_back(one->second);
    put_off_.erase(put_off_.begin(), end);
}

std::vector<DescribedProgram> ExternalEngine::take_batch(Instant now)
{
    const auto due = deadline();
    if (!due || *due > now)
        return {};
    queue_those_put_off(now);
    const auto attempts = [this](const FileId& id) { return waiting_.at(id).attempts; };
    const bool is_alone = breaker_.is_trying() || attempts(queue_.front()) > 0;
    std::vector<DescribedProgram> batch;
    do {
        batch.push_back(*waiting_.at(queue_.front()).program);
        asked_.push_back(queue_.front());
        queue_.pop_front();
    } while (!is_alone && batch.size() < kMostAtOnce && !queue_.empty() && attempts(queue_.front()) == 0);
    tally_.calls += batch.size();
    sent_ = now;
    due_.reset();
    return batch;
}

std::vector<Pid> ExternalEngine::hear(const Result<ScoreAnswer>& answer, const OfferedClasses& classes, Instant now)
{
    if (asked_.empty())
        return {};
    is_absent_ = false;
    if (!answer) {
        fail(answer.error(), now);
        return {};
    }
    if (answer->size() != asked_.size()) {
        tally_.refused += asked_.size();
        fail({EBADMSG,
              fmt::format("{} rows for {} programs", answer->size() > asked_.size() ? "more" : "fewer", asked_.size())},
             now);
        return {};
    }
    latency_ = std::chrono::floor<std::chrono::microseconds>(now - sent_);
    breaker_.succeed();
    trouble_.clear();
    auto news = hear_rows(*answer, classes, now);
    if (!queue_.empty())
        due_ = now;
    return news;
}

std::vector<Pid> ExternalEngine::hear_rows(const ScoreAnswer& rows, const OfferedClasses& classes, Instant now)
{
    std::vector<Pid> news;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (const auto retry = retry_of(rows[i])) {
            put_off_.emplace(std::chrono::ceil<std::chrono::seconds>(now + *retry), asked_[i]);
            continue;
        }
        const auto advice = judged(rows[i], classes);
        if (!advice) {
            ++tally_.refused;
            trouble_ = advice.error().doing;
        } else if (*advice) {
            ++tally_.votes;
            const auto& asking = waiting_.at(asked_[i]).asking;
            news.insert(news.end(), asking.begin(), asking.end());
        }
        remember(asked_[i], advice.value_or(std::nullopt));
    }
    asked_.clear();
    return news;
}

void ExternalEngine::remember(const FileId& program, std::optional<Advice> advice)
{
    if (known_.size() >= kMostRemembered)
        known_.clear();
    known_.insert_or_assign(program, advice ? std::optional{Vote{name_, *std::move(advice)}} : std::nullopt);
    waiting_.erase(program);
}

void ExternalEngine::fail(const Error& error, Instant now)
{
    ++tally_.failures;
    trouble_ = error.doing;
    is_absent_ = error.code == EHOSTUNREACH;
    const bool is_costly = error.code == EMSGSIZE;  // it was received before its length was seen
    if (is_absent_ || is_costly)
        breaker_.rest(now);
    else
        breaker_.fail(now);
    for (const FileId& id : std::exchange(asked_, {})) {
        if (blames_question(error) && ++waiting_.at(id).attempts >= kMostAttempts)
            remember(id, std::nullopt);
        else
            queue_.push_back(id);
    }
    due_ = now + kPause;
}

void ExternalEngine::take_back(Instant now)
{
    queue_.insert(queue_.begin(), asked_.begin(), asked_.end());
    asked_.clear();
    due_ = now + kPause;
}

void ExternalEngine::use_classes(const OfferedClasses& classes)
{
    std::erase_if(known_, [&](const auto& entry) {
        const auto& vote = entry.second;
        return !vote || std::ranges::find(classes, vote->advice.program_class, &OfferedClass::name) == classes.end();
    });
}

std::string ExternalEngine::health(Instant now) const
{
    const bool is_resting = !breaker_.lets_through(now);
    const auto rest = [&] { return duration_text(std::chrono::ceil<std::chrono::seconds>(*breaker_.until() - now)); };
    if (is_absent_)
        return is_resting ? fmt::format("not on the bus; asked again in {} at the latest", rest()) : "not on the bus";
    if (is_resting)
        return fmt::format("resting for {} more: {}", rest(), trouble_);
    std::string state = asked_.empty() ? "ready" : "being asked";
    if (!put_off_.empty())
        state += fmt::format("; {} program{} put off", put_off_.size(), put_off_.size() == 1 ? "" : "s");
    return trouble_.empty() ? state : fmt::format("{}; last trouble: {}", state, trouble_);
}

}  // namespace priorityd
