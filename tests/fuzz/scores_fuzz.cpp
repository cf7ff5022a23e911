// SPDX-License-Identifier: GPL-3.0-or-later
/// Fuzz target: answers of engines outside. The bytes say what an engine writes into its answer; it is read as it was
/// written, and what counts of it is within bounds.
#include <sys/socket.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <systemd/sd-bus.h>

#include "bus/score_message.hpp"
#include "core/scoring/score.hpp"
#include "core/text.hpp"
#include "fuzz/expect.hpp"

using namespace priorityd;

namespace {

constexpr std::size_t kPrograms = 8;
/// As many keys as a row may have.
constexpr int kMostKeys = 16;

/// Takes values off the bytes; zeros where there are no more.
class Choices {
public:
    explicit Choices(std::string_view bytes) : bytes_{bytes} {}

    std::uint8_t number(std::uint8_t below)
    {
        const auto byte = take(1);
        return byte.empty() ? 0 : static_cast<std::uint8_t>(static_cast<std::uint8_t>(byte[0]) % below);
    }
    double real()
    {
        double value = 0;
        const auto bytes = take(sizeof value);
        std::memcpy(&value, bytes.data(), bytes.size());
        return value;
    }
    std::string bytes() { return std::string{take(number(0xff))}; }
    /// One that D-Bus can carry: no NUL, and here no byte above those of ASCII.
    std::string text()
    {
        auto text = bytes();
        std::ranges::transform(text, text.begin(), [](char c) { return static_cast<char>(c & 0x7f); });
        std::ranges::replace(text, '\0', '?');
        return text;
    }
    [[nodiscard]] bool empty() const { return bytes_.empty(); }

private:
    std::string_view take(std::size_t most)
    {
        const auto taken = bytes_.substr(0, most);
        bytes_.remove_prefix(taken.size());
        return taken;
    }
    std::string_view bytes_;
};

/// A bus that nobody is on, which messages belong to.
sd_bus* bus()
{
    static sd_bus* const bus = [] {
        sd_bus* made = nullptr;
        int ends[2];
        expect(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
        expect(sd_bus_new(&made) >= 0 && sd_bus_set_fd(made, ends[0], ends[0]) >= 0 && sd_bus_start(made) >= 0);
        return made;
    }();
    return bus;
}

bus::MessagePtr new_message()
{
    sd_bus_message* made = nullptr;
    expect(sd_bus_message_new_method_call(bus(), &made, "a.b", "/", "a.b", "C") >= 0);
    return bus::MessagePtr{made};
}

/// Writes an answer, and knows what has to be read of it.
class Engine {
public:
    Engine(Choices& choices, sd_bus_message* answer) : choices_{choices}, answer_{answer} {}

    ScoreAnswer write()
    {
        ScoreAnswer rows;
        open('a', "a{sv}");
        while (!choices_.empty()) {
            open('a', "{sv}");
            rows.push_back(row());
            close();
        }
        close();
        return rows;
    }

private:
    ScoreRow row()
    {
        ScoreRow row;
        int keys = 0;
        for (; keys < 2 * kMostKeys && choices_.number(8) != 0; ++keys)
            entry(row);
        row.is_malformed = row.is_malformed || keys > kMostKeys;
        return row;
    }

    void entry(ScoreRow& row)
    {
        open('e', "sv");
        switch (choices_.number(5)) {
            case 0: row.program_class = wanted_text("class", row); break;
            case 1: row.reason = wanted_text("reason", row).value_or(""); break;
            case 2: row.confidence = number("confidence", row); break;
            case 3: row.retry_after = number("retry_after", row); break;
            default:
                text("note");
                other_value();
                break;
        }
        close();
    }

    std::optional<std::string> wanted_text(const char* key, ScoreRow& row)
    {
        text(key);
        if (choices_.number(4) == 0) {
            row.is_malformed = true;
            other_value();
            return std::nullopt;
        }
        auto value = choices_.number(2) == 0 ? std::string{"batch"} : choices_.text();
        open('v', "s");
        text(value);
        close();
        return value;
    }

    std::optional<double> number(const char* key, ScoreRow& row)
    {
        text(key);
        if (choices_.number(4) == 0) {
            row.is_malformed = true;
            other_value();
            return std::nullopt;
        }
        const double value = choices_.number(2) == 0 ? choices_.real() : choices_.number(0xff) / 200.0;
        open('v', "d");
        expect(sd_bus_message_append_basic(answer_, 'd', &value) >= 0);
        close();
        return value;
    }

    /// Of a type that nothing of a row has.
    void other_value()
    {
        switch (choices_.number(4)) {
            case 0: expect(sd_bus_message_append(answer_, "v", "i", 1) >= 0); break;
            case 1: expect(sd_bus_message_append(answer_, "v", "as", 2, "a", "b") >= 0); break;
            case 2: expect(sd_bus_message_append(answer_, "v", "v", "s", "batch") >= 0); break;
            default: expect(sd_bus_message_append(answer_, "v", "(sd)", "batch", 1.0) >= 0); break;
        }
    }

    void text(const std::string& text) { expect(sd_bus_message_append_basic(answer_, 's', text.c_str()) >= 0); }
    void open(char type, const char* contents) { expect(sd_bus_message_open_container(answer_, type, contents) >= 0); }
    void close() { expect(sd_bus_message_close_container(answer_) >= 0); }

    Choices& choices_;
    sd_bus_message* answer_;
};

bool is_same(const std::optional<double>& a, const std::optional<double>& b)
{
    return a == b || (a && b && std::isnan(*a) && std::isnan(*b));
}

void check_judgement(const ScoreRow& row)
{
    const OfferedClasses classes{{"batch", ""}, {"game", ""}};
    if (const auto retry = retry_of(row))
        expect(*retry >= kShortestRetry && *retry <= kLongestRetry && !row.program_class && !row.confidence);
    const auto said = judged(row, classes);
    if (!said) {
        expect(is_shown_safely(said.error().message()) && said.error().message().size() < 1000);
        return;
    }
    expect(!row.is_malformed);
    if (!*said)
        return;
    const Advice& advice = **said;
    expect(std::ranges::count(classes, advice.program_class, &OfferedClass::name) == 1);
    expect(advice.confidence > 0 && advice.confidence <= 1);
    expect(!advice.because.empty() && advice.because.size() <= kLongestReason && is_shown_safely(advice.because));
}

void check_rows(Choices choices)
{
    const auto answer = new_message();
    auto written = Engine{choices, answer.get()}.write();
    expect(sd_bus_message_seal(answer.get(), 1, 0) >= 0);
    const auto read = bus::read_score_answer(answer.get(), kPrograms);
    expect(read.has_value());  // the inputs are far shorter than what is too long
    written.resize(std::min(written.size(), kPrograms + 1));
    expect(read->size() == written.size());
    for (std::size_t i = 0; i < written.size(); ++i) {
        const auto& row = (*read)[i];
        expect(row.is_malformed == written[i].is_malformed && row.program_class == written[i].program_class);
        expect(row.reason == written[i].reason && is_same(row.confidence, written[i].confidence) &&
               is_same(row.retry_after, written[i].retry_after));
        check_judgement(row);
    }
}

/// An answer that is no list of rows is none, whatever it is.
void check_other(Choices choices)
{
    constexpr std::uint8_t kKinds = 6;
    const auto answer = new_message();
    const auto text = choices.text();
    switch (choices.number(kKinds)) {
        case 0: break;
        case 1: expect(sd_bus_message_append(answer.get(), "s", text.c_str()) >= 0); break;
        case 2: expect(sd_bus_message_append(answer.get(), "a{sv}", 1, text.c_str(), "s", "batch") >= 0); break;
        case 3: expect(sd_bus_message_append(answer.get(), "aa{ss}", 1, 1, "class", text.c_str()) >= 0); break;
        case 4:
            expect(sd_bus_message_append(answer.get(), "v", "aa{sv}", 1, 1, "class", "s", text.c_str()) >= 0);
            break;
        default: expect(sd_bus_message_append(answer.get(), "saa{sv}", text.c_str(), 0) >= 0); break;
    }
    expect(sd_bus_message_seal(answer.get(), 1, 0) >= 0);
    expect(!bus::read_score_answer(answer.get(), kPrograms));
}

/// A row of any bytes, which on a bus could not all be sent.
void check_row(Choices choices)
{
    ScoreRow row;
    row.confidence = choices.real();
    row.program_class = choices.number(2) == 0 ? "game" : choices.bytes();
    row.reason = choices.bytes() + choices.bytes() + choices.bytes();
    check_judgement(row);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    // The first byte chooses what the rest is.
    if (size == 0)
        return 0;
    const Choices choices{{reinterpret_cast<const char*>(bytes) + 1, size - 1}};
    switch (bytes[0]) {
        case 'o': check_other(choices); break;
        case 'r': check_row(choices); break;
        default: check_rows(choices); break;
    }
    return 0;
}
