// SPDX-License-Identifier: GPL-3.0-or-later
/// Fuzz target: headers of packages, on any bytes; what is taken says nothing but what stands in it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "fuzz/expect.hpp"
#include "kernel/rpm_header.hpp"

using namespace priorityd;

namespace {

bool is_within(std::string_view part, std::string_view whole)
{
    return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void check_line(std::string_view line, std::string_view bytes)
{
    expect(is_within(line, bytes));
    expect(line.find_first_of(std::string_view{"\n\0", 2}) == std::string_view::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view bytes{reinterpret_cast<const char*>(data), size};
    const auto header = kernel::RpmHeader::parse(bytes);
    if (!header)
        return 0;
    check_line(header->summary(), bytes);
    check_line(header->group(), bytes);
    expect(header->group() != "Unspecified");
    // Each has a number of four bytes and a name with its end.
    expect(header->file_count() <= size / 5);
    expect(header->file(header->file_count()).empty());
    // Each look-up walks, so not all of very many.
    constexpr std::uint32_t kMost = 64;
    for (std::uint32_t i = 0; i < std::min(header->file_count(), kMost); ++i) {
        const auto file = header->file(i);
        expect(file.size() < size);
        expect(file.find('\0') == std::string::npos);
    }
    expect(!kernel::RpmHeader::parse(bytes.substr(0, size - 1)));
    return 0;
}
