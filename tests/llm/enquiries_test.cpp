// SPDX-License-Identifier: GPL-3.0-or-later
/// Which programs go together into a request, and what becomes of them when it fails.
#include "engines/llm/enquiries.hpp"

#include <cerrno>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "llm/told.hpp"

using namespace priorityd;
using namespace priorityd::llm;
using namespace std::chrono_literals;
using test::told;

namespace {

struct Asking {
    explicit Asking(int programs = 0, std::size_t batch = 4) : enquiries{{.batch = batch, .gather = 3s}}
    {
        for (int i = 0; i < programs; ++i)
            expect(i);
    }
    bool expect(int number) { return enquiries.expect(key(number), told(key(number)), now); }
    static Key key(int number) { return fmt::format("k{}", number); }

    /// The keys of the next request, at the time when it is due.
    std::vector<Key> request()
    {
        now = std::max(now, enquiries.deadline().value_or(now));
        const auto batch = enquiries.take_batch(now);
        asked = batch ? batch->keys.size() : 0;
        form = batch ? batch->form : Form::plain;
        return batch ? batch->keys : std::vector<Key>{};
    }
    std::vector<Finding> answer()
    {
        now += 1s;
        return enquiries.hear(std::vector<Judgement>(asked, Judgement{Advice{"game", 1, "x"}}), now);
    }
    void fail(int code) { CHECK(enquiries.hear(failure(code, "no luck"), now).empty()); }

    Instant now{1h};
    std::size_t asked = 0;
    Form form{};
    Enquiries enquiries;
};

}  // namespace

TEST_CASE("programs wait for others, and no longer when there are enough for a request")
{
    Asking asking{2};
    CHECK(asking.enquiries.deadline() == asking.now + 3s);
    CHECK_FALSE(asking.enquiries.take_batch(asking.now));
    asking.now += 1s;
    asking.expect(2);
    CHECK(asking.enquiries.deadline() == asking.now + 2s);
    asking.expect(3);
    CHECK(asking.enquiries.deadline() == asking.now);
    CHECK(asking.request() == std::vector<Key>{"k0", "k1", "k2", "k3"});
    CHECK(asking.answer().size() == 4);
    CHECK(asking.enquiries.waiting() == 0);
    CHECK_FALSE(asking.enquiries.deadline());
}

TEST_CASE("one request at a time, and each program in one of them, however often it is asked for")
{
    Asking asking{6};
    for (int i = 0; i < 6; ++i)
        CHECK(asking.expect(i));
    CHECK(asking.request().size() == 4);
    CHECK_FALSE(asking.enquiries.deadline());
    for (int i = 0; i < 6; ++i)
        CHECK(asking.expect(i));
    CHECK(asking.enquiries.waiting() == 6);
    const auto found = asking.answer();
    CHECK(found.front().key == "k0");
    CHECK(found.front().advice->program_class == "game");
    CHECK(asking.request() == std::vector<Key>{"k4", "k5"});
}

TEST_CASE("a thousand programs in a minute are at most 40 requests, and none is lost")
{
    Asking asking{0, 32};
    int requests = 0;
    std::size_t found = 0;
    const auto start = asking.now;
    for (int i = 0; i < 1000; ++i) {
        asking.now = start + i * 60ms;
        asking.expect(i);
        if (auto due = asking.enquiries.deadline(); due && *due <= asking.now) {
            asking.asked = asking.enquiries.take_batch(asking.now)->keys.size();
            ++requests;
            found += asking.answer().size();
        }
    }
    while (!asking.request().empty()) {
        ++requests;
        found += asking.answer().size();
    }
    CHECK(requests <= 40);
    CHECK(found == 1000);
}

TEST_CASE("more programs than fit are not taken; whoever asks again is heard when there is room")
{
    Asking asking{static_cast<int>(Enquiries::kMostWaiting)};
    CHECK_FALSE(asking.expect(1'000'000));
    CHECK(asking.expect(0));
    (void)asking.request();
    (void)asking.answer();
    CHECK(asking.expect(1'000'000));
}

TEST_CASE("programs that may get other classes are asked about in a request of their own")
{
    Asking asking{2};
    auto other = told("other");
    other.classes = {{"batch", ""}};
    asking.enquiries.expect("other", other, asking.now);
    asking.expect(2);
    CHECK(asking.request() == std::vector<Key>{"k0", "k1", "k2"});
    (void)asking.answer();
    CHECK(asking.request() == std::vector<Key>{"other"});
}

TEST_CASE("a server that is not there is left alone, longer each time, and nobody's question is to blame")
{
    Asking asking{3};
    for (int i = 0; i < 3; ++i) {
        CHECK(asking.request().size() == 3);
        asking.fail(EIO);
    }
    CHECK(asking.enquiries.deadline() == asking.now + 10s);
    CHECK(asking.enquiries.health(asking.now).starts_with("resting: no luck"));
    for (int i = 0; i < 20; ++i) {
        CHECK(asking.request() == std::vector<Key>{"k0"});  // a trial
        asking.fail(EIO);
    }
    CHECK(asking.enquiries.deadline() == asking.now + 10min);
    (void)asking.request();
    CHECK(asking.answer().size() == 1);
    CHECK(asking.request().size() == 2);
    CHECK_FALSE(asking.enquiries.is_given_up("k0"));
}

TEST_CASE("a server that knows no schema is asked for JSON, then for anything")
{
    Asking asking{1};
    for (const auto form : {Form::schema, Form::json, Form::plain}) {
        CHECK(asking.request().size() == 1);
        CHECK(asking.form == form);
        asking.fail(ENOTSUP);
    }
    CHECK(asking.enquiries.tally().failures == 1);
    (void)asking.request();
    (void)asking.answer();
    asking.expect(1);
    (void)asking.request();
    CHECK(asking.form == Form::plain);
}

TEST_CASE("what a server cannot cope with comes in smaller requests, then alone, then no more")
{
    Asking asking{4};
    std::vector<std::size_t> sizes;
    while (!asking.request().empty()) {
        sizes.push_back(asking.asked);
        asking.fail(EMSGSIZE);
    }
    CHECK(sizes[0] == 4);
    CHECK(sizes[1] == 2);
    CHECK(sizes.back() == 1);
    for (int i = 0; i < 4; ++i)
        CHECK(asking.enquiries.is_given_up(Asking::key(i)));
    CHECK(asking.enquiries.waiting() == 0);
}

TEST_CASE("a row that was refused is asked for again, and the others are known")
{
    Asking asking{2};
    (void)asking.request();
    const auto found = asking.enquiries.hear(
        std::vector<Judgement>{Judgement{std::nullopt}, failure(EBADMSG, "no class")}, asking.now);
    REQUIRE(found.size() == 1);
    CHECK_FALSE(found.front().advice);
    CHECK(asking.enquiries.health(asking.now) == "ready; last trouble: no class");
    CHECK(asking.request() == std::vector<Key>{"k1"});
}

TEST_CASE("an answer about other programs is none")
{
    Asking asking{2};
    (void)asking.request();
    asking.asked = 3;
    CHECK(asking.answer().empty());
    CHECK(asking.enquiries.tally().failures == 1);
    CHECK(asking.enquiries.waiting() == 2);
}
