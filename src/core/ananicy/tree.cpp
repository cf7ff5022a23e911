// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/ananicy/tree.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/nearest.hpp"
#include "core/text.hpp"

namespace priorityd::ananicy {
namespace {

/// Names of files are shorter, and rules in TOML take no longer ones.
constexpr std::size_t kLongestText = 4096;

const Member* find(const Object& object, std::string_view key)
{
    const auto found = std::ranges::find(object.members.rbegin(), object.members.rend(), key, &Member::key);
    return found == object.members.rend() ? nullptr : &*found;
}

std::string* text_in(Member& member)
{
    return std::get_if<std::string>(&member.value);
}

/// Reads the objects of one file into the tree.
class Lines {
public:
    Lines(const SourceFile& file, Tree& tree, Diagnostics& diagnostics)
        : file_{file}, tree_{tree}, diagnostics_{diagnostics}
    {
    }

    void read(std::string_view text);

private:
    void read_object(Object& object);
    void read_rule(Object& object);
    void read_rule_key(Member& member, RuleLine& rule, Says& says);
    void read_cmdlines(Member& member, RuleLine& rule);
    void read_type(Object& object);
    void read_cgroup(Object& object);
    void read_cgroup_key(const Member& member, CgroupLine& cgroup);
    void read_setting(const Member& member, Says& says, std::vector<std::string_view> known);
    [[nodiscard]] bool check_text(std::string_view text, std::string_view what, const Object& object);
    void not_kept(const Member& member, std::string_view what);
    void warn(std::uint32_t line, std::uint32_t column, std::string_view what);
    [[nodiscard]] Place place(const Object& object) const { return {file_.number, object.line}; }

