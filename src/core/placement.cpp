// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/placement.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <iterator>
#include <limits>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace priorityd {
namespace {

constexpr std::chrono::seconds kFirstLook{1};
constexpr std::chrono::seconds kLongestPause{60};

bool is_touched(const CpuSet& left, const CpuSet& right)
{
    return !left.intersect(right).empty();
}

/// The CPUs near the GPUs of those addresses; of unknown ones, and without addresses, none.
CpuSet near(const Machine& machine, const std::vector<std::string>& gpus)
{
    CpuSet cpus;
    for (const auto& gpu : machine.gpus) {
        if (std::ranges::find(gpus, gpu.address) != gpus.end())
            cpus = cpus.joined(gpu.cpus);
    }
    return cpus;
}

int node_of(const Machine& machine, const CpuSet& cpus)
{
    for (const auto& [number, node] : machine.numa) {
        if (is_touched(node.cpus, cpus))
            return number;
    }
    return -1;
}

/// As the firmware tells it, 10 to itself. Farther than any where it does not tell.
int distance(const Machine& machine, int from, int to)
{
    constexpr int kItself = 10;
    if (from == to)
        return kItself;
    const auto node = machine.numa.find(from);
    const auto place = std::distance(machine.numa.begin(), machine.numa.find(to));
    const bool is_told = node != machine.numa.end() && place < std::ssize(node->second.distances);
    return is_told ? node->second.distances.at(static_cast<std::size_t>(place)) : std::numeric_limits<int>::max();
}

Result<CpuSet> near_its_gpus(const Machine& machine, const std::vector<std::string>& gpus)
{
    if (gpus.empty())
        return find_set(machine, {"gpu-local"});
    auto cpus = near(machine, gpus);
    if (cpus.empty())
        return failure(EBUSY, fmt::format("where its GPU {} is, the system does not tell", fmt::join(gpus, ", ")));
    return cpus;
}

/// Whether it can make a difference which GPU it is.
bool has_near_gpus(const Machine& machine)
{
    return std::ranges::any_of(machine.gpus, [&](const auto& gpu) { return gpu.cpus != machine.all; });
}

}  // namespace

/// What a program may get: a last-level cache or a node.
struct Placement::Domain {
    std::string name;
    int number = 0;
    CpuSet cpus;
    int node = -1;
    std::uint64_t bytes = 0;
    int speed = 0;
};

/// One choice on one machine, for one process.
class Placement::Chooser {
public:
    Chooser(const Placement& placement, const Machine& machine, const Wish& wish)
        : placement_{placement}, machine_{machine}, wish_{wish}, near_{near(machine, wish.gpus)}
    {
        if (wish.name.text == "numa:auto")
            add_nodes();
        else
            add_caches();
    }

    [[nodiscard]] Result<Place> choose()
    {
        if (domains_.size() < 2)
            return failure(EOPNOTSUPP, fmt::format("the machine has {} {} to choose",
                                                   domains_.empty() ? "no" : "only one", what()));
        std::vector<Domain> chosen = present();
        if (chosen.empty() || is_far_from_its_gpu(chosen))
            chosen = {*best([&](const Domain& domain) { return rank(domain); })};
        else if (could_share_less(chosen))
            chosen = {*best([&, node = chosen.front().node](const Domain& domain) {
                return std::tuple{domain.node != node, rank(domain)};
            })};
        while (count(chosen) < wish_.busy_threads && chosen.size() < domains_.size())
            chosen.push_back(next_to(chosen));
        if (chosen.size() == domains_.size())
            return failure(EBUSY, fmt::format("{} threads at work need every {}", wish_.busy_threads, what()));
        return Place{.cpus = cpus_of(chosen), .because = reason(chosen)};
    }

private:
    /// The lowest is the best; see place().
    using Rank = std::tuple<int, bool, int, std::uint64_t, int, int>;

