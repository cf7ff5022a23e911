// SPDX-License-Identifier: GPL-3.0-or-later
/// Looking accounts up with the reentrant calls of getpwnam(3), getgrnam(3) and their like.
#include "kernel/accounts.hpp"

#include <grp.h>
#include <pwd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace priorityd::kernel {

namespace {

/// The largest number means "no account" in system calls. Source: credentials(7), chown(2).
constexpr std::uint32_t kNoAccount = std::numeric_limits<std::uint32_t>::max();

std::optional<std::uint32_t> parse_id(std::string_view text)
{
    std::uint32_t id = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (error != std::errc{} || end != text.data() + text.size() || id == kNoAccount)
        return std::nullopt;
    return id;
}

/// Calls `look_up(record, buffer, size, found)` with a buffer that is large enough. Error: the errno(3) value.
template <typename Record, typename LookUp, typename Use>
int look_up_into(LookUp look_up, Use use)
{
    // Groups with thousands of members need more than any limit that sysconf(3) names.
    constexpr std::size_t kFirstSize = 1024, kLargest = 4UL * 1024 * 1024;
    for (std::vector<char> buffer(kFirstSize);; buffer.resize(buffer.size() * 2)) {
        Record record{};
        Record* found = nullptr;
        const int error = look_up(&record, buffer.data(), buffer.size(), &found);
        if (error == ERANGE && buffer.size() < kLargest)
            continue;
        if (found)
            use(*found);
        // Some services answer with these instead of 0 when there is no such account. Source: getpwnam(3), NOTES.
        const bool is_unknown = error == 0 || error == ESRCH || error == EBADF || error == EPERM;
        return found ? 0 : is_unknown ? ENOENT : error;
    }
}

struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

/// Numbers of people's accounts begin here on all distributions that the project knows. Source: UID_MIN in
/// login.defs(5).
constexpr uid_t kFirstOrdinaryUser = 1000;

/// Calls visit(account) for each of a person in the file, until one call returns true; whether one has. Errors: those
/// of fopen(3) and fgetpwent_r(3).
template <typename Visit>
Result<bool> any_person(const std::string& accounts, Visit visit)
{
    const File file{std::fopen(accounts.c_str(), "re")};
    if (!file)
        return failure(errno, "open " + accounts);
    std::array<char, 16384> buffer;
    passwd account{};
    passwd* found = nullptr;
    int error = 0;
    while ((error = ::fgetpwent_r(file.get(), &account, buffer.data(), buffer.size(), &found)) == 0) {
        if (found->pw_uid >= kFirstOrdinaryUser && visit(*found))
            return true;
    }
    if (error != ENOENT)
        return failure(error, "read " + accounts);
    return false;
}

/// Whether it is the own group of a person's account; a group does not list those.
bool is_own_group_of_anybody(Gid group, const std::string& accounts)
{
    const auto is_own = any_person(accounts, [&](const passwd& person) { return Gid{person.pw_gid} == group; });
    return is_own ? *is_own : is_own.error().code != ENOENT;
}

}  // namespace

Result<Uid> SystemAccounts::uid_of(const std::string& user) const
{
    if (const auto id = parse_id(user))
        return Uid{*id};
    Uid uid{};
    const int error = look_up_into<passwd>([&](auto... rest) { return ::getpwnam_r(user.c_str(), rest...); },
                                           [&](const passwd& found) { uid = Uid{found.pw_uid}; });
    if (error != 0)
        return failure(error, fmt::format("user \"{}\"", user));
    return uid;
}

Result<Gid> SystemAccounts::gid_of(const std::string& group) const
{
    if (const auto id = parse_id(group))
        return Gid{*id};
    Gid gid{};
    const int error = look_up_into<::group>([&](auto... rest) { return ::getgrnam_r(group.c_str(), rest...); },
                                            [&](const ::group& found) { gid = Gid{found.gr_gid}; });
    if (error != 0)
        return failure(error, fmt::format("group \"{}\"", group));
    return gid;
}

bool SystemGroups::has_members(Gid group) const
{
    bool is_listing = false;
    const int error = look_up_into<::group>([&](auto... rest) { return ::getgrgid_r(raw(group), rest...); },
                                            [&](const ::group& found) { is_listing = *found.gr_mem != nullptr; });
    const bool is_unclear = error != 0 && error != ENOENT;
    return is_listing || is_unclear || is_own_group_of_anybody(group, passwd_);
}

Result<std::set<std::string, std::less<>>> names_of_people(const std::string& passwd)
{
    std::set<std::string, std::less<>> names;
    return any_person(passwd,
                      [&](const ::passwd& person) {
                          names.insert(person.pw_name);
                          return false;
                      })
        .map([&](bool) { return std::move(names); });
}

std::string user_name(Uid user)
{
    std::string name = std::to_string(raw(user));
    look_up_into<passwd>([&](auto... rest) { return ::getpwuid_r(raw(user), rest...); },
                         [&](const passwd& found) { name = found.pw_name; });
    return name;
}

}  // namespace priorityd::kernel
