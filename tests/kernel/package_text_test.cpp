// SPDX-License-Identifier: GPL-3.0-or-later
/// What dpkg and desktops write about programs, well-formed and not.
#include "kernel/package_text.hpp"

#include <sstream>

#include <doctest/doctest.h>

using namespace priorityd;
using namespace priorityd::kernel;

namespace {

std::vector<std::string> packages_in(const std::string& status)
{
    std::vector<std::string> found;
    std::istringstream text{status};
    for_each_package(text, [&](const PackageStanza& one) {
        found.push_back(one.package + "|" + one.section + "|" + one.description + "|" + one.tag);
    });
    return found;
}

DesktopEntry entry_of(const std::string& text)
{
    return parse_desktop_entry(text).value_or(DesktopEntry{.program = "malformed", .categories = {}});
}

/// How many paragraphs are refused, and how many packages are not.
std::pair<std::uint64_t, std::size_t> refused_in(const std::string& status)
{
    std::size_t packages = 0;
    std::istringstream text{status};
    const auto refused = for_each_package(text, [&](const PackageStanza&) { ++packages; });
    return {refused, packages};
}

std::string program_of(const std::string& command)
{
    return entry_of("[Desktop Entry]\nType=Application\nExec=" + command + "\n").program;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("every package of a status file is told with its section and the first line of its description")
{
    CHECK(
        packages_in("Package: a\nStatus: ok\nSection: games\nDescription: a game\n more\n .\n Section: no\n\n"
                    "Package: b\nDescription:\n\n\nSection: of nobody\n\nPackage: c\nTag: x::y, z::w\nSection: net") ==
        Texts{"a|games|a game|", "b|||", "c|net||x::y, z::w"});
    CHECK(packages_in("").empty());
    CHECK(packages_in("\n\n:\n: :\nPackage:\n\n").empty());
}

TEST_CASE("what dpkg says becomes what is known of a program")
{
    const auto info = info_of({.package = "a", .section = "net", .description = "x", .tag = "a::b,, c::d ,"});
    CHECK(info == ProgramInfo{.section = "net", .description = "x", .tags = {"a::b", "c::d"}, .categories = {}});
}

TEST_CASE("a list of files is that of its package, whatever the architecture")
{
    CHECK(package_of_list("vim.list") == "vim");
    CHECK(package_of_list("libc6:amd64.list") == "libc6");
    CHECK(package_of_list("vim.md5sums").empty());
    CHECK(package_of_list(".list").empty());
}

TEST_CASE("a desktop entry tells the program and its categories")
{
    const auto entry = entry_of(
        "# c\n[Desktop Entry]\r\nType = Application\r\nName=X\nExec=/usr/bin/x %U\nCategories=Game;; KDE ;Qt\n"
        "[Desktop Action New]\nExec=other\nCategories=No;\n");
    CHECK(entry.program == "/usr/bin/x");
    CHECK(entry.categories == Texts{"Game", "KDE", "Qt"});
}

TEST_CASE("the program of an entry is the first word of its command, without quotes, and behind env")
{
    CHECK(program_of("x") == "x");
    CHECK(program_of(R"("/opt/a b/x" --flag)") == "/opt/a b/x");
    CHECK(program_of(R"(a\ b c)") == "a b");
    CHECK(program_of("env LANG=C -u HOME x y") == "x");
    CHECK(program_of("/usr/bin/env x") == "x");
    CHECK(program_of("env A=b").empty());
    CHECK(program_of("").empty());
    CHECK(program_of("\"unfinished") == "unfinished");
    CHECK(program_of("x\\") == "x\\");
}

TEST_CASE("entries that start no program here tell nothing")
{
    for (const char* text : {"[Desktop Entry]\nType=Link\nExec=x\nCategories=Game;\n",
                             "[Desktop Entry]\nType=Application\nExec=x\nCategories=Game;\nHidden=true\n"}) {
        CAPTURE(text);
        CHECK(entry_of(text).program.empty());
        CHECK(entry_of(text).categories.empty());
    }
}

TEST_CASE("an entry of what runs in a sandbox tells its categories, and no program of this side")
{
    for (const char* key : {"X-Flatpak=a.b", "X-SnapInstanceName=b"}) {
        const auto entry =
            entry_of("[Desktop Entry]\nType=Application\nExec=/usr/bin/flatpak run a.b\nCategories=Game;\n" +
                     std::string{key} + "\n");
        CHECK(entry.program.empty());
        CHECK(entry.categories == Texts{"Game"});
    }
}

TEST_CASE("what is no desktop entry is refused")
{
    for (const auto& text :
         {std::string{}, std::string{"Type=Application\nExec=x\n"}, std::string{"[Desktop Entry]\nExec=x\n"},
          std::string{"[Desktop Entry]\nType=Application\nwhat is this\n"},
          std::string{"[Desktop Entry]\nType=Application\n=x\n"},
          std::string{"[Desktop Entry]\nType=Application\nExec=a\0b\n", 42}, std::string(1000, '\0'),
          std::string{"\x7f"} + "ELF\x02\x01\x01", std::string(100'000, '[')}) {
        CAPTURE(text.substr(0, 100));
        CHECK_FALSE(parse_desktop_entry(text));
    }
}

TEST_CASE("paragraphs that are none of a package are refused and counted, those around them are not")
{
    using Counts = std::pair<std::uint64_t, std::size_t>;
    CHECK(refused_in("") == Counts{0, 0});
    CHECK(refused_in("\n\n\n") == Counts{0, 0});
    CHECK(refused_in("Package: a\nSection: x\n\n\nPackage: b\n") == Counts{0, 2});
    CHECK(refused_in("Package: a\n\nSection: x\n\nPackage: b") == Counts{1, 2});
    CHECK(refused_in("Package: a\nnonsense\n\nPackage: b\n\tmore\n") == Counts{1, 1});
    CHECK(refused_in("Package: a\nTag: " + std::string(70'000, 'x') + "\n\nPackage: b") == Counts{1, 1});
    CHECK(refused_in(std::string(10'000'000, '\0')) == Counts{1, 0});
    CHECK(refused_in(std::string(300'000, 'x') + "\n" + std::string(300'000, ':')) == Counts{1, 0});
}
