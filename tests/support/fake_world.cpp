// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/fake_world.hpp"

#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "core/scoring/arbiter.hpp"
#include "core/scoring/program_cache.hpp"

namespace priorityd::test {
namespace {

Names names_of_fake(const FakeProcess& fake)
{
    Snapshot process;
    process.exe = fake.exe;
    process.comm = fake.comm;
    process.argv = fake.argv;
    return names_of(process);
}

}  // namespace

class FakeHandle final : public ProcessHandle {
public:
    FakeHandle(FakeKernel& kernel, const FakeProcess& process)
        : kernel_{kernel}, pid_{process.pid}, start_ticks_{process.start_ticks}
    {
    }
    [[nodiscard]] Pid pid() const override { return Pid{pid_}; }

    [[nodiscard]] Result<void> read(FactSet wanted, Snapshot& into) override
    {
        auto* fake = find();
        if (!fake)
            return failure(ESRCH, "read");
        fake->read |= wanted;
        into.known |= wanted;
        if (wanted.contains(Fact::exe)) {
            into.exe = fake->exe;
            if (!fake->runs_next.empty())
                fake->exe = std::exchange(fake->runs_next, {});
        }
        if (wanted.contains(Fact::argv))
            into.argv = fake->argv;
        if (wanted.contains(Fact::stat))
            read_stat(*fake, into);
        if (wanted.contains(Fact::owner)) {
            into.uid = Uid{fake->uid};
            into.gid = Gid{fake->gid};
        }
        if (wanted.contains(Fact::cgroup))
            into.cgroup = fake->cgroup;
        if (wanted.contains(Fact::devices))
            into.uses = fake->uses;
        if (wanted.contains(Fact::file))
            into.is_user_program = fake->is_user_program;
        if (wanted.contains(Fact::file_id) && !fake->exe.empty())
            into.file_id = {.device = 1, .inode = std::hash<std::string>{}(fake->exe), .changed = 1};
        if (wanted.contains(Fact::parent) || wanted.contains(Fact::ancestors))
            read_ancestors(*fake, into);
        into.names = names_of(into);
        return {};
    }

    [[nodiscard]] Result<Value> actual(Setting setting) override
    {
        auto* fake = find();
        if (!fake)
            return failure(ESRCH, "actual");
        const auto* value = fake->actual.find(setting);
        if (!value)
            return failure(EOPNOTSUPP, "this kernel lacks it");
        return *value;
    }
    [[nodiscard]] bool is_process() override { return find() != nullptr && find()->leader == 0; }
    [[nodiscard]] bool is_alive() override { return find() != nullptr; }
    [[nodiscard]] std::vector<Tid> threads() override { return {Tid{pid_}}; }
    [[nodiscard]] Result<Autogroup> autogroup() override
    {
        auto* fake = find();
        if (!fake)
            return failure(ESRCH, "autogroup");
        return Autogroup{static_cast<std::uint64_t>(fake->session) + 1000,
                         *Nice::make(kernel_.autogroups[fake->session])};
    }
    [[nodiscard]] int busy_threads() override { return find() ? find()->busy_threads : 1; }
    [[nodiscard]] Result<CpuSet> cpuset() override
    {
        const auto* fake = find();
        if (!fake)
            return failure(ESRCH, "cpuset");
        return fake->cpuset ? Result<CpuSet>{*fake->cpuset} : failure(ENOENT, "cpuset");
    }
    [[nodiscard]] Result<CpuStanding> cpu_standing() override
    {
        const auto* fake = find();
        if (!fake)
            return failure(ESRCH, "cpu_standing");
        CpuStanding standing;
        standing.session = SessionId{fake->session};
        standing.autogroup = *Nice::make(kernel_.autogroups[fake->session]);
        return standing;
    }
    [[nodiscard]] FakeProcess* find()
    {
        const auto found = kernel_.processes_.find(pid_);
        const bool is_same = found != kernel_.processes_.end() && found->second.start_ticks == start_ticks_;
        return is_same ? &found->second : nullptr;
    }

private:
    static void read_stat(const FakeProcess& fake, Snapshot& into)
    {
        into.key = {Pid{fake.pid}, fake.start_ticks};
        into.comm = fake.comm.substr(0, 15);
        into.parent = Pid{fake.parent};
        into.session = fake.session;
        into.has_tty = fake.has_tty;
        into.is_tty_foreground = fake.is_tty_foreground;
        into.is_kernel_thread = fake.is_kernel_thread;
        into.is_zombie = fake.is_zombie;
        into.threads = fake.threads;
        into.nice = *find_value<Nice>(fake.actual, Setting::nice);
        into.sched = *find_value<SchedPolicy>(fake.actual, Setting::sched);
    }
    void read_ancestors(const FakeProcess& fake, Snapshot& into)
    {
        into.ancestors.clear();
        for (int pid = fake.parent; kernel_.processes_.contains(pid); pid = kernel_.processes_.at(pid).parent)
            into.ancestors.push_back(names_of_fake(kernel_.processes_.at(pid)));
    }

