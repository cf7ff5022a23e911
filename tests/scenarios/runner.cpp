// SPDX-License-Identifier: GPL-3.0-or-later
/// Plays *.scenario files through the pipeline: events and facts go in, decisions come out. See README.md for the
/// verbs.

#include <fstream>
#include <functional>
#include <iomanip>
#include <iostream>
#include <map>
#include <optional>
#include <sstream>

#include <fmt/format.h>

#include "core/text.hpp"
#include "support/fake_world.hpp"

namespace priorityd::test {
namespace {

/// What is wrong with a scenario, or with what came out.
class Mismatch : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// "key=value" pairs; a value in quotes may hold blanks.
std::map<std::string, std::string> pairs(std::istream& line)
{
    std::map<std::string, std::string> found;
    for (std::string key; std::getline(line >> std::ws, key, '=');) {
        std::string value;
        if (line.peek() == '"') {
            line.get();
            std::getline(line, value, '"');
        } else {
            line >> value;
        }
        found[key] = value;
    }
    return found;
}

std::vector<std::string> words(const std::string& text)
{
    std::istringstream stream{text};
    std::vector<std::string> found;
    for (std::string word; stream >> word;)
        found.push_back(word);
    return found;
}

Value value_of(Setting setting, const std::string& text)
{
    const bool is_number = !text.empty() && text.find_first_not_of("-0123456789") == std::string::npos;
    if (is_number) {
        if (auto value = parse_value(setting, RawValue{std::int64_t{std::stoll(text)}}))
            return *value;
    }
    auto value = parse_value(setting, RawValue{text});
    if (!value)
        throw Mismatch(value.error().message());
    return *value;
}

class Scenario {
public:
    void run(std::istream& file)
    {
        for (std::string line; std::getline(file, line);) {
            ++line_;
            std::istringstream stream{line};
            std::string verb;
            if (!(stream >> verb) || verb.starts_with('#'))
                continue;
            if (verb == "rules" || verb == "settings") {
                (verb == "rules" ? rules_ : settings_) = block(file);
                use_policy();
                continue;
            }
            const auto action = verbs().find(verb);
            if (action == verbs().end())
                throw Mismatch("unknown verb " + verb);
            action->second(*this, stream);
        }
    }
    [[nodiscard]] int line() const { return line_; }

private:
    using Verb = std::function<void(Scenario&, std::istream&)>;
    static const std::map<std::string, Verb>& verbs();

    std::string block(std::istream& file)
    {
        std::string text;
        for (std::string line; std::getline(file, line); text += line + '\n') {
            ++line_;
            if (line == "end")
                return text;
        }
        throw Mismatch("a block without its \"end\"");
    }

    void use_policy()
    {
        const auto policy = policy_of(rules_, settings_);
        if (!pipeline_)
            pipeline_.emplace(world_of(kernel_), live_knobs(), layers_of(policy));
        else
            pipeline_->use(layers_of(policy));
    }

    void describe(FakeProcess& process, const std::map<std::string, std::string>& facts)
    {
        for (const auto& [key, value] : facts) {
            if (key == "comm")
                process.comm = value;
            else if (key == "exe")
                process.exe = value;
            else if (key == "argv")
                process.argv = words(value);
            else if (key == "argv0")
                process.argv = {value};
            else if (key == "parent")
                process.parent = std::stoi(value);
            else if (key == "session")
                process.session = std::stoi(value);
            else if (key == "uid")
                process.uid = static_cast<unsigned>(std::stoul(value));
            else if (key == "cgroup")
                process.cgroup = value;
            else if (key == "threads")
                process.threads = std::stoi(value);
            else if (key == "state")
                process.is_zombie = value == "zombie";
            else if (key == "tty")
                process.has_tty = value == "yes";
            else if (const auto* setting = find_setting(key))
                process.actual.set(setting->setting, value_of(setting->setting, value));
            else
                throw Mismatch("unknown fact " + key);
        }
    }

    void send(Event::Kind kind, std::istream& line, const std::string& comm = {})
    {
        int pid = 0;
        line >> pid;
        int tid = pid;
        line >> tid;
        pipeline_->handle({kind, Pid{pid}, Tid{tid == 0 ? pid : tid}, comm}, now_);
        pipeline_->run_due(now_);
    }

    void expect(std::istream& line)
    {
        int pid = 0;
        line >> pid;
        for (const auto& [key, wanted] : pairs(line)) {
            std::string found;
            if (key == "class") {
                const auto explanation = pipeline_->explain(Pid{pid}, {});
                found = explanation ? explanation->process.class_name : "gone";
                found = found.empty() ? "none" : found;
            } else if (const auto* setting = find_setting(key)) {
                const auto* value = kernel_.at(pid).actual.find(setting->setting);
                found = value ? to_text(*value) : "unknown";
            } else {
                throw Mismatch("unknown expectation " + key);
            }
            if (found != wanted)
                throw Mismatch(fmt::format("process {}: {} is {}, expected {}", pid, key, found, wanted));
        }
    }

