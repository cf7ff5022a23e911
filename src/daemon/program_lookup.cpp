// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/program_lookup.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>

#include "core/scoring/arbiter.hpp"
#include "kernel/programs.hpp"
#include "kernel/timers.hpp"

namespace priorityd::daemon {
namespace {

/// A desktop starts dozens of programs within a second; nobody sees when their class comes.
constexpr auto kGathering = std::chrono::seconds{1};
constexpr int kRests = 100;
constexpr auto kLongestRest = std::chrono::minutes{1};

/// Nobody waits for a look-up: it yields to whoever wants the CPU.
void yield_to_others()
{
    constexpr int kLowered = 10;
    ::setpriority(PRIO_PROCESS, 0, kLowered);  // of this thread alone; source: setpriority(2), NOTES
}

}  // namespace

/// What the other thread is asked and answers.
struct ProgramLookup::Errand {
    std::vector<ProgramFile> programs;
    std::vector<ProgramInfo> infos;        ///< As many.
    std::vector<std::vector<Vote>> votes;  ///< As many.
    TimedServices timed;
    kernel::Refused refused;
    std::chrono::microseconds took{};
};

Result<std::unique_ptr<ProgramLookup>> ProgramLookup::open()
{
    auto thread = DiskThread::open();
    if (!thread)
        return tl::unexpected(thread.error());
    return std::unique_ptr<ProgramLookup>{new ProgramLookup{*std::move(thread)}};
}

FactSet ProgramLookup::needs(const Snapshot& process) const
{
    return may_be_known_by_file(process) ? Fact::file_id | Fact::cgroup : FactSet{};
}

void ProgramLookup::advise(const Snapshot& process, std::vector<Vote>& into)
{
    const auto program = program_of(process);
    const auto* known = program ? cache_.find(*program, process.key.pid) : nullptr;
    if (known)
        into.insert(into.end(), known->begin(), known->end());
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
    const auto errand = std::make_shared<Errand>();
    errand->programs = cache_.take_wanted();
    thread_->hand_over(
        [errand, stop = ending_.get_token()]() -> Result<void> {
            yield_to_others();
            const auto begin = std::chrono::steady_clock::now();
            auto found = kernel::look_up_programs(errand->programs, stop);
            errand->infos = std::move(found.programs);
            for (const auto& info : errand->infos)
                errand->votes.push_back(votes_on(info));
            errand->refused = std::move(found.refused);
            errand->timed = kernel::read_timers();
            errand->took = std::chrono::floor<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin);
            return {};
        },
        [this, errand](const Result<void>& done) {
            is_looking_ = false;
            latency_ = errand->took;
            if (done)
                timed_ = std::move(errand->timed);
            for (const auto& file : errand->refused)
                kernel::refuse(file, refused_);
            finish(*errand, done.has_value());
        });
}

/// `is_done`: false where there could be no thread.
void ProgramLookup::finish(Errand& errand, bool is_done)
{
    for (std::size_t i = 0; i < errand.programs.size(); ++i) {
        const auto& program = errand.programs[i];
        if (is_done) {
            const auto asking = cache_.learn(program, std::move(errand.votes[i]));
            answered_.insert(answered_.end(), asking.begin(), asking.end());
        } else {
            cache_.give_up(program);
        }
        if (known_)
            known_(program, is_done ? &errand.infos[i] : nullptr);
    }
}

std::vector<Pid> ProgramLookup::take_news(Instant now)
{
    thread_->dispatch();
    if (!answered_.empty())
        not_before_ = now + std::min<Instant::duration>(latency_ * kRests, kLongestRest);
    return std::exchange(answered_, {});
}

}  // namespace priorityd::daemon
