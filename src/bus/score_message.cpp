// SPDX-License-Identifier: GPL-3.0-or-later
#include "bus/score_message.hpp"

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <systemd/sd-bus.h>

#include "core/text.hpp"

namespace priorityd::bus {
namespace {

/// An honest answer about 32 programs stays well below: it has a class and kLongestReason of text for each.
constexpr std::size_t kMostText = std::size_t{128} * 1024;
/// A row has three that mean something; later versions of the interface may have some more.
constexpr int kMostKeys = 16;

/// Writes until the first failure.
class Writer {
public:
    explicit Writer(sd_bus_message* message) : message_{message} {}

    void open(char type, const char* contents)
    {
        if (status_ >= 0)
            status_ = sd_bus_message_open_container(message_, type, contents);
    }
    void close()
    {
        if (status_ >= 0)
            status_ = sd_bus_message_close_container(message_);
    }
    void text(const std::string& text)
    {
        if (status_ >= 0)
            status_ = sd_bus_message_append_basic(message_, 's', escaped(text).c_str());
    }
    void entry(const char* key, const std::string& value)
    {
        open('e', "sv");
        text(key);
        open('v', "s");
        text(value);
        close();
        close();
    }
    void entry(const char* key, const std::vector<std::string>& values)
    {
        open('e', "sv");
        text(key);
        open('v', "as");
        open('a', "s");
        for (const auto& value : values)
            text(value);
        close();
        close();
        close();
    }
    /// 0, or a negative errno.
    [[nodiscard]] int status() const { return status_; }

private:
    sd_bus_message* message_;
    int status_ = 0;
};

/// Another file, or the same one changed, has another one. Nobody has to know what is in it.
std::string identity_of(const FileId& file)
{
    return fmt::format("{:x}-{:x}-{:x}", file.device, file.inode, file.changed);
}

std::vector<std::string> each_of(const OfferedClasses& classes, std::string OfferedClass::*text)
{
    std::vector<std::string> texts;
    for (const auto& one : classes)
        texts.push_back(one.*text);
    return texts;
}

void write_program(Writer& writer, const DescribedProgram& program, const OfferedClasses& classes)
{
    writer.open('a', "{sv}");
    writer.entry("name", program.name);
    writer.entry("exe", program.exe);
    writer.entry("identity", identity_of(program.id));
    writer.entry("section", program.info.section);
    writer.entry("description", program.info.description);
    writer.entry("tags", program.info.tags);
    writer.entry("categories", program.info.categories);
    writer.entry("unit", program.circumstances.unit);
    writer.entry("arguments", program.circumstances.arguments);
    writer.entry("behaviour", program.circumstances.behaviour);
    writer.entry("classes", each_of(classes, &OfferedClass::name));
    writer.entry("class_meanings", each_of(classes, &OfferedClass::meaning));
    writer.close();
}

/// Reads rows, and stops for good at what cannot be read.
class Reader {
public:
    explicit Reader(sd_bus_message* message) : message_{message} {}

    Result<ScoreAnswer> rows(std::size_t most)
    {
        ScoreAnswer rows;
        if (!enter('a', "a{sv}"))
            return failure(EBADMSG, "an answer that is no list of rows, aa{sv}");
        while (rows.size() < most && enter('a', "{sv}")) {
            rows.push_back(row());
            leave();
        }
        if (is_too_long_)
            return failure(EMSGSIZE, fmt::format("an answer of more than {} bytes of text", kMostText));
        if (is_broken_)
            return failure(EBADMSG, "an answer that cannot be read");
        return rows;
    }

private:
    ScoreRow row()
    {
        ScoreRow row;
        for (int keys = 0; enter('e', "sv"); ++keys) {
            row.is_malformed = row.is_malformed || keys >= kMostKeys;
            take_entry(row);
            leave();
        }
        return row;
    }

    void take_entry(ScoreRow& row)
    {
        const std::string key = text();
        if (key == "class")
            row.program_class = text_inside(row);
        else if (key == "reason")
            row.reason = text_inside(row).value_or("");
        else if (key == "confidence")
            row.confidence = number_inside(row);
        else if (key == "retry_after")
            row.retry_after = number_inside(row);
        else
            check(sd_bus_message_skip(message_, "v"));
    }

