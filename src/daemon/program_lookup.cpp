// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/program_lookup.hpp"

#include <chrono>

#include "kernel/programs.hpp"

namespace priorityd::daemon {
namespace {

/// A desktop starts dozens of programs within a second; nobody sees when their class comes.
constexpr auto kGathering = std::chrono::seconds{1};

}  // namespace

Result<std::unique_ptr<ProgramLookup>> ProgramLookup::open()
{
    auto thread = DiskThread::open();
    if (!thread)
        return tl::unexpected(thread.error());
    return std::unique_ptr<ProgramLookup>{new ProgramLookup{*std::move(thread)}};
}

const ProgramInfo* ProgramLookup::find(const ProgramFile& program, Pid asking)
{
    return cache_.find(program, asking);
}

std::optional<Instant> ProgramLookup::deadline(Instant now)
{
    if (!due_ && !is_looking_ && cache_.has_wanted())
        due_ = now + kGathering;
    return due_;
}

void ProgramLookup::run_due(Instant now)
{
    if (!due_ || *due_ > now)
        return;
    due_.reset();
    is_looking_ = true;
    struct Errand {
        std::vector<ProgramFile> programs;
        std::vector<ProgramInfo> found;
    };
    const auto errand = std::make_shared<Errand>(Errand{cache_.take_wanted(), {}});
    thread_->hand_over(
        [errand]() -> Result<void> {
            errand->found = kernel::look_up_programs(errand->programs);
            return {};
        },
        [this, errand](const Result<void>&) {
            is_looking_ = false;
            errand->found.resize(errand->programs.size());  // empty when there could be no thread
            for (std::size_t i = 0; i < errand->programs.size(); ++i) {
                const auto asking = cache_.learn(errand->programs[i], std::move(errand->found[i]));
                answered_.insert(answered_.end(), asking.begin(), asking.end());
            }
        });
}

std::vector<Pid> ProgramLookup::take_answered()
{
    thread_->dispatch();
    return std::exchange(answered_, {});
}

}  // namespace priorityd::daemon
