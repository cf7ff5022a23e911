// SPDX-License-Identifier: GPL-3.0-or-later
/// Engines outside, played by peers that answer whatever they are told to: what reaches them, and what is taken of it.
#include "bus/engine_client.hpp"

#include <cmath>
#include <functional>

#include <doctest/doctest.h>

#include "peers.hpp"

using namespace priorityd;
using namespace priorityd::test;
using namespace std::chrono_literals;

namespace {

constexpr const char* kName = "org.example.Guesser";
const EngineAddress kAddress{.bus_name = kName};

/// Answers each Score as it is told to.
class FakeEngine {
public:
    using Says = std::function<void(sd_bus_message* question)>;

    FakeEngine(Loop& loop, const Address& address, Says says) : peer{loop, address}, says_{std::move(says)}
    {
        // Without a vtable, by which sd-bus would see to it that answers are well-formed.
        sd_bus_add_object(peer.native(), nullptr, "/org/priorityd1/Engine", score, this);
        peer.own(kName);
    }
    FakeEngine(const FakeEngine&) = delete;
    FakeEngine& operator=(const FakeEngine&) = delete;

    Peer peer;
    int calls = 0;

private:
    static int score(sd_bus_message* question, void* data, sd_bus_error* /*error*/)
    {
        auto& self = *static_cast<FakeEngine*>(data);
        if (sd_bus_message_is_method_call(question, "org.priorityd1.Engine", "Score") <= 0)
            return 0;
        ++self.calls;
        self.says_(question);
        return 1;
    }
    Says says_;
};

/// The program that is asked about, and the same with a hostile path.
const DescribedProgram kGzip{
    .id = {.device = 1, .inode = 0xab, .changed = 0x10},
    .name = "gzip",
    .exe = "/usr/bin/gzip",
    .info = {.section = "utils", .description = "GNU compression", .tags = {"a::b", "c::d"}, .categories = {}},
    .circumstances = {.unit = "backup.service", .arguments = {"-9", "-k"}, .behaviour = "batch in 2 of 2 starts"}};

struct EngineFixture {
    PrivateBus bus;
    Address address{Address::Kind::other, bus.address()};
    Loop loop;
    Connection connection{expect(Connection::open(address))};
    std::vector<std::string> owned;
    std::optional<EngineClient> client{std::in_place, connection,
                                       [this](const std::string& name) { owned.push_back(name); }};
    Attachment attachment{expect(attach(connection, loop.native(), {.on_lost = [](const Error&) {}}))};
    std::optional<Result<ScoreAnswer>> answer;

    void ask(std::chrono::milliseconds timeout = 5s, std::vector<DescribedProgram> programs = {kGzip})
    {
        answer.reset();
        client->score(kAddress, timeout, {std::move(programs), {{"batch", "a result, later"}, {"game", "played"}}},
                      [this](const Result<ScoreAnswer>& heard) { answer = heard; });
    }
    /// The answer to one question.
    Result<ScoreAnswer> answered(std::chrono::milliseconds timeout = 5s)
    {
        ask(timeout);
        REQUIRE(loop.run_until([&] { return answer.has_value(); }));
        return *answer;
    }
    /// The same of an engine that says this.
    Result<ScoreAnswer> answered_by(const FakeEngine::Says& says)
    {
        const FakeEngine engine{loop, address, says};
        return answered();
    }
};

/// A reply that `write` fills.
void reply(sd_bus_message* question, const std::function<void(sd_bus_message*)>& write)
{
    sd_bus_message* answer = nullptr;
    sd_bus_message_new_method_return(question, &answer);
    write(answer);
    sd_bus_send(nullptr, answer, nullptr);
    sd_bus_message_unref(answer);
}

/// As many rows with this reason.
FakeEngine::Says says_rows(std::size_t rows, const std::string& reason)
{
    return [rows, reason](sd_bus_message* question) {
        reply(question, [&](sd_bus_message* answer) {
            sd_bus_message_open_container(answer, 'a', "a{sv}");
            for (std::size_t i = 0; i < rows; ++i)
                sd_bus_message_append(answer, "a{sv}", 3, "class", "s", "batch", "confidence", "d", 0.5, "reason", "s",
                                      reason.c_str());
            sd_bus_message_close_container(answer);
        });
    };
}

/// The next key of a program, and its value's first text.
std::pair<std::string, std::string> next_fact(sd_bus_message* question)
{
    const char *key = nullptr, *value = nullptr;
    sd_bus_message_enter_container(question, 'e', "sv");
    sd_bus_message_read(question, "s", &key);
    if (sd_bus_message_enter_container(question, 'v', "s") < 0) {
        sd_bus_message_enter_container(question, 'v', "as");
        sd_bus_message_enter_container(question, 'a', "s");
        while (sd_bus_message_read(question, "s", &value) > 0) {
        }
        sd_bus_message_exit_container(question);
    } else {
        sd_bus_message_read(question, "s", &value);
    }
    sd_bus_message_exit_container(question);
    sd_bus_message_exit_container(question);
    return {key, value ? value : ""};
}

}  // namespace

