// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/ananicy/catalogue.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "core/ananicy/complaints.hpp"
#include "core/ananicy/in_force.hpp"
#include "core/ananicy/regex.hpp"
#include "core/nearest.hpp"
#include "core/text.hpp"

namespace priorityd::ananicy {
namespace {

constexpr std::string_view kDescription = "type of ananicy, ";

Term name_term(const std::vector<std::string>& globs)
{
    Term term{MatchKey::name, {}};
    for (const auto& glob : globs)
        term.any_of.push_back(text_pattern(MatchKey::name, glob));
    return term;
}

/// Each of the arguments has to be there.
std::vector<Term> argument_terms(const std::vector<std::string>& arguments)
{
    std::vector<Term> terms;
    terms.reserve(arguments.size());
    for (const auto& argument : arguments)
        terms.push_back({MatchKey::arg, {text_pattern(MatchKey::arg, glob_escaped(argument))}});
    return terms;
}

class Joining {
public:
    Joining(const Tree& tree, Complaints complaints)
        : tree_{tree}, complaints_{std::move(complaints)}, in_force_{tree_, complaints_}
    {
    }

    Catalogue join(const IsTaken& is_taken);

private:
    void define_class(const TypeLine& type, const IsTaken& is_taken);
    void tell_of_quotas();
    void add_expressions();
    void add_expression(const RuleLine& line);
    void add_names();
    void add_name(const RuleLine& line);
    void add_arguments();
    [[nodiscard]] std::optional<RuleDraft> draft_of(const RuleLine& line);
    [[nodiscard]] const TypeLine* find_type(const RuleLine& line);
    void add_cgroup(const std::string& name, Place place, SettingMap& settings);
    [[nodiscard]] Condition names_that_fit(const Term& term) const;

