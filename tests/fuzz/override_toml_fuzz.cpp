// SPDX-License-Identifier: GPL-3.0-or-later
/// Fuzz target: the reader of permanent overrides, on any bytes; whatever it accepts can be written and read back.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/toml/override_toml.hpp"
#include "fuzz/expect.hpp"

using namespace priorityd;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    const auto reading = read_override("fuzz.toml", {reinterpret_cast<const char*>(bytes), size});
    expect(reading.kept.has_value() != has_errors(reading.diagnostics));
    for (const auto& diagnostic : reading.diagnostics) {
        expect(!diagnostic.what.empty());
        expect(is_shown_safely(diagnostic.to_text()));
    }
    if (!reading.kept)
        return 0;
    const auto text = to_toml(*reading.kept);
    expect(text.has_value());
    expect(read_override("fuzz.toml", *text).kept == reading.kept);
    return 0;
}
