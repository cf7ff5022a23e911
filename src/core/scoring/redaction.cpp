// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scoring/redaction.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "core/cgroup_path.hpp"

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
/// Where users' disks are mounted, and what they have at runtime. Sources: file-hierarchy(7), udisks(8).
constexpr std::array<std::string_view, 3> kFoldersOfUsers{"/run/media/", "/media/", "/run/user/"};
/// Below them: those that have the same name everywhere.
constexpr std::array<std::string_view, 24> kCommonFolders{
    ".local", "share",        "bin",   "lib",   "libexec", "opt",     ".opt",  ".cargo",
    "go",     "Applications", "Games", "games", ".steam",  "steam",   "Steam", "steamapps",
    "common", ".var",         "app",   ".wine", "wine",    "drive_c", ".venv", "venv"};

/// Parts of the names of options whose value is nobody's business.
constexpr std::array<std::string_view, 17> kPrivateOptions{"pass",  "pwd",  "secret",  "token",   "key",  "auth",
                                                           "cred",  "cook", "sess",    "bearer",  "sign", "user",
                                                           "login", "mail", "account", "license", "pin"};
/// The same of one letter: password, user, key, login of mysql(1), ssh(1), curl(1) and their like.
constexpr std::string_view kPrivateLetters = "pPuUkl";

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

std::string lower(std::string_view text)
{
    std::string result{text};
    std::ranges::transform(result, result.begin(), [](unsigned char c) { return std::tolower(c); });
    return result;
}

/// Calls visit(run) for each longest run of characters that `is_part` takes, until one call returns true; whether one
/// has.
template <typename IsPart, typename Visit>
bool any_run(std::string_view text, IsPart is_part, Visit visit)
{
    while (!text.empty()) {
        const auto begin = std::ranges::find_if(text, is_part);
        const auto end = std::find_if_not(begin, text.end(), is_part);
        if (begin != end && visit(std::string_view{begin, end}))
            return true;
        text = std::string_view{end, text.end()};
    }
    return false;
}

bool looks_like_key(std::string_view run)
{
    const bool has_digits = std::ranges::any_of(run, is_digit);
    const bool has_letters = std::ranges::any_of(run, is_letter);
    return has_digits &&
           ((has_letters && run.size() >= kShortestKey) || (!has_letters && run.size() >= kShortestPersonalNumber));
}

bool names_user(std::string_view text, const UserNames& users)
{
    const auto is_name = [&](std::string_view run) { return users.contains(run); };
    const auto may_be_in_name = [](char c) { return is_word(c) || c == '-' || c == '_' || c == '.'; };
    return any_run(text, may_be_in_name, is_name) || any_run(text, is_word, is_name);
}

/// From the next slash on; empty where there is none.
std::string_view from_slash(std::string_view path)
{
    return path.substr(std::min(path.find('/'), path.size()));
}

/// What of a path comes behind the folder that is called after a user; nothing where it is in no such folder.
std::optional<std::string_view> behind_user(std::string_view path)
{
    if (path.starts_with("~/") || path.starts_with("/root/"))
        return from_slash(path.substr(1));
    if (const auto homes = path.rfind(kHomes); homes != std::string_view::npos)
        return from_slash(path.substr(homes + kHomes.size()));
    for (const auto folder : kFoldersOfUsers) {
        if (path.starts_with(folder))
            return from_slash(path.substr(folder.size()));
    }
    return std::nullopt;
}

/// Whether there is something of a home in a list, say, or behind an option.
bool speaks_of_home(std::string_view text)
{
    constexpr std::array<std::string_view, 3> kSigns{kHomes, "/root/", "~/"};
    const auto is_in = [&](std::string_view part) { return has(text, part); };
    return std::ranges::any_of(kSigns, is_in) || std::ranges::any_of(kFoldersOfUsers, is_in);
}

/// "/a/b/c" with those folders hidden that may not be told, and several of them together once. The last part stays.
template <typename MayTell>
std::string with_folders_hidden(std::string_view path, MayTell may_tell)
{
    std::string result;
    bool was_hidden = false;
    while (!path.empty()) {
        path.remove_prefix(1);
        const auto end = std::min(path.find('/'), path.size());
        const auto part = path.substr(0, end);
        path.remove_prefix(end);
        const bool is_hidden = !path.empty() && !may_tell(part);
        if (!is_hidden || !was_hidden)
            result.append("/").append(is_hidden ? kHidden : part);
        was_hidden = is_hidden;
    }
    return result;
}

bool is_private(std::string_view option)
{
    const auto name = lower(option);
    const bool is_letter_alone = option.size() == 2 && option.front() == '-';
    return (is_letter_alone && has(kPrivateLetters, option.substr(1))) ||
           std::ranges::any_of(kPrivateOptions, [&](std::string_view part) { return has(name, part); });
}

std::string redacted_value(std::string_view value, const UserNames& users)
{
    const auto is_blank = [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; };
    if (const auto scheme = value.find("://"); scheme != std::string_view::npos)
        return std::string{value.substr(0, scheme + 3)}.append(kHidden);
    const bool is_hidden = speaks_of_home(value) || value == "~" || value == "/root" || has(value, "@") ||
                           std::ranges::any_of(value, is_blank) || names_user(value, users) ||
                           any_run(value, is_word, looks_like_key);
    return std::string{is_hidden ? kHidden : value};
}

/// "-pSECRET": the letter, and what is glued to it.
bool is_glued(std::string_view argument)
{
    return argument.size() > 2 && argument.front() == '-' && has(kPrivateLetters, argument.substr(1, 1));
}

std::string redacted_argument(std::string_view argument, const UserNames& users)
{
    const auto equals = argument.find('=');
    const bool has_name = equals != std::string_view::npos && equals > 0 && !has(argument.substr(0, equals), "/");
    if (is_glued(argument) && !has_name)
        return std::string{argument.substr(0, 2)}.append(kHidden);
    if (!has_name)
        return redacted_value(argument, users);
    const auto name = argument.substr(0, equals);
    const auto value = argument.substr(equals + 1);
    return redacted_value(name, users) + "=" + (is_private(name) ? std::string{kHidden} : redacted_value(value, users));
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

}  // namespace

std::string redacted_path(std::string_view path, const UserNames& users)
{
    if (const auto rest = behind_user(path))
        return "~" + with_folders_hidden(*rest, [](std::string_view folder) {
                   return std::ranges::find(kCommonFolders, folder) != kCommonFolders.end();
               });
    return with_folders_hidden(path, [&](std::string_view folder) { return !names_user(folder, users); });
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
        is_value_private = argument.starts_with('-') && !has(argument, "=") && is_private(argument);
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
    if (names_user(name, users))
        return {};
    return std::string{name}.append(kind);
}

}  // namespace priorityd
