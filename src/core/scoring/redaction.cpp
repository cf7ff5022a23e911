// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scoring/redaction.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "core/cgroup_path.hpp"
#include "core/glob.hpp"

namespace priorityd {
namespace {

constexpr std::size_t kMostArguments = 24;
constexpr std::size_t kLongestArgument = 100;

/// A run of letters and digits that is at least so long is no word. A git revision has 40, the shortest usual key 20.
constexpr std::size_t kShortestKey = 16;
/// A number that is at least so long belongs to somebody: a telephone, an account, a card.
constexpr std::size_t kShortestPersonalNumber = 9;

/// Homes, in other root trees too. Source: hier(7).
constexpr std::string_view kHomes = "/home/";
constexpr std::string_view kHomeOfRoot = "/root/";
/// Where users' disks are mounted, and what they have at runtime. Sources: file-hierarchy(7), udisks(8).
constexpr std::array<std::string_view, 3> kFoldersOfUsers{"/run/media/", "/media/", "/run/user/"};
/// Below them: those that have the same name everywhere.
constexpr std::array<std::string_view, 24> kCommonFolders{
    ".local", "share",        "bin",   "lib",   "libexec", "opt",     ".opt",  ".cargo",
    "go",     "Applications", "Games", "games", ".steam",  "steam",   "Steam", "steamapps",
    "common", ".var",         "app",   ".wine", "wine",    "drive_c", ".venv", "venv"};
/// What lies there comes from packages, not from people.
constexpr std::array<std::string_view, 9> kFoldersOfPackages{"/usr/", "/opt/", "/etc/",  "/bin/", "/sbin/",
                                                             "/lib",  "/dev/", "/proc/", "/sys/"};

/// Parts of words behind which something stands that is nobody's business.
constexpr std::array<std::string_view, 17> kPrivateWords{"pass",  "pwd",  "secret",  "token",   "key",  "auth",
                                                         "cred",  "cook", "sess",    "bearer",  "sign", "user",
                                                         "login", "mail", "account", "license", "pin"};
/// Options of one letter with such a value, of curl(1), mysql(1), plink(1), redis-cli(1), ssh(1) and their like.
constexpr std::string_view kPrivateLetters = "apPuUklw";
/// What an argument may be made of that is told: no blanks or brackets of a script, no "@" of an address, no "%2F".
constexpr std::string_view kPlain = "._+,:=/-";

bool has(std::string_view text, std::string_view part)
{
    return text.find(part) != std::string_view::npos;
}

bool is_letter(char c)
{
    return std::isalpha(static_cast<unsigned char>(c)) != 0;
}

bool is_digit(char c)
{
    return std::isdigit(static_cast<unsigned char>(c)) != 0;
}

bool is_word(char c)
{
    return is_letter(c) || is_digit(c);
}

bool is_hex(char c)
{
    return std::isxdigit(static_cast<unsigned char>(c)) != 0;
}

bool looks_like_key(std::string_view run)
{
    const bool has_digits = std::ranges::any_of(run, is_digit);
    const bool has_letters = std::ranges::any_of(run, is_letter);
    return has_digits &&
           ((has_letters && run.size() >= kShortestKey) || (!has_letters && run.size() >= kShortestPersonalNumber));
}

/// In one of its runs of letters and digits.
bool has_key(std::string_view text)
{
    while (!text.empty()) {
        const auto begin = std::ranges::find_if(text, is_word);
        const auto end = std::find_if_not(begin, text.end(), is_word);
        if (looks_like_key({begin, end}))
            return true;
        text = {end, text.end()};
    }
    return false;
}

/// "550e8400-e29b-41d4-a716-446655440000", and other numbers in base 16 with something between their parts.
bool looks_like_long_number(std::string_view value)
{
    const auto digits = static_cast<std::size_t>(std::ranges::count_if(value, is_hex));
    const auto others =
        static_cast<std::size_t>(std::ranges::count_if(value, [](char c) { return c == '-' || c == ':'; }));
    return digits >= kShortestKey && digits + others == value.size();
}

/// As a word of its own: "backup-anna", and not "annabel".
bool names_user(std::string_view text, const UserNames& users)
{
    return std::ranges::any_of(users, [&](std::string_view name) {
        for (auto at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) {
            const auto end = at + name.size();
            if ((at == 0 || !is_word(text[at - 1])) && (end == text.size() || !is_word(text[end])))
                return true;
        }
        return false;
    });
}

/// From the next slash on; empty where there is none.
std::string_view from_slash(std::string_view path)
{
    return path.substr(std::min(path.find('/'), path.size()));
}

/// What of a path comes behind the folder that is called after a user; nothing where it is in no such folder.
std::optional<std::string_view> behind_user(std::string_view path)
{
    if (path.starts_with("~/"))
        return path.substr(1);
    if (const auto home = path.rfind(kHomes); home != std::string_view::npos)
        return from_slash(path.substr(home + kHomes.size()));
    if (const auto home = path.rfind(kHomeOfRoot); home != std::string_view::npos)
        return path.substr(home + kHomeOfRoot.size() - 1);
    for (const auto folder : kFoldersOfUsers) {
        if (path.starts_with(folder))
            return from_slash(path.substr(folder.size()));
    }
    return std::nullopt;
}

/// "/a/b/c" with those folders hidden that may not be told, and several of them together once. Behind one that names a
/// user, which is that user's, only common ones are told; so they are everywhere if `is_users`.
std::string told_path(std::string_view path, const UserNames& users, bool is_users)
{
    std::string result;
    bool was_hidden = false;
    while (!path.empty()) {
        path.remove_prefix(1);
        const auto end = std::min(path.find('/'), path.size());
        const auto part = path.substr(0, end);
        path.remove_prefix(end);
        const bool is_name = path.empty();
        const bool is_common = std::ranges::find(kCommonFolders, part) != kCommonFolders.end();
        const bool is_hidden = names_user(part, users) || (is_users && !is_name && !is_common);
        is_users = is_users || is_hidden;
        if (!is_hidden || !was_hidden || is_name)
            result.append("/").append(is_hidden ? kHidden : part);
        was_hidden = is_hidden;
    }
    return result;
}

bool is_private_word(std::string_view text)
{
    const auto word = ascii_lower(text);
    return std::ranges::any_of(kPrivateWords, [&](std::string_view part) { return has(word, part); });
}

/// "-p", and "-pSECRET"; but not "--parallel".
bool is_private_letter(std::string_view argument)
{
    return argument.size() >= 2 && argument[0] == '-' && has(kPrivateLetters, argument.substr(1, 1));
}

bool is_option_name(std::string_view text)
{
    return !text.empty() && std::ranges::all_of(text, [](char c) { return is_word(c) || c == '-' || c == '_'; });
}

/// A path, if it is one, that tells nothing of anybody.
bool is_path_of_packages(std::string_view text)
{
    return std::ranges::any_of(kFoldersOfPackages, [&](std::string_view folder) { return text.starts_with(folder); }) &&
           !behind_user(text);
}

/// Nothing of it speaks of anybody, as far as can be seen.
bool is_harmless(std::string_view value, const UserNames& users)
{
    const bool is_plain = std::ranges::all_of(value, [](char c) { return is_word(c) || has(kPlain, {&c, 1}); });
    const bool is_path = has(value, "/");
    return is_plain && (!is_path || is_path_of_packages(value)) && !names_user(value, users) && !has_key(value) &&
           !looks_like_long_number(value) && value != "/root";
}

/// "scheme://" is told, and nothing behind it.
std::string redacted_value(std::string_view value, const UserNames& users)
{
    const auto scheme = value.substr(0, std::min(value.find("://"), value.size()));
    if (scheme.size() < value.size() && is_option_name(scheme) && is_harmless(scheme, users))
        return std::string{scheme}.append("://").append(kHidden);
    return std::string{is_harmless(value, users) ? value : kHidden};
}

/// A name is what stands before "=" or ":", if it looks like one; else all of it is a value.
std::string redacted_argument(std::string_view argument, const UserNames& users)
{
    if (is_private_letter(argument))
        return std::string{argument.substr(0, 2)}.append(argument.size() > 2 ? kHidden : "");
    const bool has_letter = argument.size() > 2 && argument[0] == '-' && argument[1] != '-';
    if (has_letter && names_user(argument.substr(2), users))
        return std::string{kHidden};
    const auto end = std::min(argument.find_first_of("=:"), argument.size());
    const auto name = argument.substr(0, end);
    if (argument.substr(end).starts_with("://"))
        return redacted_value(argument, users);
    const bool is_private = is_private_word(argument);
    if (!is_option_name(name) || !is_harmless(name, users))
        return is_private ? std::string{kHidden} : redacted_value(argument, users);
    if (end == argument.size())
        return std::string{is_private && name[0] != '-' ? kHidden : name};
    if (is_private)
        return std::string{argument.substr(0, end + 1)}.append(kHidden);
    if (argument[end] == ':')
        return redacted_value(argument, users);
    return std::string{name}.append("=").append(redacted_value(argument.substr(end + 1), users));
}

/// What makes a scope one of many: a number, or part of a longer one, behind a dash.
std::string_view without_number(std::string_view scope)
{
    for (auto dash = scope.rfind('-'); dash != std::string_view::npos; dash = scope.rfind('-')) {
        const auto part = scope.substr(dash + 1);
        if (!std::ranges::any_of(part, is_digit) && !part.empty())
            break;
        scope = scope.substr(0, dash);
    }
    return scope;
}

/// A dash, which systemd.unit(5) writes as "\\x2d" where it is none between parts.
std::string without_escapes(std::string_view name)
{
    constexpr std::string_view kDash = "\\x2d";
    std::string text{name};
    for (auto at = text.find(kDash); at != std::string::npos; at = text.find(kDash, at))
        text.replace(at, kDash.size(), "-");
    return text;
}

}  // namespace

std::string redacted_path(std::string_view path, const UserNames& users)
{
    if (const auto rest = behind_user(path))
        return "~" + told_path(*rest, users, true);
    return told_path(path, users, false);
}

std::vector<std::string> redacted_arguments(const std::vector<std::string>& argv, const UserNames& users)
{
    std::vector<std::string> told;
    bool is_value_private = false;
    for (std::size_t i = 1; i < argv.size() && told.size() < kMostArguments; ++i) {
        const std::string_view argument = argv[i];
        auto text = is_value_private ? std::string{kHidden} : redacted_argument(argument, users);
        text.resize(std::min(text.size(), kLongestArgument));
        told.push_back(std::move(text));
        is_value_private = is_private_letter(argument) || (!has(argument, "=") && is_private_word(argument));
    }
    return told;
}

std::string redacted_unit(std::string_view cgroup, const UserNames& users)
{
    const auto unit = unit_of(cgroup);
    const auto dot = std::min(unit.rfind('.'), unit.size());
    auto name = std::string_view{unit}.substr(0, dot);
    const auto kind = std::string_view{unit}.substr(dot);
    if (const auto at = name.find('@'); at != std::string_view::npos)
        name = name.substr(0, at + 1);
    if (kind == ".scope")
        name = without_number(name);
    if (names_user(without_escapes(name), users))
        return {};
    return std::string{name}.append(kind);
}

}  // namespace priorityd