    const SourceFile& file_;
    Tree& tree_;
    Diagnostics& diagnostics_;
};

void Lines::read(std::string_view text)
{
    ObjectReader reader{
        text, [this](std::uint32_t line, std::uint32_t column, const std::string& what) { warn(line, column, what); }};
    Object object;
    while (reader.next(object))
        read_object(object);
}

void Lines::read_object(Object& object)
{
    if (find(object, "name") || find(object, "name_regex"))
        read_rule(object);
    else if (find(object, "type"))
        read_type(object);
    else if (find(object, "cgroup"))
        read_cgroup(object);
    else
        warn(object.line, 0, "not kept: it has neither a name nor a type or cgroup that it defines");
}

void Lines::read_rule(Object& object)
{
    RuleLine rule{.place = place(object)};
    Says says;
    const auto complaints = diagnostics_.size();
    for (Member& member : object.members)
        read_rule_key(member, rule, says);
    const bool has_name = rule.name_regex.empty() || !rule.name.empty();
    if (has_name && !check_text(rule.name, "a name", object))
        return;
    for (const auto& argument : rule.cmdlines) {
        if (!check_text(argument, "an argument in cmdlines", object))
            return;
    }
    if (says == Says{} && rule.type.empty()) {
        if (diagnostics_.size() == complaints)
            warn(object.line, 0, fmt::format("not kept: the rule for \"{}\" gives nothing", rule.name));
        return;
    }
    if (says != Says{}) {
        rule.says = static_cast<std::uint32_t>(tree_.says.size());
        tree_.says.push_back(std::move(says));
    }
    tree_.rules.push_back(std::move(rule));
}

void Lines::read_rule_key(Member& member, RuleLine& rule, Says& says)
{
    std::string* text = text_in(member);
    if (member.key == "cmdlines")
        read_cmdlines(member, rule);
    else if (member.key != "name" && member.key != "type" && member.key != "name_regex")
        read_setting(member, says, {"name", "name_regex", "cmdlines", "type"});
    else if (!text)
        not_kept(member, "expected text in quotes");
    else if (member.key == "name")
        rule.name = std::move(*text);
    else if (member.key == "type")
        rule.type = std::move(*text);
    else
        rule.name_regex = std::move(*text);
}

void Lines::read_cmdlines(Member& member, RuleLine& rule)
{
    if (std::string* text = text_in(member))
        rule.cmdlines = {std::move(*text)};
    else if (auto* list = std::get_if<std::vector<std::string>>(&member.value))
        rule.cmdlines = std::move(*list);
    else
        not_kept(member, "expected a list of arguments");
}

void Lines::read_type(Object& object)
{
    TypeLine type{.place = place(object), .name = {}, .says = {}};
    for (Member& member : object.members) {
        if (member.key != "type")
            read_setting(member, type.says, {"type"});
        else if (std::string* text = text_in(member); text && !text->empty())
            type.name = std::move(*text);
        else
            not_kept(member, "expected the name of a type in quotes");
    }
    if (!type.name.empty())
        tree_.types.push_back(std::move(type));
}

void Lines::read_cgroup(Object& object)
{
    CgroupLine cgroup{.place = place(object), .name = {}, .quota = {}, .weight = {}};
    for (const Member& member : object.members)
        read_cgroup_key(member, cgroup);
    if (!cgroup.name.empty())
        tree_.cgroups.push_back(std::move(cgroup));
}

void Lines::read_cgroup_key(const Member& member, CgroupLine& cgroup)
{
    if (member.key == "cgroup") {
        const auto* text = std::get_if<std::string>(&member.value);
        cgroup.name = text ? *text : "";
        if (cgroup.name.empty())
            not_kept(member, "expected the name of a control group in quotes");
    } else if (member.key == "CPUQuota") {
        cgroup.quota = value_text(member.value);
    } else if (member.key == "CPUWeight") {
        const auto* number = std::get_if<std::int64_t>(&member.value);
        cgroup.weight = number && *number > 0 ? CpuWeight::make(*number) : std::nullopt;
        if (!cgroup.weight)
            not_kept(member, "expected a whole number from 1 to 10000");
    } else {
        not_kept(member, fmt::format("unknown{}", suggestion(member.key, {"cgroup", "CPUQuota", "CPUWeight"})));
    }
}

void Lines::read_setting(const Member& member, Says& says, std::vector<std::string_view> known)
{
    const auto& keys = setting_keys();
    if (std::ranges::find(keys, member.key) == keys.end()) {
        known.insert(known.end(), keys.begin(), keys.end());
        return not_kept(member, fmt::format("unknown{}", suggestion(member.key, known)));
    }
    if (std::holds_alternative<std::monostate>(member.value))
        return not_kept(member, "null takes away nothing of the type here: name a value");
    if (const auto mistake = take(member, says))
        warn(member.line, member.column, "not kept: " + *mistake);
}

bool Lines::check_text(std::string_view text, std::string_view what, const Object& object)
{
    if (!text.empty() && text.size() <= kLongestText && text.find('\0') == std::string_view::npos)
        return true;
    warn(object.line, 0, fmt::format("not kept: {} has 1 to {} bytes, and no NUL among them", what, kLongestText));
    return false;
}

void Lines::not_kept(const Member& member, std::string_view what)
{
    warn(member.line, member.column, fmt::format("not kept: {} = {}: {}", member.key, value_text(member.value), what));
}

void Lines::warn(std::uint32_t line, std::uint32_t column, std::string_view what)
{
    diagnostics_.push_back({.level = Diagnostic::Level::warning,
                            .file = file_.path,
                            .line = line,
                            .column = column,
                            .what = escaped(what)});
}

}  // namespace

const Says& Tree::says_of(const RuleLine& line) const
{
    static const Says kNothing;
    return line.says == RuleLine::kNone ? kNothing : says[line.says];
}

void read_lines(const SourceFile& file, std::string_view text, Tree& into, Diagnostics& diagnostics)
{
    Lines{file, into, diagnostics}.read(text);
}

}  // namespace priorityd::ananicy
