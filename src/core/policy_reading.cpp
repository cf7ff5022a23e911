// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/policy_reading.hpp"

#include <utility>

#include "core/ananicy/catalogue.hpp"
#include "core/policy_builder.hpp"
#include "core/text.hpp"
#include "core/toml/policy_toml.hpp"

namespace priorityd {
namespace {

/// The files given, with what they add up to.
class PolicyReader {
public:
    PolicyReader(const Accounts& accounts, const Policy* base)
        : accounts_{accounts},
          builder_{base ? PolicyBuilder{*base} : PolicyBuilder{}},
          settings_{base ? base->settings() : Settings{}}
    {
        settings_.overlays.clear();  // those of the base name overlays of the base
    }

    void read(const PolicyFile& file);
    [[nodiscard]] PolicyReading finish();

private:
    void put_ananicy_below();

    const Accounts& accounts_;
    PolicyBuilder builder_;
    Settings settings_;
    Diagnostics diagnostics_;
    ananicy::Tree ananicy_;
    std::vector<ananicy::SourceFile> ananicy_files_;
};

void PolicyReader::read(const PolicyFile& file)
{
    using Kind = PolicyFile::Kind;
    const auto number = builder_.add_file(file.path);
    if (!file.error.empty())
        diagnostics_.push_back({.file = file.path, .what = escaped(file.error)});
    else if (file.kind == Kind::settings)
        read_settings_toml(file.path, file.text, settings_, diagnostics_);
    else if (file.kind == Kind::rules)
        read_rules_toml(number, file.path, file.text, accounts_, builder_, diagnostics_);
    else if (file.kind == Kind::ananicy)
        ananicy::read_lines(ananicy_files_.emplace_back(ananicy::SourceFile{number, file.path}), file.text, ananicy_,
                            diagnostics_);
    else
        ananicy::read_conf(file.path, file.text, ananicy_, diagnostics_);
}

PolicyReading PolicyReader::finish()
{
    put_ananicy_below();
    builder_.use(settings_);
    Policy policy = builder_.build(diagnostics_);
    sort(diagnostics_);
    PolicyReading reading{.policy = {}, .diagnostics = std::move(diagnostics_)};
    if (!has_errors(reading.diagnostics))
        reading.policy = std::move(policy);
    return reading;
}

void PolicyReader::put_ananicy_below()
{
    const auto is_taken = [this](const std::string& name) { return builder_.knows_class(name); };
    auto catalogue = ananicy::make_catalogue(std::move(ananicy_), ananicy_files_, is_taken, diagnostics_);
    for (auto& program_class : catalogue.classes)
        builder_.define_class(std::move(program_class));
    builder_.add_lowest(std::move(catalogue.rules));
}

}  // namespace

PolicyReading read_policy(const std::vector<PolicyFile>& files, const Accounts& accounts, const Policy* base)
{
    PolicyReader reader{accounts, base};
    for (const auto& file : files)
        reader.read(file);
    return reader.finish();
}

Settings read_settings(const std::vector<PolicyFile>& files)
{
    Settings settings;
    Diagnostics ignored;
    for (const auto& file : files) {
        if (file.kind == PolicyFile::Kind::settings && file.error.empty())
            read_settings_toml(file.path, file.text, settings, ignored);
    }
    return settings;
}

}  // namespace priorityd