    FakeKernel& kernel_;
    int pid_;
    std::uint64_t start_ticks_;
};

Machine two_nodes()
{
    const auto all = *CpuSet::parse("0-7");
    const auto first = *CpuSet::parse("0-3");
    const auto second = *CpuSet::parse("4-7");
    Machine machine;
    machine.packages = 2;
    machine.cores = 8;
    machine.l3 = 2;
    machine.all = machine.possible = machine.performance = machine.efficiency = all;
    machine.numa = {{0, {.cpus = first, .bytes = 0, .distances = {}}},
                    {1, {.cpus = second, .bytes = 0, .distances = {}}}};
    machine.llc = {{0, {.cpus = first, .level = 3}}, {1, {.cpus = second, .level = 3}}};
    return machine;
}

FakeProcess& FakeKernel::add(FakeProcess process)
{
    if (process.session == 0)
        process.session = process.pid;
    const SettingMap given = process.actual;
    process.actual = {};
    process.actual.set(Setting::nice, *Nice::make(0));
    process.actual.set(Setting::sched, SchedPolicy{});
    process.actual.set(Setting::io, IoPriority{});
    process.actual.set(Setting::cpus, CpuChoice{*CpuSet::parse("0-7")});
    process.actual.set(Setting::oom_score_adj, *OomScoreAdj::make(0));
    process.actual.set(Setting::timer_slack, *TimerSlack::make(std::chrono::microseconds{50}));
    for (const auto& [setting, value] : given)
        process.actual.set(setting, value);
    return processes_.insert_or_assign(process.pid, std::move(process)).first->second;
}

FakeProcess& FakeKernel::fork(int parent, int pid)
{
    FakeProcess child = processes_.at(parent);
    child.pid = pid;
    child.parent = parent;
    ++child.start_ticks;
    return processes_.insert_or_assign(pid, std::move(child)).first->second;
}

Result<std::unique_ptr<ProcessHandle>> FakeKernel::open(Pid pid)
{
    const auto found = processes_.find(raw(pid));
    if (found == processes_.end())
        return failure(ESRCH, "open");
    return std::make_unique<FakeHandle>(*this, found->second);
}

Result<Pid> FakeKernel::pid_of(int pidfd)
{
    const auto found = pidfds.find(pidfd);
    if (found == pidfds.end())
        return failure(EBADF, "no pidfd");
    if (!processes_.contains(found->second))
        return failure(ESRCH, "has ended");
    return Pid{found->second};
}

std::string FakeKernel::exe_of(Pid pid)
{
    const auto found = processes_.find(raw(pid));
    return found == processes_.end() ? std::string{} : found->second.exe;
}

Result<SetScheduling> FakeKernel::scheduling_of(Pid pid)
{
    const auto found = processes_.find(raw(pid));
    if (found == processes_.end())
        return failure(ESRCH, "scheduling_of");
    const auto& actual = found->second.actual;
    return SetScheduling{.nice = *find_value<Nice>(actual, Setting::nice),
                         .sched = *find_value<SchedPolicy>(actual, Setting::sched),
                         .slice = {}};
}

std::vector<Pid> FakeKernel::list()
{
    ++lists;
    std::vector<Pid> pids;
    for (const auto& [pid, process] : processes_)
        pids.push_back(Pid{pid});
    return pids;
}

namespace {

void add_values(SettingMap& into, const SetScheduling& action)
{
    if (action.nice)
        into.set(Setting::nice, *action.nice);
    if (action.sched)
        into.set(Setting::sched, *action.sched);
    if (action.slice)
        into.set(Setting::slice, *action.slice);
}
void add_values(SettingMap& into, const SetUclamp& action)
{
    if (action.min)
        into.set(Setting::uclamp_min, *action.min);
    if (action.max)
        into.set(Setting::uclamp_max, *action.max);
}
void add_values(SettingMap& into, const SetIoPriority& action)
{
    into.set(Setting::io, action.priority);
}
void add_values(SettingMap& into, const SetAffinity& action)
{
    into.set(Setting::cpus, CpuChoice{action.cpus});
}
void add_values(SettingMap& into, const SetOomScoreAdj& action)
{
    into.set(Setting::oom_score_adj, action.value);
}
void add_values(SettingMap& into, const SetTimerSlack& action)
{
    into.set(Setting::timer_slack, action.slack);
}

}  // namespace

Outcome FakeKernel::apply(ProcessHandle& process, const Action& action, const SettingMap& /*ours*/)
{
    auto* fake = static_cast<FakeHandle&>(process).find();
    return fake ? carry_out(*fake, action) : Outcome{Outcome::Kind::vanished, {}};
}

Outcome FakeKernel::apply_at_start(Pid pid, const SetScheduling& action)
{
    const auto fake = processes_.find(raw(pid));
    return fake != processes_.end() ? carry_out(fake->second, action) : Outcome{Outcome::Kind::vanished, {}};
}

Outcome FakeKernel::carry_out(FakeProcess& fake, const Action& action)
{
    SettingMap values;
    std::visit([&](const auto& what) { add_values(values, what); }, action);
    std::string line = fmt::format("{}", fake.pid);
    for (const auto& [setting, value] : values) {
        if (refused_ == setting) {
            refused_.reset();
            return {Outcome::Kind::failed, "refused by the test"};
        }
        fake.actual.set(setting, value);
        line += fmt::format(" {}={}", info(setting).name, to_text(value));
    }
    log.push_back(line);
    return {Outcome::Kind::applied, {}};
}

Outcome FakeKernel::set_autogroup(ProcessHandle& process, Nice nice)
{
    const auto* fake = static_cast<FakeHandle&>(process).find();
    if (!fake)
        return {Outcome::Kind::vanished, {}};
    autogroups[fake->session] = nice.value();
    log.push_back(fmt::format("session {} autogroup={}", fake->session, nice.value()));
    return {Outcome::Kind::applied, {}};
}

Result<void> FakeKernel::watch(ProcessHandle& process)
{
    if (has_no_descriptors)
        return failure(EMFILE, "watch");
    watched.insert(process.pid());
    return {};
}

std::vector<Pid> FakeKernel::processes_in(const Unit& unit)
{
    std::vector<Pid> pids;
    for (const auto& [pid, process] : processes_) {
        if (process.cgroup == unit.cgroup)
            pids.push_back(Pid{pid});
    }
    return pids;
}

void FakeKernel::write(const Unit& unit, const Weights& set, std::function<void(const Result<void>&)> then)
{
    weights[unit.name] = set;
    log.push_back(fmt::format("{} {}", unit.name, to_text(set)));
    then({});
}

void FakeKernel::split(const Unit& scope, const std::vector<Pid>& processes, const std::string& new_scope,
                       std::function<void(const Result<void>&)> then)
{
    for (const Pid pid : processes)
        at(raw(pid)).cgroup = scope.cgroup.substr(0, scope.cgroup.rfind('/') + 1) + new_scope;
    then({});
}

Result<Uid> FakeAccounts::uid_of(const std::string& user) const
{
    if (user == "alice")
        return Uid{1000};
    if (user == "root")
        return Uid{0};
    return failure(ENOENT, "user " + user);
}

Result<Gid> FakeAccounts::gid_of(const std::string& group) const
{
    if (group == "staff")
        return Gid{50};
    return failure(ENOENT, "group " + group);
}

std::shared_ptr<const Policy> policy_of(const std::string& rules)
{
    return policy_of(rules, "");
}

std::shared_ptr<const Policy> policy_of(const std::string& rules, const std::string& settings)
{
    auto reading = read_policy({{PolicyFile::Kind::settings, "priorityd.toml", settings, ""},
                                {PolicyFile::Kind::rules, "test.toml", rules, ""}},
                               FakeAccounts{});
    if (!reading.policy)
        throw std::runtime_error(reading.diagnostics.front().to_text());
    return std::make_shared<const Policy>(*std::move(reading.policy));
}

FactSet FakeKernel::needs(const Snapshot& process) const
{
    return may_be_known_by_file(process) ? FactSet{Fact::file_id} : FactSet{};
}

std::vector<Vote> FakeKernel::votes_on(const Snapshot& process)
{
    if (!may_be_known_by_file(process))
        return {};
    if (const auto known = programs.find(process.exe); known != programs.end())
        return priorityd::votes_on(known->second);
    asked.push_back(process.key.pid);
    return {};
}

const Restraint* FakeKernel::restraint_on(const ProcessKey& process) const
{
    const auto found = restraints.find(process);
    return found == restraints.end() ? nullptr : &found->second;
}

World world_of(FakeKernel& kernel, int own_pid)
{
    World world{.source = kernel,
                .actuator = kernel,
                .machine = kernel,
                .exits = kernel,
                .units = kernel,
                .originals = kernel,
                .advisers = kernel,
                .untouched = {},
                .own_pid = Pid{own_pid}};
    world.untouched.set(Setting::nice, *Nice::make(0));
    world.untouched.set(Setting::sched, SchedPolicy{});
    world.untouched.set(Setting::io, IoPriority{});
    world.untouched.set(Setting::oom_score_adj, *OomScoreAdj::make(0));
    world.untouched.set(Setting::timer_slack, *TimerSlack::make(std::chrono::microseconds{50}));
    return world;
}

Layers layers_of(std::shared_ptr<const Policy> policy)
{
    return {.policy = std::move(policy)};
}

Knobs live_knobs()
{
    Knobs knobs;
    for (const auto& row : setting_table())
        knobs[std::string{row.name}] = {true, ""};
    knobs["autogroup"] = {true, ""};
    return knobs;
}

}  // namespace priorityd::test
