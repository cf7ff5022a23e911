// SPDX-License-Identifier: GPL-3.0-or-later
/// The shipped rules: every file is read without a complaint, and programs that people know get what they should.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <algorithm>
#include <set>

#include <doctest/doctest.h>

#include "core/decide.hpp"
#include "rules/shipped_policy.hpp"

using namespace priorityd;

namespace {

std::string class_of(const GivenFacts& facts)
{
    return classify({.policy = shipped_policy()}, facts).process.class_name;
}

}  // namespace

TEST_CASE("every shipped file is read without a warning")
{
    for (const auto& diagnostic : read_shipped_policy().diagnostics)
        FAIL_CHECK(diagnostic.to_text());
}

TEST_CASE("the catalogue has at least 500 programs and about 14 classes, each with a description")
{
    std::set<std::string_view> programs;
    for (const auto& rule : shipped_policy()->rules())
        programs.insert(shipped_policy()->exact_name(rule));
    CHECK(programs.size() > 500);
    CHECK(shipped_policy()->classes().size() >= 12);
    CHECK(shipped_policy()->classes().size() <= 18);
    for (const auto& program_class : shipped_policy()->classes())
        CHECK_MESSAGE(!program_class.description.empty(), program_class.name);
}

TEST_CASE("no shipped class is real-time, SCHED_IDLE or protected from the out-of-memory killer")
{
    for (const auto& program_class : shipped_policy()->classes()) {
        const auto* sched = find_value<SchedPolicy>(program_class.settings, Setting::sched);
        CHECK((!sched || sched->kind == SchedPolicy::Kind::batch));
        const auto* oom = find_value<OomScoreAdj>(program_class.settings, Setting::oom_score_adj);
        CHECK((!oom || oom->value() >= 0));
    }
}

TEST_CASE("programs that people know are in the class that people expect")
{
    const std::pair<const char*, const char*> rows[] = {{"pipewire", "realtime-audio"},
                                                        {"kwin_wayland", "compositor"},
                                                        {"gnome-shell", "compositor"},
                                                        {"Xorg", "compositor"},
                                                        {"zoom", "call"},
                                                        {"mpv", "media"},
                                                        {"firefox", "browser"},
                                                        {"chrome", "browser"},
                                                        {"code", "interactive"},
                                                        {"libreoffice", "interactive"},
                                                        {"alacritty", "terminal"},
                                                        {"steam", "launcher"},
                                                        {"dota2", "game"},
                                                        {"g++", "build"},
                                                        {"cc1plus", "build"},
                                                        {"rustc", "build"},
                                                        {"ninja", "build"},
                                                        {"qemu-system-x86_64", "virtual-machine"},
                                                        {"dockerd", "service"},
                                                        {"postgres", "service"},
                                                        {"nginx", "service"},
                                                        {"borg", "background"},
                                                        {"updatedb", "background"},
                                                        {"xz", "batch"},
                                                        {"HandBrakeCLI", "batch"},
                                                        {"llama-server", "inference"},
                                                        {"ollama", "inference"},
                                                        {"prometheus", "service"},
                                                        {"htop", "terminal"}};
    for (const auto& row : rows)
        CHECK_MESSAGE(class_of({.name = row.first}) == row.second, row.first);
}

TEST_CASE("what a shell is for is not decided by the catalogue")
{
    for (const auto* name : {"bash", "zsh", "sh", "systemd", "dbus-daemon", "sudo", "python3", "ssh"})
        CHECK_MESSAGE(class_of({.name = name}).empty(), name);
}

TEST_CASE("interpreters are told apart by what they run")
{
    const auto python = [](std::vector<std::string> args) {
        return class_of({.name = "python3", .exe = "/usr/bin/python3.11", .args = std::move(args)});
    };
    CHECK(python({"-m", "vllm.entrypoints.openai.api_server", "--model", "x"}) == "inference");
    CHECK(python({"-m", "torch.distributed.run", "train.py"}) == "training");
    CHECK(python({"/usr/bin/some-script"}).empty());
}

TEST_CASE("an interpreter that uses a GPU comes before ordinary programs, and what other rules know it as goes first")
{
    const auto nice_of = [](const GivenFacts& facts) {
        const auto settings = classify({.policy = shipped_policy()}, facts).process.settings;
        const auto* nice = find_value<Nice>(settings, Setting::nice);
        return nice ? nice->value() : 0;
    };
    GivenFacts script{.name = "python3.11", .exe = "/usr/bin/python3.11", .args = {"simulate.py"}};
    CHECK(nice_of(script) == 0);
    script.uses.gpu = true;
    CHECK(nice_of(script) == -1);
    script.args = {"train.py"};
    CHECK(nice_of(script) == 5);
    CHECK(nice_of({.name = "firefox", .exe = "/usr/bin/firefox", .uses = {.gpu = true}}) == 0);
}