    [[nodiscard]] const char* what() const
    {
        return wish_.name.text == "numa:auto" ? "NUMA node with CPUs" : "L3 cache";
    }
    /// Memory that has no CPUs of its own counts as near those of others, which have it as a node of theirs.
    void add_nodes()
    {
        CpuSet taken;
        for (const auto& [number, node] : machine_.numa) {
            if (!is_touched(node.cpus, taken))
                add({.name = fmt::format("numa:{}", number), .number = number, .cpus = node.cpus, .node = number});
            taken = taken.joined(node.cpus);
        }
    }
    void add_caches()
    {
        for (const auto& [number, cache] : machine_.llc) {
            if (cache.level < 3)
                continue;  // an L2 is a core's or a pair's
            add({.name = fmt::format("llc:{}", number),
                 .number = number,
                 .cpus = cache.cpus,
                 .node = node_of(machine_, cache.cpus),
                 .bytes = cache.bytes,
                 .speed = cache.speed});
        }
    }
    /// Neither slivers nor those that have slow CPUs alone.
    void add(Domain domain)
    {
        if (domain.cpus.count() >= kLeastCpus && is_touched(domain.cpus, machine_.performance))
            domains_.push_back(std::move(domain));
    }
    [[nodiscard]] int others_on(const CpuSet& cpus) const { return placement_.others_on(cpus, wish_.process.pid); }
    [[nodiscard]] Rank rank(const Domain& domain) const
    {
        const auto node = machine_.numa.find(domain.node);
        const int others_on_node = node == machine_.numa.end() ? 0 : others_on(node->second.cpus);
        return {others_on(domain.cpus), !near_.empty() && !is_touched(domain.cpus, near_),
                others_on_node,         ~domain.bytes,
                -domain.speed,          domain.number};
    }
    template <typename RankOf>
    [[nodiscard]] const Domain* best(RankOf rank_of) const
    {
        return &*std::ranges::min_element(domains_, {}, rank_of);
    }
    /// What it has already, as far as that is still there, in the order of their numbers.
    [[nodiscard]] std::vector<Domain> present() const
    {
        const auto* seat = placement_.seat_of(wish_);
        const CpuSet& has = seat ? seat->cpus : wish_.has;
        std::vector<Domain> had;
        std::ranges::copy_if(domains_, std::back_inserter(had),
                             [&](const Domain& domain) { return is_touched(has, domain.cpus); });
        return had;
    }
    /// It has put its GPU to work after it was given its place.
    [[nodiscard]] bool is_far_from_its_gpu(const std::vector<Domain>& has) const
    {
        const auto* seat = placement_.seat_of(wish_);
        return seat && !seat->knows_gpu && !near_.empty() && !is_touched(cpus_of(has), near_);
    }
    /// It shares with one that came earlier, while fewer are on another one of the same node. Farther it does not move:
    /// its memory is here.
    [[nodiscard]] bool could_share_less(const std::vector<Domain>& present) const
    {
        const Domain& has = present.front();
        const auto* seat = placement_.seat_of(wish_);
        const bool is_second = std::ranges::any_of(placement_.seats_, [&](const auto& entry) {
            const Seat& other = entry.second;
            return seat && other.number < seat->number && is_touched(other.cpus, seat->cpus);
        });
        return is_second && present.size() == 1 && std::ranges::any_of(domains_, [&](const Domain& domain) {
                   return domain.node == has.node && others_on(domain.cpus) < others_on(has.cpus);
               });
    }
    [[nodiscard]] Domain next_to(const std::vector<Domain>& chosen) const
    {
        const Domain& first = chosen.front();
        const auto is_chosen = [&](const Domain& domain) {
            return std::ranges::find(chosen, domain.number, &Domain::number) != chosen.end();
        };
        return *best([&](const Domain& domain) {
            return std::tuple{is_chosen(domain), others_on(domain.cpus), distance(machine_, first.node, domain.node),
                              std::abs(domain.number - first.number)};
        });
    }
    [[nodiscard]] static CpuSet cpus_of(const std::vector<Domain>& domains)
    {
        CpuSet cpus;
        for (const auto& domain : domains)
            cpus = cpus.joined(domain.cpus);
        return cpus;
    }
    [[nodiscard]] static int count(const std::vector<Domain>& domains) { return cpus_of(domains).count(); }
    [[nodiscard]] std::string reason(const std::vector<Domain>& chosen) const
    {
        std::vector<std::string> names;
        std::ranges::transform(chosen, std::back_inserter(names), &Domain::name);
        auto text = fmt::format("{}", fmt::join(names, ", "));
        if (wish_.busy_threads > chosen.front().cpus.count())
            text += fmt::format(" for {} threads at work", wish_.busy_threads);
        const CpuSet cpus = cpus_of(chosen);
        const bool is_any_free = std::ranges::any_of(domains_, [&](const Domain& domain) {
            return !is_touched(domain.cpus, cpus) && others_on(domain.cpus) == 0;
        });
        if (const int others = others_on(cpus); others > 0)
            text += fmt::format(", shared with {} more{}", others, is_any_free ? "" : ": none is free");
        return text;
    }

