// SPDX-License-Identifier: GPL-3.0-or-later
#include "bus/marshal_suggestion.hpp"

#include "bus/readable.hpp"
#include "bus/sdbus_compat.hpp"
#include "core/text.hpp"

namespace priorityd::bus {

using sdbus::Variant;

Dict to_dict(const SuggestionView& suggestion)
{
    return {{"id", Variant(readable(suggestion.id))},
            {"name", Variant(escaped(suggestion.name))},
            {"exe", Variant(escaped(suggestion.exe))},
            {"class", Variant(readable(suggestion.program_class))},
            {"engine", Variant(readable(suggestion.engine))},
            {"confidence", Variant(suggestion.confidence)},
            {"seen", Variant(suggestion.seen)},
            {"starts", Variant(suggestion.starts)},
            {"agreeing", Variant(suggestion.agreeing)},
            {"because", Variant(readable(suggestion.because))}};
}

SuggestionView read_suggestion(const Dict& row)
{
    return {.id = value_at<std::string>(row, "id"),
            .name = value_at<std::string>(row, "name"),
            .exe = value_at<std::string>(row, "exe"),
            .program_class = value_at<std::string>(row, "class"),
            .engine = value_at<std::string>(row, "engine"),
            .confidence = value_at<double>(row, "confidence"),
            .seen = value_at<std::uint32_t>(row, "seen"),
            .starts = value_at<std::uint32_t>(row, "starts"),
            .agreeing = value_at<std::uint32_t>(row, "agreeing"),
            .because = value_at<std::string>(row, "because")};
}

}  // namespace priorityd::bus
