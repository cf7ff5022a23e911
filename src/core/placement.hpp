// SPDX-License-Identifier: GPL-3.0-or-later
/// Which caches and nodes the programs get that a rule gives "some" CPUs: "llc:auto", "numa:auto", "gpu-local". Whole
/// ones, spread over the programs; who has which is remembered here. What it says is carried out elsewhere.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/ids.hpp"
#include "core/machine.hpp"
#include "core/result.hpp"
#include "core/units.hpp"

namespace priorityd {

class Placement {
public:
    struct Wish {
        ProcessKey process;
        CpuSetName name;                ///< One that is_chosen() holds for.
        int busy_threads = 1;           ///< See ProcessHandle::busy_threads().
        std::vector<std::string> gpus;  ///< That it uses, by address; empty for unknown.
        CpuSet has;                     ///< What an earlier priorityd has chosen for it; empty for nothing.
    };
    struct Place {
        CpuSet cpus;          ///< Never empty.
        std::string because;  ///< "llc:2", "llc:0 with one more", "llc:0, llc:1 for 6 threads at work".
    };

    /// A set with fewer CPUs than this is nothing for a program by itself.
    static constexpr int kLeastCpus = 2;

    /// Whether that name stands for one of several sets, so that it is chosen for each process.
    [[nodiscard]] static bool is_chosen(const CpuSetName& name);

    /// Chooses for the process, which keeps what it has as long as that is there, has room for its threads, is not
    /// shared while fewer have another one of the same node, and was not chosen before its GPU was known. Of several
    /// that fit equally, the order is: the one that the fewest others have; near its GPU; on the node that the fewest
    /// have; the larger cache; the faster; the first. More than one, free ones first, then near ones, where its threads
    /// need more. Errors: EBUSY with the reason where it is better left everywhere as things are now; EOPNOTSUPP where
    /// it always is; EINVAL when the machine has no such thing. Then it has nothing, and is looked at again after
    /// EBUSY.
    [[nodiscard]] Result<Place> place(const Machine& machine, const Wish& wish, Instant now);
    /// It has ended, or is not to be placed any more. Those who had to share are due for a look.
    void release(Pid process, Instant now);
    /// It cannot have what it has for now, but is to be looked at again; one that has nothing is not.
    void suspend(Pid process, Instant now);

    /// What a program needs shows itself when it is at work, so each is to be looked at again: after a second, and then
    /// at longer and longer intervals up to a minute. When take_due() wants to be called.
    [[nodiscard]] std::optional<Instant> deadline() const;
    [[nodiscard]] std::vector<Pid> take_due(Instant now);

private:
    struct Seat {
        ProcessKey process;
        CpuSetName name;
        CpuSet cpus;               ///< Empty while it can have none.
        bool knows_gpu = false;    ///< It was chosen with its GPU in mind.
        std::uint64_t number = 0;  ///< Lower ones came earlier.
        Instant since{};
        Instant next_look{};
    };
    struct Domain;
    class Chooser;

    [[nodiscard]] Result<Place> choose(const Machine& machine, const Wish& wish) const;
    void wake_sharers(Instant now);
    [[nodiscard]] int others_on(const CpuSet& cpus, Pid process) const;
    [[nodiscard]] const Seat* seat_of(const Wish& wish) const;

    std::map<Pid, Seat> seats_;
    std::uint64_t next_number_ = 0;
};

}  // namespace priorityd