    const Placement& placement_;
    const Machine& machine_;
    const Wish& wish_;
    CpuSet near_;
    std::vector<Domain> domains_;
};

bool Placement::is_chosen(const CpuSetName& name)
{
    return name.text == "llc:auto" || name.text == "numa:auto" || name.text == "gpu-local";
}

Result<Placement::Place> Placement::choose(const Machine& machine, const Wish& wish) const
{
    if (wish.name.text != "gpu-local")
        return Chooser{*this, machine, wish}.choose();
    auto cpus = near_its_gpus(machine, wish.gpus);
    if (!cpus)
        return tl::unexpected(cpus.error());
    if (*cpus == machine.all)
        return failure(has_near_gpus(machine) ? EBUSY : EOPNOTSUPP,
                       "the GPU is as near to every CPU, or the firmware does not say where it is");
    if (cpus->count() < std::max(kLeastCpus, wish.busy_threads))
        return failure(EBUSY, fmt::format("{} threads at work need more than the {} CPUs near the GPU",
                                          wish.busy_threads, cpus->count()));
    return Place{.cpus = *std::move(cpus),
                 .because = wish.gpus.empty() ? "near the GPUs of this machine"
                                              : fmt::format("near its GPU {}", fmt::join(wish.gpus, ", "))};
}

Result<Placement::Place> Placement::place(const Machine& machine, const Wish& wish, Instant now)
{
    auto place = choose(machine, wish);
    if (!place && place.error().code != EBUSY) {
        release(wish.process.pid, now);
        return place;
    }
    const bool is_new = !seat_of(wish);
    Seat& seat = seats_[wish.process.pid];
    if (is_new)
        seat = {.process = wish.process,
                .name = wish.name,
                .cpus = {},
                .knows_gpu = false,
                .number = next_number_++,
                .since = now,
                .next_look = now + kFirstLook};
    seat.knows_gpu = seat.knows_gpu || !wish.gpus.empty();
    if (place)
        seat.cpus = place->cpus;
    else
        suspend(wish.process.pid, now);
    return place;
}

void Placement::suspend(Pid process, Instant now)
{
    const auto found = seats_.find(process);
    if (found != seats_.end() && !std::exchange(found->second.cpus, {}).empty())
        wake_sharers(now);
}

void Placement::release(Pid process, Instant now)
{
    const auto found = seats_.find(process);
    if (found == seats_.end())
        return;
    seats_.erase(found);
    wake_sharers(now);
}

void Placement::wake_sharers(Instant now)
{
    for (auto& [pid, seat] : seats_) {
        if (others_on(seat.cpus, pid) > 0)
            seat.next_look = now;
    }
}

std::optional<Instant> Placement::deadline() const
{
    std::optional<Instant> first;
    for (const auto& [pid, seat] : seats_)
        first = earlier(first, seat.next_look);
    return first;
}

std::vector<Pid> Placement::take_due(Instant now)
{
    std::vector<Pid> due;
    for (auto& [pid, seat] : seats_) {
        if (seat.next_look > now)
            continue;
        due.push_back(pid);
        seat.next_look = now + std::clamp<Instant::duration>(now - seat.since, kFirstLook, kLongestPause);
    }
    return due;
}

int Placement::others_on(const CpuSet& cpus, Pid process) const
{
    return static_cast<int>(std::ranges::count_if(
        seats_, [&](const auto& entry) { return entry.first != process && is_touched(entry.second.cpus, cpus); }));
}

/// Null when it has none, or had another wish.
const Placement::Seat* Placement::seat_of(const Wish& wish) const
{
    const auto found = seats_.find(wish.process.pid);
    const bool is_same =
        found != seats_.end() && found->second.process == wish.process && found->second.name == wish.name;
    return is_same ? &found->second : nullptr;
}

}  // namespace priorityd
