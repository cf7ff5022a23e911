// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/ananicy/catalogue.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "core/ananicy/regex.hpp"
#include "core/nearest.hpp"
#include "core/text.hpp"

namespace priorityd::ananicy {
namespace {

constexpr std::string_view kDescription = "type of ananicy, ";

bool has_conditions(const RuleLine& line)
{
    return !line.cmdlines.empty();
}

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
    Joining(Tree tree, const std::vector<SourceFile>& files, Diagnostics& diagnostics)
        : tree_{std::move(tree)}, diagnostics_{diagnostics}
    {
        for (const auto& file : files)
            path_of_.emplace(file.number, file.path);
    }

    Catalogue join(const IsTaken& is_taken);

private:
    void define_classes(const IsTaken& is_taken);
    void define_class(const TypeLine& type, const IsTaken& is_taken);
    void define_cgroups();
    void index_rules();
    void index_rule(std::uint32_t number);
    void add_expressions();
    void add_expression(const RuleLine& line);
    void add_names();
    void add_arguments();
    [[nodiscard]] std::optional<RuleDraft> draft_of(const RuleLine& line);
    [[nodiscard]] const TypeLine* find_type(const RuleLine& line, bool has_settings);
    void add_cgroup(const std::string& name, Place place, SettingMap& settings);
    [[nodiscard]] Condition names_that_fit(const Term& term) const;
    [[nodiscard]] const Says& says_of(const RuleLine& line) const;
    [[nodiscard]] bool is_equal(const RuleLine& a, const RuleLine& b) const;
    [[nodiscard]] std::string place_text(Place place) const;
    void warn(Place place, std::string_view what);

