// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/override_store.hpp"

#include <algorithm>
#include <cerrno>
#include <string_view>

#include <fmt/format.h>

#include "core/text.hpp"
#include "core/toml/override_toml.hpp"

namespace priorityd::daemon {
namespace {

constexpr std::string_view kSuffix = ".toml";
/// Ten times what an override with the longest glob takes. Larger is a file that has strayed here.
constexpr std::size_t kLargestFile = 64UL * 1024;

std::string file_name(const std::string& id)
{
    return id + std::string{kSuffix};
}

bool is_file_name(std::string_view name)
{
    return name.ends_with(kSuffix) && !name.starts_with('.');
}

/// Ids are numbers without leading zeros: the longer is the greater.
bool has_lower_id(const Override& a, const Override& b)
{
    return std::pair{a.id.size(), std::string_view{a.id}} < std::pair{b.id.size(), std::string_view{b.id}};
}

std::string first_error(const Diagnostics& diagnostics)
{
    const auto first = std::ranges::find(diagnostics, Diagnostic::Level::error, &Diagnostic::level);
    const auto further = std::ranges::count(first + 1, diagnostics.end(), Diagnostic::Level::error, &Diagnostic::level);
    return further == 0 ? first->to_text() : fmt::format("{} (and {} more)", first->to_text(), further);
}

Result<void> write_override(const DurableFolder& folder, const Override& permanent)
{
    const auto text = to_toml(permanent);
    if (!text)
        return tl::unexpected{text.error()};
    if (text->size() > kLargestFile)
        return failure(EFBIG, fmt::format("override {} of {} bytes", permanent.id, text->size()));
    return folder.write(file_name(permanent.id), *text);
}

}  // namespace

Result<OverrideStore> OverrideStore::open(const std::filesystem::path& state)
{
    auto folder = DurableFolder::open(state / "overrides.d");
    if (!folder)
        return tl::unexpected{folder.error()};
    auto thread = DiskThread::open();
    if (!thread)
        return tl::unexpected{thread.error()};
    return OverrideStore{*std::move(folder), *std::move(thread)};
}

OverrideStore::Loaded OverrideStore::load()
{
    folder_->discard_drafts();
    Loaded loaded;
    auto names = folder_->names();
    if (!names) {
        loaded.notes.push_back(escaped(names.error().message()));
        return loaded;
    }
    std::ranges::sort(*names);
    for (const auto& name : *names) {
        if (is_file_name(name))
            load_file(name, loaded);
    }
    std::ranges::sort(loaded.overrides, has_lower_id);
    return loaded;
}

void OverrideStore::load_file(const std::string& name, Loaded& into) const
{
    const auto text = folder_->read(name, kLargestFile);
    if (!text && is_passing(text.error())) {
        into.notes.push_back(fmt::format("{}; the override is not in force", escaped(text.error().message())));
        return;
    }
    if (!text)
        return set_aside(name, escaped(text.error().message()), into);
    const auto path = escaped(folder_->path_of(name));
    auto reading = read_override(path, *text);
    if (!reading.kept)
        return set_aside(name, first_error(reading.diagnostics), into);
    if (file_name(reading.kept->id) != name)
        return set_aside(name, fmt::format("{}: says that it is override {}", path, reading.kept->id), into);
    for (const auto& warning : reading.diagnostics)
        into.notes.push_back(warning.to_text());
    into.overrides.push_back(*std::move(reading.kept));
}

void OverrideStore::set_aside(const std::string& name, const std::string& why, Loaded& into) const
{
    const auto aside = folder_->set_aside(name);
    into.notes.push_back(aside ? fmt::format("{}; renamed to {}", why, escaped(*aside))
                               : fmt::format("{}; and {}", why, escaped(aside.error().message())));
}

void OverrideStore::save(Override permanent, Done done)
{
    thread_->hand_over(
        [folder = folder_, permanent = std::move(permanent)] { return write_override(*folder, permanent); },
        std::move(done));
}

void OverrideStore::remove(const std::string& id, Done done)
{
    thread_->hand_over(
        [folder = folder_, id]() -> Result<void> {
            if (!is_override_id(id))
                return failure(EINVAL, fmt::format("remove override {}", escaped(id)));
            return folder->remove(file_name(id));
        },
        std::move(done));
}

}  // namespace priorityd::daemon