    std::optional<std::string> text_inside(ScoreRow& row)
    {
        if (!enter_value("s", row))
            return std::nullopt;
        auto value = text();
        leave();
        return value;
    }

    std::optional<double> number_inside(ScoreRow& row)
    {
        double number = 0;
        if (!enter_value("d", row))
            return std::nullopt;
        check(sd_bus_message_read_basic(message_, 'd', &number));
        leave();
        return number;
    }

    /// False when the value has another type: then it is passed over.
    bool enter_value(const char* type, ScoreRow& row)
    {
        if (is_over())
            return false;
        const char* contents = nullptr;
        char is_variant = 0;
        check(sd_bus_message_peek_type(message_, &is_variant, &contents));
        if (!is_over() && std::string_view{contents} == type)
            return enter('v', type);
        row.is_malformed = true;
        if (!is_over())
            check(sd_bus_message_skip(message_, "v"));
        return false;
    }

    std::string text()
    {
        const char* text = nullptr;
        if (is_over() || !check(sd_bus_message_read_basic(message_, 's', &text)))
            return {};
        const std::string_view read{text};
        text_read_ += read.size();
        is_too_long_ = text_read_ > kMostText;
        return is_too_long_ ? std::string{} : std::string{read};
    }

    bool enter(char type, const char* contents)
    {
        return !is_over() && check(sd_bus_message_enter_container(message_, type, contents));
    }
    void leave()
    {
        if (!is_over())
            check(sd_bus_message_exit_container(message_));
    }
    /// Whether there was something.
    bool check(int answer)
    {
        is_broken_ = is_broken_ || answer < 0;
        return answer > 0;
    }
    [[nodiscard]] bool is_over() const { return is_broken_ || is_too_long_; }

    sd_bus_message* message_;
    std::size_t text_read_ = 0;
    bool is_broken_ = false;
    bool is_too_long_ = false;
};

}  // namespace

void FreeMessage::operator()(sd_bus_message* message) const
{
    sd_bus_message_unref(message);
}

Result<MessagePtr> make_score_call(sd_bus* bus, const EngineAddress& engine, const ScoreQuestion& question)
{
    sd_bus_message* made = nullptr;
    const int status = sd_bus_message_new_method_call(bus, &made, engine.bus_name.c_str(), engine.object_path.c_str(),
                                                      kEngineInterface, "Score");
    MessagePtr call{made};
    if (status < 0)
        return failure(-status, "make a call to " + engine.bus_name);
    Writer writer{call.get()};
    writer.open('a', "a{sv}");
    for (const DescribedProgram& program : question.programs)
        write_program(writer, program, question.classes);
    writer.close();
    if (writer.status() < 0)
        return failure(-writer.status(), "write a call to " + engine.bus_name);
    return call;
}

Result<MessagePtr> make_health_call(sd_bus* bus, const EngineAddress& engine)
{
    sd_bus_message* made = nullptr;
    const int status = sd_bus_message_new_method_call(bus, &made, engine.bus_name.c_str(), engine.object_path.c_str(),
                                                      "org.freedesktop.DBus.Properties", "Get");
    MessagePtr call{made};
    if (status < 0 || sd_bus_message_append(call.get(), "ss", kEngineInterface, "Health") < 0)
        return failure(EINVAL, "make a call to " + engine.bus_name);
    return call;
}

std::string read_health(sd_bus_message* answer)
{
    constexpr std::size_t kMostShown = 300;
    const char* text = nullptr;
    const bool is_text =
        sd_bus_message_enter_container(answer, 'v', "s") > 0 && sd_bus_message_read_basic(answer, 's', &text) > 0;
    return is_text ? escaped(std::string_view{text}.substr(0, kMostShown)) : std::string{};
}

Result<ScoreAnswer> read_score_answer(sd_bus_message* answer, std::size_t programs)
{
    return Reader{answer}.rows(programs + 1);
}

}  // namespace priorityd::bus
