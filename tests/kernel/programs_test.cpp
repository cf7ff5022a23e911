// SPDX-License-Identifier: GPL-3.0-or-later
/// Looking up programs in a made-up dpkg and made-up folders of desktop entries.
#include "kernel/programs.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <doctest/doctest.h>

#include "kernel/file_id.hpp"
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
    [[nodiscard]] ProgramFindings findings(const std::vector<ProgramFile>& programs) const
    {
        return look_up_programs(programs, stop.get_token(),
                                {.dpkg = path("dpkg"),
                                 .applications = {path("local"), path("share")},
                                 .flatpak = {path("flatpak")},
                                 .snap = {path("snap")}});
    }
    [[nodiscard]] std::vector<ProgramInfo> look_up(const std::vector<ProgramFile>& programs) const
    {
        return findings(programs).programs;
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
    house.entry("share/sparse.desktop", "");
    std::filesystem::resize_file(house.path("share/sparse.desktop"), 100'000'000);
    house.entry("share/good.desktop", "Exec=other\n");
    const auto found = house.findings({chess});
    CHECK(found.programs[0].section == "games");
    CHECK(found.programs[0].categories.empty());
    CHECK(found.refused == Refused{house.path("share/binary.desktop"), house.path("share/folder.desktop"),
                                   house.path("share/huge.desktop"), house.path("share/pipe.desktop"),
                                   house.path("share/sparse.desktop")});
    CHECK(house.findings({chess}).refused == found.refused);
}

TEST_CASE("a status file of nonsense says nothing, and is counted; one with a bad paragraph says the rest")
{
    const House house;
    const auto chess = house.program("bin/chess");
    house.own("chess", chess.exe + "\n");
    house.folder.write("dpkg/status", "Package: a\nrubbish\n\nPackage: chess\nSection: games\n");
    auto found = house.findings({chess});
    CHECK(found.programs[0].section == "games");
    CHECK(found.refused == Refused{house.path("dpkg/status")});
    house.folder.write("dpkg/status", std::string(5'000'000, '\xff'));
    found = house.findings({chess});
    CHECK(found.programs[0].empty());
    CHECK(found.refused == Refused{house.path("dpkg/status")});
    std::filesystem::resize_file(house.path("dpkg/status"), 200'000'000);
    CHECK(house.findings({chess}).refused == Refused{house.path("dpkg/status")});
}

TEST_CASE("a list of files of nonsense says nothing, and is counted")
{
    const House house;
    const auto chess = house.program("bin/chess");
    house.own("chess", std::string(1'000'000, 'x') + "\n" + chess.exe + "\n");
    house.own("big", chess.exe);
    std::filesystem::resize_file(house.path("dpkg/info/big.list"), 100'000'000);
    const auto found = house.findings({chess});
    CHECK(found.programs[0].empty());
    CHECK(found.refused == Refused{house.path("dpkg/info/chess.list"), house.path("dpkg/info/big.list")});
}

TEST_CASE("however many files are bad, no more than a thousand are remembered")
{
    Refused refused;
    for (std::size_t i = 0; i < 2 * kMostRefused; ++i)
        refuse(std::to_string(i), refused);
    CHECK(refused.size() == kMostRefused);
}

TEST_CASE("a program that only its application's mount namespace has is known by the application's entry")
{
    const House house;
    house.entry("flatpak/org.x.Y.desktop", "Exec=/usr/bin/flatpak run org.x.Y\nCategories=Game;\nX-Flatpak=org.x.Y\n");
    house.entry("snap/player_player.desktop", "Exec=/snap/bin/player\nCategories=Audio;\nX-SnapInstanceName=player\n");
    house.entry("share/org.x.Y.desktop", "Exec=y\nCategories=Office;\n");
    const FileId elsewhere{.device = 1, .inode = 2, .changed = 3};
    const auto found = house.look_up({{"/app/bin/y", elsewhere, {App::Kind::flatpak, "org.x.Y"}},
                                      {"/snap/player/1/player", elsewhere, {App::Kind::snap, "player_player"}},
                                      {"/app/bin/z", elsewhere, {App::Kind::flatpak, "org.x.Z"}},
                                      {"/app/bin/z", elsewhere, {}}});
    CHECK(found[0].categories == Texts{"Game"});
    CHECK(found[1].categories == Texts{"Audio"});
    CHECK(found[2].empty());
    CHECK(found[3].empty());
}

TEST_CASE("an application's unit tells of a program that no entry starts, where both are of one package")
{
    const House house;
    auto office = house.program("lib/office.bin");
    auto compiler = house.program("lib/cc1");
    auto started = house.program("lib/started");
    for (auto* program : {&office, &compiler, &started})
        program->app = {App::Kind::desktop, "writer"};
    house.entry("share/writer.desktop", "Exec=writer-script\nCategories=Office;\n");
    house.entry("share/other.desktop", "Exec=started\nCategories=Game;\n");
    house.own("tools", office.exe + "\n" + house.path("share/writer.desktop") + "\n" + started.exe + "\n");
    house.own("chess", compiler.exe + "\n");
    const auto found = house.look_up({office, compiler, started});
    CHECK(found[0].categories == Texts{"Office"});
    CHECK(found[0].section == "utils");
    CHECK(found[1].categories.empty());
    CHECK(found[1].section == "games");
    CHECK(found[2].categories == Texts{"Game"});
    office.app.id = "gone";
    CHECK(house.look_up({office}).front().categories.empty());
}

TEST_CASE("a machine without dpkg and desktops knows nothing of its programs")
{
    const House house;
    const auto chess = house.program("bin/chess");
    const auto found = look_up_programs(
        {chess}, {},
        {.dpkg = "/nonexistent", .applications = {"/nonexistent"}, .flatpak = {"/nonexistent"}, .snap = {}});
    CHECK(found.programs.front().empty());
    CHECK(found.refused.empty());
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
