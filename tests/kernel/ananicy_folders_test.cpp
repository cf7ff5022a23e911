// SPDX-License-Identifier: GPL-3.0-or-later
/// Which files of ananicy are read, in which order, and what the settings have to do with it.
#include "kernel/ananicy_folders.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "kernel/policy_folders.hpp"
#include "temporary_folder.hpp"

namespace priorityd::kernel {
namespace {

namespace fs = std::filesystem;

struct Machine {
    TemporaryFolder root;
    PolicySources sources = default_sources(root.path());

    void settings(const std::string& text) const { root.write("etc/priorityd/priorityd.toml", text); }
    /// Paths of what is read beside settings; "!" behind those that cannot be.
    [[nodiscard]] std::string read() const
    {
        std::string all;
        for (const auto& file : read_policy_files(sources)) {
            if (file.kind != PolicyFile::Kind::settings)
                all += (all.empty() ? "" : " ") + relative(file.path) + (file.error.empty() ? "" : "!");
        }
        return all;
    }
    [[nodiscard]] std::string relative(const fs::path& path) const
    {
        return path.lexically_relative(root.path()).string();
    }
    [[nodiscard]] bool watches(const std::string& folder) const
    {
        const auto folders = folders_to_watch(sources);
        return std::ranges::find(folders, root.path() / folder) != folders.end();
    }
};

}  // namespace

TEST_CASE("files are known by their names")
{
    CHECK(ananicy_kind("a/b.rules") == PolicyFile::Kind::ananicy);
    CHECK(ananicy_kind("b.types") == PolicyFile::Kind::ananicy);
    CHECK(ananicy_kind("b.cgroups") == PolicyFile::Kind::ananicy);
    CHECK(ananicy_kind("/etc/ananicy.d/ananicy.conf") == PolicyFile::Kind::ananicy_conf);
    for (const auto* other : {"b.toml", "b.rules.bak", "other.conf", "rules", ".rules"})
        CHECK_MESSAGE(!ananicy_kind(other), other);
}

TEST_CASE("a tree is read folder by folder, in the order of names")
{
    const TemporaryFolder root;
    for (const auto* name : {"b.rules", "a/2.rules", "a/1.rules", "a-b/x.rules", "Z.types", "a.rules", "README.md"})
        root.write(name, "x");
    const auto files = ananicy_files(root.path());
    REQUIRE(files);
    std::string order;
    for (const auto& file : *files)
        order += file.lexically_relative(root.path()).string() + " ";
    CHECK(order == "Z.types a/1.rules a/2.rules a-b/x.rules a.rules b.rules ");
}

TEST_CASE("links to folders are followed, and those that lead in a circle end")
{
    const TemporaryFolder root;
    root.write("store/deep/a.rules", "x");
    fs::create_directory_symlink(root.path() / "store", root.path() / "link");
    fs::create_directory_symlink(root.path() / "store", root.path() / "store/deep/again");
    const auto files = ananicy_files(root.path() / "link");
    REQUIRE(files);
    CHECK(files->size() == 1);
    CHECK(ananicy_folders(root.path() / "link").size() == 2);
}

TEST_CASE("a folder that is not there is an error, and no folder to watch below")
{
    const auto files = ananicy_files("/does/not/exist");
    REQUIRE(!files);
    CHECK(files.error().code == ENOENT);
    CHECK(ananicy_folders("/does/not/exist").empty());
}

TEST_CASE("the standard folder is read when the settings say so and it is there")
{
    const Machine machine;
    machine.root.write("etc/ananicy.d/sub/a.rules", "x");
    machine.root.write("etc/priorityd/rules.d/b.toml", "x");
    CHECK(machine.read() == "etc/priorityd/rules.d/b.toml");
    machine.settings("[compat]\nananicy = true\n");
    CHECK(machine.read() == "etc/ananicy.d/sub/a.rules etc/priorityd/rules.d/b.toml");
    CHECK(machine.watches("etc/ananicy.d"));
    CHECK(machine.watches("etc/ananicy.d/sub"));
    fs::remove_all(machine.root.path() / "etc/ananicy.d");
    CHECK(machine.read() == "etc/priorityd/rules.d/b.toml");
}

TEST_CASE("folders that the settings name are read instead, and one that is missing is told")
{
    Machine machine;
    machine.root.write("etc/ananicy.d/a.rules", "x");
    machine.root.write("one/b.rules", "x");
    const auto path = machine.root.path().string();
    machine.settings("ananicy_dirs = [\"" + path + "/one\", \"" + path + "/two\"]\n[compat]\nananicy = true\n");
    CHECK(machine.read() == "one/b.rules two!");
    CHECK(machine.watches("two"));
    use_rules(machine.sources, {machine.root.path() / "one"});
    CHECK(machine.read() == "one/b.rules two! one/b.rules");
    machine.settings("ananicy_dirs = []\n[compat]\nananicy = true\n");
    machine.sources.from_settings = PolicySources::FromSettings::named_or_standard;
    CHECK(machine.read() == "one/b.rules");
}

TEST_CASE("given folders and files of ananicy are told from priorityd's own by what is in them")
{
    const Machine machine;
    const auto tree = machine.root.write("tree/sub/a.rules", "x").parent_path().parent_path();
    const auto own = machine.root.write("own/b.toml", "x").parent_path();
    machine.root.write("own/c.rules", "x");
    CHECK(is_ananicy_folder(tree));
    CHECK_FALSE(is_ananicy_folder(own));
    CHECK_FALSE(is_ananicy_folder(machine.root.path() / "nothing"));
    PolicySources given = machine.sources;
    use_rules(given, {own, tree, own / "c.rules"});
    CHECK(given.rules.paths == std::vector{own});
    CHECK(given.ananicy.paths == std::vector{tree, own / "c.rules"});
}

}  // namespace priorityd::kernel
