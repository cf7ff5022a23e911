// SPDX-License-Identifier: GPL-3.0-or-later
/// Fuzz target: the names of a process, globs over them, and how they are shown, on any bytes.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/glob.hpp"
#include "core/names.hpp"
#include "core/snapshot.hpp"
#include "core/text.hpp"
#include "fuzz/expect.hpp"

using namespace priorityd;

namespace {

/// The bytes up to the next NUL, taken off `data`.
std::string take_text(std::string_view& data)
{
    const auto end = std::min(data.find('\0'), data.size());
    std::string text{data.substr(0, end)};
    data.remove_prefix(std::min(end + 1, data.size()));
    return text;
}

void check_names(const Snapshot& process)
{
    const Names names = names_of(process);
    for (const auto& name : names) {
        expect(!name.empty());
        expect(std::ranges::count(names, name) == 1);
    }
}

void check_glob(const std::string& pattern, const std::string& text)
{
    expect(glob_matches("*", text, Case::sensitive));
    expect(has_wildcards(pattern) || glob_matches(pattern, unescape(pattern), Case::sensitive));
    const bool matches = glob_matches(pattern, text, Case::sensitive);
    expect(!matches || text.starts_with(literal_prefix(pattern)));
    // A set can hold a letter's one case and, by `!` or as the end of a range, leave out the other.
    const bool has_sets = pattern.find('[') != std::string::npos;
    expect(!matches || has_sets || glob_matches(pattern, text, Case::ignored));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    // The product of two long texts is slow by design; the callers bound both.
    std::string_view data{reinterpret_cast<const char*>(bytes), std::min<std::size_t>(size, 2048)};
    const auto pattern = take_text(data);
    Snapshot process;
    process.known = Fact::exe | Fact::stat | Fact::argv;
    process.exe = take_text(data);
    process.comm = take_text(data);
    while (!data.empty())
        process.argv.push_back(take_text(data));
    check_names(process);
    for (const auto& name : names_of(process)) {
        check_glob(pattern, name);
        expect(is_shown_safely(escaped(name)));
    }
    return 0;
}
