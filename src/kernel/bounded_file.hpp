// SPDX-License-Identifier: GPL-3.0-or-later
/// Reading files that others write, whatever may lie in their place.
#pragma once

#include <cstddef>
#include <filesystem>
#include <istream>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"

namespace priorityd::kernel {

/// The whole file. Errors: those of open(2), of which ENOENT may be that of a link to nothing; EBADMSG for what is no
/// file, such as a FIFO, which is not waited for; EFBIG for one of more than `largest` bytes, of which nothing is read.
[[nodiscard]] Result<std::string> read_bounded_file(const std::filesystem::path& path, std::size_t largest);

/// The lines of a text, of which no more than the longest is ever held.
class BoundedLines {
public:
    /// `longest`: in bytes.
    BoundedLines(std::istream& text, std::size_t longest) : text_{text}, buffer_(longest + 1) {}

    /// False at the end. Otherwise line() is the next one, without its newline.
    [[nodiscard]] bool next();
    [[nodiscard]] std::string_view line() const { return {buffer_.data(), size_}; }
    /// Whether the line was longer: the rest of it has been passed over.
    [[nodiscard]] bool is_cut() const { return is_cut_; }

private:
    std::istream& text_;
    std::vector<char> buffer_;
    std::size_t size_ = 0;
    bool is_cut_ = false;
};

}  // namespace priorityd::kernel
