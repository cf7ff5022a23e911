// SPDX-License-Identifier: GPL-3.0-or-later
/// The settings of priorityd-llm, and what is said of those that are wrong.
#include "engines/llm/settings.hpp"

#include <doctest/doctest.h>

using namespace priorityd;
using namespace priorityd::llm;
using namespace std::chrono_literals;

namespace {

/// The first thing that is wrong.
std::string fault_of(const std::string& text)
{
    Settings settings;
    Diagnostics diagnostics;
    read_settings("llm.toml", text, settings, diagnostics);
    return diagnostics.empty() ? "" : diagnostics.front().to_text();
}

bool has(const std::string& text, const std::string& part)
{
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("settings are those of the file, over those that hold without one")
{
    Settings settings;
    Diagnostics diagnostics;
    read_settings("llm.toml",
                  "base_url = \"https://models.example.org/v1/\"\nmodel = \"small\"\napi_key_file = \"/etc/key\"\n"
                  "timeout = \"30s\"\ngather = \"500ms\"\nbatch = 8\nrequests_per_hour = 5\ntokens_per_day = 2000\n"
                  "remember_days = 7\nnever_ask = [\"my-server\"]\n",
                  settings, diagnostics);
    CHECK(diagnostics.empty());
    CHECK(settings.base_url == "https://models.example.org/v1");
    CHECK(settings.model == "small");
    CHECK(settings.api_key_file == "/etc/key");
    CHECK(settings.timeout == 30s);
    CHECK(settings.gather == 500ms);
    CHECK(settings.batch == 8);
    CHECK(settings.requests_per_hour == 5);
    CHECK(settings.tokens_per_day == 2000);
    CHECK(settings.remember == std::chrono::days{7});
    CHECK(settings.never_ask == std::vector<std::string>{"my-server"});
    read_settings("more.toml", "batch = 9\n", settings, diagnostics);
    CHECK(settings.batch == 9);
    CHECK(settings.model == "small");
}

TEST_CASE("what is wrong is told with its place and a remedy")
{
    CHECK(has(fault_of("batch = 33\n"), "llm.toml:1:9: error: batch: expected a whole number from 1 to 32"));
    CHECK(has(fault_of("batch = \"8\"\n"), "expected a whole number"));
    CHECK(has(fault_of("timeout = 5\n"), "timeout: expected a time from \"1s\" to \"3600s\" in quotes"));
    CHECK(has(fault_of("gather = \"-1s\"\n"), "expected a time"));
    CHECK(has(fault_of("modell = \"x\"\n"), "did you mean \"model\"?"));
    CHECK(has(fault_of("api_key_file = \"sk-123\"\n"), "the absolute path of a file with the key, not the key"));
    CHECK(has(fault_of("never_ask = \"x\"\n"), "expected a list of names"));
    CHECK(has(fault_of("never_ask = [\"/usr/bin/x\"]\n"), "expected a list of names"));
    CHECK(has(fault_of("remember_days = 0\n"), "from 1 to 3650"));
    CHECK(has(fault_of("x = [\n"), "not TOML"));
    for (const auto* url : {"", "127.0.0.1:8080", "ftp://x", "http://", "http://me:pw@host/v1", "http://x/v1?key=1",
                            "http://x/a b", "file:///etc/passwd"})
        CHECK(has(fault_of("base_url = \"" + std::string{url} + "\"\n"), "is no address of an API"));
}

TEST_CASE("a key goes to no other machine in the open")
{
    const std::string key = "api_key_file = \"/etc/key\"\n";
    CHECK(has(fault_of(key + "base_url = \"http://models.example.org/v1\"\n"), "has to begin with https://"));
    CHECK(fault_of(key + "base_url = \"https://models.example.org/v1\"\n").empty());
    CHECK(fault_of(key + "base_url = \"http://127.0.0.1:8080/v1\"\n").empty());
    CHECK(fault_of("base_url = \"http://models.example.org/v1\"\n").empty());
}

TEST_CASE("what leads to this machine is told by its name or number")
{
    for (const auto* url : {"http://localhost/v1", "http://localhost:1/", "https://127.0.0.1:8080/v1",
                            "http://127.8.9.1", "http://[::1]:8080/v1", "http://[::1]"})
        CHECK(is_loopback(url));
    for (const auto* url : {"http://localhost.example.org/", "http://127.0.0.1.example.org", "http://128.0.0.1",
                            "http://[::1]x", "http://[::2]", "http://10.0.0.1", "", "localhost"})
        CHECK_FALSE(is_loopback(url));
}
