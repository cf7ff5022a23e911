// SPDX-License-Identifier: GPL-3.0-or-later
/// Fuzz target: the kernel's answers about taskstats, on any bytes.
#include <linux/taskstats.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "fuzz/expect.hpp"
#include "kernel/taskstats.hpp"

using namespace priorityd;

namespace {

/// A message begins with its length, and nothing behind its end counts, nor is anything of it left out.
template <typename Parse>
void check(std::span<const std::byte> answer, Parse parse)
{
    const auto parsed = parse(answer);
    if (!parsed) {
        expect(parsed.error().code > 0);
        return;
    }
    std::uint32_t length = 0;
    expect(answer.size() >= sizeof length);
    std::memcpy(&length, answer.data(), sizeof length);
    expect(length <= answer.size());
    // Copies, so that reading behind the end is seen.
    const std::vector<std::byte> exact{answer.begin(), answer.begin() + length};
    const std::vector<std::byte> cut{answer.begin(), answer.begin() + length - 1};
    auto longer = exact;
    longer.insert(longer.end(), 3, std::byte{0xff});
    expect(parse(exact) == *parsed);
    expect(parse(longer) == *parsed);
    expect(!parse(cut));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    const auto answer = std::as_bytes(std::span{bytes, size});
    check(answer, [](auto part) { return kernel::parse_taskstats(part); });
    check(answer, [](auto part) { return kernel::parse_family(part); });
    // Whatever is said of a process stands in the answer.
    expect(!kernel::parse_taskstats(answer) || size > offsetof(taskstats, nivcsw));
    return 0;
}
