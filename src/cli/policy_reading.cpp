// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/policy_reading.hpp"

#include <algorithm>
#include <filesystem>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "core/policy_reading.hpp"
#include "kernel/accounts.hpp"
#include "kernel/policy_folders.hpp"

namespace priorityd::cli {
namespace {

namespace fs = std::filesystem;

ReadPolicy read(const kernel::PolicySources& sources)
{
    const std::vector<PolicyFile> files = kernel::read_policy_files(sources);
    PolicyReading reading = read_policy(files, kernel::SystemAccounts{});
    ReadPolicy result{.policy = nullptr, .diagnostics = std::move(reading.diagnostics), .files = files.size()};
    if (reading.policy)
        result.policy = std::make_shared<const Policy>(*std::move(reading.policy));
    return result;
}

bool is_settings_file(const fs::path& path)
{
    return path.filename() == "priorityd.toml" || path.parent_path().filename() == "priorityd.toml.d";
}

bool is_settings_folder(const fs::path& path)
{
    // A path that ends in a slash has an empty file name.
    return path.filename() == "priorityd.toml.d" || (!path.has_filename() && is_settings_file(path));
}

ReadPolicy read_policy_with(const Paths& rules)
{
    kernel::PolicySources sources = kernel::default_sources();
    kernel::use_rules(sources, {rules.begin(), rules.end()});
    sources.from_settings = kernel::PolicySources::FromSettings::nothing;
    return read(sources);
}

struct InForce {
    Paths files;
    std::string overlay;
};

/// Empty when nobody says; nobody is started to say it.
InForce ask_what_is_in_force(const Context& context)
{
    auto client = find_daemon(context);
    if (!client || !client->is_there())
        return {};
    auto status = client->status();
    return status ? InForce{std::move(status->daemon.rule_files), std::move(status->overlay.name)} : InForce{};
}

ReadPolicy read_policy_in_force(const Context& context)
{
    const auto in_force = ask_what_is_in_force(context);
    ReadPolicy reading = read_policy_of(in_force.files);
    const auto* overlay = reading.policy ? reading.policy->find_overlay(in_force.overlay) : nullptr;
    if (overlay)
        reading.policy = std::make_shared<const Policy>(reading.policy->overlaid(*overlay));
    return reading;
}

std::string mistakes_text(const Diagnostics& diagnostics)
{
    const auto first = std::ranges::find(diagnostics, Diagnostic::Level::error, &Diagnostic::level);
    if (first == diagnostics.end())
        return {};
    const auto further = std::ranges::count(first + 1, diagnostics.end(), Diagnostic::Level::error, &Diagnostic::level);
    if (further == 0)
        return first->to_text();
    return fmt::format("{} (and {}: see \"priorityctl check\")", first->to_text(),
                       counted(static_cast<std::uint64_t>(further), "further error"));
}

}  // namespace

ReadPolicy read_policy_of(const Paths& places)
{
    if (places.empty())
        return read(kernel::default_sources());
    constexpr auto kGiven = kernel::PolicyPlaces::Origin::given;
    kernel::PolicySources sources{.settings = {kGiven, {}}, .settings_folders = {kGiven, {}}};
    std::vector<fs::path> rules;
    for (const fs::path path : places) {
        if (is_settings_folder(path))
            sources.settings_folders.paths.push_back(path);
        else if (is_settings_file(path))
            sources.settings.paths.push_back(path);
        else
            rules.push_back(path);
    }
    kernel::use_rules(sources, rules);
    sources.from_settings = kernel::PolicySources::FromSettings::nothing;
    return read(sources);
}

tl::expected<std::shared_ptr<const Policy>, ExitStatus> usable_policy(const Context& context, const Paths& rules)
{
    ReadPolicy reading = rules.empty() ? read_policy_in_force(context) : read_policy_with(rules);
    if (reading.policy)
        return reading.policy;
    return tl::unexpected{fail(ExitStatus::refused, "the rules cannot be used: " + mistakes_text(reading.diagnostics))};
}

void add_rules_option(CLI::App& verb, Paths& rules)
{
    verb.add_option("--rules", rules, "Read rules from this folder or file alone; may be repeated")
        ->type_name("DIR|FILE")
        ->expected(1)
        ->take_all();
}

}  // namespace priorityd::cli
