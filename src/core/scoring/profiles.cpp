// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scoring/profiles.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

#include <fmt/format.h>

#include "core/scoring/engines.hpp"

namespace priorityd {
namespace {

/// What has faded to less says nothing any more: one start after four months.
constexpr double kFaded = 1.0 / 16;
/// What of starts stays when another file takes the place of the program: mostly it is a later version.
constexpr double kOtherFile = 0.5;
/// Nine of ten starts have to agree before it is suggested.
constexpr double kStableShare = 0.9;

/// Numbers of devices may be others after the next boot, so they do not count.
bool is_same_file(const FileId& left, const FileId& right)
{
    return left.inode == right.inode && left.changed == right.changed;
}

/// What is left of a start of `then`; all of it where the clock has been set back.
double left_of_start(std::chrono::sys_seconds then, std::chrono::sys_seconds today)
{
    const std::chrono::duration<double> age = std::max(today - then, std::chrono::seconds{});
    return std::exp2(-(age / std::chrono::duration<double>{Profiles::kHalfLife}));
}

struct Count {
    std::string_view program_class;
    double agreeing = 0;
    double all = 0;

    /// "build in 12 of 13 starts".
    [[nodiscard]] std::string text() const
    {
        return fmt::format("{} in {} of {} start{}", program_class, std::max(std::lround(agreeing), 1L),
                           std::max(std::lround(all), 1L), std::lround(all) > 1 ? "s" : "");
    }
};

Count count(const Profile::Starts& starts, double part)
{
    Count result;
    for (const auto& [program_class, weight] : starts) {
        result.all += weight * part;
        if (weight * part > result.agreeing) {
            result.agreeing = weight * part;
            result.program_class = program_class;
        }
    }
    return result;
}

bool is_stable(const Count& count)
{
    return std::lround(count.all) >= Profiles::kStableStarts && count.agreeing >= kStableShare * count.all;
}

/// Those against it count against it; how many there are of all makes it sure.
double confidence_of(const Count& count)
{
    if (count.all <= 0)
        return 0;
    const double margin = (count.agreeing - (count.all - count.agreeing)) / count.all;
    return std::max(margin, 0.0) * (1 - std::exp2(-count.agreeing));
}

bool is_stable(const Opinion& opinion)
{
    return opinion.advice.confidence >= Profiles::kSureOpinion && opinion.starts >= Profiles::kOpinionStarts;
}

/// The surest that is stable, of those whose class `is_wanted` takes; the end where there is none.
template <typename IsWanted>
Opinions::const_iterator surest(const Opinions& opinions, IsWanted is_wanted)
{
    auto best = opinions.end();
    for (auto one = opinions.begin(); one != opinions.end(); ++one) {
        const auto& advice = one->second.advice;
        if (is_stable(one->second) && is_wanted(advice.program_class) &&
            (best == opinions.end() || advice.confidence > best->second.advice.confidence))
            best = one;
    }
    return best;
}

std::uint32_t whole(double starts)
{
    return static_cast<std::uint32_t>(std::lround(starts));
}

/// Who would suggest this class: what the program does here, or else who only says so.
Suggestion suggestion_of(const Profile& profile)
{
    const auto counted = count(profile.starts, 1);
    const auto agreeing = profile.starts.find(profile.suggested);
    Suggestion suggestion{.id = profile.suggestion,
                          .exe = profile.program.exe,
                          .program_class = profile.suggested,
                          .engine = std::string{kBehaviourEngine},
                          .confidence = confidence_of(counted),
                          .seen = whole(counted.all),
                          .starts = whole(counted.all),
                          .agreeing = agreeing == profile.starts.end() ? 0 : whole(agreeing->second),
                          .because = counted.text()};
    if (counted.program_class == profile.suggested && is_stable(counted))
        return suggestion;
    const auto is_it = [&](const std::string& program_class) { return program_class == profile.suggested; };
    if (const auto found = surest(profile.opinions, is_it); found != profile.opinions.end()) {
        const auto& opinion = found->second;
        suggestion.engine = found->first;
        suggestion.confidence = opinion.advice.confidence;
        suggestion.seen = opinion.starts;
        suggestion.because = opinion.advice.because;
    }
    return suggestion;
}

}  // namespace

void Profiles::note(const ProgramFile& program, const Advice& advice, std::chrono::sys_seconds today)
{
    if (program.exe.empty() || advice.program_class.empty())
        return;
    auto& profile = profile_of(program, today);
    profile.starts[advice.program_class] += 1;
    suggest(profile);
    changed_.insert(program.exe);
}

/// Brought to this day and this file.
Profile& Profiles::profile_of(const ProgramFile& program, std::chrono::sys_seconds today)
{
    if (!profiles_.contains(program.exe))
        make_room();
    Profile fresh;
    fresh.program = program;
    fresh.seen = today;
    auto& profile = profiles_.try_emplace(program.exe, std::move(fresh)).first->second;
    const bool is_same = is_same_file(profile.program.id, program.id);
    for (auto& [program_class, weight] : profile.starts)
        weight *= left_of_start(profile.seen, today) * (is_same ? 1 : kOtherFile);
    std::erase_if(profile.starts, [](const auto& entry) { return entry.second < kFaded; });
    if (!is_same)
        profile.opinions.clear();
    profile.program = program;
    profile.seen = today;
    return profile;
}

void Profiles::hear(const ProgramFile& program, const Vote& vote, std::uint64_t start, std::chrono::sys_seconds today)
{
    if (program.exe.empty() || vote.advice.program_class.empty())
        return;
    auto& profile = profile_of(program, today);
    profile.opinions[vote.engine] = {.advice = vote.advice, .starts = 1, .last_start = start};
    suggest(profile);
    changed_.insert(program.exe);
}

bool Profiles::has_heard(const ProgramFile& program, const Vote& vote) const
{
    const auto found = profiles_.find(program.exe);
    if (found == profiles_.end() || !is_same_file(found->second.program.id, program.id))
        return false;
    const auto its = found->second.opinions.find(vote.engine);
    return its != found->second.opinions.end() && its->second.advice == vote.advice;
}

void Profiles::see(const std::string& exe, std::string_view engine, std::uint64_t start, std::chrono::sys_seconds today)
{
    auto& profile = profiles_.at(exe);
    auto& opinion = profile.opinions.find(engine)->second;
    if (start <= opinion.last_start)
        return;
    opinion.last_start = start;
    ++opinion.starts;
    suggest(profile_of(ProgramFile{profile.program}, today));
    changed_.insert(exe);
}

void Profiles::retract(const std::string& exe, std::string_view engine)
{
    const auto found = profiles_.find(exe);
    if (found == profiles_.end())
        return;
    auto& opinions = found->second.opinions;
    const auto its = opinions.find(engine);
    if (its == opinions.end())
        return;
    opinions.erase(its);
    if (opinions.empty() && found->second.starts.empty())
        return erase(std::string{exe});
    suggest(found->second);
    changed_.insert(exe);
}

bool Profiles::knows(const std::string& exe) const
{
    const auto found = profiles_.find(exe);
    return found != profiles_.end() && !found->second.starts.empty();
}

void Profiles::make_room()
{
    if (profiles_.size() < kMost)
        return;
    const auto oldest = std::ranges::min_element(profiles_, {}, [](const auto& entry) {
        return std::pair{!entry.second.starts.empty(), entry.second.seen};
    });
    erase(std::string{oldest->first});
}

void Profiles::erase(const std::string& exe)
{
    profiles_.erase(exe);
    changed_.insert(exe);
}

/// Another class gets another number: who accepts one knows which class that was.
void Profiles::suggest(Profile& profile)
{
    auto program_class = class_to_suggest(profile);
    if (program_class.empty()) {
        profile.suggestion = 0;
    } else if (profile.suggestion == 0 || program_class != profile.suggested) {
        profile.suggestion = next_id_++;
        new_suggestions_.push_back(profile.suggestion);
    }
    profile.suggested = std::move(program_class);
}

/// What the program does counts before what is said of it.
std::string Profiles::class_to_suggest(const Profile& profile) const
{
    const auto is_rejected = [&](const std::string& program_class) {
        return rejections_.contains({profile.program.exe, program_class});
    };
    const auto counted = count(profile.starts, 1);
    if (std::string done{counted.program_class}; is_stable(counted) && !is_rejected(done))
        return done;
    const auto said = surest(profile.opinions, [&](const std::string& one) { return !is_rejected(one); });
    return said == profile.opinions.end() ? std::string{} : said->second.advice.program_class;
}

std::optional<Advice> Profiles::advice_on(const ProgramFile& program, std::chrono::sys_seconds today) const
{
    const auto found = profiles_.find(program.exe);
    if (found == profiles_.end() || found->second.starts.empty())
        return std::nullopt;
    const auto& profile = found->second;
    const bool is_same = is_same_file(profile.program.id, program.id);
    const auto counted = count(profile.starts, left_of_start(profile.seen, today) * (is_same ? 1 : kOtherFile));
    const double confidence = confidence_of(counted);
    if (confidence <= 0)
        return std::nullopt;
    return Advice{.program_class = std::string{counted.program_class},
                  .confidence = confidence,
                  .because = counted.text() + (is_same ? "" : ", of another file at this path")};
}

std::vector<Suggestion> Profiles::suggestions() const
{
    std::vector<Suggestion> all;
    for (const auto& [exe, profile] : profiles_) {
        if (profile.suggestion != 0)
            all.push_back(suggestion_of(profile));
    }
    std::ranges::sort(all, {}, &Suggestion::id);
    return all;
}

Profile* Profiles::suggesting(std::uint64_t id)
{
    const auto found = std::ranges::find(profiles_, id, [](const auto& entry) { return entry.second.suggestion; });
    return id == 0 || found == profiles_.end() ? nullptr : &found->second;
}

std::optional<Suggestion> Profiles::suggestion(std::uint64_t id) const
{
    const auto all = suggestions();
    const auto found = std::ranges::find(all, id, &Suggestion::id);
    return found == all.end() ? std::nullopt : std::optional{*found};
}

std::vector<Suggestion> Profiles::take_new_suggestions()
{
    std::vector<Suggestion> come;
    for (const auto id : std::exchange(new_suggestions_, {})) {
        if (auto still = suggestion(id))
            come.push_back(*std::move(still));
    }
    return come;
}

bool Profiles::reject(std::uint64_t id)
{
    auto* profile = suggesting(id);
    if (!profile || rejections_.size() >= kMostRejections)
        return false;
    const Rejection rejection{profile->program.exe, profile->suggested};
    rejections_.insert(rejection);
    new_rejections_.push_back(rejection);
    suggest(*profile);
    changed_.insert(profile->program.exe);
    return true;
}

void Profiles::accept(std::uint64_t id)
{
    if (const auto* profile = suggesting(id))
        erase(std::string{profile->program.exe});
}

void Profiles::forget()
{
    profiles_.clear();
    rejections_.clear();
    new_suggestions_.clear();
    are_all_changed_ = true;
}

void Profiles::resume(ProfileRecords kept, std::chrono::sys_seconds today)
{
    for (auto& profile : kept.profiles) {
        next_id_ = std::max(next_id_, profile.suggestion + 1);
        const double left = left_of_start(profile.seen, today);
        const double remains = count(profile.starts, left).all + (profile.opinions.empty() ? 0 : left);
        if (remains >= kFaded && profiles_.size() < kMost)
            profiles_.insert_or_assign(profile.program.exe, std::move(profile));
        else
            changed_.insert(profile.program.exe);
    }
    rejections_.insert(kept.rejections.begin(), kept.rejections.end());
}

ProfileRecords Profiles::take_changes()
{
    ProfileRecords records;
    records.are_all = std::exchange(are_all_changed_, false);
    auto changed = std::exchange(changed_, {});
    records.rejections = std::exchange(new_rejections_, {});
    if (records.are_all) {
        for (const auto& [exe, profile] : profiles_)
            records.profiles.push_back(profile);
        records.rejections.assign(rejections_.begin(), rejections_.end());
        return records;
    }
    for (const auto& exe : changed) {
        const auto found = profiles_.find(exe);
        if (found == profiles_.end())
            records.gone.push_back(exe);
        else
            records.profiles.push_back(found->second);
    }
    return records;
}

}  // namespace priorityd
