// SPDX-License-Identifier: GPL-3.0-or-later
/// Remembers what scoring engines say of programs, and which are still to be looked up for whom. It looks nothing up
/// itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/ids.hpp"
#include "core/ports.hpp"
#include "core/scoring/advice.hpp"
#include "core/snapshot.hpp"

namespace priorityd {

/// Whether a package could have put the program there. Of others nothing is to be known.
[[nodiscard]] bool is_where_packages_go(std::string_view exe);

/// Since start.
struct CacheTally {
    std::uint64_t hits = 0;                                   ///< Questions that were answered at once.
    std::uint64_t misses = 0;                                 ///< Questions whose answer came later.
    std::uint64_t learned = 0;                                ///< Programs that engines were asked about.
    std::map<std::string, std::uint64_t, std::less<>> votes;  ///< Of how many each engine had something to say.
};

class ProgramCache final : public ProgramLibrary {
public:
    [[nodiscard]] const std::vector<Vote>* find(const ProgramFile& program, Pid asking) override;

    /// Whether take_wanted() has anything.
    [[nodiscard]] bool has_wanted() const;
    /// Those to be looked up, each once; what comes of it goes to learn().
    [[nodiscard]] std::vector<ProgramFile> take_wanted();
    /// Takes in what is said of a program; who has asked for it is to be looked at again.
    [[nodiscard]] std::vector<Pid> learn(const ProgramFile& program, std::vector<Vote> votes);
    /// The program could not be looked up: it will be, when somebody asks for it again.
    void give_up(const ProgramFile& program) { wanted_.erase(program.id); }
    [[nodiscard]] const CacheTally& tally() const { return tally_; }
    /// How many programs it remembers, those of which nobody has anything to say too.
    [[nodiscard]] std::size_t size() const { return known_.size(); }

private:
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

    std::map<FileId, std::vector<Vote>> known_;
    std::map<FileId, Wanted> wanted_;
    CacheTally tally_;
};

}  // namespace priorityd
