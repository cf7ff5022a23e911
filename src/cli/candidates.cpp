// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/candidates.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>
#include <set>
#include <vector>

#include <fmt/format.h>

#include "bus/readable.hpp"
#include "cli/policy_reading.hpp"
#include "cli/target.hpp"
#include "kernel/process_list.hpp"
#include "kernel/procfs.hpp"

namespace priorityd::cli {
namespace {

char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Whether `typed` is part of `word`, ASCII letters compared without case: more than any shell's usual way to match.
bool may_fit(std::string_view word, std::string_view typed)
{
    const auto is_same = [](char a, char b) { return lower(a) == lower(b); };
    return std::search(word.begin(), word.end(), typed.begin(), typed.end(), is_same) != word.end() || typed.empty();
}

/// What means nothing to a shell, once blanks and wildcards are quoted.
bool is_harmless_sign(char c)
{
    constexpr std::string_view kSigns = " ._+@%/:,=*?[]-";
    const bool is_letter = (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9');
    return is_letter || static_cast<unsigned char>(c) >= 0x80 || kSigns.find(c) != std::string_view::npos;
}

bool is_harmless(std::string_view word)
{
    return !word.empty() && !word.starts_with('-') && !word.starts_with(' ') &&
           std::ranges::all_of(word, is_harmless_sign) && bus::readable(word) == word;
}

/// Empty when nobody has the daemon's name.
std::optional<bus::ManagerClient> running_daemon(const Context& context)
{
    std::fflush(stdout);  // what is known already is not lost if the daemon does not answer in time
    auto client = find_daemon(context);
    if (!client || !client->is_there())
        return std::nullopt;
    return *std::move(client);
}

std::vector<ProcessView> decided_processes(const Context& context)
{
    auto daemon = running_daemon(context);
    auto processes = daemon ? daemon->processes({}) : bus::ClientResult<std::vector<ProcessView>>{};
    return processes ? *std::move(processes) : std::vector<ProcessView>{};
}

/// Every process that can be seen here, but no kernel threads and not this one.
std::vector<Snapshot> seen_processes()
{
    std::vector<Snapshot> seen;
    const auto pids = kernel::list_processes();
    auto procfs = kernel::Procfs::open();
    if (!pids || !procfs)
        return seen;
    for (const Pid pid : *pids) {
        Snapshot process;
        const auto handle = procfs->open(pid);
        if (pid != Pid{::getpid()} && handle && (*handle)->read(Fact::stat | Fact::exe | Fact::argv, process))
            seen.push_back(std::move(process));
    }
    return seen;
}

/// Returns which processes they are.
std::set<Pid> offer_seen_pids(const Answer& answer)
{
    std::set<Pid> offered;
    for (const Snapshot& process : seen_processes()) {
        answer.offer(std::to_string(raw(process.key.pid)), process.shown_name());
        offered.insert(process.key.pid);
    }
    return offered;
}

/// Where users see their own processes only, the daemon sees more.
void offer_unseen_pids(const std::set<Pid>& seen, const std::vector<ProcessView>& decided, const Answer& answer)
{
    for (const ProcessView& process : decided) {
        if (!seen.contains(process.key.pid))
            answer.offer(std::to_string(raw(process.key.pid)), process.name);
    }
}

/// One offer for each of `words`, which may have some of them more than once.
void offer_patterns(std::string_view key, const std::vector<std::string>& words, const Answer& answer)
{
    for (const std::string& word : std::set<std::string>{words.begin(), words.end()}) {
        if (!word.empty())
            answer.offer(fmt::format("{}{}", key, word));
    }
}

void offer_running_names(const Answer& answer)
{
    std::vector<std::string> names;
    for (const Snapshot& process : seen_processes())
        names.push_back(process.shown_name());
    offer_patterns("name:", names, answer);
}

void offer_running_programs(const Answer& answer)
{
    std::vector<std::string> paths;
    for (const Snapshot& process : seen_processes())
        paths.push_back(process.exe);
    offer_patterns("exe:", paths, answer);
}

std::vector<std::string> names_asked_for(const Policy& policy, const Rule& rule)
{
    std::vector<std::string> names{std::string{policy.exact_name(rule)}};
    const Condition* condition = policy.condition(rule);
    if (!condition)
        return names;
    for (const Term& term : condition->all_of) {
        for (const Pattern& pattern : term.any_of) {
            if (term.key == MatchKey::name && !pattern.is_glob)
                names.push_back(pattern.text);
        }
    }
    return names;
}

}  // namespace

void Answer::offer(std::string_view word, std::string_view about) const
{
    if (is_harmless(word))
        print_candidate(word, about);
}

void Answer::offer_option(std::string_view word, std::string_view about) const
{
    print_candidate(word, about);
}

void Answer::offer(Own kind)
{
    constexpr std::array<std::string_view, 4> kLines{":files\n", ":folders\n", ":users\n", ":groups\n"};
    print(kLines.at(static_cast<std::size_t>(kind)));
}

void Answer::print_candidate(std::string_view word, std::string_view about) const
{
    if (!may_fit(word, typed_))
        return;
    const std::string tab = about.empty() ? "" : "\t";
    print(fmt::format("{}{}{}{}\n", prefix_, word, tab, bus::readable(about)));
}

void offer_classes(const Context& context, const Answer& answer)
{
    if (const auto policy = usable_policy(context, {})) {
        for (const ProgramClass& one : (*policy)->classes())
            answer.offer(one.name, one.description);
        return;
    }
    auto daemon = running_daemon(context);
    const auto status = daemon ? daemon->status() : bus::ClientResult<bus::ManagerStatus>{};
    if (status) {
        for (const std::string& name : status->daemon.classes)
            answer.offer(name);
    }
}

void offer_rule_names(const Context& context, const Answer& answer)
{
    const auto policy = usable_policy(context, {});
    if (!policy)
        return;
    std::set<std::string> offered;
    for (const Rule& rule : (*policy)->rules()) {
        const bool has_class = rule.class_index != Rule::kNone;
        for (const std::string& name : names_asked_for(**policy, rule)) {
            if (offered.insert(name).second)
                answer.offer(name, has_class ? (*policy)->classes()[rule.class_index].name : "");
        }
    }
}

void offer_sources(const Context& context, const Answer& answer)
{
    auto daemon = running_daemon(context);
    const auto status = daemon ? daemon->status() : bus::ClientResult<bus::ManagerStatus>{};
    if (status) {
        for (const std::string& file : status->daemon.rule_files)
            answer.offer(file);
    }
}

void offer_processes(const Context& context, const Answer& answer)
{
    const std::set<Pid> seen = offer_seen_pids(answer);
    const std::vector<ProcessView> decided = decided_processes(context);
    offer_unseen_pids(seen, decided, answer);
    std::set<std::string> offered;
    for (const ProcessView& process : decided) {
        if (!is_number(process.name) && offered.insert(process.name).second)
            answer.offer(process.name, process.class_name);
    }
}

void offer_targets(const Context& context, const Answer& answer)
{
    if (answer.typed().starts_with("name:"))
        return offer_running_names(answer);
    if (answer.typed().starts_with("exe:"))
        return offer_running_programs(answer);
    answer.offer("name:", "all processes with a name that fits a glob");
    answer.offer("exe:", "all processes with a program whose path fits a glob");
    answer.offer("unit:", "all processes of systemd units that fit a glob");
    const std::set<Pid> seen = offer_seen_pids(answer);
    offer_unseen_pids(seen, decided_processes(context), answer);
}

void offer_overrides(const Context& context, const Answer& answer)
{
    auto daemon = running_daemon(context);
    const auto overrides = daemon ? daemon->overrides() : bus::ClientResult<std::vector<OverrideView>>{};
    if (!overrides)
        return;
    const bool wants_ids = answer.typed().empty() || is_number(answer.typed());
    for (const OverrideView& one : *overrides) {
        const std::string target = target_text(one.kept.target);
        const std::string settings = settings_text(one.kept.settings);
        if (wants_ids)
            answer.offer(one.kept.id, fmt::format("{}: {}", target, settings));
        else
            answer.offer(target, settings);
    }
}

void offer_profiles(const Context& context, const Answer& answer)
{
    answer.offer(kAutomatic, "leave it to the power state and the settings");
    answer.offer(kNoOverlay, "no profile");
    auto daemon = running_daemon(context);
    const auto overlays = daemon ? daemon->overlays() : bus::ClientResult<std::vector<OverlayView>>{};
    if (!overlays)
        return;
    for (const OverlayView& one : *overlays)
        answer.offer(one.name, one.description);
}

void offer_suggestions(const Context& context, const Answer& answer)
{
    auto daemon = running_daemon(context);
    const auto suggestions = daemon ? daemon->suggestions() : bus::ClientResult<std::vector<SuggestionView>>{};
    if (!suggestions)
        return;
    for (const SuggestionView& one : *suggestions)
        answer.offer(one.id, fmt::format("{}: {}", one.exe.empty() ? one.name : one.exe, one.program_class));
}

}  // namespace priorityd::cli
