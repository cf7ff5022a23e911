// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/ananicy/toml_text.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/text.hpp"

namespace priorityd::ananicy {
namespace {

constexpr std::string_view kHead =
    "# Rules of ananicy, written by \"priorityctl import ananicy\" from\n"
    "# {}\n"
    "# {} rules, {} types. What could not be kept is listed at the end.\n"
    "# `origin` is where a rule comes from; \"priorityctl explain\" shows it.\n";

/// A key without quotes where TOML takes it so.
std::string key_text(std::string_view text)
{
    const auto is_bare = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    };
    return !text.empty() && std::ranges::all_of(text, is_bare) ? std::string{text} : toml_string(text);
}

std::string value_text(const Value& value)
{
    const auto raw = to_raw(value);
    const auto* text = std::get_if<std::string>(&raw);
    return text ? toml_string(*text) : to_text(raw);
}

std::string settings_text(const SettingMap& settings)
{
    std::string text;
    for (const auto& [setting, value] : settings)
        text += fmt::format("{} = {}\n", info(setting).name, value_text(value));
    return text;
}

/// A literal pattern is kept without its backslashes.
std::string pattern_text(const Pattern& pattern)
{
    const bool is_glob = pattern.is_glob || pattern.letters == Case::ignored;
    return toml_string(is_glob ? pattern.text : glob_escaped(pattern.text));
}

std::string list_text(const std::vector<std::string>& members)
{
    return members.size() == 1 ? members.front() : fmt::format("[{}]", fmt::join(members, ", "));
}

std::vector<std::string> patterns_text(const Term& term)
{
    std::vector<std::string> texts;
    std::ranges::transform(term.any_of, std::back_inserter(texts), pattern_text);
    return texts;
}

/// `key = …` for each key; several terms of `arg` are one list of `args`.
std::vector<std::string> terms_text(const std::vector<Term>& terms)
{
    std::vector<std::string> texts;
    std::vector<std::string> arguments;
    for (const auto& term : terms) {
        if (term.key == MatchKey::arg)
            arguments.push_back(list_text(patterns_text(term)));
        else
            texts.push_back(fmt::format("{} = {}", match_key_table()[static_cast<std::size_t>(term.key)].name,
                                        list_text(patterns_text(term))));
    }
    if (!arguments.empty())
        texts.push_back(fmt::format("{} = {}", arguments.size() == 1 ? "arg" : "args", list_text(arguments)));
    return texts;
}

std::string exceptions_text(const std::vector<Condition>& exceptions)
{
    std::vector<std::string> tables;
    tables.reserve(exceptions.size());
    for (const auto& exception : exceptions) {
        tables.push_back(fmt::format("{{ {} }}", fmt::join(terms_text(exception.all_of), ", ")));
    }
    return list_text(tables);
}

/// Writes rule by rule, those for single names in a table of their own.
class Writer {
public:
    Writer(const Catalogue& catalogue, const std::vector<SourceFile>& files, Diagnostics& diagnostics)
        : catalogue_{catalogue}, diagnostics_{diagnostics}
    {
        for (const auto& file : files)
            path_of_.emplace(file.number, file.path);
    }

    std::string text(const std::string& from);

private:
    void write_class(const ProgramClass& program_class);
    void write_short(const RuleDraft& rule);
    void write_long(const RuleDraft& rule);
    void write_losses();
    [[nodiscard]] bool can_be_written(const RuleDraft& rule);
    [[nodiscard]] std::string origin_text(const RuleDraft& rule) const;
    [[nodiscard]] static bool is_utf8(const RuleDraft& rule);

    const Catalogue& catalogue_;
    Diagnostics& diagnostics_;
    std::unordered_map<std::uint32_t, std::string> path_of_;
    std::string out_;
};

std::string Writer::text(const std::string& from)
{
    out_ = fmt::format(fmt::runtime(kHead), escaped(from), catalogue_.rules.size(), catalogue_.classes.size());
    for (const auto& program_class : catalogue_.classes) {
        if (priorityd::is_utf8(program_class.name))
            write_class(program_class);
    }
    // Those with a class alone stand together in the catalogue, so [programs] can stand in their place.
    bool is_table_open = false;
    for (const auto& rule : catalogue_.rules) {
        if (!std::exchange(is_table_open, is_short(rule)) && is_short(rule))
            out_ += "\n[programs]\n";
        if (can_be_written(rule))
            is_short(rule) ? write_short(rule) : write_long(rule);
    }
    write_losses();
    return std::move(out_);
}

void Writer::write_class(const ProgramClass& program_class)
{
    out_ += fmt::format("\n[class.{}]\ndescription = {}\n{}", key_text(program_class.name),
                        toml_string(program_class.description), settings_text(program_class.settings));
}

void Writer::write_short(const RuleDraft& rule)
{
    out_ += fmt::format("{} = {{ class = {}, origin = {} }}\n", key_text(rule.exact_name), toml_string(rule.class_name),
                        origin_text(rule));
}

void Writer::write_long(const RuleDraft& rule)
{
    out_ += "\n[[rule]]\n";
    if (!rule.exact_name.empty())
        out_ += fmt::format("name = {}\n", toml_string(glob_escaped(rule.exact_name)));
    for (const auto& term : terms_text(rule.condition.all_of))
        out_ += term + '\n';
    if (!rule.condition.except.empty())
        out_ += fmt::format("not = {}\n", exceptions_text(rule.condition.except));
    if (!rule.class_name.empty())
        out_ += fmt::format("class = {}\n", toml_string(rule.class_name));
    out_ += fmt::format("origin = {}\n", origin_text(rule));
    if (!rule.settings.empty())
        out_ += "[rule.set]\n" + settings_text(rule.settings);
}

bool Writer::can_be_written(const RuleDraft& rule)
{
    if (is_utf8(rule))
        return true;
    diagnostics_.push_back({.level = Diagnostic::Level::warning,
                            .file = path_of_.at(rule.origin->file),
                            .line = rule.origin->line,
                            .what = "not kept: it is not UTF-8, and TOML files are; ananicy_dirs reads it as it is"});
    return false;
}

bool Writer::is_utf8(const RuleDraft& rule)
{
    const auto is_sound = [](const Term& term) {
        return std::ranges::all_of(term.any_of, [](const Pattern& p) { return priorityd::is_utf8(p.text); });
    };
    const auto are_sound = [&](const Condition& condition) { return std::ranges::all_of(condition.all_of, is_sound); };
    return priorityd::is_utf8(rule.exact_name) && priorityd::is_utf8(rule.class_name) && are_sound(rule.condition) &&
           std::ranges::all_of(rule.condition.except, are_sound);
}

std::string Writer::origin_text(const RuleDraft& rule) const
{
    return toml_string(fmt::format("{}:{}", escaped(path_of_.at(rule.origin->file)), rule.origin->line));
}

void Writer::write_losses()
{
    out_ += diagnostics_.empty() ? "\n# All of it could be kept.\n" : "\n# What could not be kept:\n";
    sort(diagnostics_);
    for (const auto& diagnostic : diagnostics_)
        out_ += fmt::format("# {}\n", escaped(diagnostic.to_text()));
}

}  // namespace

std::string toml_text(const Catalogue& catalogue, const std::vector<SourceFile>& files, const std::string& from,
                      Diagnostics& diagnostics)
{
    return Writer{catalogue, files, diagnostics}.text(from);
}

}  // namespace priorityd::ananicy
