// SPDX-License-Identifier: GPL-3.0-or-later
/// Headers of packages: one that rpm 4.18 has written, others that are made up, and what is no header.
#include "kernel/rpm_header.hpp"

#include <fstream>
#include <functional>
#include <iterator>
#include <numeric>

#include <doctest/doctest.h>

#include "kernel/rpm_writer.hpp"

using namespace priorityd;
using namespace priorityd::kernel;

namespace {

using Texts = std::vector<std::string>;

std::string recorded(const std::string& name)
{
    std::ifstream file{std::string{RPM_HEADERS} + "/" + name, std::ios::binary};
    REQUIRE(file);
    return {std::istreambuf_iterator<char>{file}, {}};
}

Texts files_of(const RpmHeader& header)
{
    Texts files;
    for (std::uint32_t i = 0; i < header.file_count(); ++i)
        files.push_back(header.file(i));
    return files;
}

constexpr std::uint32_t kMost = 0xffffffff;

/// A sound header of two files, each entry as it has to be.
std::vector<HeaderEntry> sound_entries()
{
    using namespace std::string_literals;
    return {{1000, 6, 1, "chess\0"s},        {1004, 9, 2, "board game\0Brettspiel\0"s},
            {1016, 9, 1, "Games\0"s},        {1116, 4, 2, big_endian(1) + big_endian(0)},
            {1117, 8, 2, "chess\0rules\0"s}, {1118, 8, 2, "/share/\0/bin/\0"s}};
}

bool is_sound_with(std::size_t entry, const std::function<void(HeaderEntry&)>& change)
{
    auto entries = sound_entries();
    change(entries[entry]);
    return RpmHeader::parse(header_of(entries)).has_value();
}

}  // namespace

TEST_CASE("the header of a package says its group, its summary and its files")
{
    const auto bytes = recorded("package");
    const auto header = RpmHeader::parse(bytes);
    REQUIRE(header);
    CHECK(header->group() == "Amusements/Games");
    CHECK(header->summary() == "A board game for two");
    CHECK(files_of(*header) == Texts{"/bin/chess-server", "/usr/bin/chess", "/usr/share/applications/chess.desktop"});
    CHECK(header->file(3).empty());
    CHECK(header->file(kMost).empty());
}

TEST_CASE("a package without a group is in none, whatever its builder has written for that")
{
    const auto bytes = recorded("package-without-group");
    const auto header = RpmHeader::parse(bytes);
    REQUIRE(header);
    CHECK(header->group().empty());
    CHECK(header->summary() == "Tools without a group");
    CHECK(files_of(*header) == Texts{"/usr/bin/plain"});
}

TEST_CASE("a header may have nothing of what is looked for")
{
    const auto bytes = header_of({{1000, 6, 1, with_end("chess")}});
    const auto header = RpmHeader::parse(bytes);
    REQUIRE(header);
    CHECK(header->group().empty());
    CHECK(header->summary().empty());
    CHECK(header->file_count() == 0);
    CHECK(header->file(0).empty());
    CHECK(RpmHeader::parse(std::string(8, '\0')));
}

TEST_CASE("of a summary the first line counts")
{
    const auto bytes = header_of(WrittenPackage{.group = "Games", .summary = "board game\nand more", .files = {}});
    const auto header = RpmHeader::parse(bytes);
    REQUIRE(header);
    CHECK(header->summary() == "board game");
}

TEST_CASE("a header that is cut off anywhere is refused, and one with something behind it")
{
    const auto bytes = recorded("package");
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        CAPTURE(size);
        CHECK_FALSE(RpmHeader::parse(std::string_view{bytes}.substr(0, size)));
    }
    CHECK_FALSE(RpmHeader::parse(bytes + '\0'));
}

TEST_CASE("a header whose sizes lead out of it is refused")
{
    const auto bytes = header_of(sound_entries());
    for (const std::uint32_t size : {0U, 5U, 7U, 1000U, 0x0fffffffU, 0x10000000U, 0x10000006U, 0x7fffffffU, kMost}) {
        CAPTURE(size);
        CHECK_FALSE(RpmHeader::parse(big_endian(size) + bytes.substr(4)));
        CHECK_FALSE(RpmHeader::parse(bytes.substr(0, 4) + big_endian(size) + bytes.substr(8)));
        CHECK_FALSE(RpmHeader::parse(big_endian(size) + big_endian(size) + bytes.substr(8)));
    }
}

TEST_CASE("a header is refused whose entries are of other types, have other counts or begin elsewhere")
{
    REQUIRE(is_sound_with(0, [](HeaderEntry&) {}));
    CHECK(is_sound_with(0, [](HeaderEntry& name) { name.count = kMost; }));  // nobody looks at it
    for (std::size_t i = 1; i < sound_entries().size(); ++i) {
        CAPTURE(i);
        for (const std::uint32_t type : {0U, 3U, 7U, 10U, kMost}) {
            CAPTURE(type);
            CHECK_FALSE(is_sound_with(i, [&](HeaderEntry& entry) { entry.type = type; }));
        }
        CHECK_FALSE(is_sound_with(i, [&](HeaderEntry& entry) { entry.count = 0; }));
        auto bytes = header_of(sound_entries());
        for (const std::uint32_t offset : {1000U, 0x7fffffffU, kMost - 3, kMost}) {
            CAPTURE(offset);
            bytes.replace(8 + i * 16 + 8, 4, big_endian(offset));
            CHECK_FALSE(RpmHeader::parse(bytes));
        }
    }
    for (std::size_t files = 3; files < 6; ++files) {
        CAPTURE(files);
        for (const std::uint32_t count : {1U, 3U, 0x40000000U, 0x40000002U, kMost})
            CHECK_FALSE(is_sound_with(files, [&](HeaderEntry& entry) { entry.count = count; }));
        CHECK_FALSE(is_sound_with(files, [&](HeaderEntry& entry) { entry.tag = 1; }));
    }
}

TEST_CASE("a header is refused with a file in a folder that it does not have")
{
    for (const std::uint32_t folder : {2U, 0x7fffffffU, kMost}) {
        CAPTURE(folder);
        CHECK_FALSE(is_sound_with(3, [&](HeaderEntry& indices) { indices.data = big_endian(0) + big_endian(folder); }));
    }
}

TEST_CASE("a summary that never ends is refused")
{
    const auto with_summary = [](std::size_t size) {
        return is_sound_with(1, [&](HeaderEntry& summary) { summary.data = with_end(std::string(size, 'x')); });
    };
    CHECK(with_summary(60'000));
    CHECK_FALSE(with_summary(70'000));
    CHECK_FALSE(RpmHeader::parse(header_of({{1004, 6, 1, "board game"}})));
}

TEST_CASE("whatever stands in a header, it is refused or says something of its own bytes")
{
    const auto whole = recorded("package");
    for (std::size_t at = 0; at < whole.size(); ++at) {
        for (const char byte : {'\0', '\1', '\x7f', '\x80', '\xff'}) {
            auto bytes = whole;
            bytes[at] = byte;
            const auto header = RpmHeader::parse(bytes);
            if (!header)
                continue;
            const auto files = files_of(*header);
            const auto length = [](std::size_t sum, const auto& file) { return sum + file.size(); };
            CHECK(files.size() < bytes.size());
            CHECK(std::accumulate(files.begin(), files.end(), std::size_t{0}, length) <
                  files.size() * bytes.size() + 1);
        }
    }
}
