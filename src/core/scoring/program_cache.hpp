// SPDX-License-Identifier: GPL-3.0-or-later
/// Remembers what is known of programs, and which are still to be looked up for whom. It looks nothing up itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "core/ids.hpp"
#include "core/ports.hpp"
#include "core/scoring/program_info.hpp"
#include "core/snapshot.hpp"

namespace priorityd {

/// Whether a package could have put the program there. Of others nothing is to be known.
[[nodiscard]] bool is_where_packages_go(std::string_view exe);

/// Since start.
struct CacheTally {
    std::uint64_t hits = 0;    ///< Questions that were answered at once.
    std::uint64_t misses = 0;  ///< Questions whose answer came later.
};

class ProgramCache final : public ProgramLibrary {
public:
    [[nodiscard]] const ProgramInfo* find(const ProgramFile& program, Pid asking) override;

    /// Whether take_wanted() has anything.
    [[nodiscard]] bool has_wanted() const;
    /// Those to be looked up, each once; what comes of it goes to learn().
    [[nodiscard]] std::vector<ProgramFile> take_wanted();
    /// Takes in what is known of a program; who has asked for it is to be looked at again.
    [[nodiscard]] std::vector<Pid> learn(const ProgramFile& program, ProgramInfo info);
    [[nodiscard]] const CacheTally& tally() const { return tally_; }
    /// How many programs something is known of, be it that there is nothing to know.
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

    std::map<FileId, ProgramInfo> known_;
    std::map<FileId, Wanted> wanted_;
    CacheTally tally_;
};

}  // namespace priorityd
