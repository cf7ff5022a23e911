// SPDX-License-Identifier: GPL-3.0-or-later
/// Desktop entries on this machine: of the programs that they start, and of applications by their ids.
#pragma once

#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "core/scoring/app_id.hpp"
#include "core/snapshot.hpp"

namespace priorityd::kernel {

/// Files that were refused, wholly or in part: too large for what they should be, or not well-formed.
using Refused = std::set<std::string>;
/// There are no more in it: whoever fills a folder with bad files should not fill memory.
constexpr std::size_t kMostRefused = 1024;
void refuse(const std::string& file, Refused& refused);

/// As many as there are programs, in their order: the categories of entries that start them. Where several start the
/// same program, as they do a launcher, what they have in common. `folders`: those that can be read count.
[[nodiscard]] std::vector<std::vector<std::string>> categories_of(const std::vector<ProgramFile>& programs,
                                                                  const std::vector<std::string>& folders,
                                                                  const std::stop_token& stop, Refused& refused);

/// The first of these folders that has the application's entry: its path. Empty where there is none.
[[nodiscard]] std::string entry_of(const App& app, const std::vector<std::string>& folders);
/// Its categories, whatever it starts.
[[nodiscard]] std::vector<std::string> categories_in(const std::string& entry, Refused& refused);

}  // namespace priorityd::kernel
