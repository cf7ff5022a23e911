// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/open_gpus.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>

#include "kernel/folder.hpp"
#include "kernel/procfs_text.hpp"
#include "kernel/small_file.hpp"

namespace priorityd::kernel {

void OpenGpus::add(int descriptor, std::string_view link)
{
    std::array<char, 4096> buffer;
    const auto file = "../fdinfo/" + std::to_string(descriptor);
    auto use = parse_gpu_use(read_small_file(task_, file.c_str(), buffer).value_or(std::string_view{}));
    if (use.address.empty())
        use.address = address_of(link);
    if (use.address.empty())
        return;
    auto& is_idle = is_idle_.try_emplace(use.address, true).first->second;
    is_idle = is_idle && use.busy == 0U;
}

std::vector<std::string> OpenGpus::addresses() const
{
    std::vector<std::string> open;
    std::vector<std::string> at_work;
    for (const auto& [address, is_idle] : is_idle_) {
        open.push_back(address);
        if (!is_idle)
            at_work.push_back(address);
    }
    return at_work.empty() ? open : at_work;
}

std::string OpenGpus::address_of(std::string_view device) const
{
    constexpr std::string_view kRender = "/dev/dri/", kNvidia = "/dev/nvidia";
    if (device.starts_with(kNvidia)) {
        const auto minor = parse_number<int>(device.substr(kNvidia.size()));
        return minor ? nvidia_address(*minor) : std::string{};
    }
    if (!device.starts_with(kRender))
        return {};
    std::array<char, PATH_MAX> buffer;
    const auto file = "class/drm/" + std::string{device.substr(kRender.size())} + "/device";
    const auto length = ::readlinkat(roots_.sys.get(), file.c_str(), buffer.data(), buffer.size());
    const std::string_view target{buffer.data(), length < 0 ? 0 : static_cast<std::size_t>(length)};
    return std::string{target.substr(target.rfind('/') + 1)};
}

std::string OpenGpus::nvidia_address(int minor) const
{
    const std::string gpus = "driver/nvidia/gpus";
    const Folder folder = open_folder(roots_.proc.get(), gpus.c_str());
    std::array<char, 4096> buffer;
    while (const dirent* entry = folder ? ::readdir(folder.get()) : nullptr) {
        const auto file = gpus + "/" + entry->d_name + "/information";
        const auto text = read_small_file(roots_.proc.get(), file.c_str(), buffer);
        if (text && parse_nvidia_minor(*text) == minor)
            return entry->d_name;
    }
    return {};
}

}  // namespace priorityd::kernel
