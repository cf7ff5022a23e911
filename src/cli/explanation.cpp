// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/explanation.hpp"

namespace priorityd::cli {
namespace {

Style outcome_style(const ExplainRow& row)
{
    if (!row.effective)
        return Style::dim;
    const auto starts_with = [&](std::string_view word) { return row.outcome.starts_with(word); };
    if (starts_with("failed"))
        return Style::red;
    if (starts_with("applied") || starts_with("already so"))
        return Style::green;
    return starts_with("not ") || starts_with("held ") ? Style::yellow : Style::plain;
}

}  // namespace

std::string contributions_text(const Explanation& explanation, Colour colour)
{
    if (explanation.rows.empty())
        return "no rule matches: nothing was decided for it\n";
    Table table{{{" "}, {"SETTING"}, {"VALUE"}, {"FROM"}, {"BECAUSE"}, {"OUTCOME"}}};
    for (const ExplainRow& row : explanation.rows) {
        const Style style = row.effective ? Style::bold : Style::dim;
        table.add({{row.effective ? "*" : " ", Style::green},
                   {row.setting, style},
                   {row.value, style},
                   {row.source, row.effective ? Style::plain : Style::dim},
                   {row.because, row.effective ? Style::plain : Style::dim},
                   {row.outcome, outcome_style(row)}});
    }
    return table.to_text(colour);
}

std::string shares_text(const Explanation& explanation, Colour colour)
{
    if (explanation.shares.empty())
        return {};
    Table table{{{" "}, {"CPU TIME BY"}, {"OF"}, {"IS"}, {"AMONG"}}};
    for (const ShareRow& row : explanation.shares) {
        const Style style = row.is_live ? Style::plain : Style::dim;
        table.add({{row.is_live ? "*" : "-", row.is_live ? Style::green : Style::dim},
                   {row.knob, style},
                   {row.group, style},
                   {row.value, style},
                   {row.among, style}});
    }
    return table.to_text(colour);
}

}  // namespace priorityd::cli
