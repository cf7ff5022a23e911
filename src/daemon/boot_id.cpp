// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/boot_id.hpp"

#include <fcntl.h>

#include <array>

#include "kernel/small_file.hpp"

namespace priorityd::daemon {

Result<std::string> boot_id()
{
    std::array<char, 64> buffer;
    auto text = kernel::read_small_file(AT_FDCWD, "/proc/sys/kernel/random/boot_id", buffer);
    if (!text)
        return tl::unexpected{text.error()};
    return std::string{text->substr(0, text->find('\n'))};
}

}  // namespace priorityd::daemon
