// SPDX-License-Identifier: GPL-3.0-or-later
/// Which settings and rule files are read, in which order, and what becomes of the odd ones.
#include "kernel/policy_folders.hpp"

#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "in_child.hpp"
#include "skip.hpp"
#include "temporary_folder.hpp"

namespace priorityd::kernel {

namespace fs = std::filesystem;

namespace {

/// A machine with the three standard folders for rules, as a folder.
struct Machine {
    TemporaryFolder root;
    PolicySources sources = default_sources(root.path());

    fs::path vendor(const std::string& name, std::string_view text = "text") const
    {
        return rules("usr/lib", name, text);
    }
    fs::path runtime(const std::string& name, std::string_view text = "text") const { return rules("run", name, text); }
    fs::path admin(const std::string& name, std::string_view text = "text") const { return rules("etc", name, text); }
    fs::path settings(const std::string& top, std::string_view text) const
    {
        return root.write(fs::path{top} / "priorityd/priorityd.toml", text);
    }
    [[nodiscard]] std::vector<PolicyFile> read() const { return read_policy_files(sources); }
    [[nodiscard]] std::string relative(const std::string& path) const
    {
        return fs::path{path}.lexically_relative(root.path()).string();
    }
    /// "etc/priorityd/rules.d/a.toml=text; …", with "!" for an error.
    [[nodiscard]] std::string summary() const
    {
        std::string all;
        for (const PolicyFile& file : read())
            all += (all.empty() ? "" : "; ") + relative(file.path) + (file.error.empty() ? "=" + file.text : "!");
        return all;
    }

private:
    fs::path rules(const std::string& top, const std::string& name, std::string_view text) const
    {
        return root.write(fs::path{top} / "priorityd/rules.d" / name, text);
    }
};

/// The one file that was read, with an error.
PolicyFile only_error(const std::vector<PolicyFile>& files)
{
    REQUIRE(files.size() == 1);
    CHECK_FALSE(files[0].error.empty());
    CHECK(files[0].text.empty());
    return files[0];
}

bool mentions(const PolicyFile& file, std::string_view text)
{
    CAPTURE(file.error);
    return file.error.find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("a machine without any folder has an empty policy")
{
    const Machine machine;
    CHECK(machine.read().empty());
}

TEST_CASE("files are read in the order of their names, whatever folder they lie in")
{
    const Machine machine;
    machine.admin("10-a.toml", "1");
    machine.vendor("20-b.toml", "2");
    machine.runtime("15-c.toml", "3");
    machine.vendor("Z.toml", "4");  // bytes, not letters: before the small ones
    machine.vendor("a.toml", "5");
    CHECK(
        machine.summary() ==
        "etc/priorityd/rules.d/10-a.toml=1; run/priorityd/rules.d/15-c.toml=3; usr/lib/priorityd/rules.d/20-b.toml=2; "
        "usr/lib/priorityd/rules.d/Z.toml=4; usr/lib/priorityd/rules.d/a.toml=5");
}

TEST_CASE("a file hides those of the same name in lower folders")
{
    const Machine machine;
    machine.vendor("a.toml", "vendor");
    machine.runtime("a.toml", "run");
    CHECK(machine.summary() == "run/priorityd/rules.d/a.toml=run");
    machine.admin("a.toml", "admin");
    CHECK(machine.summary() == "etc/priorityd/rules.d/a.toml=admin");
}

TEST_CASE("an empty file or a link to /dev/null masks the name")
{
    const Machine machine;
    machine.vendor("a.toml");
    machine.vendor("b.toml");
    machine.vendor("c.toml", "kept");
    const auto empty = machine.admin("a.toml", "");
    fs::create_symlink("/dev/null", empty.parent_path() / "b.toml");
    CHECK(machine.summary() == "usr/lib/priorityd/rules.d/c.toml=kept");
}

TEST_CASE("hidden files and those of other kinds are ignored")
{
    const Machine machine;
    for (const char* name : {".hidden.toml", ".toml", "README", "a.toml~", "a.toml.dpkg-old", "atoml", "a.TOML"})
        machine.admin(name);
    fs::create_directories(machine.root.path() / "etc/priorityd/rules.d/folder");
    CHECK(machine.read().empty());
}

TEST_CASE("a link to a regular file is read through")
{
    const Machine machine;
    const auto target = machine.root.write("elsewhere/rules", "linked");
    fs::create_directories(machine.root.path() / "etc/priorityd/rules.d");
    fs::create_symlink(target, machine.root.path() / "etc/priorityd/rules.d/a.toml");
    CHECK(machine.summary() == "etc/priorityd/rules.d/a.toml=linked");
}

TEST_CASE("text comes as it is, with NUL and bytes that are no UTF-8")
{
    const Machine machine;
    const std::string text{"a\0b\xff\r\n", 6};
    machine.admin("a.toml", text);
    CHECK(machine.read().at(0).text == text);
}

TEST_CASE("what cannot be read is in the list with a remedy, and still hides lower files")
{
    const Machine machine;
    machine.vendor("a.toml");
    const auto folder = machine.root.path() / "etc/priorityd/rules.d";
    fs::create_directories(folder);

    SUBCASE("a link to nothing")
    {
        fs::create_symlink("nowhere", folder / "a.toml");
        CHECK(mentions(only_error(machine.read()), "/dev/null"));
    }
    SUBCASE("a link to itself")
    {
        fs::create_symlink("a.toml", folder / "a.toml");
        CHECK(mentions(only_error(machine.read()), "leads to itself"));
    }
    SUBCASE("a folder")
    {
        fs::create_directory(folder / "a.toml");
        CHECK(mentions(only_error(machine.read()), "is a folder"));
    }
    SUBCASE("a FIFO, without waiting for a writer")
    {
        REQUIRE(::mkfifo((folder / "a.toml").c_str(), 0600) == 0);
        CHECK(mentions(only_error(machine.read()), "not a regular file"));
    }
    SUBCASE("another device than /dev/null")
    {
        fs::create_symlink("/dev/zero", folder / "a.toml");
        CHECK(mentions(only_error(machine.read()), "not a regular file"));
    }
    SUBCASE("a file of 100 MB, without reading it")
    {
        const auto file = machine.admin("a.toml", "x");
        fs::resize_file(file, 100'000'000);
        CHECK(mentions(only_error(machine.read()), "is 95 MiB long; at most 8 MiB"));
    }
}

TEST_CASE("a file of the largest length is read, and one byte more is not")
{
    const Machine machine;
    const auto file = machine.admin("a.toml", "x");
    fs::resize_file(file, 8UL * 1024 * 1024);
    CHECK(machine.read().at(0).text.size() == 8UL * 1024 * 1024);
    fs::resize_file(file, 8UL * 1024 * 1024 + 1);
    only_error(machine.read());
}

TEST_CASE("files and folders that priorityd may not read are errors")
{
    if (::geteuid() != 0)
        return skip("not root");
    const Machine machine;
    fs::permissions(machine.root.path(), fs::perms{0755});
    const auto file = machine.admin("a.toml");
    fs::permissions(file, fs::perms{0600});
    const auto folder = machine.vendor("b.toml").parent_path();
    fs::permissions(folder, fs::perms{0700});
    const auto text = in_child([&] {
        std::string all = become_nobody() ? "" : "root for ever";
        for (const PolicyFile& read : machine.read())
            all += machine.relative(read.path) + ": " + read.error.substr(0, 28) + "\n";
        return all;
    });
    CHECK(text ==
          "usr/lib/priorityd/rules.d: may not be read by priorityd\n"
          "etc/priorityd/rules.d/a.toml: may not be read by priorityd\n");
}

TEST_CASE("a file where a folder should be is an error")
{
    const Machine machine;
    machine.root.write("etc/priorityd/rules.d", "not a folder");
    CHECK(mentions(only_error(machine.read()), "Not a directory"));
}

TEST_CASE("given folders replace the standard ones, the later over the earlier")
{
    Machine machine;
    machine.admin("a.toml", "standard");
    machine.root.write("one/a.toml", "first");
    machine.root.write("one/b.toml", "b");
    machine.root.write("two/a.toml", "second");
    use_rules(machine.sources, {machine.root.path() / "one", machine.root.path() / "two"});
    CHECK(machine.summary() == "two/a.toml=second; one/b.toml=b");
}

TEST_CASE("a given folder that does not exist is an error")
{
    Machine machine;
    use_rules(machine.sources, {machine.root.path() / "nowhere"});
    const auto file = only_error(machine.read());
    CHECK(machine.relative(file.path) == "nowhere");
    CHECK(mentions(file, "there is no such file or folder"));
}

TEST_CASE("a single file can be given, whatever its name")
{
    Machine machine;
    const auto file = machine.root.write("my-rules", "mine");
    use_rules(machine.sources, {file});
    CHECK(machine.summary() == "my-rules=mine");
    CHECK(machine.read().at(0).kind == PolicyFile::Kind::rules);
}

TEST_CASE("a FIFO that is given is refused without waiting")
{
    Machine machine;
    const auto fifo = machine.root.path() / "fifo";
    REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    use_rules(machine.sources, {fifo});
    CHECK(mentions(only_error(machine.read()), "not a regular file"));
}

TEST_CASE("the administrator's settings take the place of the vendor's, and drop-ins come after")
{
    const Machine machine;
    machine.settings("usr/lib", "vendor");
    machine.root.write("etc/priorityd/priorityd.toml.d/20.toml", "20");
    machine.root.write("usr/lib/priorityd/priorityd.toml.d/30.toml", "30");
    machine.admin("a.toml", "rules");
    CHECK(machine.summary() ==
          "usr/lib/priorityd/priorityd.toml=vendor; etc/priorityd/priorityd.toml.d/20.toml=20; "
          "usr/lib/priorityd/priorityd.toml.d/30.toml=30; etc/priorityd/rules.d/a.toml=rules");
    machine.settings("etc", "admin");
    CHECK(machine.read().at(0).text == "admin");
    CHECK(machine.read().at(0).kind == PolicyFile::Kind::settings);
    CHECK(machine.read().at(1).kind == PolicyFile::Kind::settings);
    CHECK(machine.read().size() == 4);
}

TEST_CASE("the vendor's settings can be masked")
{
    const Machine machine;
    machine.settings("usr/lib", "vendor");
    machine.settings("etc", "");
    CHECK(machine.read().empty());
}

TEST_CASE("given settings are read alone, and must exist")
{
    Machine machine;
    machine.settings("etc", "standard");
    machine.root.write("etc/priorityd/priorityd.toml.d/20.toml", "20");
    use_settings_file(machine.sources, machine.root.write("mine.toml", "mine"));
    CHECK(machine.summary() == "mine.toml=mine");
    use_settings_file(machine.sources, machine.root.path() / "nowhere.toml");
    CHECK(mentions(only_error(machine.read()), "there is no such file"));
}

TEST_CASE("the folders to watch are those of settings and rules, whether or not they exist")
{
    Machine machine;
    const auto relative = [&] {
        std::string all;
        for (const auto& folder : folders_to_watch(machine.sources))
            all += machine.relative(folder.string()) + " ";
        return all;
    };
    CHECK(relative() ==
          "usr/lib/priorityd run/priorityd etc/priorityd usr/lib/priorityd/priorityd.toml.d "
          "run/priorityd/priorityd.toml.d "
          "etc/priorityd/priorityd.toml.d usr/lib/priorityd/rules.d run/priorityd/rules.d etc/priorityd/rules.d ");
    use_settings_file(machine.sources, machine.root.path() / "conf/mine.toml");
    use_rules(machine.sources, {machine.root.path() / "conf", machine.root.write("one/file.toml", "x")});
    CHECK(relative() == "conf one ");
}

}  // namespace priorityd::kernel
