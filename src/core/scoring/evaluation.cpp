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
    covered_ += said ? 1 : 0;
    agreed_ += said == label ? 1 : 0;
}

std::size_t Evaluation::count(Direction label, std::optional<Direction> said) const
{
    return table_.at(static_cast<std::size_t>(label)).at(column_of(said));
}

double Evaluation::coverage() const
{
    return part(covered_, programs_);
}

double Evaluation::agreement() const
{
    return part(agreed_, covered_);
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
