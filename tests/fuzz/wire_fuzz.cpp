// SPDX-License-Identifier: GPL-3.0-or-later
/// Fuzz target: messages of the proc connector, on any bytes.
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/event.hpp"
#include "fuzz/expect.hpp"
#include "kernel/proc_connector_wire.hpp"

using namespace priorityd;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    const std::span datagram{reinterpret_cast<const std::byte*>(bytes), size};
    std::size_t events = 0;
    const auto malformed = kernel::decode(datagram, [&](const Event& event) {
        ++events;
        expect(event.comm.size() <= 15);
        expect(event.comm.find('\0') == std::string::npos);
    });
    // No message is shorter than its header of 16 bytes, and the last one may be cut short.
    expect(events + malformed <= size / 16 + 1);
    return 0;
}
