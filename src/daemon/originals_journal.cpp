// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/originals_journal.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <map>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "core/text.hpp"
#include "daemon/boot_id.hpp"
#include "daemon/originals_line.hpp"

namespace priorityd::daemon {
namespace {

const std::string kName = "originals";
constexpr std::string_view kTitle = "priorityd originals 1 ";
/// A million lines. Larger is no journal: it is compacted long before.
constexpr std::size_t kLargest = 64UL * 1024 * 1024;
/// Below that, reading the superseded lines costs a start less than compacting them would.
constexpr std::size_t kFewLines = 4096;
/// Reserved behind the live lines: 8,000 of the usual 30 bytes, twice as many as make it want compaction.
constexpr std::size_t kRoom = 256UL * 1024;
constexpr std::size_t kLittleRoom = kRoom / 4;
/// So that a full disk is not asked again and again.
constexpr std::size_t kLinesBetweenAttempts = 64;

/// Each once, in the order of the last time that it was written; no more of them than can matter.
template <typename Line>
void remember(const Line& line, std::vector<Line>& lines)
{
    constexpr std::size_t kMost = 8;
    std::erase_if(lines,
                  [&](const Line& other) { return other.before == line.before && other.written == line.written; });
    lines.push_back(line);
    if (lines.size() > kMost)
        lines.erase(lines.begin());
}

/// A journal's file ends in zeros, and after a crash of the machine it may be nothing else.
std::string_view before_zeros(std::string_view text)
{
    return text.substr(0, text.find('\0'));
}

}  // namespace

Result<OriginalsJournal> OriginalsJournal::open(const std::filesystem::path& folder)
{
    auto opened = DurableFolder::open(folder);
    if (!opened)
        return tl::unexpected{opened.error()};
    const auto boot = boot_id();
    if (!boot)
        return tl::unexpected{boot.error()};
    OriginalsJournal journal{*std::move(opened), fmt::format("{}{}\n", kTitle, *boot)};
    if (auto read = journal.recover(); !read)
        return tl::unexpected{read.error()};
    if (auto begun = journal.compact(journal.recovered_); !begun)
        journal.note_broken(begun.error());
    return journal;
}

Result<void> OriginalsJournal::recover()
{
    const auto file = folder_.read(kName, kLargest);
    if (!file && file.error().code == ENOENT)
        return {};
    if (!file && is_passing(file.error()))
        return tl::unexpected{file.error()};  // else what is in it would be lost
    if (!file) {
        set_aside(file.error().message());
        return {};
    }
    const auto text = before_zeros(*file);
    if (text.starts_with(header_))
        read_lines(text.substr(header_.size()));
    else if (!text.empty() && !text.starts_with(kTitle))
        set_aside(fmt::format("{} is no journal of originals", folder_.path_of(kName)));
    return {};
}

/// The last line may be torn: it is one that was being written when the process was killed, so nothing had been
/// changed.
void OriginalsJournal::read_lines(std::string_view lines)
{
    std::map<std::pair<Pid, Setting>, std::vector<Original>> processes;
    std::map<std::uint64_t, std::vector<SessionOriginal>> sessions;
    std::size_t malformed = 0;
    for (auto end = lines.find('\n'); end != std::string_view::npos; end = lines.find('\n')) {
        const auto line = parse_line(lines.substr(0, end));
        lines.remove_prefix(end + 1);
        const auto* original = line ? std::get_if<Original>(&*line) : nullptr;
        const auto* session = line ? std::get_if<SessionOriginal>(&*line) : nullptr;
        if (original)
            remember(*original, processes[{original->process.pid, original->setting}]);
        else if (session)
            remember(*session, sessions[session->autogroup]);
        else
            ++malformed;
    }
    for (const auto& [key, originals] : processes)
        recovered_.processes.insert(recovered_.processes.end(), originals.begin(), originals.end());
    for (const auto& [autogroup, originals] : sessions)
        recovered_.sessions.insert(recovered_.sessions.end(), originals.begin(), originals.end());
    if (malformed > 0)
        notes_.push_back(
            fmt::format("{}: {} lines cannot be read and are left out", escaped(folder_.path_of(kName)), malformed));
}

void OriginalsJournal::set_aside(std::string_view why)
{
    const auto aside = folder_.set_aside(kName);
    notes_.push_back(escaped(aside ? fmt::format("{}; renamed to {}", why, *aside)
                                   : fmt::format("{}; and {}", why, aside.error().message())));
}

void OriginalsJournal::note_broken(const Error& error)
{
    log_.reset();
    notes_.push_back(escaped(fmt::format("{}: {}: what is changed from now on would stay so if priorityd was killed",
                                         folder_.path_of(kName), error.message())));
}

void OriginalsJournal::about_to_write(const Original& original)
{
    if (!is_kept_in_journal(original.setting))
        return;
    line_.clear();
    append_line(original, line_);
    put_line();
}

void OriginalsJournal::about_to_write(const SessionOriginal& original)
{
    line_.clear();
    append_line(original, line_);
    put_line();
}

void OriginalsJournal::put_line()
{
    ++lines_;
    if (!log_)
        return;
    if (log_->room() < line_.size()) {
        if (auto grown = log_->grow(line_.size()); !grown)
            return note_broken(grown.error());
    }
    if (!log_->append(line_))
        note_broken(Error{EIO, "write"});
}

bool OriginalsJournal::wants_compaction() const
{
    if (is_cleared_)
        return false;
    const bool is_mostly_superseded = lines_ > kFewLines && lines_ > 2 * live_;
    const bool is_nearly_full = log_ && log_->room() < kLittleRoom && lines_ > live_ + kLinesBetweenAttempts;
    return is_mostly_superseded || is_nearly_full;
}

Result<void> OriginalsJournal::compact(const AllOriginals& live)
{
    if (is_cleared_)
        return {};
    // Counted anew even when it fails, so that a full disk is not asked again at once.
    live_ = live.processes.size() + live.sessions.size();
    lines_ = live_;
    auto begun = begin(live);
    if (!begun) {
        folder_.discard_draft(kName);
        return tl::unexpected{begun.error()};
    }
    log_ = *std::move(begun);
    return {};
}

Result<MappedLog> OriginalsJournal::begin(const AllOriginals& live)
{
    std::string text = header_;
    for (const auto& original : live.sessions)
        append_line(original, text);
    for (const auto& original : live.processes) {
        if (is_kept_in_journal(original.setting))
            append_line(original, text);
    }
    auto file = folder_.draft(kName);
    if (!file)
        return tl::unexpected{file.error()};
    if (auto written = write_all(file->get(), text); !written)
        return tl::unexpected{written.error()};
    auto log = MappedLog::map(*std::move(file), text.size(), kRoom);
    if (!log)
        return log;
    if (auto placed = folder_.put_in_place(kName); !placed)
        return tl::unexpected{placed.error()};
    return log;
}

void OriginalsJournal::clear()
{
    log_.reset();
    is_cleared_ = true;
    if (auto removed = folder_.drop(kName); !removed)
        notes_.push_back(escaped(removed.error().message()));
}

}  // namespace priorityd::daemon
