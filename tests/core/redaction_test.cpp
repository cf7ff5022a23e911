// SPDX-License-Identifier: GPL-3.0-or-later
/// What of paths, arguments and units is told to engines outside, and what is not.
#include "core/scoring/redaction.hpp"

#include <utility>

#include <doctest/doctest.h>

namespace priorityd {
namespace {

using Texts = std::vector<std::string>;

const UserNames kUsers{"anna", "kim-lee", "al"};

/// What is told of this one argument.
std::string told(const std::string& argument)
{
    return redacted_arguments({"program", argument}, kUsers).at(0);
}

TEST_CASE("the path of a program says what it is called, and not whose it is")
{
    const std::vector<std::pair<std::string, std::string>> paths{
        {"/usr/bin/gzip", "/usr/bin/gzip"},
        {"/opt/resolve/bin/resolve", "/opt/resolve/bin/resolve"},
        {"/home/bob/blender", "~/blender"},
        {"/home/bob/.local/bin/blender", "~/.local/bin/blender"},
        {"/home/bob/Secret Plans/2026/tool", "~/[...]/tool"},
        {"/home/bob/.local/share/Steam/steamapps/common/Portal 2/portal2",
         "~/.local/share/Steam/steamapps/common/[...]/portal2"},
        {"/var/home/bob/bin/x", "~/bin/x"},
        {"/root/x", "~/x"},
        {"/run/media/bob/disk/x", "~/[...]/x"},
        {"/run/user/1000/x", "~/x"},
        {"/srv/anna/jobs/x", "/srv/[...]/x"},
        {"/srv/backup-anna/x", "/srv/[...]/x"},
        {"/srv/kim-lee/x", "/srv/[...]/x"},
        {"/srv/annabel/x", "/srv/annabel/x"},
        {"/homeless/bob/x", "/homeless/bob/x"},
        {"/var/lib/machines/old/home/bob/bin/x", "~/bin/x"},
        {"/usr/share/media/bob/x", "/usr/share/media/bob/x"},
        {"/home/bob", "~"},
        {"/home/anna/bin/anna-backup", "~/bin/[...]"},
        {"/var/lib/machines/x/root/acme/tool", "~/[...]/tool"},
        {"/srv/kim-lee_old/a", "/srv/[...]/a"},
        {"", ""},
    };
    for (const auto& [path, shown] : paths)
        CHECK(redacted_path(path, kUsers) == shown);
}

TEST_CASE("arguments that say what a program does are told")
{
    for (const char* argument :
         {"--threads=8", "-j8", "serve", "-m", "vllm.entrypoints.openai", "--ctx-size", "8192", "llama-3.1-8b-q4_k_m",
          "/usr/share/games/x.dat", "--model=mistral-7b", "-", "--", "", "1920x1080", "v2.1.0-rc3"})
        CHECK(told(argument) == argument);
}

TEST_CASE("what looks like a secret is not")
{
    for (const std::string argument :
         {"hf_AbCdEfGhIjKlMnOp1234567890", "sk-proj-4f9a8b7c6d5e4f3a2b1c", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx",
          "AKIAIOSFODNN7EXAMPLE", "0123456789abcdef0123456789abcdef", "4929123456789012", "anna@example.org", "anna",
          "kim-lee", "backup-anna", "al", "curl -H 'Authorization: x' host", "line\nline"})
        CHECK_MESSAGE(told(argument) == kHidden, argument);
    CHECK(told("https://anna:hunter2@example.org/x?token=y") == "https://[...]");
    CHECK(told("postgres://app:hunter2@db/x") == "postgres://[...]");
    CHECK(told("--proxy=http://u:p@h") == "--proxy=http://[...]");
    CHECK(told("--password=hunter2") == "--password=[...]");
    CHECK(told("PGPASSWORD=hunter2") == "PGPASSWORD=[...]");
    CHECK(told("--API-Key=x") == "--API-Key=[...]");
    CHECK(told("-phunter2") == "-p[...]");
    CHECK(told("--owner=anna") == "--owner=[...]");
    CHECK(told("--x=hf_AbCdEfGhIjKlMnOp1234567890") == "--x=[...]");
    CHECK(told("4f9a8b7c6d5e4f3a2b1c=1") == kHidden);
}

TEST_CASE("the value behind an option that is secret is not told, whatever it looks like")
{
    CHECK(redacted_arguments({"x", "--token", "abc", "more"}, {}) == Texts{"--token", "[...]", "more"});
    CHECK(redacted_arguments({"x", "-u", "bob", "-p", "hunter2"}, {}) == Texts{"-u", "[...]", "-p", "[...]"});
    CHECK(redacted_arguments({"x", "--password", "-xyz", "y"}, {}) == Texts{"--password", "[...]", "y"});
    CHECK(redacted_arguments({"x", "--use-token", "--api-key", "abc"}, {}) == Texts{"--use-token", "[...]", "[...]"});
    CHECK(redacted_arguments({"x", "--token=abc", "more"}, {}) == Texts{"--token=[...]", "more"});
    CHECK(redacted_arguments({"x", "--token"}, {}) == Texts{"--token"});
}

TEST_CASE("what stands behind a private word is not told, however programs write it")
{
    const std::vector<std::pair<Texts, Texts>> lines{
        {{"nmcli", "connect", "Home", "password", "hunter22"}, {"connect", "Home", "[...]", "[...]"}},
        {{"plink", "-pw", "hunter2", "host"}, {"-p[...]", "[...]", "host"}},
        {{"mysql", "-pc2VjcmV0="}, {"-p[...]"}},
        {{"qemu", "-spice", "port=5900,password=hunter2"}, {"-spice", "port=[...]"}},
        {{"helm", "--set", "a=1,db.password=hunter2"}, {"--set", "a=[...]"}},
        {{"xfreerdp", "/u:asmith", "/p:hunter2"}, {"[...]", "[...]"}},
        {{"curl", "-d", R"({"password":"hunter2"})", "-H", "X-Auth-Token:hunter2"},
         {"-d", "[...]", "[...]", "X-Auth-Token:[...]"}},
        {{"redis-cli", "-a", "hunter2"}, {"-a", "[...]"}},
    };
    for (const auto& [argv, shown] : lines)
        CHECK(redacted_arguments(argv, {}) == shown);
}

TEST_CASE("relative paths, encoded ones, and those before an address are not told")
{
    for (const std::string argument :
         {"Private/holiday-with-kim.mkv", "file:%2Fhome%2Fbob%2Ftaxes", "concat:/home/bob/acme.ts|http://x", "a@b://c",
          "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "550e8400-e29b-41d4-a716-44665544abcd", "kim-lee-photos",
          "-fanna", "-Xanna"})
        CHECK_MESSAGE(told(argument) == kHidden, told(argument));
}

TEST_CASE("no path in a home is told")
{
    for (const std::string argument :
         {"/home/bob/taxes.ods", "~/taxes.ods", "~", "/root", "/root/x", "/run/user/1000/bus", "-I/home/bob/include",
          "/usr/bin:/home/bob/bin", "type=bind,src=/home/bob/x", "/srv/anna/x", "/var/lib/machines/old/home/bob/x"})
        CHECK_MESSAGE(told(argument).ends_with(kHidden), told(argument));
    CHECK(told("--file=/home/bob/taxes.ods") == "--file=[...]");
}

TEST_CASE("there is a bound on arguments")
{
    CHECK(redacted_arguments({}, {}).empty());
    CHECK(redacted_arguments({"x"}, {}).empty());
    CHECK(redacted_arguments(Texts(1000, "word"), {}).size() == 24);
    CHECK(told(std::string(5000, 'x')).size() == 100);
}

TEST_CASE("a unit is told without its number and its user")
{
    const std::vector<std::pair<std::string, std::string>> groups{
        {"/system.slice/nginx.service", "nginx.service"},
        {"/system.slice/system-postgresql.slice/postgresql@15-main.service", "postgresql@.service"},
        {"/user.slice/user-1000.slice/user@1000.service/app.slice/app-gnome-org.gnome.Calculator-4242.scope",
         "app-gnome-org.gnome.Calculator.scope"},
        {"/user.slice/user-1000.slice/session-3.scope", "session.scope"},
        {"/system.slice/run-r0123456789abcdef.scope", "run.scope"},
        {"/system.slice/backup-anna.service", ""},
        {"/system.slice/my.anna.service", ""},
        {"/system.slice/backup\\x2danna.service", ""},
        {"/", ""},
        {"", ""},
    };
    for (const auto& [group, shown] : groups)
        CHECK(redacted_unit(group, kUsers) == shown);
}

}  // namespace
}  // namespace priorityd
