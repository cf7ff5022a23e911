// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/pipeline.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <utility>

#include "core/cpu_goal.hpp"

namespace priorityd {
namespace {

/// What a program opens, it opens after its start. By then a player plays and a model is loaded.
constexpr std::array kLaterLooks{std::chrono::seconds{1}, std::chrono::seconds{5}, std::chrono::seconds{30},
                                 std::chrono::seconds{300}};

/// A manager moves a process some milliseconds after it has said that it will.
constexpr std::array kMovedLooks{std::chrono::milliseconds{100}, std::chrono::milliseconds{2000}};

/// Where a process cannot be watched for want of descriptors, it is looked at again so often.
constexpr auto kUnwatchedRecheck = std::chrono::seconds{30};

/// Opening a GPU takes a program some calls more, and it opens several in a row.
constexpr auto kGpuLook = std::chrono::milliseconds{250};
constexpr std::chrono::seconds kLongestGpuPause{30};
/// There are some hundred programs on a machine of which rules could want to know it.
constexpr std::size_t kMostWithoutGpu = 1024;

/// An engine that went on asking for facts would hold the loop; there are fewer groups of facts than this.
constexpr int kMaxReadings = 8;

/// Whether the process has run another program while its facts were read: some of them are those of the earlier one.
bool is_torn(ProcessHandle& handle, const Snapshot& process)
{
    Snapshot again;
    return process.known.contains(Fact::exe) && handle.read(Fact::exe, again) && again.exe != process.exe;
}

}  // namespace

Pipeline::Pipeline(World world, Knobs knobs, Layers layers)
    : world_{std::move(world)},
      knobs_{std::move(knobs)},
      layers_{std::move(layers)},
      engines_{make_engines(layers_)},
      weights_{world_.units}
{
    use_unit_settings();
}

void Pipeline::use(Layers layers)
{
    catch_up();  // what was done by reflex was done for reasons that may go
    layers_ = std::move(layers);
    engines_ = make_engines(layers_);
    reflexes_.forget();
    use_unit_settings();
}

void Pipeline::handle(const Event& event, Instant now)
{
    switch (event.kind) {
        case Event::Kind::exec: return examine(event.process, now, Look::exec);
        case Event::Kind::comm: return on_comm(event, now);
        case Event::Kind::uid:
            if (event.is_leader() && layers_.needs_owner())
                examine(event.process, now, Look::news);
            return;
    }
}

void Pipeline::on_comm(const Event& event, Instant now)
{
    if (!event.is_leader())
        return;
    const auto* tracked = table_.find(event.process);
    const bool is_news = tracked ? tracked->process.comm != event.comm : layers_.could_match(event.comm);
    if (is_news)
        examine(event.process, now, Look::news);
}

void Pipeline::examine(Pid pid, Instant now, Look look)
{
    if (pid == kInit || pid == world_.own_pid)
        return;
    if (look == Look::exec && is_unknown(pid) && react(pid, now))
        return;
    catch_up();
    look_fully(pid, look, now);
}

/// With all facts that the engines want. Corrects what was done by reflex where another name says otherwise. False when
/// the process has ended.
bool Pipeline::look_fully(Pid pid, Look look, Instant now, const Reaction* reaction)
{
    ++full_looks_;
    const auto opened = world_.source.open(pid);
    Snapshot process;
    if (!opened || !read_facts(**opened, process, look)) {
        forget(pid, now);
        return false;
    }
    ProcessHandle& handle = **opened;
    if (look != Look::exec && is_torn(handle, process))
        return true;  // the kernel will tell of it
    if (process.is_kernel_thread || process.is_zombie)
        return false;  // a zombie may have threads that live on; if not, its end is told elsewhere
    if (reaction && process.key.start_ticks > reaction->process.start_ticks)
        return false;  // this one has got its pid
    if (reaction)
        rewind(*reaction, process);
    note_devices(process, look, now);
    const auto program = look == Look::exec ? Program::another : Program::same;
    process.inherited = lineage_.inheritance_of(process, handle, program, relatives());
    auto decision = decide(handle, process, now);
    if (!decision.has_say())
        leave_alone(handle, process, now);
    else
        enforce(handle, std::move(process), std::move(decision), reaction ? ledger_of(*reaction) : Ledger{}, look, now);
    return true;
}

Decision Pipeline::decide(ProcessHandle& handle, Snapshot& process, Instant now) const
{
    const auto& limits = layers_.policy->settings().limits;
    if (const auto* restraint = world_.advisers.restraint_on(process.key))
        process.restraint = *restraint;
    auto decision = judge(engines_, process, now);
    if (decision.class_name().empty() && ask_advisers(handle, process))
        decision = judge(engines_, process, now);
    if (const auto wanted = limits_need(limits, decision, process); !wanted.empty())
        (void)handle.read(wanted, process);  // a process that has ended meanwhile is found out by whoever acts on it
    add_limits(engines_, limits, process, now, decision);
    return decision;
}

/// For those that are given CPUs near their GPU, or may be. At its start no program has opened one.
void Pipeline::read_gpus(ProcessHandle& handle, Snapshot& process, const SettingMap& wanted, Look look, Instant now)
{
    const auto* choice = find_value<CpuChoice>(wanted, Setting::cpus);
    const auto* name = choice ? std::get_if<CpuSetName>(choice) : nullptr;
    if (!name || !Placement::is_chosen(*name) || process.known.contains(Fact::devices))
        return;
    const auto machine = world_.machine.machine();
    if (!machine || (*machine)->gpus.empty())
        return;
    if (look == Look::exec)
        process.known |= Fact::devices;
    else
        (void)handle.read(Fact::devices, process);  // a process that has ended meanwhile is found out by whoever acts
    note_devices(process, look, now);
}

/// Nobody has said what kind of program it is.
bool Pipeline::ask_advisers(ProcessHandle& handle, Snapshot& process) const
{
    if (!layers_.policy->settings().scoring.has_enabled())
        return false;
    const auto wanted = world_.advisers.needs(process).without(process.known);
    if (!wanted.empty() && !handle.read(wanted, process))
        return false;
    process.votes = world_.advisers.votes_on(process);
    return !process.votes.empty();
}

Tally Pipeline::act(ProcessHandle& handle, const Snapshot& process, const SettingMap& wanted, Ledger& ledger,
                    Instant now)
{
    const Tally tally = carry_out(handle, process, wanted, ledger, tools(), now);
    tally_.applied += tally.applied;
    tally_.failed += tally.failed;
    return tally;
}

bool Pipeline::read_facts(ProcessHandle& handle, Snapshot& process, Look look) const
{
    FactSet wanted = needs(engines_, process) | (Fact::stat | Fact::owner).without(process.known);
    for (int i = 0; i < kMaxReadings && !wanted.empty(); ++i) {
        if (look == Look::exec && wanted.contains(Fact::devices)) {
            wanted = wanted.without(Fact::devices);
            process.known |= Fact::devices;  // it has opened none yet: see kLaterLooks
        }
        if (!wanted.empty() && !handle.read(wanted, process))
            return false;
        wanted = needs(engines_, process).without(process.known);
    }
    return true;
}

void Pipeline::enforce(ProcessHandle& handle, Snapshot&& process, Decision&& decision, Ledger&& by_reflex, Look look,
                       Instant now)
{
    const auto wanted = decision.effective();
    read_gpus(handle, process, wanted, look, now);
    if (const auto* earlier = table_.find(process.key.pid); earlier && earlier->process.key != process.key)
        forget(process.key.pid, now);
    const bool is_new = table_.find(process.key.pid) == nullptr;
    TrackedProcess& tracked = table_.track(process.key);
    if (is_new)
        tracked.ledger = std::move(by_reflex);
    const auto settings_before = tracked.decision.effective();
    const auto written_before = tracked.ledger.written();
    const auto bequest_before = is_new ? Bequest{} : Lineage::bequest_of(tracked);
    adopt(process, tracked.ledger);
    take_control(handle, decision, tracked.ledger);
    const Tally tally = act(handle, process, wanted, tracked.ledger, now);

    if (steers_sessions())
        autogroups_.add_member(SessionId{process.session}, process.key.pid,
                               {autogroup_wish(wanted), presses_its_session(process)}, now);
    join_unit(handle, process, wanted, tracked.ledger, now);
    tracked.is_starting = process.known.contains(Fact::argv) && process.argv.empty();
    process.argv = {};  // matched, and never shown
    process.votes = {};
    const bool is_change =
        tracked.decision.empty() || settings_before != wanted || tracked.process.names != process.names;
    tracked.process = std::move(process);
    tracked.decision = std::move(decision);
    lineage_.note_change(tracked, bequest_before);
    if (is_change || tally.applied > 0)
        changes_.add(view_of(tracked.process, tracked.decision));
    const ProcessKey key = tracked.process.key;
    const bool is_news_for_heirs = !is_new && written_before != tracked.ledger.written();
    if (!tracked.is_watched)
        watch_exit(handle, now);  // last, because it forgets a process that has ended meanwhile
    if (is_news_for_heirs)
        look_at_heirs(key, now);
}

/// What came along from another process counts as written by priorityd: it was, there.
void Pipeline::adopt(const Snapshot& process, Ledger& ledger)
{
    for (const auto& one : process.inherited) {
        const auto* entry = ledger.find(one.setting);
        if (one.from == process.key || (entry && entry->written))
            continue;
        ledger.adopt(one.setting, one.before, one.value);
        world_.originals.about_to_write(
            {.process = process.key, .setting = one.setting, .before = one.before, .written = one.value});
    }
}

/// What somebody has just asked for goes over what somebody else has set before.
void Pipeline::take_control(ProcessHandle& handle, const Decision& decision, Ledger& ledger)
{
    if (in_control_.empty())
        return;
    for (const auto& [setting, value] : decision.effective()) {
        if (std::ranges::find(in_control_, decision.asker(setting)) == in_control_.end())
            continue;
        if (const auto now = handle.actual(setting)) {
            const auto* entry = ledger.find(setting);
            if (!entry || !entry->written || !is_as_written(*now, *entry->written, handle, world_.machine))
                ledger.adopt(setting, *now, *now);
        }
    }
}

/// Nobody has anything to say of this process. If somebody had before, that is taken back.
void Pipeline::leave_alone(ProcessHandle& handle, const Snapshot& process, Instant now)
{
    auto* tracked = table_.find(process.key.pid);
    const bool was_decided = tracked && tracked->process.key == process.key;
    if (was_decided) {
        const auto bequest_before = Lineage::bequest_of(*tracked);
        carry_out(handle, process, {}, tracked->ledger, tools(), now);
        lineage_.note_release(*tracked, bequest_before);
        changes_.add(view_of(process, {}));
    }
    if (tracked) {
        if (!was_decided)
            lineage_.note_end(*tracked);
        placement_.release(process.key.pid, now);
        table_.erase(process.key.pid);
        weights_.remove(process.key.pid, now);
        world_.exits.unwatch(process.key.pid);
    }
    if (autogroups_.add_bystander(SessionId{process.session}, process.key.pid, now))
        watch_exit(handle, now);
    if (was_decided)
        look_at_heirs(process.key, now);
}

/// Those that have something from this process, which has changed.
void Pipeline::look_at_heirs(const ProcessKey& from, Instant now)
{
    look_at_all(now, [&](const TrackedProcess& tracked) {
        return tracked.process.key != from &&
               std::ranges::find(tracked.process.inherited, from, &Inherited::from) != tracked.process.inherited.end();
    });
}

void Pipeline::look_again(std::span<const Pid> processes, Instant now)
{
    catch_up();
    for (const Pid pid : processes)
        examine(pid, now, Look::news);
}

void Pipeline::look_at_those_with(const std::string& source, Instant now)
{
    look_at_all(now, [&](const TrackedProcess& tracked) { return tracked.decision.names(source); });
}

template <typename Predicate>
void Pipeline::look_at_all(Instant now, Predicate predicate)
{
    catch_up();
    std::vector<Pid> pids;
    for (const auto& [pid, tracked] : table_) {
        if (predicate(tracked))
            pids.push_back(pid);
    }
    std::ranges::sort(pids);  // parents before their children, as a rule
    for (const Pid pid : pids)
        examine(pid, now, Look::news);
}

void Pipeline::look_at(Pid pid, const std::string& in_control, Instant now)
{
    in_control_.push_back(in_control);
    examine(pid, now, Look::news);
    std::erase(in_control_, in_control);
}

void Pipeline::watch_exit(ProcessHandle& handle, Instant now)
{
    const Pid pid = handle.pid();
    const auto watched = world_.exits.watch(handle);
    if (!watched && watched.error().is_vanished())
        return forget(pid, now);
    if (!watched)
        timetable_.add(now + kUnwatchedRecheck, pid);
    if (auto* tracked = table_.find(pid))
        tracked->is_watched = watched.has_value();
}

void Pipeline::forget(Pid pid, Instant now)
{
    if (const auto* tracked = table_.find(pid))
        lineage_.note_end(*tracked);
    std::erase_if(waiting_, [pid](const Reaction& reaction) { return reaction.process.pid == pid; });
    table_.erase(pid);
    without_gpu_.erase(pid);
    placement_.release(pid, now);
    autogroups_.remove(pid, now);
    weights_.remove(pid, now);
}

/// A rule hangs on what the process has open, which may come later.
void Pipeline::look_again_later(Pid pid, Instant now)
{
    for (const auto delay : kLaterLooks)
        timetable_.add(now + delay, pid);
}

/// A rule hangs on what the process has open.
void Pipeline::note_devices(const Snapshot& process, Look look, Instant now)
{
    if (!process.known.contains(Fact::devices))
        return;
    if (look != Look::later)
        look_again_later(process.key.pid, now);
    if (process.uses.gpu)
        without_gpu_.erase(process.key.pid);
    else if (without_gpu_.size() < kMostWithoutGpu)
        without_gpu_.insert(process.key.pid);
}

void Pipeline::on_gpu_opened(Instant now)
{
    if (!gpu_look_ && !without_gpu_.empty())
        gpu_look_ = std::max(now + kGpuLook, last_gpu_look_ + gpu_pause_);
}

void Pipeline::look_at_those_without_gpu(Instant now)
{
    gpu_look_.reset();
    last_gpu_look_ = now;
    std::vector<Pid> found;
    for (const Pid pid : without_gpu_) {
        Snapshot process;
        const auto handle = world_.source.open(pid);
        if (!handle || !(*handle)->read(Fact::devices, process) || process.uses.gpu)
            found.push_back(pid);
    }
    // Programs that only look what GPUs there are open them too, some of them every second.
    gpu_pause_ = found.empty() ? std::clamp<Instant::duration>(gpu_pause_ * 2, kGpuLook, kLongestGpuPause) : kGpuLook;
    for (const Pid pid : found)
        examine(pid, now, Look::later);
}

void Pipeline::on_cpu_change(Instant now)
{
    look_at_all(now, [](const TrackedProcess& tracked) { return tracked.decision.winner(Setting::cpus) != nullptr; });
}

void Pipeline::begin_scan()
{
    catch_up();
    scan_ = world_.source.list();
    for (const auto& [pid, tracked] : table_)
        scan_.push_back(pid);
    // In the order of pids, which is nearly the order of age: parents come before their children.
    std::ranges::sort(scan_, std::greater{});
    scan_.erase(std::unique(scan_.begin(), scan_.end()), scan_.end());
}

bool Pipeline::continue_scan(std::size_t count, Instant now)
{
    for (; count > 0 && !scan_.empty(); --count) {
        const Pid pid = scan_.back();
        scan_.pop_back();
        examine(pid, now, Look::news);
    }
    if (scan_.empty())
        in_control_.clear();
    return !scan_.empty();
}

std::optional<Instant> Pipeline::deadline() const
{
    return earlier(earlier(timetable_.next(), earlier(gpu_look_, placement_.deadline())),
                   earlier(autogroups_.deadline(), weights_.deadline()));
}

void Pipeline::run_due(Instant now)
{
    const auto is_due = [now](std::optional<Instant> deadline) { return deadline && *deadline <= now; };
    catch_up();
    for (const Pid pid : timetable_.take_due(now))
        examine(pid, now, Look::later);
    for (const Pid pid : placement_.take_due(now))
        examine(pid, now, Look::later);
    if (is_due(gpu_look_))
        look_at_those_without_gpu(now);
    if (is_due(autogroups_.deadline()))
        autogroups_.settle(session_tools());
    if (is_due(weights_.deadline()))
        settle_units(now);
    for (const Pid pid : weights_.take_moved()) {
        for (const auto delay : kMovedLooks)
            timetable_.add(now + delay, pid);
    }
}

bool Pipeline::steers_sessions() const
{
    const auto knob = knobs_.find("autogroup");
    return layers_.policy->settings().autogroup && knob != knobs_.end() && knob->second.is_live;
}

}  // namespace priorityd
