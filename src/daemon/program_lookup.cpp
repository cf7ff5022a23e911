// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/program_lookup.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>

#include "core/scoring/arbiter.hpp"
#include "kernel/programs.hpp"

namespace priorityd::daemon {
namespace {

/// A desktop starts dozens of programs within a second; nobody sees when their class comes.
constexpr auto kGathering = std::chrono::seconds{1};
constexpr int kRests = 100;
constexpr auto kLongestRest = std::chrono::minutes{1};

/// What the other thread is asked and answers.
struct Errand {
    std::vector<ProgramFile> programs;
    std::vector<std::vector<Vote>> votes;  ///< As many.
    std::chrono::microseconds took{};
};

/// Nobody waits for a look-up: it yields to whoever wants the CPU.
void yield_to_others()
{
    constexpr int kLowered = 10;
    ::setpriority(PRIO_PROCESS, 0, kLowered);  // of this thread alone; source: setpriority(2), NOTES
}

}  // namespace

Result<std::unique_ptr<ProgramLookup>> ProgramLookup::open()
{
    auto thread = DiskThread::open();
    if (!thread)
        return tl::unexpected(thread.error());
    return std::unique_ptr<ProgramLookup>{new ProgramLookup{*std::move(thread)}};
}

const std::vector<Vote>* ProgramLookup::find(const ProgramFile& program, Pid asking)
{
    return cache_.find(program, asking);
}

std::optional<Instant> ProgramLookup::deadline(Instant now)
{
    if (!due_ && !is_looking_ && cache_.has_wanted())
        due_ = std::max(now + kGathering, not_before_);
    return due_;
}

void ProgramLookup::run_due(Instant now)
{
    if (!due_ || *due_ > now)
        return;
    due_.reset();
    is_looking_ = true;
    const auto errand = std::make_shared<Errand>(Errand{cache_.take_wanted(), {}, {}});
    thread_->hand_over(
        [errand, stop = ending_.get_token()]() -> Result<void> {
            yield_to_others();
            const auto begin = std::chrono::steady_clock::now();
            for (const auto& info : kernel::look_up_programs(errand->programs, stop))
                errand->votes.push_back(votes_on(info));
            errand->took = std::chrono::floor<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin);
            return {};
        },
        [this, errand](const Result<void>& done) {
            is_looking_ = false;
            latency_ = errand->took;
            for (std::size_t i = 0; i < errand->programs.size(); ++i)
                finish(errand->programs[i], done ? &errand->votes[i] : nullptr);
        });
}

/// `votes`: null where there could be no thread.
void ProgramLookup::finish(const ProgramFile& program, std::vector<Vote>* votes)
{
    if (!votes)
        return cache_.give_up(program);
    const auto asking = cache_.learn(program, std::move(*votes));
    answered_.insert(answered_.end(), asking.begin(), asking.end());
}

std::vector<Pid> ProgramLookup::take_answered(Instant now)
{
    thread_->dispatch();
    if (!answered_.empty())
        not_before_ = now + std::min<Instant::duration>(latency_ * kRests, kLongestRest);
    return std::exchange(answered_, {});
}

}  // namespace priorityd::daemon
