// SPDX-License-Identifier: GPL-3.0-or-later
/// Words that the shells may offer at TAB, as far as the daemon, the rules and /proc know some.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "cli/verbs.hpp"

namespace priorityd::cli {

/// What is offered for one word of a command line. Printed as it is found, a candidate a line: the word, then a tab and
/// what it is, where that is known. All shells filter by what has been typed; what cannot fit it is left out here too.
class Answer {
public:
    /// What a shell knows itself, and completes by itself when it reads the line ":files", ":folders" and so on.
    enum class Own : std::uint8_t { files, folders, users, groups };

    /// `prefix`: what stands in front of the value in the same word, "--class="; it is part of each candidate.
    Answer(std::string prefix, std::string typed) : prefix_{std::move(prefix)}, typed_{std::move(typed)} {}

    /// The value as far as it has been typed.
    [[nodiscard]] const std::string& typed() const { return typed_; }
    /// Any bytes, since programs choose their names: a word that means something to a shell, or that looks like an
    /// option, is left out; `about` is shown readable.
    void offer(std::string_view word, std::string_view about = {}) const;
    /// The same for an option: a word of this program's own.
    void offer_option(std::string_view word, std::string_view about) const;
    static void offer(Own kind);

private:
    void print_candidate(std::string_view word, std::string_view about) const;
    std::string prefix_;
    std::string typed_;
};

// Each of them offers what it can find out. TAB starts no daemon.

void offer_classes(const Context& context, const Answer& answer);
/// Exact names in rules.
void offer_rule_names(const Context& context, const Answer& answer);
/// The files that the daemon has read.
void offer_sources(const Context& context, const Answer& answer);
/// Processes by number, and the names of those that something was decided for.
void offer_processes(const Context& context, const Answer& answer);
/// Processes by number, and patterns: after "name:" and "exe:" with what runs now.
void offer_targets(const Context& context, const Answer& answer);
/// Overrides by id, or by target when the word begins like one.
void offer_overrides(const Context& context, const Answer& answer);

/// What may be chosen: profiles by name, and the two words that stand for none.
void offer_profiles(const Context& context, const Answer& answer);
/// Suggestions by id.
void offer_suggestions(const Context& context, const Answer& answer);

}  // namespace priorityd::cli
