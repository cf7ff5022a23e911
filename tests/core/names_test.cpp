// SPDX-License-Identifier: GPL-3.0-or-later
/// All the names that a process goes by.
#include "core/names.hpp"

#include <doctest/doctest.h>

using namespace priorityd;

namespace {

Names names(const std::string& exe, const std::string& comm, std::vector<std::string> argv)
{
    Snapshot process;
    process.exe = exe;
    process.comm = comm;
    process.argv = std::move(argv);
    return names_of(process);
}

}  // namespace

TEST_CASE("a plain program goes by one name")
{
    CHECK(names("/usr/bin/mpv", "mpv", {"mpv", "film.mkv"}) == Names{"mpv"});
}

TEST_CASE("exe gives the whole name where comm is cut at 15 bytes")
{
    CHECK(names("/usr/bin/very-long-program-name", "very-long-progr", {}) ==
          Names{"very-long-program-name", "very-long-progr"});
}

TEST_CASE("a Wine program is known by argv[0] with backslashes")
{
    CHECK(names("/usr/bin/wine64-preloader", "Baldurs Gate 3.", {R"(C:\Games\Baldurs Gate 3.exe)", "-x"}) ==
          Names{"wine64-preloader", "Baldurs Gate 3.exe", "Baldurs Gate 3."});
}

TEST_CASE("an interpreter is known by its script first")
{
    CHECK(names("/usr/bin/python3.11", "python3", {"python3", "-u", "-W", "ignore", "/opt/app/train.py", "--x"}) ==
          Names{"train.py", "python3.11", "python3"});
    CHECK(names("/usr/bin/bash", "backup.sh", {"/bin/bash", "/usr/local/bin/backup.sh"}) == Names{"backup.sh", "bash"});
    CHECK(names("/usr/bin/node", "node", {"node", "-r", "./hook.js", "server.js"}).front() == "server.js");
    CHECK(names("/usr/bin/perl", "perl", {"perl", "-w", "-T", "scan.pl"}).front() == "scan.pl");
    CHECK(names("/usr/lib/jvm/java-17/bin/java", "java", {"java", "-Xmx4G", "-jar", "/srv/minecraft/server.jar"})
              .front() == "server.jar");
}

TEST_CASE("a module of python is known by its full name and the last part of it")
{
    const auto found =
        names("/usr/bin/python3.11", "python3", {"python3", "-m", "vllm.entrypoints.api_server", "--port=1"});
    CHECK(found == Names{"vllm.entrypoints.api_server", "api_server", "python3.11", "python3"});
    CHECK(names("/usr/bin/python3.11", "x", {"python3", "-mhttp.server"}).front() == "http.server");
    CHECK(names("/usr/bin/python3.11", "x", {"python3", "-um", "torch.distributed.run"}).front() ==
          "torch.distributed.run");
}

TEST_CASE("code on the command line is no script")
{
    CHECK(names("/usr/bin/python3.11", "python3", {"python3", "-c", "import x", "evil.py"}) ==
          Names{"python3.11", "python3"});
    CHECK(names("/usr/bin/bash", "bash", {"bash", "-lc", "make"}) == Names{"bash"});
    CHECK(names("/usr/bin/bash", "bash", {"bash"}) == Names{"bash"});
    CHECK(names("/usr/bin/bash", "bash", {"-bash"}) == Names{"bash", "-bash"});
}

TEST_CASE("the public name stands in no argument")
{
    const auto shown = [](const std::string& exe, const std::string& comm, std::vector<std::string> argv) {
        Snapshot process;
        process.exe = exe;
        process.comm = comm;
        process.argv = std::move(argv);
        process.names = names_of(process);
        return std::string{public_name(process)};
    };
    CHECK(shown("/usr/bin/very-long-program-name", "very-long-progr", {"x"}) == "very-long-program-name");
    CHECK(shown("/usr/bin/python3.11", "python3", {"python3", "-m", "secret.plan"}) == "python3");
    CHECK(shown("/usr/bin/bash", "a-script-with-a-", {"bash", "/home/a/a-script-with-a-secret"}) == "a-script-with-a-");
    CHECK(shown("", "sshd", {"sshd: alice@pts/7"}) == "sshd");
    CHECK(shown("", "kworker/0:1", {}) == "kworker/0:1");
    CHECK(shown("", "", {}).empty());
}

TEST_CASE("an option that takes a value at the very end names nothing")
{
    CHECK(names("/usr/bin/python3.11", "p", {"python3", "-m"}) == Names{"python3.11", "python3", "p"});
    CHECK(names("/usr/bin/python3.11", "p", {"python3", "-W"}) == Names{"python3.11", "python3", "p"});
    CHECK(names("/usr/bin/python3.11", "p", {"python3", "--"}) == Names{"python3.11", "python3", "p"});
    CHECK(names("/usr/bin/java", "java", {"java", "-jar"}) == Names{"java"});
}

TEST_CASE("a process without exe and arguments has its comm")
{
    CHECK(names("", "kworker/0:1", {}) == Names{"kworker/0:1"});
    CHECK(names("", "", {""}).empty());
    CHECK(names("/", "x", {"/"}) == Names{"x"});
}
