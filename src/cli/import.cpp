// SPDX-License-Identifier: GPL-3.0-or-later
/// priorityctl import: rules of another daemon as a rule file.
#include <algorithm>
#include <fstream>
#include <memory>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "bus/readable.hpp"
#include "cli/json.hpp"
#include "cli/output.hpp"
#include "cli/verbs.hpp"
#include "core/ananicy/catalogue.hpp"
#include "core/ananicy/toml_text.hpp"
#include "core/lint.hpp"
#include "core/policy_reading.hpp"
#include "kernel/accounts.hpp"
#include "kernel/policy_folders.hpp"

namespace priorityd::cli {
namespace {

struct Options {
    std::string format;
    std::string folder;
    std::string output;
};

struct Import {
    std::size_t files = 0;
    std::size_t rules = 0;
    std::size_t types = 0;
    std::string toml;
    Diagnostics losses;    ///< What could not be kept.
    Diagnostics warnings;  ///< What was kept and is probably not meant.
};

/// Names of this machine's classes, but for those that an earlier import has brought: classes of one name are one.
std::vector<std::string> classes_of_this_machine()
{
    auto sources = kernel::default_sources();
    sources.from_settings = kernel::PolicySources::FromSettings::nothing;
    const auto reading = read_policy(kernel::read_policy_files(sources), kernel::SystemAccounts{});
    std::vector<std::string> names;
    if (!reading.policy)
        return names;
    for (const ProgramClass& one : reading.policy->classes()) {
        if (!ananicy::is_type(one))
            names.push_back(one.name);
    }
    return names;
}

std::vector<PolicyFile> files_below(const std::string& folder)
{
    kernel::PolicySources sources;
    sources.ananicy = {kernel::PolicyPlaces::Origin::given, {folder}};
    return kernel::read_policy_files(sources);
}

/// The tree as it says it is, with the mistakes in it.
ananicy::Catalogue read_catalogue(const std::vector<PolicyFile>& files, std::vector<ananicy::SourceFile>& sources,
                                  Diagnostics& losses)
{
    ananicy::Tree tree;
    for (const PolicyFile& file : files) {
        sources.push_back({.number = static_cast<std::uint32_t>(sources.size()), .path = file.path});
        if (!file.error.empty())
            losses.push_back({.level = Diagnostic::Level::warning, .file = file.path, .what = file.error});
        else if (file.kind == PolicyFile::Kind::ananicy_conf)
            ananicy::read_conf(file.path, file.text, tree, losses);
        else
            ananicy::read_lines(sources.back(), file.text, tree, losses);
    }
    const auto taken = classes_of_this_machine();
    const auto is_taken = [&](const std::string& name) { return std::ranges::find(taken, name) != taken.end(); };
    return ananicy::make_catalogue(std::move(tree), sources, is_taken, losses);
}

Import import_tree(const std::vector<PolicyFile>& files, const std::string& folder)
{
    std::vector<ananicy::SourceFile> sources;
    Import result{.files = files.size()};
    const auto catalogue = read_catalogue(files, sources, result.losses);
    result.rules = catalogue.rules.size();
    result.types = catalogue.classes.size();
    result.toml = ananicy::toml_text(catalogue, sources, folder, result.losses);
    if (const auto reading = read_policy(files, kernel::SystemAccounts{}); reading.policy)
        result.warnings = lint(*reading.policy);
    return result;
}

Json to_json(const Diagnostics& diagnostics)
{
    Json list = Json::array();
    for (const Diagnostic& diagnostic : diagnostics)
        list.push_back(cli::to_json(diagnostic));
    return list;
}

void print_document(const Import& result, const std::string& output)
{
    Json document{{"files", result.files},
                  {"rules", result.rules},
                  {"classes", result.types},
                  {"not_kept", to_json(result.losses)},
                  {"warnings", to_json(result.warnings)}};
    if (output.empty())
        document["toml"] = result.toml;
    print_json(document);
}

std::string report_text(const Import& result)
{
    std::string text;
    for (const Diagnostics* diagnostics : {&result.losses, &result.warnings}) {
        for (const Diagnostic& diagnostic : *diagnostics)
            text += bus::readable(diagnostic.to_text()) + "\n";
    }
    return text + fmt::format("{}: {}, {}; {} could not be kept, {}\n", counted(result.files, "file"),
                              counted(result.rules, "rule"), counted(result.types, "type"),
                              counted(result.losses.size(), "thing"), counted(result.warnings.size(), "warning"));
}

bool write_file(const std::string& path, const std::string& text)
{
    std::ofstream file{path, std::ios::binary | std::ios::trunc};
    file << text << std::flush;
    return file.good();
}

ExitStatus run_import(const Context& context, const Options& options)
{
    const auto files = files_below(options.folder);
    const bool is_broken = files.size() == 1 && files.front().path == options.folder && !files.front().error.empty();
    if (is_broken)
        return fail(ExitStatus::refused, fmt::format("{}: {}", options.folder, files.front().error));
    const Import result = import_tree(files, options.folder);
    if (!options.output.empty() && !write_file(options.output, result.toml))
        return fail(ExitStatus::refused, fmt::format("{}: cannot be written; name another with -o", options.output));
    if (context.is_json()) {
        print_document(result, options.output);
    } else if (options.output.empty()) {
        print(result.toml);
        print_aside(report_text(result));
    } else {
        print(report_text(result));
    }
    return ExitStatus::done;
}

}  // namespace

Run add_import(CLI::App& verb)
{
    const auto options = std::make_shared<Options>();
    verb.add_option("FORMAT", options->format, "What wrote them: ananicy, for ananicy-cpp and ananicy-rs too")
        ->required()
        ->check(CLI::IsMember({"ananicy"}))
        ->type_name("");
    verb.add_option("DIR", options->folder, "The folder with its rules, and all below it")->required()->type_name("");
    verb.add_option("-o,--output", options->output, "Write the rules to this file, and only the report to the terminal")
        ->type_name("FILE");
    verb.footer(
        "Writes one rule file. What could not be kept is listed at its end, with place and reason, and in the report.\n"
        "Which name the file gets decides which rules win: files are read in the order of their names, and the later\n"
        "rule wins. To read such a folder without taking its rules over, see ananicy_dirs in priorityd.toml(5).");
    return [options](const Context& context) { return run_import(context, *options); };
}

}  // namespace priorityd::cli
