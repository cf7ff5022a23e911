// SPDX-License-Identifier: GPL-3.0-or-later
/// The units that have a weight from priorityd, where the next priorityd finds them, should this one be killed. Nothing
/// is forced to the disk: what systemd keeps of weights that were set at run time does not outlive the machine either.
#pragma once

#include <filesystem>
#include <set>
#include <utility>
#include <vector>

#include "core/cgroup_path.hpp"
#include "core/result.hpp"
#include "daemon/durable_folder.hpp"

namespace priorityd::daemon {

class ChangedUnits {
public:
    /// Errors: those of mkdir(2) and open(2).
    [[nodiscard]] static Result<ChangedUnits> open(const std::filesystem::path& folder);

    /// What an earlier run has left; once. Of another boot: nothing.
    [[nodiscard]] std::vector<Unit> take_left() { return std::exchange(left_, {}); }

    /// In the order of their names.
    [[nodiscard]] const std::set<Unit>& all() const { return units_; }
    /// When it returns, the next start finds the unit. Errors: those of open(2), write(2) and rename(2).
    [[nodiscard]] Result<void> add(const Unit& unit);
    [[nodiscard]] Result<void> remove(const Unit& unit);

private:
    ChangedUnits(DurableFolder folder, std::string header) : folder_{std::move(folder)}, header_{std::move(header)} {}
    void read_lines(std::string_view lines);
    [[nodiscard]] Result<void> write() const;

    DurableFolder folder_;
    std::string header_;  // with the boot's id and a newline
    std::set<Unit> units_;
    std::vector<Unit> left_;
};

}  // namespace priorityd::daemon
