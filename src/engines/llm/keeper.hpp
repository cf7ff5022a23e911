// SPDX-License-Identifier: GPL-3.0-or-later
/// The engine: answers from the catalogue at once, puts off what is not there, and asks the model about that when the
/// time has come.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/scoring/told_program.hpp"
#include "engines/llm/budget.hpp"
#include "engines/llm/catalogue.hpp"
#include "engines/llm/enquiries.hpp"
#include "engines/llm/settings.hpp"

namespace priorityd::llm {

class Keeper final : public Scorer {
public:
    using Then = std::function<void(const Result<std::string>&)>;
    struct Parts {
        Settings settings;
        Catalogue& catalogue;  ///< Outlives this.
        /// Sends a body to the model, and calls back with the body of the answer, later. Errors: as Enquiries::hear.
        std::function<void(std::string, Then)> post;
        std::function<Instant()> now;
        std::function<Date()> today;
        std::function<void(const std::string&)> warn;  ///< Takes a line for the log.
        std::function<void()> on_news;                 ///< deadline() is another one.
    };
    /// What was spent by an earlier process counts on. Errors: those of the catalogue.
    [[nodiscard]] static Result<std::unique_ptr<Keeper>> make(Parts parts);

    [[nodiscard]] ScoreAnswer score(const std::vector<ToldProgram>& programs) override;

    /// When run_due() has something to do.
    [[nodiscard]] std::optional<Instant> deadline();
    void run_due();

    struct Tally {
        std::size_t hits = 0;    ///< Programs of which something was known.
        std::size_t misses = 0;  ///< Those that were put off.
    };
    [[nodiscard]] const Tally& tally() const { return tally_; }
    /// How the server does, how often it need not be asked, what was spent.
    [[nodiscard]] std::string health() override;

private:
    explicit Keeper(Parts parts);
    [[nodiscard]] ScoreRow row_of(const ToldProgram& program);
    [[nodiscard]] ScoreRow put_off(std::chrono::duration<double> wait);
    [[nodiscard]] Instant allowed();
    void hear(const Batch& batch, const Result<std::string>& body);
    void note_expense(std::int64_t tokens);

    Parts parts_;
    Enquiries enquiries_;
    Budget budget_;
    Tally tally_;
    bool is_catalogue_broken_ = false;  // told once, not for each program
};

}  // namespace priorityd::llm