    /// What the row in force for a setting begins with; "none" when nobody named the setting.
    void expect_row(std::istream& line, std::string ExplainRow::*column)
    {
        int pid = 0;
        std::string setting;
        std::string wanted;
        line >> pid >> setting >> std::quoted(wanted);
        const auto explanation = pipeline_->explain(Pid{pid}, {now_, {}});
        std::string found = "none";
        for (const auto& row : explanation ? explanation->rows : std::vector<ExplainRow>{}) {
            if (row.setting == setting && row.effective)
                found = row.*column;
        }
        if (!found.starts_with(wanted))
            throw Mismatch(fmt::format("process {}: {} says \"{}\", expected \"{}\"", pid, setting, found, wanted));
    }

    int line_ = 0;
    std::string rules_;
    std::string settings_;
    FakeKernel kernel_;
    std::optional<Pipeline> pipeline_;
    Instant now_{std::chrono::hours{1}};
};

const std::map<std::string, Scenario::Verb>& Scenario::verbs()
{
    static const std::map<std::string, Verb> kVerbs{
        {"process",
         [](Scenario& s, std::istream& line) {
             FakeProcess process;
             line >> process.pid;
             FakeProcess& added = s.kernel_.add(std::move(process));
             s.describe(added, pairs(line));
         }},
        {"fork",
         [](Scenario& s, std::istream& line) {
             int pid = 0;
             line >> pid;
             s.kernel_.fork(std::stoi(pairs(line).at("from")), pid);
         }},
        {"becomes",
         [](Scenario& s, std::istream& line) {
             int pid = 0;
             line >> pid;
             s.describe(s.kernel_.at(pid), pairs(line));
         }},
        {"exec", [](Scenario& s, std::istream& line) { s.send(Event::Kind::exec, line); }},
        {"uid", [](Scenario& s, std::istream& line) { s.send(Event::Kind::uid, line); }},
        {"renamed",
         [](Scenario& s, std::istream& line) {
             int pid = 0;
             line >> pid;
             s.pipeline_->handle({Event::Kind::comm, Pid{pid}, Tid{pid}, s.kernel_.at(pid).comm}, s.now_);
         }},
        {"vanishes",
         [](Scenario& s, std::istream& line) {
             int pid = 0;
             line >> pid;
             s.kernel_.kill(pid);
             if (s.kernel_.watched.erase(Pid{pid}) > 0)
                 s.pipeline_->on_exit(Pid{pid}, s.now_);
         }},
        {"scan",
         [](Scenario& s, std::istream&) {
             s.pipeline_->begin_scan();
             while (s.pipeline_->continue_scan(1, s.now_)) {
             }
         }},
        {"wait",
         [](Scenario& s, std::istream& line) {
             std::string duration;
             line >> duration;
             s.now_ += parse_duration(duration).value();
             s.pipeline_->run_due(s.now_);
         }},
        {"restore", [](Scenario& s, std::istream&) { s.pipeline_->restore(s.now_); }},
        {"expect", [](Scenario& s, std::istream& line) { s.expect(line); }},
        {"explain", [](Scenario& s, std::istream& line) { s.expect_row(line, &ExplainRow::because); }},
        {"outcome", [](Scenario& s, std::istream& line) { s.expect_row(line, &ExplainRow::outcome); }},
        {"expect-session",
         [](Scenario& s, std::istream& line) {
             int session = 0;
             int wanted = 0;
             line >> session >> wanted;
             if (s.kernel_.autogroups[session] != wanted)
                 throw Mismatch(
                     fmt::format("session {} has {}, expected {}", session, s.kernel_.autogroups[session], wanted));
         }},
        {"expect-writes",
         [](Scenario& s, std::istream& line) {
             std::size_t wanted = 0;
             line >> wanted;
             if (s.kernel_.log.size() != wanted)
                 throw Mismatch(fmt::format("{} writes, expected {}; the last: {}", s.kernel_.log.size(), wanted,
                                            s.kernel_.log.empty() ? "none" : s.kernel_.log.back()));
             s.kernel_.log.clear();
         }},
    };
    return kVerbs;
}

int play(const char* path)
{
    std::ifstream file{path};
    Scenario scenario;
    try {
        if (!file)
            throw Mismatch("cannot be read");
        scenario.run(file);
        std::cout << "ok " << path << '\n';
        return 0;
    } catch (const std::exception& mismatch) {
        std::cout << path << ':' << scenario.line() << ": " << mismatch.what() << '\n';
        return 1;
    }
}

}  // namespace
}  // namespace priorityd::test

int main(int argc, char** argv)
{
    int failed = 0;
    for (int i = 1; i < argc; ++i)
        failed += priorityd::test::play(argv[i]);
    return failed == 0 && argc > 1 ? 0 : 1;
}
