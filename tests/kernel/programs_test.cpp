// SPDX-License-Identifier: GPL-3.0-or-later
/// Looking up programs in a made-up dpkg and made-up folders of desktop entries.
#include "kernel/programs.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <doctest/doctest.h>

#include "kernel/temporary_folder.hpp"

using namespace priorityd;
using namespace priorityd::kernel;

namespace {

/// A machine with programs, packages and desktop entries.
struct House {
    House()
    {
        folder.write("dpkg/status",
                     "Package: chess\nSection: games\nDescription: board game\n\n"
                     "Package: tools\nSection: utils\nDescription: some tools\n");
    }
    [[nodiscard]] std::string path(const std::string& name) const { return (folder.path() / name).string(); }
    ProgramFile program(const std::string& name) const
    {
        folder.write(name, "program");
        return {path(name), file_id(AT_FDCWD, path(name).c_str())};
    }
    void own(const std::string& package, const std::string& names) const
    {
        folder.write("dpkg/info/" + package + ".list", names);
    }
    void entry(const std::string& name, const std::string& text) const
    {
        folder.write(name, "[Desktop Entry]\nType=Application\n" + text);
    }
    [[nodiscard]] std::vector<ProgramInfo> look_up(const std::vector<ProgramFile>& programs) const
    {
        return look_up_programs(programs, stop.get_token(),
                                {.dpkg = path("dpkg"), .applications = {path("local"), path("share")}});
    }
    TemporaryFolder folder;
    std::stop_source stop;
};

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("programs are found by the package that has put them there, each at its place")
{
    const House house;
    const auto chess = house.program("bin/chess");
    const auto tool = house.program("bin/tool");
    const auto stray = house.program("bin/stray");
    house.own("chess:amd64", "/.\n" + chess.exe + "\n" + chess.exe + "-data\n");
    house.own("tools", tool.exe);
    const auto found = house.look_up({stray, tool, chess});
    REQUIRE(found.size() == 3);
    CHECK(found[0].empty());
    CHECK(found[1].description == "some tools");
    CHECK(found[2].section == "games");
}

TEST_CASE("nothing is known of a program that is another file here, and of one that is gone")
{
    const House house;
    auto chess = house.program("bin/chess");
    house.own("chess", chess.exe + "\n");
    REQUIRE_FALSE(house.look_up({chess}).front().empty());
    chess.id.inode += 1;
    CHECK(house.look_up({chess}).front().empty());
    CHECK(house.look_up({{house.path("bin/gone"), {}}}).front().empty());
    CHECK(house.look_up({}).empty());
}

TEST_CASE("a program is found in a package of another name too, but first in that of its own")
{
    const House house;
    const auto chess = house.program("bin/chess");
    house.own("chess", "/elsewhere/chess\n");
    house.own("tools", chess.exe + "\n");
    CHECK(house.look_up({chess}).front().section == "utils");
    house.own("chess", chess.exe + "\n");
    CHECK(house.look_up({chess}).front().section == "games");
}

TEST_CASE("who is asked to stop gives up")
{
    House house;
    const auto chess = house.program("bin/chess");
    house.own("tools", chess.exe + "\n");
    house.stop.request_stop();
    CHECK(house.look_up({chess}).front().empty());
}

TEST_CASE("categories come from the entries that start the program: what all of them have")
{
    const House house;
    const auto chess = house.program("bin/chess");
    const auto launcher = house.program("bin/launcher");
    house.entry("share/a.desktop", "Exec=chess --full\nCategories=Game;BoardGame;\n");
    house.entry("share/b.desktop", "Exec=launcher a\nCategories=Game;Qt;\n");
    house.entry("local/c.desktop", "Exec=" + launcher.exe + " b\nCategories=Office;Qt;\n");
    house.entry("local/d.desktop", "Exec=/elsewhere/launcher b\nCategories=Audio;\n");
    house.entry("share/readme.txt", "Exec=chess\nCategories=Audio;\n");
    const auto found = house.look_up({chess, launcher});
    CHECK(found[0].categories == Texts{"Game", "BoardGame"});
    CHECK(found[1].categories == Texts{"Qt"});
}

TEST_CASE("what nobody writes in good faith is passed over")
{
    const House house;
    const auto chess = house.program("bin/chess");
    house.own("chess", chess.exe + "\n");
    house.entry("share/huge.desktop", "Exec=chess\nCategories=Audio;\n" + std::string(1 << 20, '#'));
    house.folder.write("share/binary.desktop", std::string("\0\xff[Desktop Entry]\nExec", 22));
    std::filesystem::create_directories(house.path("share/folder.desktop"));
    std::filesystem::create_symlink("/nonexistent", house.path("share/dangling.desktop"));
    REQUIRE(::mkfifo(house.path("share/pipe.desktop").c_str(), 0600) == 0);
    const auto found = house.look_up({chess});
    CHECK(found[0].section == "games");
    CHECK(found[0].categories.empty());
}

TEST_CASE("a machine without dpkg and desktops knows nothing of its programs")
{
    const House house;
    const auto chess = house.program("bin/chess");
    const auto found = look_up_programs({chess}, {}, {.dpkg = "/nonexistent", .applications = {"/nonexistent"}});
    CHECK(found.front().empty());
}

TEST_CASE("this very program's file has an id, which changes when it is written to")
{
    const House house;
    const auto before = house.program("x").id;
    CHECK(before == file_id(AT_FDCWD, house.path("x").c_str()));
    CHECK(before != FileId{});
    CHECK(file_id(AT_FDCWD, house.path("y").c_str()) == FileId{});
    house.folder.write("other", "");
    CHECK(before != file_id(AT_FDCWD, house.path("other").c_str()));
}
