// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/lint.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <tuple>

#include <fmt/format.h>

#include "core/glob.hpp"
#include "core/text.hpp"

namespace priorityd {
namespace {

/// What comm has room for. Source: TASK_COMM_LEN in proc(5), less the NUL.
constexpr std::size_t kCommLength = 15;
/// Source: NAME_MAX in limits.h.
constexpr std::size_t kLongestFileName = 255;

class Linter {
public:
    explicit Linter(const Policy& policy) : policy_{policy} {}

    Diagnostics run()
    {
        for (const auto& rule : policy_.rules()) {
            if (const auto name = policy_.exact_name(rule); !name.empty())
                rule_of_[name] = &rule;  // the last one wins anyway
        }
        for (const auto& [name, rule] : rule_of_) {
            check_name(name, *rule);
            check_case(name, *rule);
            check_beginning(name, *rule);
        }
        for (const auto& overlay : policy_.overlays())
            check_overlay(overlay);
        sort(diagnostics_);
        return std::move(diagnostics_);
    }

private:
    using Known = std::map<std::string, const Rule*, std::less<>>;

    void check_name(std::string_view name, const Rule& rule);
    void check_case(std::string_view name, const Rule& rule);
    void check_beginning(std::string_view name, const Rule& rule);
    void check_overlay(const Overlay& overlay);
    void check_change(const Overlay& overlay, const Overlay::Change& change, const ProgramClass& overlaid);
    [[nodiscard]] bool says_the_same(const Rule& a, const Rule& b) const;
    /// The two names, the later rule's first: it is the one to be told of.
    void tell_of_two(const Rule& a, const Rule& b, std::string_view what);
    void warn(Place place, std::string_view what);

    const Policy& policy_;
    Diagnostics diagnostics_;
    std::map<std::string_view, const Rule*> rule_of_;
    Known in_lower_case_;
    Known by_beginning_;
};

/// Names are what follows the last slash of either kind, but for comm, which may be anything.
void Linter::check_name(std::string_view name, const Rule& rule)
{
    const bool has_slash = name.find_first_of("/\\") != std::string_view::npos;
    if (name.size() > kLongestFileName)
        warn(rule.place,
             fmt::format("\"{}\" can never match: names of programs have at most {} bytes", name, kLongestFileName));
    else if (has_slash && name.size() > kCommLength)
        warn(rule.place,
             fmt::format("\"{}\" can never match: a name is what follows the last slash; for a path, write a "
                         "[[rule]] with exe",
                         name));
}

void Linter::check_case(std::string_view name, const Rule& rule)
{
    const auto [at, is_new] = in_lower_case_.try_emplace(ascii_lower(name), &rule);
    if (is_new)
        return;
    if (!says_the_same(*at->second, rule))
        tell_of_two(*at->second, rule, "differ in case alone and say different things");
    else if (is_windows_name(name))
        tell_of_two(*at->second, rule, "are the same name, since case does not count in it; one of them is enough");
}

void Linter::check_beginning(std::string_view name, const Rule& rule)
{
    const auto [at, is_new] = by_beginning_.try_emplace(std::string{name.substr(0, kCommLength)}, &rule);
    const bool is_cut = name.size() > kCommLength || policy_.exact_name(*at->second).size() > kCommLength;
    if (!is_new && is_cut && !says_the_same(*at->second, rule))
        tell_of_two(*at->second, rule,
                    "begin with the same 15 bytes and say different things: where only comm is known, they are one");
}

bool Linter::says_the_same(const Rule& a, const Rule& b) const
{
    const auto* own_a = policy_.own_settings(a);
    const auto* own_b = policy_.own_settings(b);
    const bool is_same_set = own_a && own_b ? *own_a == *own_b : own_a == own_b;
    return a.class_index == b.class_index && is_same_set;
}

void Linter::tell_of_two(const Rule& a, const Rule& b, std::string_view what)
{
    const auto& [earlier, later] = &a < &b ? std::tie(a, b) : std::tie(b, a);
    warn(later.place, fmt::format("\"{}\" and \"{}\" ({}) {}", policy_.exact_name(later), policy_.exact_name(earlier),
                                  policy_.source_text(earlier), what));
}

void Linter::check_overlay(const Overlay& overlay)
{
    const auto overlaid = policy_.overlaid(overlay);
    for (const auto& change : overlay.changes)
        check_change(overlay, change, overlaid.classes()[change.class_index]);
}

void Linter::check_change(const Overlay& overlay, const Overlay::Change& change, const ProgramClass& overlaid)
{
    const auto& own = policy_.classes()[change.class_index];
    const auto* value = own.settings.find(change.setting);
    if (value && *value == change.value)
        warn(change.place, fmt::format("profile {}: {} = {} is what class {} has already; leave it out", overlay.name,
                                       info(change.setting).name, to_text(change.value), own.name));
    const auto* low = find_value<UclampPercent>(overlaid.settings, Setting::uclamp_min);
    const auto* high = find_value<UclampPercent>(overlaid.settings, Setting::uclamp_max);
    const bool is_clamp = change.setting == Setting::uclamp_min || change.setting == Setting::uclamp_max;
    if (is_clamp && low && high && *low > *high)
        warn(change.place,
             fmt::format("profile {}: class {} gets uclamp_min = {} above uclamp_max = {}, which the kernel "
                         "refuses: change both",
                         overlay.name, own.name, low->value(), high->value()));
}

void Linter::warn(Place place, std::string_view what)
{
    diagnostics_.push_back({.level = Diagnostic::Level::warning,
                            .file = policy_.files().at(place.file),
                            .line = place.line,
                            .what = escaped(what)});
}

}  // namespace

Diagnostics lint(const Policy& policy)
{
    return Linter{policy}.run();
}

}  // namespace priorityd