TEST_CASE_FIXTURE(EngineFixture,
                  "an engine is told what is known of each program, and what it answers is taken as it is")
{
    std::vector<std::pair<std::string, std::string>> told;
    const auto heard = answered_by([&](sd_bus_message* question) {
        CHECK(std::string{sd_bus_message_get_signature(question, 1)} == "aa{sv}");
        sd_bus_message_enter_container(question, 'a', "a{sv}");
        sd_bus_message_enter_container(question, 'a', "{sv}");
        for (int i = 0; i < 12; ++i)
            told.push_back(next_fact(question));
        sd_bus_reply_method_return(question, "aa{sv}", 1, 4, "class", "s", "tea", "confidence", "d", 7.0, "reason", "s",
                                   "\x1b", "other", "as", 1, "x");
    });
    CHECK(told == std::vector<std::pair<std::string, std::string>>{{"name", "gzip"},
                                                                   {"exe", "/usr/bin/gzip"},
                                                                   {"identity", "1-ab-10"},
                                                                   {"section", "utils"},
                                                                   {"description", "GNU compression"},
                                                                   {"tags", "c::d"},
                                                                   {"categories", ""},
                                                                   {"unit", "backup.service"},
                                                                   {"arguments", "-k"},
                                                                   {"behaviour", "batch in 2 of 2 starts"},
                                                                   {"classes", "game"},
                                                                   {"class_meanings", "played"}});
    REQUIRE(heard);
    REQUIRE(heard->size() == 1);
    CHECK(heard->front().program_class == "tea");
    CHECK(heard->front().confidence == 7);
    CHECK(heard->front().reason == "\x1b");
    CHECK_FALSE(heard->front().is_malformed);
}

TEST_CASE_FIXTURE(EngineFixture, "a program whose path is no text can be asked about")
{
    FakeEngine engine{loop, address, says_rows(1, "")};
    auto hostile = kGzip;
    hostile.exe = "/usr/bin/\xff\n\x1b";
    hostile.info.description = "\x80";
    ask(5s, {hostile});
    REQUIRE(loop.run_until([&] { return answer.has_value(); }));
    CHECK(answer->has_value());
}

TEST_CASE_FIXTURE(EngineFixture, "an engine may say that it wants to be asked later")
{
    const auto heard = answered_by([](sd_bus_message* question) {
        sd_bus_reply_method_return(question, "aa{sv}", 2, 1, "retry_after", "d", 12.5, 1, "retry_after", "u", 12U);
    });
    REQUIRE(heard);
    REQUIRE(heard->size() == 2);
    CHECK(heard->front().retry_after == 12.5);
    CHECK_FALSE(heard->front().is_malformed);
    CHECK(heard->back().is_malformed);
}

TEST_CASE_FIXTURE(EngineFixture, "a row without anything has neither class nor confidence")
{
    const auto heard =
        answered_by([](sd_bus_message* question) { sd_bus_reply_method_return(question, "aa{sv}", 2, 0, 0); });
    REQUIRE(heard);
    CHECK(heard->size() == 2);
    CHECK_FALSE(heard->front().program_class);
    CHECK_FALSE(heard->front().confidence);
}

TEST_CASE_FIXTURE(EngineFixture,
                  "values of other types are passed over, and make their row a malformed one; the next is not")
{
    const FakeEngine engine{loop, address, [](sd_bus_message* question) {
                                sd_bus_reply_method_return(question, "aa{sv}", 4,                       //
                                                           2, "class", "u", 7, "confidence", "d", 0.5,  //
                                                           2, "class", "s", "batch", "confidence", "as", 2, "a",
                                                           "b",                                                     //
                                                           2, "reason", "v", "s", "nested", "class", "s", "batch",  //
                                                           2, "class", "s", "game", "confidence", "d", std::nan(""));
                            }};
    ask(5s, {kGzip, kGzip, kGzip, kGzip});
    REQUIRE(loop.run_until([&] { return answer.has_value(); }));
    REQUIRE(*answer);
    const auto& rows = **answer;
    REQUIRE(rows.size() == 4);
    for (const std::size_t row : {0U, 1U, 2U})
        CHECK(rows.at(row).is_malformed);
    CHECK_FALSE(rows.at(3).is_malformed);
    CHECK(rows.at(3).program_class == "game");
    CHECK(std::isnan(rows.at(3).confidence.value()));
}

