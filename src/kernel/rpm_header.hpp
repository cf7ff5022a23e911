// SPDX-License-Identifier: GPL-3.0-or-later
/// The header of a package as RPM's database holds it: bytes to values. Pure; any bytes are taken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace priorityd::kernel {

/// What a header says of the package and of its files. Refers to the bytes that it was read from. Source: RPM's
/// docs/manual/format_header.md and docs/manual/tags.md.
class RpmHeader {
public:
    /// Empty where the sizes do not fit the bytes to the last one, or where something that is read here has another
    /// type than RPM gives it, leads out of the bytes or does not fit together. A header need not have any of it.
    [[nodiscard]] static std::optional<RpmHeader> parse(std::string_view bytes);

    /// "Amusements/Games"; empty where the package is in none.
    [[nodiscard]] std::string_view group() const { return group_; }
    /// One line, untranslated.
    [[nodiscard]] std::string_view summary() const { return summary_; }
    [[nodiscard]] std::uint32_t file_count() const { return file_count_; }
    /// The path of the file with this number, counted from 0; empty where there are not so many. Walks over the names
    /// of those before it.
    [[nodiscard]] std::string file(std::uint32_t number) const;

private:
    std::string_view group_;
    std::string_view summary_;
    std::uint32_t file_count_ = 0;
    // Of texts, each with the NUL at its end; the indices are those of folders, four bytes for each file.
    std::string_view base_names_;
    std::string_view folder_indices_;
    std::string_view folders_;
};

}  // namespace priorityd::kernel
