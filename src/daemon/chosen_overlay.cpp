// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/chosen_overlay.hpp"

#include <cerrno>
#include <cstddef>

#include <fmt/format.h>

#include "core/overlay.hpp"
#include "core/text.hpp"

namespace priorityd::daemon {
namespace {

const std::string kName = "profile";
/// A name and a newline are less than half of it. Larger is a file that has strayed here.
constexpr std::size_t kLargestFile = 256;

}  // namespace

Result<ChosenOverlay> ChosenOverlay::open(const std::filesystem::path& state)
{
    auto folder = DurableFolder::open(state);
    if (!folder)
        return tl::unexpected{folder.error()};
    auto thread = DiskThread::open();
    if (!thread)
        return tl::unexpected{thread.error()};
    return ChosenOverlay{*std::move(folder), *std::move(thread)};
}

ChosenOverlay::Loaded ChosenOverlay::load() const
{
    const std::string automatic{kAutomatic};
    const auto text = folder_->read(kName, kLargestFile);
    if (!text && text.error().code == ENOENT)
        return {automatic, {}};
    if (!text && is_passing(text.error()))
        return {automatic, fmt::format("{}; no profile is chosen", escaped(text.error().message()))};
    if (text && text->ends_with('\n')) {
        const auto word = text->substr(0, text->size() - 1);
        if (is_overlay_name(word) || word == kNoOverlay)
            return {word, {}};
    }
    const auto why = text ? folder_->path_of(kName) + ": no name of a profile" : text.error().message();
    const auto aside = folder_->set_aside(kName);
    return {automatic, aside ? fmt::format("{}; renamed to {}, and no profile is chosen", escaped(why), escaped(*aside))
                             : fmt::format("{}; and {}", escaped(why), escaped(aside.error().message()))};
}

void ChosenOverlay::save(const std::string& choice, Done done)
{
    const auto write = [folder = folder_, choice]() -> Result<void> {
        return choice == kAutomatic ? folder->remove(kName) : folder->write(kName, choice + '\n');
    };
    thread_->hand_over(write, std::move(done));
}

}  // namespace priorityd::daemon
