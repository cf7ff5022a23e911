// SPDX-License-Identifier: GPL-3.0-or-later
/// The behaviour engine on samples: made up ones at the edges, and recorded ones of real workloads.
#include "core/scoring/behaviour.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace priorityd;
using namespace std::chrono_literals;

namespace {

/// One line of a recording; see tests/bench/record_behaviour.py.
UsageSample sample_of(const std::string& line)
{
    std::istringstream numbers{line};
    std::int64_t when = 0, run = 0, delay = 0, children_run = 0;
    UsageSample sample;
    numbers >> when >> run >> delay >> sample.turns >> sample.sleeps >> sample.preemptions >> sample.bytes >>
        children_run >> sample.threads;
    REQUIRE(numbers);
    sample.when = Instant{std::chrono::nanoseconds{when}};
    sample.run = std::chrono::nanoseconds{run};
    sample.delay = std::chrono::nanoseconds{delay};
    sample.children_run = std::chrono::nanoseconds{children_run};
    return sample;
}

std::vector<UsageSample> recording(const std::filesystem::path& file)
{
    std::vector<UsageSample> samples;
    std::ifstream in{file};
    for (std::string line; std::getline(in, line);) {
        if (!line.starts_with('#'))
            samples.push_back(sample_of(line));
    }
    return samples;
}

/// What comes after `now` in a window such as the one between two samples.
UsageSample advanced(UsageSample now, const UsageSample& begin, const UsageSample& end)
{
    now.when += end.when - begin.when;
    now.run += end.run - begin.run;
    now.delay += end.delay - begin.delay;
    now.turns += end.turns - begin.turns;
    now.sleeps += end.sleeps - begin.sleeps;
    now.preemptions += end.preemptions - begin.preemptions;
    now.bytes += end.bytes - begin.bytes;
    now.children_run += end.children_run - begin.children_run;
    now.threads = end.threads;
    return now;
}

std::string class_of(const Behaviour& behaviour)
{
    const auto advice = behaviour.advice();
    return advice ? advice->program_class : "";
}

/// What a workload of that name is to be taken for.
std::string wanted(const std::string& workload)
{
    if (workload.starts_with("hog") || workload.starts_with("compress") || workload.starts_with("writer"))
        return "batch";
    if (workload.starts_with("build") || workload.starts_with("archiver"))
        return "build";
    if (workload.starts_with("periodic"))
        return "media";
    if (workload.starts_with("editor"))
        return "interactive";
    if (workload.starts_with("server"))
        return "service";
    return "";
}

}  // namespace

TEST_CASE("real workloads are taken for what they are after four seconds, and stay it")
{
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator{RECORDINGS}) {
        const auto name = entry.path().filename().string();
        CAPTURE(name);
        ++files;
        Behaviour behaviour;
        std::size_t seen = 0;
        for (const auto& sample : recording(entry.path())) {
            behaviour.add(sample);
            if (++seen > 4)
                CHECK(class_of(behaviour) == wanted(name));
        }
        CHECK(seen > 8);
    }
    CHECK(files >= 16);
}

TEST_CASE("over ten minutes of the same work the class never changes")
{
    for (const auto& entry : std::filesystem::directory_iterator{RECORDINGS}) {
        const auto name = entry.path().filename().string();
        CAPTURE(name);
        const auto samples = recording(entry.path());
        Behaviour behaviour;
        std::size_t seen = 0;
        for (UsageSample now = samples.front(); now.when < samples.front().when + 10min; ++seen) {
            behaviour.add(now);
            if (seen >= 4)
                REQUIRE(class_of(behaviour) == wanted(name));
            // The windows of the recording, one after the other, again and again.
            const std::size_t first = 1 + seen % (samples.size() - 1);
            now = advanced(now, samples[first - 1], samples[first]);
        }
        CHECK(seen > 300);
    }
}

TEST_CASE("one window says nothing, and a program that another has replaced is looked at anew")
{
    Behaviour behaviour;
    UsageSample sample;
    for (int i = 0; i < 4; ++i) {
        behaviour.add(sample);
        sample.when += 1s;
        sample.run += 1s;
        CHECK(behaviour.advice().has_value() == (i >= 2));
    }
    sample.run = 0s;
    behaviour.add(sample);
    CHECK_FALSE(behaviour.advice());
}
