// SPDX-License-Identifier: GPL-3.0-or-later
/// Remembers what scoring engines say of programs, and which are still to be looked up for whom. It looks nothing up
/// itself.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/ids.hpp"
#include "core/scoring/advice.hpp"
#include "core/snapshot.hpp"

namespace priorityd {

/// Whether what runs is the process's file, and no script of which it is only the interpreter.
[[nodiscard]] bool runs_own_file(const Snapshot& process);

/// Whether something could be known of the process by its file: it runs that, and a package or an application could
/// have put it there.
[[nodiscard]] bool may_be_known_by_file(const Snapshot& process);

/// The program to ask about. Empty where may_be_known_by_file() is false, its file cannot be told, or it lies inside of
/// an application's own files and its unit is not that application's. Precondition: file_id and cgroup are known.
[[nodiscard]] std::optional<ProgramFile> program_of(const Snapshot& process);

/// The same, and programs at all other places too, once they have not been written to for ten minutes: what compilers
/// make and tests run is gone by then, or written again. For who knows programs by their names.
[[nodiscard]] std::optional<ProgramFile> program_anywhere(const Snapshot& process, std::chrono::sys_seconds today);

/// Since start.
struct CacheTally {
    std::uint64_t hits = 0;                                   ///< Questions that were answered at once.
    std::uint64_t misses = 0;                                 ///< Questions whose answer came later.
    std::uint64_t learned = 0;                                ///< Programs that engines were asked about.
    std::map<std::string, std::uint64_t, std::less<>> votes;  ///< Of how many each engine had something to say.
};

class ProgramCache {
public:
    /// Null while the program is not known; from then on it is wanted, and `asking` is told by learn().
    [[nodiscard]] const std::vector<Vote>* find(const ProgramFile& program, Pid asking);

    /// The program is wanted, known or not, though nobody has asked for it here. False when there are too many already.
    [[nodiscard]] bool want(const ProgramFile& program);

    /// Whether take_wanted() has anything.
    [[nodiscard]] bool has_wanted() const;
    /// Those to be looked up, each once; what comes of it goes to learn().
    [[nodiscard]] std::vector<ProgramFile> take_wanted();
    /// Takes in what is said of a program; who has asked for it is to be looked at again.
    [[nodiscard]] std::vector<Pid> learn(const ProgramFile& program, std::vector<Vote> votes);
    /// The program could not be looked up: it will be, when somebody asks for it again.
    void give_up(const ProgramFile& program) { wanted_.erase(key_of(program)); }
    [[nodiscard]] const CacheTally& tally() const { return tally_; }
    /// How many programs it remembers, those of which nobody has anything to say too.
    [[nodiscard]] std::size_t size() const { return known_.size(); }

private:
    /// The same file may be another application's, or nobody's.
    using Key = std::pair<FileId, App>;
    static Key key_of(const ProgramFile& program) { return {program.id, program.app}; }
    struct Wanted {
        std::string exe;
        std::vector<Pid> asking;
        bool is_taken = false;
    };
    /// Programs that start in a boot of a busy desktop: 1 MB at worst.
    static constexpr std::size_t kMost = 4096;
    /// More at a time are not remembered: they are found again when they are looked at the next time.
    static constexpr std::size_t kMostWanted = 512;
    static constexpr std::size_t kMostAsking = 64;

    std::map<Key, std::vector<Vote>> known_;
    std::map<Key, Wanted> wanted_;
    CacheTally tally_;
};

}  // namespace priorityd
