// SPDX-License-Identifier: GPL-3.0-or-later
/// Where settings and rules lie, and in which order they are read.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "core/policy_reading.hpp"

namespace priorityd::kernel {

/// Folders and files of one kind. Of files with the same name the one in the later place hides the earlier ones.
struct PolicyPlaces {
    enum class Origin : std::uint8_t {
        standard,  ///< It is fine when they do not exist.
        given,     ///< Named by somebody, so each must exist; may be files too.
    };
    Origin origin = Origin::standard;
    std::vector<std::filesystem::path> paths;  ///< Lowest precedence first.
};

struct PolicySources {
    PolicyPlaces settings;          ///< Files alone: the last that exists is read, unless given: then all are.
    PolicyPlaces settings_folders;  ///< *.toml in them are read after `settings`, and override it key by key.
    PolicyPlaces rules;             ///< Folders, or when given also single files.
    PolicyPlaces ananicy;           ///< The same for rules of ananicy, each folder with all below it.
    /// Where the settings may bring in ananicy folders: `ananicy_dirs` and, for what is standard, [compat] ananicy.
    enum class FromSettings : std::uint8_t { nothing, named, named_or_standard };
    FromSettings from_settings = FromSettings::nothing;
    std::filesystem::path standard_ananicy_folder;
};

/// What is read when nothing is said: priorityd/priorityd.toml, priorityd.toml.d and rules.d below usr/lib, run and etc
/// of `root`, and what the settings say of ananicy.
[[nodiscard]] PolicySources default_sources(const std::filesystem::path& root = "/");
/// Settings from this file alone, and no folder beside it: for --config.
void use_settings_file(PolicySources& sources, const std::filesystem::path& file);
/// Rules from these folders or files instead of the standard ones: for --rules. Those of ananicy are known by what is
/// in them. Folders that the settings name are still read.
void use_rules(PolicySources& sources, const std::vector<std::filesystem::path>& places);

/// Where a rule goes that is to win over those that lie elsewhere: the last folder of rules, whether or not it exists.
/// Empty where rules were given as files alone.
[[nodiscard]] std::optional<std::filesystem::path> folder_for_new_rules(const PolicySources& sources);

/// Reads all that is in force: settings, ananicy, rules; settings and rules each in the order of file names (of their
/// bytes), whatever folder they lie in. What is hidden by a file of the same name in a later folder is not looked at;
/// an empty file or a link to /dev/null hides and adds nothing. Files whose name begins with a dot or does not end in
/// ".toml" are ignored. Of ananicy all files are read, folder by folder. What cannot be read is in the list too, with
/// `error`. Never waits: FIFOs and devices are refused.
[[nodiscard]] std::vector<PolicyFile> read_policy_files(const PolicySources& sources);

/// The folders in which a change may change the policy, whether or not they exist yet; none twice. Reads the settings,
/// which may name some. Not among them: where links to files in these folders lead to.
[[nodiscard]] std::vector<std::filesystem::path> folders_to_watch(const PolicySources& sources);

}  // namespace priorityd::kernel
