// SPDX-License-Identifier: GPL-3.0-or-later
/// Looking up programs in a made-up database of RPM, whole, broken, and while somebody writes to it.
#include "kernel/rpm_database.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <map>

#include <doctest/doctest.h>

#include "kernel/file_id.hpp"
#include "kernel/programs.hpp"
#include "kernel/rpm_writer.hpp"
#include "kernel/temporary_folder.hpp"

using namespace priorityd;
using namespace priorityd::kernel;

namespace {

using Texts = std::vector<std::string>;

/// A machine with programs and RPM.
struct House {
    [[nodiscard]] std::string path(const std::string& name) const { return (folder.path() / name).string(); }
    ProgramFile program(const std::string& name) const
    {
        folder.write(name, "program");
        return {path(name), file_id(AT_FDCWD, path(name).c_str())};
    }
    [[nodiscard]] ProgramFindings findings(const std::vector<ProgramFile>& programs) const
    {
        return look_up_programs(
            programs, stop.get_token(),
            {.dpkg = path("dpkg"), .rpm = {database}, .applications = {path("share")}, .flatpak = {}, .snap = {}});
    }
    /// The sections of the packages that these paths are of, with the indices of those.
    [[nodiscard]] std::map<std::string, std::set<std::size_t>> sections_of(const Texts& paths)
    {
        refused.clear();
        std::map<std::string, std::set<std::size_t>> sections;
        for (const auto& [number, package] : rpm_packages_of(paths, {database}, stop.get_token(), refused))
            sections[package.info.section] = package.files;
        return sections;
    }
    [[nodiscard]] bool is_refused() const { return refused == Refused{database}; }

    TemporaryFolder folder;
    std::string database = path("rpm/rpmdb.sqlite");
    std::stop_source stop;
    Refused refused;
};

using Sections = std::map<std::string, std::set<std::size_t>>;

/// The files beside the database and when each was last written to.
std::map<std::string, FileId> files_in(const std::filesystem::path& folder)
{
    std::map<std::string, FileId> files;
    for (const auto& entry : std::filesystem::directory_iterator{folder})
        files[entry.path().filename()] = file_id(AT_FDCWD, entry.path().c_str());
    return files;
}

}  // namespace

TEST_CASE("a program is known by the package of RPM that has put it there")
{
    House house;
    const auto chess = house.program("bin/chess");
    const auto tool = house.program("bin/tool");
    const auto stray = house.program("sbin/chess");
    RpmWriter rpm{house.database};
    rpm.add({"Unspecified", "some tools", {house.path("share/tool"), tool.exe}});
    rpm.add({"Amusements/Games", "board game", {house.path("doc/chess"), chess.exe}});
    rpm.settle();
    const auto found = house.findings({stray, tool, chess});
    CHECK(found.programs[0].empty());
    CHECK(found.programs[1].section.empty());
    CHECK(found.programs[1].description == "some tools");
    CHECK(found.programs[2].section == "Amusements/Games");
    CHECK(found.programs[2].description == "board game");
    CHECK(found.refused.empty());
}

TEST_CASE("a program below /usr is found in a package that has put it beside it, and not the other way round")
{
    House house;
    RpmWriter rpm{house.database};
    rpm.add({"A", "", {"/bin/a"}});
    rpm.add({"B", "", {"/usr/bin/b"}});
    rpm.settle();
    CHECK(house.sections_of({"/usr/bin/a", "/bin/a", "/usr/bin/b", "/bin/b", "/usr/a", "a", "", "/"}) ==
          Sections{{"A", {0, 1}}, {"B", {2}}});
    CHECK(house.refused.empty());
}

TEST_CASE("a package is told by the file's folder, although it has that folder and a file of that name elsewhere")
{
    House house;
    RpmWriter rpm{house.database};
    rpm.add({"A", "", {"/usr/share/chess", "/usr/bin/other"}});
    rpm.add({"B", "", {"/usr/bin/chess"}});
    rpm.settle();
    CHECK(house.sections_of({"/usr/bin/chess"}) == Sections{{"B", {0}}});
}

