// SPDX-License-Identifier: GPL-3.0-or-later
#include "engines/llm/survey.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fmt/format.h>

namespace priorityd::llm {
namespace {

Key key_of(std::size_t index)
{
    return fmt::format("{}", index);
}

std::size_t index_of(const Key& key)
{
    return std::stoul(key);
}

}  // namespace

Survey::Survey(std::vector<ToldProgram> programs, const Settings& settings)
    : programs_{std::move(programs)},
      known_(programs_.size()),
      enquiries_{{.batch = static_cast<std::size_t>(settings.batch), .gather = std::chrono::milliseconds{0}}}
{
    tally_.programs = programs_.size();
    for (std::size_t i = 0; i < programs_.size(); ++i) {
        if (std::ranges::find(settings.never_ask, programs_[i].name) != settings.never_ask.end())
            note(i, std::nullopt);
    }
    feed(Instant{});
}

/// As many as the queue takes.
void Survey::feed(Instant now)
{
    while (fed_ < programs_.size() && (known_[fed_] || enquiries_.expect(key_of(fed_), programs_[fed_], now)))
        ++fed_;
}

void Survey::note(std::size_t index, Judgement judgement)
{
    known_[index] = std::move(judgement);
    ++tally_.known;
}

/// Rests that are meant for a server which nobody waits for are passed over, unless the server itself has asked for
/// one.
std::optional<Instant> Survey::deadline() const
{
    const auto due = enquiries_.deadline();
    return due && !is_busy_ ? std::optional{Instant{}} : due;
}

std::optional<Batch> Survey::take_batch(Instant now)
{
    auto batch = enquiries_.take_batch(std::max(now, enquiries_.deadline().value_or(now)));
    if (batch) {
        ++tally_.requests;
        tally_.form = batch->form;
    }
    return batch;
}

Result<void> Survey::hear(const Batch& batch, const Result<std::string>& body, Instant now)
{
    tally_.tokens += body ? tokens_in(*body) : 0;
    const auto& classes = batch.programs.front().classes;
    const auto answer =
        body.and_then([&](const std::string& text) { return read_answer(text, batch.programs.size(), classes); });
    for (const auto& finding : enquiries_.hear(answer, now))
        note(index_of(finding.key), finding.advice);
    note_given_up(batch, answer);
    feed(now);
    is_answering_ = is_answering_ || answer;
    is_busy_ = !answer && answer.error().code == EAGAIN;
    failures_ = answer ? 0 : failures_ + 1;
    trouble_ = answer ? std::string{} : answer.error().message();
    if (!answer && is_hopeless(answer.error(), batch.form))
        return tl::unexpected{answer.error()};
    return {};
}

void Survey::note_given_up(const Batch& batch, const Result<std::vector<Judgement>>& answer)
{
    for (std::size_t i = 0; i < batch.keys.size(); ++i) {
        if (enquiries_.is_given_up(batch.keys[i]))
            note(index_of(batch.keys[i]), tl::unexpected{answer ? (*answer)[i].error() : answer.error()});
    }
}

bool Survey::is_hopeless(const Error& error, Form form) const
{
    if (error.code == ENOTSUP)
        return form == Form::plain;  // else it is asked in another form
    const bool may_pass = error.code == EAGAIN || (error.code == EIO && is_answering_);
    if (!may_pass && !blames_question(error))
        return true;
    return failures_ >= kMostFailures && (may_pass || !is_answering_);
}

std::vector<Judgement> Survey::take_known()
{
    std::vector<Judgement> taken;
    for (; taken_ < known_.size() && known_[taken_]; ++taken_)
        taken.push_back(*known_[taken_]);
    return taken;
}

}  // namespace priorityd::llm