    const Tree& tree_;
    Complaints complaints_;
    InForce in_force_;
    Catalogue catalogue_;
    std::unordered_map<const TypeLine*, std::string> class_of_;
};

Catalogue Joining::join(const IsTaken& is_taken)
{
    for (const auto& type : tree_.types) {
        if (in_force_.type(type.name) == &type)
            define_class(type, is_taken);
    }
    tell_of_quotas();
    add_expressions();
    add_names();
    add_arguments();
    return std::move(catalogue_);
}

void Joining::define_class(const TypeLine& type, const IsTaken& is_taken)
{
    ProgramClass program_class{.name = is_taken(type.name) ? "ananicy-" + type.name : type.name,
                               .description = std::string{kDescription} + escaped(complaints_.place_text(type.place)),
                               .settings = settings_of(type.says, {}, tree_.switches),
                               .place = type.place};
    add_cgroup(type.says.cgroup, type.place, program_class.settings);
    class_of_.emplace(&type, program_class.name);
    catalogue_.classes.push_back(std::move(program_class));
}

void Joining::tell_of_quotas()
{
    for (const auto& cgroup : tree_.cgroups) {
        if (!cgroup.quota.empty())
            complaints_.warn(cgroup.place,
                             fmt::format("not kept: cgroup \"{}\" with CPUQuota = {}: no process is moved, and none is "
                                         "kept from a CPU that nobody else wants; CPUQuota= of a unit does that",
                                         cgroup.name, cgroup.quota));
    }
}

/// The first expression wins there, the last rule here.
void Joining::add_expressions()
{
    std::for_each(tree_.rules.rbegin(), tree_.rules.rend(), [this](const RuleLine& line) {
        if (!line.name_regex.empty())
            add_expression(line);
    });
}

void Joining::add_expression(const RuleLine& line)
{
    const auto globs = globs_of(line.name_regex);
    if (!globs)
        return complaints_.warn(line.place,
                                fmt::format("not kept: name_regex = \"{}\": no globs match the same names; write a "
                                            "rule with name = \"…*\"",
                                            line.name_regex));
    auto draft = draft_of(line);
    if (!draft)
        return;
    auto& terms = draft->condition.all_of;
    terms = argument_terms(line.cmdlines);
    terms.insert(terms.begin(), name_term(*globs));
    // Where a name has a rule of its own, nothing of this one holds; a class would go by itself.
    auto named = draft->settings.empty() ? Condition{} : names_that_fit(terms.front());
    if (!named.all_of.empty())
        draft->condition.except.push_back(std::move(named));
    catalogue_.rules.push_back(*std::move(draft));
}

Condition Joining::names_that_fit(const Term& term) const
{
    std::vector<std::string> globs;
    const auto fits = [&](std::string_view name) {
        return std::ranges::any_of(term.any_of, [&](const Pattern& pattern) {
            return glob_matches(pattern.is_glob ? pattern.text : glob_escaped(pattern.text), name, pattern.letters);
        });
    };
    for (const auto name : in_force_.names()) {
        if (fits(name))
            globs.push_back(glob_escaped(name));
    }
    std::ranges::sort(globs);
    return globs.empty() ? Condition{} : Condition{.all_of = {name_term(globs)}, .except = {}};
}

void Joining::add_names()
{
    const auto begin = static_cast<std::ptrdiff_t>(catalogue_.rules.size());
    for (std::uint32_t number = 0; number < tree_.rules.size(); ++number) {
        if (in_force_.holds(number))
            add_name(tree_.rules[number]);
    }
    std::stable_partition(catalogue_.rules.begin() + begin, catalogue_.rules.end(), is_short);
}

/// Where others ask for arguments too, it is for what they do not match.
void Joining::add_name(const RuleLine& line)
{
    auto draft = draft_of(line);
    if (!draft)
        return;
    const auto others = in_force_.with_arguments(line.name);
    if (others.empty())
        draft->exact_name = line.name;
    else
        draft->condition.all_of = {name_term({glob_escaped(line.name)})};
    for (const auto other : others)
        draft->condition.except.push_back({argument_terms(tree_.rules[other].cmdlines), {}});
    catalogue_.rules.push_back(*std::move(draft));
}

void Joining::add_arguments()
{
    for (const auto number : in_force_.with_arguments()) {
        const RuleLine& line = tree_.rules[number];
        auto draft = line.name_regex.empty() ? draft_of(line) : std::nullopt;
        if (!draft)
            continue;
        auto& terms = draft->condition.all_of;
        terms = argument_terms(line.cmdlines);
        terms.insert(terms.begin(), name_term({glob_escaped(line.name)}));
        catalogue_.rules.push_back(*std::move(draft));
    }
}

/// Class and settings; empty when it gives nothing, of which the reason has been told.
std::optional<RuleDraft> Joining::draft_of(const RuleLine& line)
{
    static const Says kNothing;
    RuleDraft draft{.place = line.place, .origin = line.place};
    const Says& says = tree_.says_of(line);
    const auto* type = line.type.empty() ? nullptr : find_type(line);
    draft.settings = settings_of(says, type ? type->says : kNothing, tree_.switches);
    add_cgroup(says.cgroup, line.place, draft.settings);
    if (says.rtprio && !draft.settings.contains(Setting::sched))
        complaints_.warn(line.place, "not kept: rtprio: no policy with it; add sched = \"rr\" or \"fifo\"");
    if (type)
        draft.class_name = class_of_.at(type);
    const bool gives_nothing = draft.class_name.empty() && draft.settings.empty();
    return gives_nothing ? std::nullopt : std::optional{std::move(draft)};
}

/// Null, and told, when there is no such type.
const TypeLine* Joining::find_type(const RuleLine& line)
{
    if (const auto* type = in_force_.type(line.type))
        return type;
    constexpr std::size_t kEnough = 200;  // each is compared with each name that is not known
    std::vector<std::string_view> known;
    for (std::size_t i = 0; i < std::min(tree_.types.size(), kEnough); ++i)
        known.push_back(tree_.types[i].name);
    const auto near = nearest(line.type, known);
    complaints_.warn(line.place, fmt::format("not kept: type \"{}\" of \"{}\" is defined nowhere{}{}", line.type,
                                             line.name.empty() ? line.name_regex : line.name,
                                             line.says == RuleLine::kNone ? "" : ", so that its other keys alone hold",
                                             near ? fmt::format("; did you mean \"{}\"?", *near) : ""));
    return nullptr;
}

/// Of a control group, the weight is kept: that of the unit that the process runs in.
void Joining::add_cgroup(const std::string& name, Place place, SettingMap& settings)
{
    if (name.empty() || !tree_.switches.cgroup)
        return;
    const auto* cgroup = in_force_.cgroup(name);
    if (!cgroup)
        return complaints_.warn(place, fmt::format("not kept: cgroup = \"{}\": it is defined nowhere", name));
    if (cgroup->weight)
        settings.set(Setting::cpu_weight, *cgroup->weight);
    if (!cgroup->quota.empty())
        complaints_.warn(place, fmt::format("not kept: cgroup = \"{}\": its CPUQuota is not, see {}", name,
                                            complaints_.place_text(cgroup->place)));
}

}  // namespace

bool is_short(const RuleDraft& rule)
{
    return !rule.exact_name.empty() && rule.settings.empty() && rule.condition.except.empty() &&
           rule.exact_name.find('/') == std::string::npos;
}

bool is_type(const ProgramClass& program_class)
{
    return program_class.description.starts_with(kDescription);
}

Catalogue make_catalogue(Tree tree, const std::vector<SourceFile>& files, const IsTaken& is_taken,
                         Diagnostics& diagnostics)
{
    if (!tree.has_rules)
        tree.rules.clear();
    if (!tree.has_types)
        tree.types.clear();
    if (!tree.has_cgroups)
        tree.cgroups.clear();
    return Joining{tree, Complaints{files, diagnostics}}.join(is_taken);
}

}  // namespace priorityd::ananicy
