// SPDX-License-Identifier: GPL-3.0-or-later
/// Measures what rules cost: to be read, to be kept, to be looked through. policybench [--quick] [ANANICY-TREE]
///
/// Prints one JSON document a set of rules: the tree's, and generated ones of 6,400 and 50,000. Times are the least of
/// several runs, so that other programs do not count; those of look-ups are medians, to be compared with the median of
/// the empty policy beside them, which is measured in turn with them.
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "core/ananicy/catalogue.hpp"
#include "core/ananicy/toml_text.hpp"
#include "core/decide.hpp"
#include "core/names.hpp"
#include "core/policy_reading.hpp"
#include "kernel/accounts.hpp"
#include "kernel/policy_folders.hpp"

using namespace priorityd;

namespace {

using Files = std::vector<PolicyFile>;
using Clock = std::chrono::steady_clock;

/// What is asked about at a time: so many that the clock's own cost does not count.
constexpr std::size_t kBatch = 32;

double nanoseconds(Clock::duration duration)
{
    return std::chrono::duration<double, std::nano>(duration).count();
}

Policy policy_of(const Files& files)
{
    auto reading = read_policy(files, kernel::SystemAccounts{});
    if (!reading.policy) {
        fmt::print(stderr, "{}\n", reading.diagnostics.front().to_text());
        std::exit(1);
    }
    return *std::move(reading.policy);
}

/// Microseconds a rule, from texts in memory to a policy.
double reading_time(const Files& files, std::size_t rules, int runs)
{
    double least = 1e18;
    for (int run = 0; run < runs; ++run) {
        const auto begin = Clock::now();
        const auto policy = policy_of(files);
        least = std::min(least, nanoseconds(Clock::now() - begin));
    }
    return least / 1000 / static_cast<double>(rules);
}

/// Bytes that a policy keeps of the heap.
std::size_t heap_of(const Files& files)
{
    ::malloc_trim(0);
    const auto before = ::mallinfo2();
    const auto policy = std::make_unique<const Policy>(policy_of(files));
    const auto after = ::mallinfo2();
    return after.uordblks + after.hblkhd - before.uordblks - before.hblkhd;
}

/// The same rules in priorityd's own language.
Files converted(const Files& files)
{
    ananicy::Tree tree;
    Diagnostics ignored;
    std::vector<ananicy::SourceFile> sources;
    for (const auto& file : files) {
        sources.push_back({static_cast<std::uint32_t>(sources.size()), file.path});
        if (file.kind == PolicyFile::Kind::ananicy)
            ananicy::read_lines(sources.back(), file.text, tree, ignored);
    }
    const auto catalogue = ananicy::make_catalogue(
        std::move(tree), sources, [](const std::string&) { return false; }, ignored);
    return {{PolicyFile::Kind::rules, "converted.toml", ananicy::toml_text(catalogue, sources, "", ignored), ""}};
}

/// Programs that no rule knows, as they start on a machine: exe, comm and argv[0] are one name.
std::vector<Snapshot> strangers(std::size_t count)
{
    std::mt19937 random{7};
    std::vector<Snapshot> all;
    for (std::size_t i = 0; i < count; ++i)
        all.push_back(snapshot_of({.name = fmt::format("stranger-{}", random()), .exe = {}, .args = {"-c", "true"}}));
    return all;
}

/// Programs that have a rule.
std::vector<Snapshot> known(const Policy& policy, std::size_t count)
{
    std::mt19937 random{7};
    std::vector<Snapshot> all;
    while (all.size() < count) {
        const auto name = policy.exact_name(policy.rules()[random() % policy.rules().size()]);
        if (!name.empty())
            all.push_back(snapshot_of({.name = std::string{name}}));
    }
    return all;
}

double median(std::vector<double> values)
{
    std::ranges::sort(values);
    return values[values.size() / 2];
}

/// Nanoseconds for finding the rules of one program, and what the batches of all programs took.
void look_up(const Policy& policy, const std::vector<Snapshot>& programs, std::vector<double>& times)
{
    std::vector<std::uint32_t> candidates;
    std::size_t found = 0;
    for (std::size_t i = 0; i + kBatch <= programs.size(); i += kBatch) {
        const auto begin = Clock::now();
        for (std::size_t j = i; j < i + kBatch; ++j) {
            policy.candidates(programs[j].names, candidates);
            found += candidates.size();
        }
        times.push_back(nanoseconds(Clock::now() - begin) / kBatch);
    }
    if (found == ~0UL)
        std::puts("");  // so that the compiler does not leave the work out
}

/// Nanoseconds for a whole decision: what is needed, who says what.
void decide(const Engines& engines, const std::vector<Snapshot>& programs, std::vector<double>& times)
{
    std::size_t said = 0;
    for (std::size_t i = 0; i + kBatch <= programs.size(); i += kBatch) {
        const auto begin = Clock::now();
        for (std::size_t j = i; j < i + kBatch; ++j) {
            said += needs(engines, programs[j]).empty() ? 1 : 0;
            said += judge(engines, programs[j], Instant{}).contributions().size();
        }
        times.push_back(nanoseconds(Clock::now() - begin) / kBatch);
    }
    if (said == ~0UL)
        std::puts("");
}

struct LookUps {
    double empty, strangers, known;
    double decision_empty, decision_strangers;
};

LookUps look_ups(std::shared_ptr<const Policy> policy, int runs)
{
    constexpr std::size_t kPrograms = 8192;
    const auto nobody = std::make_shared<const Policy>(policy_of({}));
    const auto engines = make_engines({.policy = policy});
    const auto empty_engines = make_engines({.policy = nobody});
    const auto unknown_programs = strangers(kPrograms);
    const auto known_programs = known(*policy, kPrograms);
    std::vector<double> empty, unknown, present, decision_empty, decision_unknown;
    for (int run = 0; run < runs; ++run) {
        look_up(*nobody, unknown_programs, empty);
        look_up(*policy, unknown_programs, unknown);
        look_up(*policy, known_programs, present);
        decide(empty_engines, unknown_programs, decision_empty);
        decide(engines, unknown_programs, decision_unknown);
    }
    return {median(empty), median(unknown), median(present), median(decision_empty), median(decision_unknown)};
}

void measure(std::string_view name, const Files& files, int runs)
{
    const auto policy = std::make_shared<const Policy>(policy_of(files));
    const auto rules = policy->rules().size();
    const auto toml = converted(files);
    const auto found = look_ups(policy, runs);
    const auto bytes = static_cast<double>(heap_of(files)) / static_cast<double>(rules);
    fmt::print(
        "{{\"set\": \"{}\", \"rules\": {}, \"read_us_per_rule\": {:.3f}, \"read_toml_us_per_rule\": {:.3f}, "
        "\"bytes_per_rule\": {:.1f}, \"toml_bytes_per_rule\": {:.1f}, \"look_up_empty_ns\": {:.1f}, "
        "\"look_up_stranger_ns\": {:.1f}, \"look_up_known_ns\": {:.1f}, \"decision_empty_ns\": {:.1f}, "
        "\"decision_stranger_ns\": {:.1f}}}\n",
        name, rules, reading_time(files, rules, runs), reading_time(toml, rules, runs), bytes,
        static_cast<double>(heap_of(toml)) / static_cast<double>(rules), found.empty, found.strangers, found.known,
        found.decision_empty, found.decision_strangers);
}

/// So many rules like those of the community's catalogue: most for Windows games, most naming a type and nothing else.
Files generated(std::size_t rules)
{
    std::mt19937 random{1};
    std::string types, text;
    for (int type = 0; type < 14; ++type)
        types +=
            fmt::format("{{ \"type\": \"Type-{}\", \"nice\": {}, \"ioclass\": \"best-effort\" }}\n", type, type - 5);
    for (std::size_t i = 0; i < rules; ++i) {
        const auto name = fmt::format("{}-{}{}", random() % 1000, i, random() % 4 > 0 ? " Shipping.exe" : "-bin");
        const auto more = random() % 50 == 0 ? fmt::format(", \"nice\": {}", random() % 20) : std::string{};
        text += fmt::format("{{ \"name\": \"Game {}\", \"type\": \"Type-{}\"{} }}\n", name, random() % 14, more);
    }
    return {{PolicyFile::Kind::ananicy, "/etc/ananicy.d/00.types", types, ""},
            {PolicyFile::Kind::ananicy, "/etc/ananicy.d/generated.rules", text, ""}};
}

Files tree(const std::string& folder)
{
    kernel::PolicySources sources;
    sources.ananicy = {kernel::PolicyPlaces::Origin::given, {folder}};
    return kernel::read_policy_files(sources);
}

}  // namespace

int main(int argc, char** argv)
{
    const std::vector<std::string> words{argv + 1, argv + argc};
    const bool is_quick = std::ranges::find(words, "--quick") != words.end();
    const int runs = is_quick ? 1 : 15;
    for (const auto& word : words) {
        if (word != "--quick")
            measure(word, tree(word), runs);
    }
    measure("generated", generated(is_quick ? 64 : 6400), runs);
    if (!is_quick)
        measure("generated", generated(50'000), runs);
}
