// SPDX-License-Identifier: GPL-3.0-or-later
/// A list of programs that the model is asked about while a person waits.
#include "engines/llm/survey.hpp"

#include <algorithm>
#include <cerrno>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "llm/told.hpp"

using namespace priorityd;
using namespace priorityd::llm;
using namespace std::chrono_literals;
using nlohmann::json;
using test::told;

namespace {

std::vector<ToldProgram> programs(std::size_t count)
{
    std::vector<ToldProgram> all;
    all.reserve(count);
    for (std::size_t i = 0; i < count; ++i)
        all.push_back(told(fmt::format("program{}", i)));
    return all;
}

struct Asking {
    explicit Asking(std::size_t count, const Settings& settings = {}) : survey{programs(count), settings} {}

    /// The next request, at the time when it may be sent.
    bool request()
    {
        const auto due = survey.deadline();
        if (!due)
            return false;
        now = std::max(now, *due);
        batch = survey.take_batch(now);
        REQUIRE(batch);
        return true;
    }
    Result<void> fail(int code) { return survey.hear(*batch, failure(code, "no luck"), now); }
    /// Each program is given a class.
    Result<void> answer(const std::string& program_class = "game")
    {
        json said;
        for (std::size_t i = 0; i < batch->programs.size(); ++i)
            said[fmt::format("p{}", i + 1)] = {
                {"class", program_class}, {"confidence", 0.9}, {"reason", batch->programs[i].name}};
        const json body{{"choices", {{{"message", {{"content", said.dump()}}}}}}, {"usage", {{"total_tokens", 7}}}};
        return survey.hear(*batch, body.dump(), now);
    }
    std::size_t errors()
    {
        const auto known = survey.take_known();
        return static_cast<std::size_t>(std::ranges::count_if(known, [](const Judgement& one) { return !one; }));
    }

    Instant now{1h};
    std::optional<Batch> batch;
    Survey survey;
};

}  // namespace

TEST_CASE("a hundred programs are four requests, and what comes of them has their order")
{
    Asking asking{100};
    std::vector<Judgement> known;
    while (asking.request()) {
        REQUIRE(asking.answer());
        std::ranges::move(asking.survey.take_known(), std::back_inserter(known));
    }
    CHECK(asking.survey.tally().requests == 4);
    CHECK(asking.survey.tally().known == 100);
    CHECK(asking.survey.tally().tokens == 28);
    REQUIRE(known.size() == 100);
    for (std::size_t i = 0; i < known.size(); ++i)
        CHECK(known[i].value()->because == fmt::format("program{}", i));
}

TEST_CASE("more programs than the queue takes are all asked about")
{
    const auto count = Enquiries::kMostWaiting + 1000;
    Asking asking{count};
    while (asking.request())
        REQUIRE(asking.answer());
    CHECK(asking.survey.take_known().size() == count);
    CHECK(asking.survey.tally().requests == (count + 31) / 32);
}

TEST_CASE("no program is nothing to ask, and one that is never asked about is known at once")
{
    CHECK_FALSE(Asking{0}.request());
    Asking asking{2, {.never_ask = {"program0"}}};
    REQUIRE(asking.request());
    CHECK(asking.batch->programs.size() == 1);
    REQUIRE(asking.answer());
    const auto known = asking.survey.take_known();
    REQUIRE(known.size() == 2);
    CHECK_FALSE(known[0].value());
    CHECK(known[1].value());
}

TEST_CASE("what cannot be used is asked for again at once, then given up alone")
{
    Asking asking{3};
    const auto start = asking.now;
    while (asking.request()) {
        const auto& asked = asking.batch->programs;
        const bool has_bad = std::ranges::find(asked, "program1", &ToldProgram::name) != asked.end();
        REQUIRE((has_bad ? asking.fail(EMSGSIZE) : asking.answer()));
    }
    CHECK(asking.now == start);
    const auto known = asking.survey.take_known();
    REQUIRE(known.size() == 3);
    CHECK(known[0]);
    CHECK(known[1].error().code == EMSGSIZE);
    CHECK(known[2]);
}

TEST_CASE("a row that says what it may not is an error of that program, once it was asked about often enough")
{
    Asking asking{2};
    while (asking.request())
        REQUIRE(asking.answer("urgent"));
    CHECK(asking.survey.tally().requests == Enquiries::kMostAttempts / Enquiries::kRefusal);
    CHECK(asking.errors() == 2);
}

TEST_CASE("a server that is not there, refuses the key or takes no request at all is the end at once")
{
    for (const int code : {EIO, EACCES}) {
        Asking asking{1};
        REQUIRE(asking.request());
        CHECK(asking.fail(code).error().code == code);
    }
    Asking asking{1};
    for (const auto form : {Form::schema, Form::json, Form::plain}) {
        REQUIRE(asking.request());
        CHECK(asking.survey.tally().form == form);
        CHECK(asking.fail(ENOTSUP).has_value() == (form != Form::plain));
    }
}

TEST_CASE("a server that never says anything useful is the end after a few requests")
{
    Asking asking{1000};
    int requests = 0;
    do {
        REQUIRE(asking.request());
        ++requests;
    } while (asking.fail(ETIMEDOUT));
    CHECK(requests == Survey::kMostFailures);
}

TEST_CASE("a server that is busy is given time, and is the end when it stays busy")
{
    Asking asking{1};
    const auto start = asking.now;
    REQUIRE(asking.request());
    REQUIRE(asking.fail(EAGAIN));
    CHECK(asking.survey.trouble().starts_with("no luck"));
    REQUIRE(asking.request());
    CHECK(asking.now == start + 1s);
    REQUIRE(asking.answer());
    CHECK(asking.survey.trouble().empty());
    CHECK_FALSE(asking.request());

    Asking longer{100};
    REQUIRE(longer.request());
    REQUIRE(longer.answer());
    int requests = 0;
    do {
        REQUIRE(longer.request());
        ++requests;
    } while (longer.fail(EAGAIN));
    CHECK(requests == Survey::kMostFailures);
}
