// SPDX-License-Identifier: GPL-3.0-or-later
/// The verbs of priorityctl. To add one, write its file, declare it here, and add a row to the table in main.cpp.
#pragma once

#include <functional>
#include <string>

#include <tl/expected.hpp>

#include "bus/client.hpp"
#include "cli/output.hpp"

namespace CLI {  // NOLINT(readability-identifier-naming): its own spelling
class App;
}

namespace priorityd::cli {

/// What is said before the verb.
struct Context {
    enum class Format : std::uint8_t { text, json };
    std::string bus = "system";  ///< What bus::parse_address takes.
    Format format = Format::text;
    Colour colour = Colour::off;

    [[nodiscard]] bool is_json() const { return format == Format::json; }
};

/// What a verb does once its options have been read.
using Run = std::function<ExitStatus(const Context&)>;

// Each of them puts its options on the subcommand `verb` and says what to do with them.

[[nodiscard]] Run add_status(CLI::App& verb);
[[nodiscard]] Run add_list(CLI::App& verb);
[[nodiscard]] Run add_explain(CLI::App& verb);
[[nodiscard]] Run add_monitor(CLI::App& verb);
[[nodiscard]] Run add_classify(CLI::App& verb);
[[nodiscard]] Run add_check(CLI::App& verb);
[[nodiscard]] Run add_engines(CLI::App& verb);
[[nodiscard]] Run add_evaluate(CLI::App& verb);
[[nodiscard]] Run add_import(CLI::App& verb);
[[nodiscard]] Run add_rules(CLI::App& verb);
[[nodiscard]] Run add_classes(CLI::App& verb);
[[nodiscard]] Run add_profile(CLI::App& verb);
[[nodiscard]] Run add_reload(CLI::App& verb);
[[nodiscard]] Run add_set(CLI::App& verb);
[[nodiscard]] Run add_suggestions(CLI::App& verb);
[[nodiscard]] Run add_topology(CLI::App& verb);
[[nodiscard]] Run add_unset(CLI::App& verb);
[[nodiscard]] Run add_overrides(CLI::App& verb);
[[nodiscard]] Run add_user_rules(CLI::App& verb);

/// The bus that the context names. That somebody is there is known with the first call.
[[nodiscard]] bus::ClientResult<bus::ManagerClient> find_daemon(const Context& context);
/// The same; else the exit status, and the error has been printed.
[[nodiscard]] tl::expected<bus::ManagerClient, ExitStatus> connect(const Context& context);
/// Prints the error; the exit status that belongs to it.
ExitStatus fail(const bus::ClientError& error);

}  // namespace priorityd::cli
