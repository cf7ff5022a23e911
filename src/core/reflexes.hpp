// SPDX-License-Identifier: GPL-3.0-or-later
/// What is done about a program the moment it starts, where its file alone says what. It is worked out once for each
/// file, so that a start costs a look-up; everything else about the program follows a little later.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>

#include "core/action.hpp"
#include "core/carry_out.hpp"
#include "core/decide.hpp"
#include "core/ids.hpp"
#include "core/knobs.hpp"
#include "core/ledger.hpp"
#include "core/ports.hpp"
#include "core/snapshot.hpp"

namespace priorityd {

/// nice, policy and slice that a program of this file gets, whoever starts it and whatever it calls itself, as far as
/// the knobs are alive. Empty where that takes more facts, and where nobody has anything to say of it.
[[nodiscard]] SetScheduling reflex(const Engines& engines, const Limits& limits, const Knobs& knobs,
                                   const std::string& exe);

/// Reflexes by file. To be forgotten whenever something changes that they were worked out from.
class Reflexes {
public:
    /// `work_out`: SetScheduling(const std::string& exe), called for a file that is not known. Valid until the next
    /// call.
    template <typename WorkOut>
    const SetScheduling& of(const std::string& exe, WorkOut work_out)
    {
        static const SetScheduling kNone;
        if (exe.size() > kLongest)
            return kNone;
        if (const auto found = known_.find(exe); found != known_.end())
            return found->second;
        if (known_.size() >= kMost)
            known_.clear();
        return known_.emplace(exe, work_out(exe)).first->second;
    }
    void forget() { known_.clear(); }

private:
    /// More programs than one boot of a desktop starts: 0.1 MB, and 0.6 where somebody starts programs for no other
    /// purpose than to fill this.
    static constexpr std::size_t kMost = 1024;
    static constexpr std::size_t kLongest = 512;
    std::unordered_map<std::string, SetScheduling> known_;
};

/// What was done to a program by reflex.
struct Reaction {
    ProcessKey process;  ///< Its start time is that of the reaction: of whoever had the pid then.
    std::string exe;
    Instant when;
    SetScheduling before;
    SetScheduling written;  ///< Empty when the program had it all already.
};

/// Gives a program that has just started the settings of a reflex. Empty where there is more to find out at once: the
/// kernel refused, or somebody seems to hold a setting, which may as well have come along from another process.
///
/// Everything goes by the pid, and no other process can have got it since the kernel told of the start: a pid is not
/// given out again before all others were.
[[nodiscard]] std::optional<Reaction> react(Pid pid, std::string exe, const SetScheduling& wanted,
                                            ProcessSource& source, const Tools& tools, Instant now);

/// What was written.
[[nodiscard]] Ledger ledger_of(const Reaction& reaction);

/// The program of this file, as far as that tells.
[[nodiscard]] Snapshot program_of(const std::string& exe);

/// Makes of what a process is now what it was when it was reacted to: with the scheduling that it came with, which
/// tells where it comes from, and the program that it ran, of which the kernel has told before the one that it runs by
/// now.
void rewind(const Reaction& reaction, Snapshot& process);

}  // namespace priorityd
