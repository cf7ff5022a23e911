// SPDX-License-Identifier: GPL-3.0-or-later
/// Texts that are meant to be safe already, made safe when they are not.
#include "bus/readable.hpp"

#include <algorithm>

#include "core/text.hpp"

namespace priorityd::bus {

std::string readable(std::string_view text)
{
    // Escaping makes every unsafe byte longer and doubles backslashes: if only the latter happened, nothing was unsafe.
    std::string safe = escaped(text);
    const auto backslashes = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\\'));
    return safe.size() == text.size() + backslashes ? std::string{text} : safe;
}

}  // namespace priorityd::bus
