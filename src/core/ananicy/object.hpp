// SPDX-License-Identifier: GPL-3.0-or-later
/// The objects in a file of ananicy: JSON as people write it, one to a line, with anything around it.
///
/// Read by hand and not by a JSON library: that takes one document and stops at the first slip. Here each object is for
/// itself, every member has its place, and much that is not JSON is common.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace priorityd::ananicy {

/// What nothing can be made of: an object, or a list of other things than text.
struct OtherValue {};
using MemberValue =
    std::variant<std::monostate, bool, std::int64_t, double, std::string, std::vector<std::string>, OtherValue>;

/// One `"key": value`; null is monostate.
struct Member {
    std::string key;
    MemberValue value;
    std::uint32_t line = 0;    ///< From 1.
    std::uint32_t column = 0;  ///< From 1, in bytes.
};

/// Members in the order of the text; of two with one key both are there.
struct Object {
    std::uint32_t line = 0;  ///< From 1: of its brace.
    std::vector<Member> members;
};

/// Goes through a text from object to object. Comments begin with `#` or `//` outside of quotes. Carriage returns, a
/// byte order mark, commas where none belong and a missing brace at the end are no mistakes. An object that cannot be
/// understood is told and left out, and the next line is for itself again.
class ObjectReader {
public:
    /// Told of what is left out: line, column, one sentence.
    using Complain = std::function<void(std::uint32_t line, std::uint32_t column, std::string what)>;

    /// `text` must outlive the reader.
    ObjectReader(std::string_view text, Complain complain);

    /// False at the end of the text.
    [[nodiscard]] bool next(Object& into);

private:
    [[nodiscard]] bool is_at_end() const { return at_ == text_.size(); }
    [[nodiscard]] char here() const { return is_at_end() ? '\n' : text_[at_]; }
    [[nodiscard]] std::uint32_t column() const { return static_cast<std::uint32_t>(at_ - line_begin_) + 1; }
    [[nodiscard]] std::string shown_rest_of_line() const;

    void skip_line();
    bool skip_comment();
    void skip(std::string_view bytes);
    /// Blanks, comments and ends of lines; whether there was an end of a line.
    bool skip_space(std::string_view also);

    [[nodiscard]] bool find_object();
    void skip_behind_object();
    bool read_object(Object& into);
    bool read_member(Member& into);
    bool read_value(MemberValue& into);
    bool read_text(std::string& into);
    bool read_word(MemberValue& into);
    bool read_list(MemberValue& into);
    bool skip_nested();
    bool fail(std::string what);
    bool lose(const std::string& what);

    std::string_view text_;
    Complain complain_;
    std::size_t at_ = 0;
    std::size_t line_begin_ = 0;
    std::uint32_t line_ = 1;
};

}  // namespace priorityd::ananicy
