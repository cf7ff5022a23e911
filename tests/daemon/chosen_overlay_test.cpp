// SPDX-License-Identifier: GPL-3.0-or-later
/// Which profile was chosen outlives the daemon, whatever lies in the folder.
#include "daemon/chosen_overlay.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include <doctest/doctest.h>

#include "daemon/eventually.hpp"
#include "kernel/temporary_folder.hpp"

using namespace priorityd;
using namespace priorityd::daemon;
using kernel::TemporaryFolder;

namespace {

ChosenOverlay store_in(const TemporaryFolder& top)
{
    auto store = ChosenOverlay::open(top.path());
    REQUIRE(store);
    return *std::move(store);
}

/// Waits for it.
Result<void> save(ChosenOverlay& store, const std::string& choice)
{
    std::optional<Result<void>> answer;
    store.save(choice, [&](Result<void> result) { answer = std::move(result); });
    REQUIRE(dispatch_until(store, [&] { return answer.has_value(); }));
    return *answer;
}

void put(const TemporaryFolder& top, const std::string& text)
{
    std::ofstream{std::filesystem::path{top.path()} / "profile", std::ios::binary} << text;
}

}  // namespace

TEST_CASE("a choice is there for the next daemon, until it is given back")
{
    const TemporaryFolder top;
    CHECK(store_in(top).load().choice == "auto");
    for (const auto* choice : {"battery", "none", "desk-2"}) {
        auto store = store_in(top);
        REQUIRE(save(store, choice));
        const auto loaded = store_in(top).load();
        CHECK(loaded.choice == choice);
        CHECK(loaded.note.empty());
    }
    auto store = store_in(top);
    REQUIRE(save(store, "auto"));
    CHECK(store_in(top).load().choice == "auto");
    CHECK_FALSE(std::filesystem::exists(std::filesystem::path{top.path()} / "profile"));
    REQUIRE(save(store, "auto"));  // twice is as good as once
}

TEST_CASE("a file that holds no choice is moved aside and told, without what could harm a terminal")
{
    for (const auto& text : {std::string{}, std::string{"battery"}, std::string{"Bat tery\n"}, std::string{"auto\n"},
                             std::string{"a\x1b[2J\n"}, std::string{"a\0b\n", 4}, std::string{"battery\nbattery\n"},
                             std::string(100'000, 'a')}) {
        const TemporaryFolder top;
        put(top, text);
        const auto loaded = store_in(top).load();
        CHECK(loaded.choice == "auto");
        CHECK(loaded.note.find("profile.corrupt") != std::string::npos);
        CHECK(loaded.note.find('\x1b') == std::string::npos);
        CHECK_FALSE(std::filesystem::exists(std::filesystem::path{top.path()} / "profile"));
        const auto next = store_in(top).load();
        CHECK(next.note.empty());
    }
}

TEST_CASE("a choice that cannot be written is told")
{
    const TemporaryFolder top;
    auto store = store_in(top);
    std::filesystem::create_directory(std::filesystem::path{top.path()} / "profile");
    CHECK_FALSE(save(store, "battery"));
}
