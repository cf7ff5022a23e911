// SPDX-License-Identifier: GPL-3.0-or-later
/// Texts that are meant to be safe already, made safe when they are not.
#include "bus/readable.hpp"

#include "core/text.hpp"

namespace priorityd::bus {

std::string readable(std::string_view text)
{
    return is_readable(text) ? std::string{text} : escaped(text);
}

}  // namespace priorityd::bus
