// SPDX-License-Identifier: GPL-3.0-or-later
/// A Learning with two suggestions, which records what was said of them.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "core/learning.hpp"

namespace priorityd::test {

inline SuggestionView linker()
{
    return {.id = "3",
            .name = "mold",
            .exe = "/home/alice/bin/mold",
            .program_class = "build",
            .engine = "behaviour",
            .confidence = 0.84,
            .seen = 13,
            .starts = 13,
            .agreeing = 12,
            .because = "build in 12 of 13 starts"};
}

inline SuggestionView hostile_suggestion()
{
    return {.id = "4",
            .name = "a\n\x1b[2J\xff",
            .exe = "/tmp/a\n\x1b[2J\xff",
            .program_class = "media",
            .engine = "llm",
            .confidence = 0.9,
            .seen = 7,
            .starts = 0,
            .agreeing = 0,
            .because = "it plays"};
}

class FakeLearning final : public Learning {
public:
    std::vector<SuggestionView> kept{linker(), hostile_suggestion()};
    std::vector<std::string> accepted;
    std::vector<std::string> rejected;
    int forgotten = 0;

    [[nodiscard]] std::vector<SuggestionView> suggestions() const override { return kept; }

    void accept(const std::string& id, Done done) override
    {
        if (!take(id))
            return done(no_such(id));
        accepted.push_back(id);
        done("/etc/priorityd/rules.d/80-accepted.toml");
    }

    [[nodiscard]] Verdict<void> reject(const std::string& id) override
    {
        if (!take(id))
            return no_such(id);
        rejected.push_back(id);
        return {};
    }

    void forget() override
    {
        ++forgotten;
        kept.clear();
    }

private:
    static tl::unexpected<Refusal> no_such(const std::string& id)
    {
        return refuse(Refusal::Kind::no_such_suggestion, "there is no suggestion " + id);
    }
    bool take(const std::string& id)
    {
        return std::erase_if(kept, [&](const SuggestionView& one) { return one.id == id; }) > 0;
    }
};

}  // namespace priorityd::test