TEST_CASE("names of any bytes are found")
{
    House house;
    house.database = house.path("r p%m?#'/rpmdb.sqlite");
    RpmWriter rpm{house.database};
    const std::string odd = "/usr/\xff '%?/\xc3\\x";
    rpm.add({"A", "", {odd}});
    rpm.settle();
    CHECK(house.sections_of({odd}) == Sections{{"A", {0}}});
}

TEST_CASE("an application's unit tells of a program that no entry starts, where both are of one package of RPM")
{
    House house;
    auto office = house.program("lib/office.bin");
    auto compiler = house.program("lib/cc1");
    for (auto* program : {&office, &compiler})
        program->app = {App::Kind::desktop, "writer"};
    house.folder.write("share/writer.desktop",
                       "[Desktop Entry]\nType=Application\nExec=writer-script\nCategories=Office;\n");
    RpmWriter rpm{house.database};
    rpm.add({"", "", {office.exe, house.path("share/writer.desktop")}});
    rpm.add({"", "", {compiler.exe}});
    rpm.settle();
    const auto found = house.findings({office, compiler});
    CHECK(found.programs[0].categories == Texts{"Office"});
    CHECK(found.programs[1].categories.empty());
}

TEST_CASE("what dpkg says of a program stands, where both know it")
{
    House house;
    const auto chess = house.program("bin/chess");
    house.folder.write("dpkg/status", "Package: chess\nSection: games\n");
    house.folder.write("dpkg/info/chess.list", chess.exe + "\n");
    RpmWriter rpm{house.database};
    rpm.add({"Office", "text processor", {chess.exe}});
    rpm.settle();
    CHECK(house.findings({chess}).programs.front().section == "games");
    CHECK(house.findings({chess}).programs.front().description.empty());
}

TEST_CASE("the first database that is there counts")
{
    House house;
    for (const auto* name : {"a", "b"}) {
        RpmWriter rpm{house.path(name)};
        rpm.add({name, "", {"/usr/bin/chess"}});
        rpm.settle();
    }
    Refused refused;
    const auto found =
        rpm_packages_of({"/usr/bin/chess"}, {"/nonexistent", house.path("b"), house.path("a")}, {}, refused);
    REQUIRE(found.size() == 1);
    CHECK(found.begin()->second.info.section == "b");
    CHECK(rpm_packages_of({"/usr/bin/chess"}, {"/nonexistent"}, {}, refused).empty());
    CHECK(rpm_packages_of({}, {house.path("a")}, {}, refused).empty());
    CHECK(refused.empty());
}

TEST_CASE("a database that is being written to is read as it was before, and nothing beside it is touched")
{
    House house;
    RpmWriter rpm{house.database};
    rpm.add({"A", "", {"/usr/bin/a"}});
    rpm.settle();
    rpm.add({"B", "", {"/usr/bin/b"}});
    rpm.run("BEGIN EXCLUSIVE");
    rpm.add({"C", "", {"/usr/bin/c"}});
    const auto files = files_in(house.folder.path() / "rpm");
    REQUIRE(files.size() == 3);  // with a log and what it is shared by
    CHECK(house.sections_of({"/usr/bin/a", "/usr/bin/b", "/usr/bin/c"}) == Sections{{"A", {0}}});
    CHECK(files_in(house.folder.path() / "rpm") == files);
    rpm.run("COMMIT");
    rpm.settle();
    CHECK(house.sections_of({"/usr/bin/a", "/usr/bin/b", "/usr/bin/c"}) ==
          Sections{{"A", {0}}, {"B", {1}}, {"C", {2}}});
    CHECK(house.refused.empty());
}

TEST_CASE("a database whose writer has ended is read without anything being made beside it")
{
    House house;
    {
        RpmWriter rpm{house.database};
        rpm.add({"A", "", {"/usr/bin/a"}});
    }
    const auto files = files_in(house.folder.path() / "rpm");
    REQUIRE(files.size() == 1);
    CHECK(house.sections_of({"/usr/bin/a"}) == Sections{{"A", {0}}});
    CHECK(files_in(house.folder.path() / "rpm") == files);
}

