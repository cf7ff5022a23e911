// SPDX-License-Identifier: GPL-3.0-or-later
/// How well an engine does on programs that people have labelled.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "core/direction.hpp"

namespace priorityd {

class Evaluation {
public:
    /// `said`: what following the engine would mean for the program; empty when it says nothing, or is not sure.
    void add(Direction label, std::optional<Direction> said);

    [[nodiscard]] std::size_t programs() const { return programs_; }
    /// Parts of 1. Zero without programs.
    [[nodiscard]] double coverage() const;   ///< Of all: those that the engine says something of.
    [[nodiscard]] double agreement() const;  ///< Of the covered: those of which it says what people say.
    [[nodiscard]] double harmful() const;    ///< Of all: raised by people, lowered by the engine.
    /// How often people say `label` and the engine `said`.
    [[nodiscard]] std::size_t count(Direction label, std::optional<Direction> said) const;

private:
    static constexpr std::size_t kDirections = 3;
    std::array<std::array<std::size_t, kDirections + 1>, kDirections> table_{};  // the last column: nothing said
    std::size_t programs_ = 0;
    std::size_t covered_ = 0;
    std::size_t agreed_ = 0;
};

/// "raised", "lowered"; "neutral" for what is neither.
[[nodiscard]] std::string_view label_text(Direction direction);
/// Empty for another word.
[[nodiscard]] std::optional<Direction> read_label(std::string_view text);

}  // namespace priorityd
