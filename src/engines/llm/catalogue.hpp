// SPDX-License-Identifier: GPL-3.0-or-later
/// What models have said of programs, and what asking them has cost, on disk: catalogue.sqlite in the state folder. It
/// is there when the server of the model is not.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "core/scoring/told_program.hpp"
#include "engines/llm/budget.hpp"
#include "engines/llm/finding.hpp"
#include "kernel/own_database.hpp"

namespace priorityd::llm {

/// Waits for the disk. Errors of all members: those of kernel::Database.
class Catalogue {
public:
    /// So many answers are kept, those that were given last: some MB.
    static constexpr std::int64_t kMost = 20'000;

    /// Opens the file in this folder, or makes it. One that is broken, of another version or no database is moved
    /// aside, and `on_loss` is told a line about that.
    [[nodiscard]] static Result<Catalogue> open(const std::filesystem::path& folder,
                                                const std::function<void(const std::string&)>& on_loss);

    /// The key of a question to this model.
    [[nodiscard]] Result<Key> key_of(const ToldProgram& program, const std::string& model);
    /// What is known, if it is from `oldest` or later.
    [[nodiscard]] Result<std::optional<Finding>> find(const Key& key, Date oldest);
    /// Keeps all of them or none.
    [[nodiscard]] Result<void> keep(const std::vector<Finding>& findings, Date now);

    /// Those since then, in order of time.
    [[nodiscard]] Result<std::vector<Expense>> expenses(Date since);
    [[nodiscard]] Result<void> keep(const Expense& expense);

private:
    explicit Catalogue(kernel::Database database) : database_{std::move(database)} {}
    [[nodiscard]] Result<std::int64_t> number_of(const std::string& setting);
    [[nodiscard]] Result<void> write(const std::vector<Finding>& findings, Date now);

    kernel::Database database_;
    std::map<std::string, std::int64_t> settings_;  // numbers of classes, model and prompt together
};

}  // namespace priorityd::llm