TEST_CASE("a package whose header is broken or far too large is refused, and the others are not")
{
    House house;
    RpmWriter rpm{house.database};
    const WrittenPackage broken{"A", "", {"/usr/bin/a"}};
    rpm.add(broken, "nonsense");
    rpm.add({"B", "", {"/usr/bin/b"}});
    rpm.add({"C", "", {"/usr/bin/c", "/usr/bin/d"}}, header_of(WrittenPackage{"C", "", {"/usr/bin/c"}}));
    rpm.settle();
    CHECK(house.sections_of({"/usr/bin/a", "/usr/bin/b"}) == Sections{{"B", {1}}});
    CHECK(house.is_refused());
    CHECK(house.sections_of({"/usr/bin/b", "/usr/bin/c"}) == Sections{{"B", {0}}, {"C", {1}}});
    CHECK(house.refused.empty());
    CHECK(house.sections_of({"/usr/bin/d"}).empty());
    CHECK(house.is_refused());
    rpm.run("UPDATE Packages SET blob = zeroblob(100000000) WHERE hnum = 1");
    rpm.settle();
    CHECK(house.sections_of({"/usr/bin/a", "/usr/bin/b"}) == Sections{{"B", {1}}});
    CHECK(house.is_refused());
    rpm.run("UPDATE Basenames SET idx = -1 WHERE hnum = 2");
    rpm.settle();
    CHECK(house.sections_of({"/usr/bin/b"}).empty());
    CHECK(house.is_refused());
}

TEST_CASE("a file that is no database is refused")
{
    House house;
    const auto expect_refused = [&](const std::string& text) {
        house.folder.write("rpm/rpmdb.sqlite", text);
        CHECK(house.sections_of({"/usr/bin/a"}).empty());
        CHECK(house.is_refused());
    };
    expect_refused("");
    expect_refused("nonsense");
    expect_refused(std::string(1'000'000, '\xff'));
    expect_refused(std::string("SQLite format 3\0", 16) + std::string(100'000, '\0'));
}

TEST_CASE("what is no file is none of RPM's, and nothing is waited for")
{
    House house;
    std::filesystem::create_directories(house.database);
    CHECK(house.sections_of({"/usr/bin/a"}).empty());
    std::filesystem::remove(house.database);
    REQUIRE(::mkfifo(house.database.c_str(), 0600) == 0);
    CHECK(house.sections_of({"/usr/bin/a"}).empty());
    CHECK(house.refused.empty());
}

TEST_CASE("a database that is cut off anywhere or has holes says what it can")
{
    House house;
    {
        RpmWriter rpm{house.database};
        for (int i = 0; i < 200; ++i)
            rpm.add({"A", std::string(500, 'x'), {"/usr/bin/" + std::to_string(i)}});
    }
    const auto size = std::filesystem::file_size(house.database);
    REQUIRE(size > 100'000);
    const auto original = house.path("original");
    std::filesystem::copy_file(house.database, original);
    const auto restore = [&] {
        std::filesystem::copy_file(original, house.database, std::filesystem::copy_options::overwrite_existing);
    };
    for (std::uintmax_t part = 0; part < size; part += 1000) {
        CAPTURE(part);
        restore();
        std::filesystem::resize_file(house.database, part);
        CHECK((house.sections_of({"/usr/bin/1", "/usr/bin/199"}).size() == 1 || house.is_refused()));
        restore();
        std::fstream{house.database}
            .seekp(static_cast<std::streamoff>(part))
            .write(std::string(1000, '\xff').data(), 1000);
        CHECK((house.sections_of({"/usr/bin/1", "/usr/bin/199"}).size() <= 1));
    }
}

TEST_CASE("a schema that never ends is given up, and tables of other kinds say nothing")
{
    House house;
    {
        RpmWriter rpm{house.database};
        rpm.add({"A", "", {"/usr/bin/a"}});
        rpm.run("DROP TABLE Basenames");
        rpm.run(
            "CREATE VIEW Basenames AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
            "SELECT 'x' || i AS key, i AS hnum, 0 AS idx FROM n");
    }
    CHECK(house.sections_of({"/usr/bin/a"}).empty());
    CHECK(house.is_refused());
}

TEST_CASE("a look-up in RPM's database that is to stop finds nothing and refuses nothing")
{
    House house;
    RpmWriter rpm{house.database};
    rpm.add({"A", "", {"/usr/bin/a"}});
    rpm.settle();
    house.stop.request_stop();
    CHECK(house.sections_of({"/usr/bin/a"}).empty());
    CHECK(house.refused.empty());
}
