// SPDX-License-Identifier: GPL-3.0-or-later
/// What people may ask about what was learned of programs: what would like to be a rule, and that all of it is
/// forgotten. Who may ask for it is seen to before.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/control.hpp"
#include "core/scoring/profiles.hpp"

namespace priorityd {

/// A suggestion as people see it.
struct SuggestionView {
    std::string id;
    std::string name;  ///< The program's, without folders.
    std::string exe;   ///< Empty for who may not know it.
    std::string program_class;
    std::string engine;          ///< Who says so.
    double confidence = 0;       ///< 0..1
    std::uint32_t seen = 0;      ///< Starts for which it was said.
    std::uint32_t starts = 0;    ///< Starts whose behaviour has told a class.
    std::uint32_t agreeing = 0;  ///< Of those, how many told this one.
    std::string because;
    friend bool operator==(const SuggestionView&, const SuggestionView&) = default;
};

[[nodiscard]] SuggestionView view_of(const Suggestion& suggestion);

class Learning {
public:
    using Done = std::function<void(Verdict<std::string>)>;

    virtual ~Learning() = default;
    /// Those of programs that no rule gives a class, in the order of their ids.
    [[nodiscard]] virtual std::vector<SuggestionView> suggestions() const = 0;
    /// Makes a rule of it, and tells the file that has it when that is on disk. `done` is called once, now or later.
    /// Refusals: no_such_suggestion; failed when it could not be written: then nothing has changed.
    virtual void accept(const std::string& id, Done done) = 0;
    /// It does not come again. Refusals: no_such_suggestion; limit_reached.
    [[nodiscard]] virtual Verdict<void> reject(const std::string& id) = 0;
    /// All that was learned goes, and what was rejected.
    virtual void forget() = 0;
};

/// Told when something has become a suggestion.
class SuggestionListener {
public:
    virtual ~SuggestionListener() = default;
    virtual void suggestion_added(const SuggestionView& suggestion) = 0;
};

}  // namespace priorityd
