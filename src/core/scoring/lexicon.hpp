// SPDX-License-Identifier: GPL-3.0-or-later
/// What words about programs say of their kind: a table written by hand, in which no program is named. To teach the
/// metadata engine a word, put it into a row in lexicon.cpp and run `priorityctl evaluate`.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace priorityd {

/// Words that speak for one of the shipped classes, each of them as much.
struct Hints {
    std::string_view program_class;
    double weight = 0;       ///< Added up over all words that are found; see Advice::confidence.
    std::string_view words;  ///< Separated by ", ". A word that ends with `*` is the beginning of a tag.
};

/// Where the words stand: in the member of ProgramInfo, or in what surroundings.cpp calls the surroundings.
enum class HintPlace : std::uint8_t { section, tag, category, description, surroundings };

[[nodiscard]] std::span<const Hints> hints(HintPlace place);

/// The class of what gets the CPU last, and that of what gets it last while somebody waits for its end.
constexpr std::string_view kLowestClass = "background";
constexpr std::string_view kLowestClassWaitedFor = "batch";

/// Whether somebody waits for what programs of a class do. An engine must not take one kind for the other.
enum class Attention : std::uint8_t {
    waited_for,  ///< A person sees or hears that it is late.
    unknown,     ///< Others wait for it, nobody knows for whom.
    nobody,      ///< Only the result counts.
};

/// Unknown for a class that is not among the shipped ones.
[[nodiscard]] Attention attention(std::string_view program_class);

}  // namespace priorityd
