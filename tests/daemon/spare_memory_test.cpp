// SPDX-License-Identifier: GPL-3.0-or-later
/// Giving back what only the start needed takes nothing away that is needed later.
#include "daemon/spare_memory.hpp"

#include <fstream>
#include <string>

#include <doctest/doctest.h>

namespace {

int counter = 41;                                   // in a segment that is written
const char* const kText = "as it was in the file";  // in one that is not

/// Of this process, in KiB: pages of files that are mapped. Source: proc(5), status.
int mapped_file_pages()
{
    std::ifstream status{"/proc/self/status"};
    for (std::string word; status >> word;) {
        int size = 0;
        if (word == "RssFile:" && status >> size)
            return size;
    }
    return -1;
}

}  // namespace

TEST_CASE("fewer pages of files are mapped afterwards, and what is touched again is as it was")
{
    ++counter;
    const int before = mapped_file_pages();
    priorityd::daemon::give_back_spare_memory();
    const int after = mapped_file_pages();
    CHECK(after < before);
    CHECK(counter == 42);
    CHECK(std::string{kText} == "as it was in the file");
    CHECK_THROWS_AS(throw std::string{"unwinding reads tables that were given back"}, std::string);
}
