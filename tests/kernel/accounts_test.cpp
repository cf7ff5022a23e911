// SPDX-License-Identifier: GPL-3.0-or-later
/// Users and groups by name and number. Every Linux has root, whose numbers are 0.
#include "kernel/accounts.hpp"

#include <string>

#include <doctest/doctest.h>

#include "temporary_folder.hpp"

namespace priorityd::kernel {

TEST_CASE("names of accounts that exist are resolved")
{
    const SystemAccounts accounts;
    CHECK(accounts.uid_of("root") == Uid{0});
    CHECK(accounts.gid_of("root") == Gid{0});
    CHECK(user_name(Uid{0}) == "root");
}

TEST_CASE("a decimal number stands for itself, even where no account has it")
{
    const SystemAccounts accounts;
    CHECK(accounts.uid_of("0") == Uid{0});
    CHECK(accounts.uid_of("4111222333") == Uid{4111222333});
    CHECK(accounts.gid_of("4294967294") == Gid{4294967294});
    CHECK(user_name(Uid{4111222333}) == "4111222333");
}

TEST_CASE("an unknown account is ENOENT and named")
{
    const SystemAccounts accounts;
    for (const char* name : {"no-such-account-here", "", "4294967295", "99999999999", "-1", "0x0", "1 ", "root\n"}) {
        const auto user = accounts.uid_of(name);
        CAPTURE(name);
        REQUIRE_FALSE(user);
        CHECK(user.error().code == ENOENT);
        CHECK(user.error().doing == std::string{"user \""} + name + "\"");
        const auto group = accounts.gid_of(name);
        REQUIRE_FALSE(group);
        CHECK(group.error().code == ENOENT);
    }
}

TEST_CASE("a group that does not exist has no members")
{
    CHECK_FALSE(SystemGroups{}.has_members(Gid{4111222333}));
}

TEST_CASE("people whose own group it is are members, though the group does not list them")
{
    const TemporaryFolder folder;
    const auto accounts = folder.write("passwd",
                                       "root:x:0:0:root:/root:/bin/bash\n"
                                       "daemon:x:1:4111222001:daemon:/:/bin/false\n"
                                       "this is no account\n"
                                       "alice:x:1000:4111222002:Alice:/home/alice:/bin/bash\n");
    const SystemGroups groups{accounts};
    CHECK(groups.has_members(Gid{4111222002}));
    CHECK_FALSE(groups.has_members(Gid{4111222001}));
    CHECK_FALSE(groups.has_members(Gid{4111222003}));
}

TEST_CASE("accounts that cannot be read leave it open who is in a group")
{
    const TemporaryFolder folder;
    const auto accounts = folder.write("passwd", std::string(100000, 'x') + ":x:1000:1000::/:/bin/sh\n");
    CHECK(SystemGroups{accounts}.has_members(Gid{4111222003}));
    CHECK_FALSE(SystemGroups{folder.path() / "none"}.has_members(Gid{4111222003}));
}

}  // namespace priorityd::kernel
