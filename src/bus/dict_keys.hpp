// SPDX-License-Identifier: GPL-3.0-or-later
/// Dictionaries that a caller may send: a table of their keys, and reading that refuses what is not in it.
#pragma once

#include <algorithm>
#include <cerrno>
#include <span>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "bus/marshal.hpp"
#include "bus/readable.hpp"
#include "bus/sdbus_compat.hpp"
#include "core/result.hpp"

namespace priorityd::bus {

/// One key of a dictionary that is read into a T.
template <typename T>
struct Key {
    std::string_view name;
    std::string_view type;  ///< Signature.
    Result<void> (*take)(T& into, const sdbus::Variant& value);
};

/// For keys whose value is kept as it came.
template <typename T, typename V, V T::*Member>
Result<void> take_value(T& into, const sdbus::Variant& value)
{
    into.*Member = value.get<V>();
    return {};
}

/// "class s, source s".
template <typename T>
[[nodiscard]] std::string known_keys(std::span<const Key<T>> keys)
{
    std::string text;
    for (const Key<T>& key : keys)
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", key.name, key.type);
    return text;
}

template <typename T>
[[nodiscard]] Result<void> take(T& into, const std::string& name, const sdbus::Variant& value,
                                std::span<const Key<T>> keys)
{
    const auto key = std::ranges::find(keys, std::string_view{name}, &Key<T>::name);
    if (key == keys.end())
        return failure(EINVAL, fmt::format("unknown key \"{}\"; known are: {}", readable(name), known_keys(keys)));
    const std::string type = compat::type_of(value);
    if (type != key->type)
        return failure(EINVAL, fmt::format("key \"{}\" has type {}; known are: {}", name, type, known_keys(keys)));
    return key->take(into, value);
}

/// Errors: EINVAL, with a text that names the key and those that are known.
template <typename T>
[[nodiscard]] Result<T> read_checked(const Dict& dict, std::span<const Key<T>> keys)
{
    T result;
    for (const auto& [name, value] : dict) {
        if (auto taken = take(result, name, value, keys); !taken)
            return tl::unexpected{taken.error()};
    }
    return result;
}

}  // namespace priorityd::bus
