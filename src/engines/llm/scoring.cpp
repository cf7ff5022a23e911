// SPDX-License-Identifier: GPL-3.0-or-later
#include "engines/llm/scoring.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <iostream>
#include <iterator>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "daemon/clocks.hpp"
#include "engines/llm/http_client.hpp"
#include "engines/llm/survey.hpp"
#include "engines/llm/survey_lines.hpp"

namespace priorityd::llm {
namespace {

/// A line on the terminal that is written again and again.
class Progress {
public:
    void show(const Survey::Tally& tally) const
    {
        if (is_shown_)
            fmt::print(stderr, "\r{} of {} programs, {} requests\x1b[K", tally.known, tally.programs, tally.requests);
    }
    void clear() const
    {
        if (is_shown_)
            fmt::print(stderr, "\r\x1b[K");
    }

private:
    bool is_shown_ = ::isatty(STDERR_FILENO) == 1;
};

/// As poll(2) takes it.
int milliseconds_until(std::optional<Instant> until)
{
    if (!until)
        return -1;
    const auto rest = std::chrono::ceil<std::chrono::milliseconds>(*until - daemon::now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(rest, 0, std::numeric_limits<int>::max()));
}

/// Waits until then, or for the descriptor if that is earlier. Errors: EPIPE when nobody reads standard output; those
/// of poll(2).
Result<void> wait_for(int fd, std::optional<Instant> until)
{
    constexpr int kNone = -1;  // poll(2) passes over negative ones
    std::array<pollfd, 2> waited{
        {{.fd = fd, .events = POLLIN, .revents = 0}, {.fd = STDOUT_FILENO, .events = 0, .revents = 0}}};
    int answer = kNone;
    do
        answer = ::poll(waited.data(), waited.size(), milliseconds_until(until));
    while (answer < 0 && errno == EINTR);
    if (answer < 0)
        return failure(errno, "poll");
    if (waited[1].revents != 0)
        return failure(EPIPE, "printing what the model says");
    return {};
}

class Scoring {
public:
    Scoring(const Settings& settings, Survey survey, std::unique_ptr<HttpClient> client, const daemon::Log& log)
        : settings_{settings}, survey_{std::move(survey)}, client_{std::move(client)}, log_{log}
    {
    }

    Result<void> run()
    {
        const auto start = daemon::now();
        auto done = ask_all();
        progress_.clear();
        if (!done)
            return done;
        return print({line_of(survey_.tally(), daemon::now() - start)});
    }

private:
    Result<void> ask_all()
    {
        if (auto printed = print_known(); !printed)
            return printed;
        while (const auto due = survey_.deadline()) {
            progress_.show(survey_.tally());
            if (auto waited = wait_for(-1, due); !waited)
                return waited;
            if (auto done = ask_next(); !done)
                return done;
            if (auto printed = print_known(); !printed)
                return printed;
        }
        return {};
    }

    Result<void> ask_next()
    {
        const auto batch = survey_.take_batch(daemon::now());
        if (!batch)
            return {};
        log_.info(fmt::format("asking {}", settings_.base_url));
        const auto body = ask(make_request(settings_.model, batch->programs, batch->form));
        if (!body)
            return tl::unexpected{body.error()};
        auto heard = survey_.hear(*batch, *body, daemon::now());
        if (heard && !survey_.trouble().empty()) {
            progress_.clear();
            log_.warning("no answer from the model: " + survey_.trouble());
        }
        return heard;
    }

    /// What came of it; an error where it was not waited for.
    Result<Result<std::string>> ask(std::string request)
    {
        std::optional<Result<std::string>> answer;
        client_->post(settings_, std::move(request), [&](Result<std::string> got) { answer = std::move(got); });
        while (!answer) {
            if (auto waited = wait_for(client_->fd(), std::nullopt); !waited)
                return tl::unexpected{waited.error()};
            client_->dispatch();
        }
        return *std::move(answer);
    }

    Result<void> print_known()
    {
        const auto known = survey_.take_known();
        std::vector<std::string> lines;
        lines.reserve(known.size());
        std::ranges::transform(known, std::back_inserter(lines), [](const Judgement& one) { return line_of(one); });
        return print(lines);
    }

    /// Errors: those of write(2), as of a full disk.
    static Result<void> print(const std::vector<std::string>& lines)
    {
        for (const auto& line : lines)
            std::fputs((line + "\n").c_str(), stdout);
        return std::fflush(stdout) == 0 && std::ferror(stdout) == 0 ? Result<void>{}
                                                                    : failure(errno, "printing what the model says");
    }

    const Settings& settings_;
    Survey survey_;
    std::unique_ptr<HttpClient> client_;
    const daemon::Log& log_;
    Progress progress_;
};

Result<void> try_to_score(const Settings& settings, const daemon::Log& log)
{
    auto programs = read_programs(std::cin);
    if (!programs)
        return tl::unexpected{programs.error()};
    auto client = HttpClient::open();
    if (!client)
        return tl::unexpected{client.error()};
    return Scoring{settings, Survey{*std::move(programs), settings}, *std::move(client), log}.run();
}

}  // namespace

int score(const Settings& settings, const daemon::Log& log)
{
    const auto done = try_to_score(settings, log);
    if (!done)
        log.error("priorityd-llm: " + done.error().message());
    return done ? 0 : 1;
}

}  // namespace priorityd::llm
