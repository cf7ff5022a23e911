// SPDX-License-Identifier: GPL-3.0-or-later
/// Users and groups of this machine.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <utility>

#include "core/condition.hpp"
#include "core/ids.hpp"
#include "core/result.hpp"

namespace priorityd::kernel {

/// Asks the name service (passwd, group, and what nsswitch.conf adds), so it may take as long as a network needs:
/// for reading rules, not for the exec path. A decimal number stands for itself, whether or not such an account exists.
class SystemAccounts final : public Accounts {
public:
    [[nodiscard]] Result<Uid> uid_of(const std::string& user) const override;
    [[nodiscard]] Result<Gid> gid_of(const std::string& group) const override;
};

/// Who is in a group.
class Groups {
public:
    virtual ~Groups() = default;
    /// Whether anybody is, as far as that can be found out; true when it cannot.
    [[nodiscard]] virtual bool has_members(Gid group) const = 0;
};

/// Asks the name service for those that the group lists, and the file of accounts for ordinary users whose own group it
/// is: for groups of the system, which are all in files.
class SystemGroups final : public Groups {
public:
    explicit SystemGroups(std::string passwd = "/etc/passwd") : passwd_{std::move(passwd)} {}
    [[nodiscard]] bool has_members(Gid group) const override;

private:
    std::string passwd_;
};

/// Names of people's accounts in the file of accounts. Errors: those of open(2).
[[nodiscard]] Result<std::set<std::string, std::less<>>> names_of_people(const std::string& passwd = "/etc/passwd");

/// The user's name, or the number where it has none. Asks the name service too.
[[nodiscard]] std::string user_name(Uid user);

}  // namespace priorityd::kernel
