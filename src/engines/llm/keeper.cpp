// SPDX-License-Identifier: GPL-3.0-or-later
#include "engines/llm/keeper.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/units.hpp"

namespace priorityd::llm {
namespace {

using namespace std::chrono_literals;

/// Where it cannot be said when something will be known: a full queue, a broken disk.
constexpr auto kSomeTime = 60s;

ScoreRow to_row(const std::optional<Advice>& advice)
{
    if (!advice)
        return {};
    return {.program_class = advice->program_class, .confidence = advice->confidence, .reason = advice->because};
}

}  // namespace

Keeper::Keeper(Parts parts)
    : parts_{std::move(parts)},
      enquiries_{{.batch = static_cast<std::size_t>(parts_.settings.batch), .gather = parts_.settings.gather}},
      budget_{
          {.requests_per_hour = parts_.settings.requests_per_hour, .tokens_per_day = parts_.settings.tokens_per_day}}
{
}

Result<std::unique_ptr<Keeper>> Keeper::make(Parts parts)
{
    const auto spent = parts.catalogue.expenses(parts.today() - 24h);
    if (!spent)
        return tl::unexpected{spent.error()};
    std::unique_ptr<Keeper> keeper{new Keeper{std::move(parts)}};
    for (const auto& one : *spent)
        keeper->budget_.note(one);
    return keeper;
}

ScoreAnswer Keeper::score(const std::vector<ToldProgram>& programs)
{
    ScoreAnswer rows;
    for (const auto& program : programs)
        rows.push_back(row_of(program));
    parts_.on_news();
    return rows;
}

ScoreRow Keeper::row_of(const ToldProgram& program)
{
    const auto& never = parts_.settings.never_ask;
    if (program.exe.empty() || program.classes.empty() || std::ranges::find(never, program.name) != never.end())
        return {};
    const auto key = parts_.catalogue.key_of(program, parts_.settings.model);
    const auto known =
        key ? parts_.catalogue.find(*key, parts_.today() - parts_.settings.remember) : tl::unexpected{key.error()};
    if (!known) {
        if (!std::exchange(is_catalogue_broken_, true))
            parts_.warn("the catalogue cannot be read: " + known.error().message());
        return put_off(kSomeTime);
    }
    is_catalogue_broken_ = false;
    if (*known || enquiries_.is_given_up(*key)) {
        ++tally_.hits;
        return *known ? to_row((*known)->advice) : ScoreRow{};
    }
    const auto now = parts_.now();
    if (!enquiries_.expect(*key, program, now))
        return put_off(kSomeTime);
    return put_off(std::max(enquiries_.guess(now), allowed()) - now);
}

ScoreRow Keeper::put_off(std::chrono::duration<double> wait)
{
    ++tally_.misses;
    const std::chrono::duration<double> least{kShortestRetry};
    const std::chrono::duration<double> most{kLongestRetry};
    return {.retry_after = std::clamp(wait, least, most).count()};
}

/// When the budget lets the next request through.
Instant Keeper::allowed()
{
    const auto today = parts_.today();
    return parts_.now() + (budget_.next(today) - today);
}

std::optional<Instant> Keeper::deadline()
{
    const auto due = enquiries_.deadline();
    return due ? std::optional{std::max(*due, allowed())} : std::nullopt;
}

void Keeper::run_due()
{
    const auto due = deadline();
    if (!due || *due > parts_.now())
        return;
    auto batch = enquiries_.take_batch(parts_.now());
    if (!batch)
        return;
    auto body = make_request(parts_.settings.model, batch->programs, batch->form);
    parts_.post(std::move(body),
                [this, asked = *std::move(batch)](const Result<std::string>& answer) { hear(asked, answer); });
}

void Keeper::hear(const Batch& batch, const Result<std::string>& body)
{
    note_expense(body ? tokens_in(*body) : 0);
    const auto& classes = batch.programs.front().classes;
    const auto read =
        body.and_then([&](const std::string& text) { return read_answer(text, batch.programs.size(), classes); });
    const auto findings = enquiries_.hear(read, parts_.now());
    if (!read)
        parts_.warn("no answer from the model: " + read.error().message());
    if (!findings.empty()) {
        if (const auto kept = parts_.catalogue.keep(findings, parts_.today()); !kept)
            parts_.warn("what the model has said is not kept: " + kept.error().message());
    }
    parts_.on_news();
}

void Keeper::note_expense(std::int64_t tokens)
{
    const Expense expense{.at = parts_.today(), .tokens = tokens};
    budget_.note(expense);
    if (const auto kept = parts_.catalogue.keep(expense); !kept)
        parts_.warn("what was spent is not kept: " + kept.error().message());
}

std::string Keeper::health()
{
    const auto latency = enquiries_.latency();
    const auto took = latency.count() == 0 ? std::string{} : "; the last answer took " + duration_text(latency);
    return fmt::format("{}{}; {} programs answered from the catalogue; {}", enquiries_.health(parts_.now()), took,
                       tally_.hits, budget_.to_text(parts_.today()));
}

}  // namespace priorityd::llm
