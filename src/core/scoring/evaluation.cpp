// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scoring/evaluation.hpp"

#include <utility>

namespace priorityd {
namespace {

std::size_t column_of(std::optional<Direction> said)
{
    constexpr std::size_t kNothing = 3;
    return said ? static_cast<std::size_t>(*said) : kNothing;
}

double part(std::size_t some, std::size_t all)
{
    return all == 0 ? 0 : static_cast<double>(some) / static_cast<double>(all);
}

constexpr std::pair<Direction, std::string_view> kLabels[] = {
    {Direction::raised, "raised"}, {Direction::sideways, "neutral"}, {Direction::lowered, "lowered"}};

}  // namespace

void Evaluation::add(Direction label, std::optional<Direction> said)
{
    ++table_.at(static_cast<std::size_t>(label)).at(column_of(said));
    ++programs_;
}

std::size_t Evaluation::count(Direction label, std::optional<Direction> said) const
{
    return table_.at(static_cast<std::size_t>(label)).at(column_of(said));
}

double Evaluation::coverage() const
{
    std::size_t silent = 0;
    for (const auto& [label, text] : kLabels)
        silent += count(label, std::nullopt);
    return part(programs_ - silent, programs_);
}

double Evaluation::agreement() const
{
    std::size_t covered = 0;
    std::size_t agreed = 0;
    for (const auto& [label, text] : kLabels) {
        agreed += count(label, label);
        for (const auto& [said, ignored] : kLabels)
            covered += count(label, said);
    }
    return part(agreed, covered);
}

double Evaluation::harmful() const
{
    return part(count(Direction::raised, Direction::lowered), programs_);
}

std::string_view label_text(Direction direction)
{
    for (const auto& [known, text] : kLabels) {
        if (known == direction)
            return text;
    }
    return {};
}

std::optional<Direction> read_label(std::string_view text)
{
    for (const auto& [direction, known] : kLabels) {
        if (known == text)
            return direction;
    }
    return std::nullopt;
}

}  // namespace priorityd
