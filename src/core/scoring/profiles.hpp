// SPDX-License-Identifier: GPL-3.0-or-later
/// What programs have turned out to be, by their files: so that the next start of one is known at once, and what stays
/// so becomes a suggestion.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/scoring/advice.hpp"
#include "core/snapshot.hpp"

namespace priorityd {

/// What an engine outside says of a program.
struct Opinion {
    Advice advice;
    std::uint32_t starts = 0;      ///< Of how many starts of the program it has said so.
    std::uint64_t last_start = 0;  ///< Of the youngest process of those, as in ProcessKey; it is not kept.
    friend bool operator==(const Opinion&, const Opinion&) = default;
};

/// By the name of the engine.
using Opinions = std::map<std::string, Opinion, std::less<>>;

/// What was learned of the program at one path.
struct Profile {
    /// How many starts of each class there were. They fade, so these are no whole numbers.
    using Starts = std::map<std::string, double, std::less<>>;

    ProgramFile program;  ///< The file that was there last.
    Starts starts;        ///< By class, as of `seen`; each above 0. Empty where there are opinions alone.
    Opinions opinions;    ///< Of that file.
    std::chrono::sys_seconds seen{};
    std::uint64_t suggestion = 0;  ///< The number of the suggestion that it has become; 0 for none.
    std::string suggested;         ///< Its class.
    friend bool operator==(const Profile&, const Profile&) = default;
};

/// What would like to be a rule.
struct Suggestion {
    std::uint64_t id = 0;
    std::string exe;  ///< As Snapshot::exe.
    std::string program_class;
    std::string engine;          ///< Who says so.
    double confidence = 0;       ///< 0..1: how sure that one is.
    std::uint32_t seen = 0;      ///< Starts for which it was said.
    std::uint32_t starts = 0;    ///< Starts whose behaviour has told a class, as far as they have not faded.
    std::uint32_t agreeing = 0;  ///< Of those, how many told this one.
    std::string because;
    friend bool operator==(const Suggestion&, const Suggestion&) = default;
};

/// Path and class of a suggestion that somebody has said no to.
using Rejection = std::pair<std::string, std::string>;

/// What is to be kept, or has been.
struct ProfileRecords {
    std::vector<Profile> profiles;
    std::vector<Rejection> rejections;
    std::vector<std::string> gone;  ///< Paths whose profiles are no more.
    bool are_all = false;           ///< Whether there are no others than these.

    [[nodiscard]] bool empty() const { return profiles.empty() && rejections.empty() && gone.empty() && !are_all; }
};

class Profiles {
public:
    /// Programs that one machine uses in some months; 2 MB at worst. The one that was not seen for longest goes, of
    /// those of which something is only said before all others.
    static constexpr std::size_t kMost = 2000;
    static constexpr std::size_t kMostRejections = 1000;
    /// A few starts in a row may be one afternoon's work; nothing is suggested before that many agree.
    static constexpr int kStableStarts = 5;
    /// What a start counts for is halved in this time: habits change with seasons, not with days.
    static constexpr auto kHalfLife = std::chrono::days{30};
    /// An engine outside has to be so sure, and the program to be used so often, before what it says is suggested.
    static constexpr double kSureOpinion = 0.7;
    static constexpr std::uint32_t kOpinionStarts = 2;

    /// One start of this program has turned out to be of this class; to be called once for a process at most, by who is
    /// sure of it: `advice.confidence` does not count. Where another file was at the path before, half of what was
    /// learned of that stays.
    void note(const ProgramFile& program, const Advice& advice, std::chrono::sys_seconds today);

    /// An engine outside says this of the program, and a process of this start has been given it. Replaces what it
    /// has said before; it does not count for advice_on(), which is about what programs do here.
    void hear(const ProgramFile& program, const Vote& vote, std::uint64_t start, std::chrono::sys_seconds today);
    /// Whether that has been said of this very file already; then another start of it counts by see().
    [[nodiscard]] bool has_heard(const ProgramFile& program, const Vote& vote) const;
    /// A process of this start runs it, for which this engine has said so; the same one again does not count.
    /// Precondition: has_heard().
    void see(const std::string& exe, std::string_view engine, std::uint64_t start, std::chrono::sys_seconds today);
    /// That engine has no opinion of this program, or no longer.
    void retract(const std::string& exe, std::string_view engine);

    /// Whether advice_on() may have something to say of the program at this path.
    [[nodiscard]] bool knows(const std::string& exe) const;
    /// The class of most starts. The confidence grows with those that agree, and is little where others do not: one
    /// start makes 0.5, three in a row 0.87, nine of ten 0.8.
    [[nodiscard]] std::optional<Advice> advice_on(const ProgramFile& program, std::chrono::sys_seconds today) const;
    [[nodiscard]] std::size_t size() const { return profiles_.size(); }

    /// In the order of their ids.
    [[nodiscard]] std::vector<Suggestion> suggestions() const;
    [[nodiscard]] std::optional<Suggestion> suggestion(std::uint64_t id) const;
    /// Those that have come since the last call.
    [[nodiscard]] std::vector<Suggestion> take_new_suggestions();
    /// Somebody has said no: it does not come again. False when there is no such suggestion, or no room left to
    /// remember it.
    bool reject(std::uint64_t id);
    /// There is a rule for it now, so it is not learned about any more.
    void accept(std::uint64_t id);

    /// All of it goes, rejections too.
    void forget();

    /// What was kept earlier, before anything else; what has faded away by now is left out.
    void resume(ProfileRecords kept, std::chrono::sys_seconds today);
    /// What has changed since the last call; all of it after forget() and keep_all_again().
    [[nodiscard]] ProfileRecords take_changes();
    [[nodiscard]] bool has_changes() const { return are_all_changed_ || !changed_.empty() || !new_rejections_.empty(); }
    /// What was taken is lost.
    void keep_all_again() { are_all_changed_ = true; }

private:
    [[nodiscard]] Profile& profile_of(const ProgramFile& program, std::chrono::sys_seconds today);
    void make_room();
    void suggest(Profile& profile);
    [[nodiscard]] std::string class_to_suggest(const Profile& profile) const;
    [[nodiscard]] Profile* suggesting(std::uint64_t id);
    void erase(const std::string& exe);

    std::unordered_map<std::string, Profile> profiles_;  // by path
    std::set<Rejection> rejections_;
    std::uint64_t next_id_ = 1;
    std::vector<std::uint64_t> new_suggestions_;
    std::set<std::string> changed_;
    std::vector<Rejection> new_rejections_;
    bool are_all_changed_ = false;
};

}  // namespace priorityd