TEST_CASE_FIXTURE(EngineFixture, "what is no list of rows is no answer")
{
    for (const char* text : {"batch", ""}) {
        const auto heard =
            answered_by([text](sd_bus_message* question) { sd_bus_reply_method_return(question, "s", text); });
        REQUIRE_FALSE(heard);
        CHECK(heard.error().code == EBADMSG);
    }
    const auto empty = answered_by([](sd_bus_message* question) { sd_bus_reply_method_return(question, ""); });
    REQUIRE_FALSE(empty);
    CHECK(empty.error().code == EBADMSG);
}

TEST_CASE_FIXTURE(EngineFixture,
                  "of ten thousand rows, and of megabytes of text, no more is read than it takes to see that")
{
    const auto rows = answered_by(says_rows(10'000, std::string(300, 'x')));
    REQUIRE(rows);
    CHECK(rows->size() == 2);
    const auto text = answered_by(says_rows(1, std::string(8'000'000, 'x')));
    REQUIRE_FALSE(text);
    CHECK(text.error().code == EMSGSIZE);
    CHECK(text.error().doing.find("bytes of text") != std::string::npos);
    const auto keys = answered_by([](sd_bus_message* question) {
        reply(question, [](sd_bus_message* message) {
            sd_bus_message_open_container(message, 'a', "a{sv}");
            sd_bus_message_open_container(message, 'a', "{sv}");
            for (int i = 0; i < 1000; ++i)
                sd_bus_message_append(message, "{sv}", "class", "s", "batch");
            sd_bus_message_close_container(message);
            sd_bus_message_close_container(message);
        });
    });
    REQUIRE(keys);
    CHECK(keys->front().is_malformed);
}

TEST_CASE_FIXTURE(EngineFixture,
                  "nobody there, no answer in time, left meanwhile, an error: each is told as what it is")
{
    auto heard = answered();
    REQUIRE_FALSE(heard);
    CHECK(heard.error().code == EHOSTUNREACH);

    {
        const FakeEngine silent{loop, address, [](sd_bus_message*) {}};
        heard = answered(100ms);
        REQUIRE_FALSE(heard);
        CHECK(heard.error().code == ETIMEDOUT);
        CHECK(heard.error().doing == "it did not answer within 100ms");
    }
    {
        FakeEngine dying{loop, address, [](sd_bus_message*) {}};
        ask();
        REQUIRE(loop.run_until([&] { return dying.calls == 1; }));
        dying.peer.leave();
        REQUIRE(loop.run_until([&] { return answer.has_value(); }));
        REQUIRE_FALSE(*answer);
        CHECK(answer->error().code == ECONNRESET);
    }
    heard = answered_by(
        [](sd_bus_message* question) { sd_bus_reply_method_errorf(question, "org.example.Error.Asleep", "not\nnow"); });
    REQUIRE_FALSE(heard);
    CHECK(heard.error().code == EIO);
    CHECK(heard.error().doing == "it answers org.example.Error.Asleep: not\\nnow");
}

TEST_CASE_FIXTURE(EngineFixture,
                  "who takes the name of an engine that was asked once is told; others and pretenders are not")
{
    CHECK_FALSE(answered());
    Peer pretender{loop, address};
    sd_bus_message* signal = nullptr;
    sd_bus_message_new_signal(pretender.native(), &signal, kDriverPath, kDriverName, "NameOwnerChanged");
    sd_bus_message_append(signal, "sss", kName, "", ":1.77");
    const char* own_name = nullptr;
    sd_bus_get_unique_name(compat::native_bus(*compat::make_proxy(connection.native(), kDriverName, kDriverPath)),
                           &own_name);
    sd_bus_message_set_destination(signal, own_name);
    sd_bus_send(pretender.native(), signal, nullptr);
    sd_bus_message_unref(signal);
    pretender.own("org.example.Other");
    CHECK_FALSE(answered());
    CHECK(owned.empty());
    const FakeEngine engine{loop, address, says_rows(1, "")};
    REQUIRE(loop.run_until([&] { return !owned.empty(); }));
    CHECK(owned == std::vector<std::string>{kName});
}

TEST_CASE_FIXTURE(EngineFixture, "nothing is called once nobody waits for the answer any more")
{
    FakeEngine engine{loop, address, says_rows(1, "")};
    ask();
    client.reset();
    REQUIRE(loop.run_until([&] { return engine.calls == 1; }));
    client.emplace(connection, [](const std::string&) {});
    bool is_answered = false;
    client->score(kAddress, 5s, {{kGzip}, {}}, [&](const Result<ScoreAnswer>&) { is_answered = true; });
    REQUIRE(loop.run_until([&] { return is_answered; }));
    CHECK_FALSE(answer);
}