    Tree tree_;
    Diagnostics& diagnostics_;
    Catalogue catalogue_;
    std::unordered_map<std::uint32_t, std::string> path_of_;
    std::unordered_map<std::string_view, const TypeLine*> types_;
    std::unordered_map<const TypeLine*, std::string> class_of_;
    std::unordered_map<std::string_view, const CgroupLine*> cgroups_;
    std::unordered_map<std::string_view, std::uint32_t> by_name_;       // the line in force
    std::unordered_map<std::string, std::uint32_t> by_arguments_;       // the same for those that ask for arguments
    std::unordered_multimap<std::string_view, std::uint32_t> further_;  // lines with arguments, by name
};

Catalogue Joining::join(const IsTaken& is_taken)
{
    define_classes(is_taken);
    define_cgroups();
    index_rules();
    add_expressions();
    add_names();
    add_arguments();
    return std::move(catalogue_);
}

void Joining::define_classes(const IsTaken& is_taken)
{
    for (const auto& type : tree_.types) {
        const auto [at, is_new] = types_.try_emplace(type.name, &type);
        if (is_new)
            continue;
        if (at->second->says != type.says)
            warn(at->second->place, fmt::format("not kept: type \"{}\" is defined again in {}, and that holds",
                                                type.name, place_text(type.place)));
        at->second = &type;
    }
    for (const auto& type : tree_.types) {
        if (types_.at(type.name) == &type)
            define_class(type, is_taken);
    }
}

void Joining::define_class(const TypeLine& type, const IsTaken& is_taken)
{
    ProgramClass program_class{.name = is_taken(type.name) ? "ananicy-" + type.name : type.name,
                               .description = std::string{kDescription} + escaped(place_text(type.place)),
                               .settings = settings_of(type.says, {}, tree_.switches),
                               .place = type.place};
    add_cgroup(type.says.cgroup, type.place, program_class.settings);
    class_of_.emplace(&type, program_class.name);
    catalogue_.classes.push_back(std::move(program_class));
}

void Joining::define_cgroups()
{
    for (const auto& cgroup : tree_.cgroups) {
        cgroups_[cgroup.name] = &cgroup;
        if (!cgroup.quota.empty())
            warn(cgroup.place,
                 fmt::format("not kept: cgroup \"{}\" with CPUQuota = {}: no process is moved, and none is "
                             "kept from a CPU that nobody else wants; CPUQuota= of a unit does that",
                             cgroup.name, cgroup.quota));
    }
}

void Joining::index_rules()
{
    by_name_.reserve(tree_.rules.size());
    for (std::uint32_t number = 0; number < tree_.rules.size(); ++number)
        index_rule(number);
}

void Joining::index_rule(std::uint32_t number)
{
    const RuleLine& line = tree_.rules[number];
    if (line.name.empty())
        return;
    std::uint32_t* known = nullptr;
    bool is_new = true;
    if (has_conditions(line)) {
        auto arguments = line.cmdlines;
        std::ranges::sort(arguments);
        std::string key = line.name;
        for (const auto& argument : arguments)
            key.append(1, '\0').append(argument);
        const auto entry = by_arguments_.try_emplace(std::move(key), number);
        known = &entry.first->second;
        is_new = entry.second;
    } else {
        const auto entry = by_name_.try_emplace(line.name, number);
        known = &entry.first->second;
        is_new = entry.second;
    }
    if (is_new)
        return;
    if (const RuleLine& earlier = tree_.rules[*known]; !is_equal(earlier, line))
        warn(earlier.place,
             fmt::format("not kept: \"{}\" has a rule in {} too, and that holds", line.name, place_text(line.place)));
    *known = number;
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
        return warn(line.place, fmt::format("not kept: name_regex = \"{}\": no globs match the same names; write a "
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
    std::vector<std::string> names;
    const auto fits = [&](const std::string& name) {
        return std::ranges::any_of(term.any_of, [&](const Pattern& pattern) {
            return glob_matches(pattern.is_glob ? pattern.text : glob_escaped(pattern.text), name, pattern.letters);
        });
    };
    for (const auto& [name, number] : by_name_) {
        if (tree_.rules[number].name_regex.empty() && fits(std::string{name}))
            names.push_back(glob_escaped(name));
    }
    std::ranges::sort(names);
    return names.empty() ? Condition{} : Condition{.all_of = {name_term(names)}, .except = {}};
}

void Joining::add_names()
{
    const auto begin = static_cast<std::ptrdiff_t>(catalogue_.rules.size());
    for (const auto& [key, number] : by_arguments_)
        further_.emplace(tree_.rules[number].name, number);
    for (std::uint32_t number = 0; number < tree_.rules.size(); ++number) {
        const RuleLine& line = tree_.rules[number];
        const bool holds = !line.name.empty() && !has_conditions(line) && by_name_.at(line.name) == number;
        auto draft = holds ? draft_of(line) : std::nullopt;
        if (!draft)
            continue;
        std::vector<std::uint32_t> further;
        for (auto [at, end] = further_.equal_range(line.name); at != end; ++at)
            further.push_back(at->second);
        std::ranges::sort(further);
        if (further.empty())
            draft->exact_name = line.name;
        else
            draft->condition.all_of = {name_term({glob_escaped(line.name)})};
        for (const auto other : further)
            draft->condition.except.push_back({argument_terms(tree_.rules[other].cmdlines), {}});
        catalogue_.rules.push_back(*std::move(draft));
    }
    std::stable_partition(catalogue_.rules.begin() + begin, catalogue_.rules.end(), is_short);
}

void Joining::add_arguments()
{
    std::vector<std::uint32_t> numbers;
    for (const auto& [key, number] : by_arguments_)
        numbers.push_back(number);
    std::ranges::sort(numbers);
    for (const auto number : numbers) {
        const RuleLine& line = tree_.rules[number];
        auto draft = line.name_regex.empty() ? draft_of(line) : std::nullopt;
        if (!draft)
            continue;
        draft->condition.all_of = argument_terms(line.cmdlines);
        auto& terms = draft->condition.all_of;
        terms.insert(terms.begin(), name_term({glob_escaped(line.name)}));
        catalogue_.rules.push_back(*std::move(draft));
    }
}

/// Class and settings; empty when it gives nothing, of which the reason has been told.
std::optional<RuleDraft> Joining::draft_of(const RuleLine& line)
{
    static const Says kNothing;
    RuleDraft draft{.place = line.place, .origin = line.place};
    const Says& says = says_of(line);
    const auto* type = line.type.empty() ? nullptr : find_type(line, line.says != RuleLine::kNone);
    draft.settings = settings_of(says, type ? type->says : kNothing, tree_.switches);
    add_cgroup(says.cgroup, line.place, draft.settings);
    if (says.rtprio && !draft.settings.contains(Setting::sched))
        warn(line.place, "not kept: rtprio: no policy with it; add sched = \"rr\" or \"fifo\"");
    if (type)
        draft.class_name = class_of_.at(type);
    const bool gives_nothing = draft.class_name.empty() && draft.settings.empty();
    return gives_nothing ? std::nullopt : std::optional{std::move(draft)};
}

/// Null, and told, when there is no such type.
const TypeLine* Joining::find_type(const RuleLine& line, bool has_settings)
{
    const auto found = types_.find(line.type);
    if (found != types_.end())
        return found->second;
    std::vector<std::string_view> known;
    for (const auto& type : tree_.types)
        known.push_back(type.name);
    const auto near = nearest(line.type, known);
    warn(line.place, fmt::format("not kept: type \"{}\" of \"{}\" is defined nowhere{}{}", line.type,
                                 line.name.empty() ? line.name_regex : line.name,
                                 has_settings ? ", so that its other keys alone hold" : "",
                                 near ? fmt::format("; did you mean \"{}\"?", *near) : ""));
    return nullptr;
}

/// Of a control group, the weight is kept: that of the unit that the process runs in.
void Joining::add_cgroup(const std::string& name, Place place, SettingMap& settings)
{
    if (name.empty() || !tree_.switches.cgroup)
        return;
    const auto found = cgroups_.find(name);
    if (found == cgroups_.end())
        return warn(place, fmt::format("not kept: cgroup = \"{}\": it is defined nowhere", name));
    if (found->second->weight)
        settings.set(Setting::cpu_weight, *found->second->weight);
    if (!found->second->quota.empty())
        warn(place, fmt::format("not kept: cgroup = \"{}\": its CPUQuota is not, see {}", name,
                                place_text(found->second->place)));
}

const Says& Joining::says_of(const RuleLine& line) const
{
    static const Says kNothing;
    return line.says == RuleLine::kNone ? kNothing : tree_.says[line.says];
}

bool Joining::is_equal(const RuleLine& a, const RuleLine& b) const
{
    return a.type == b.type && a.name_regex == b.name_regex && says_of(a) == says_of(b);
}

std::string Joining::place_text(Place place) const
{
    return fmt::format("{}:{}", path_of_.at(place.file), place.line);
}

void Joining::warn(Place place, std::string_view what)
{
    diagnostics_.push_back({.level = Diagnostic::Level::warning,
                            .file = path_of_.at(place.file),
                            .line = place.line,
                            .what = escaped(what)});
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
    return Joining{std::move(tree), files, diagnostics}.join(is_taken);
}

}  // namespace priorityd::ananicy
