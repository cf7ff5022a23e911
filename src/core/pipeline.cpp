// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/pipeline.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <utility>

#include "core/glob.hpp"

namespace priorityd {
namespace {

constexpr Pid kInit{1};

/// What a program opens, it opens after its start. By then a player plays and a model is loaded.
constexpr std::array kLaterLooks{std::chrono::seconds{1}, std::chrono::seconds{5}, std::chrono::seconds{30}};

/// Where a process cannot be watched for want of descriptors, it is looked at again so often.
constexpr auto kUnwatchedRecheck = std::chrono::seconds{30};

/// An engine that went on asking for facts would hold the loop; there are fewer groups of facts than this.
constexpr int kMaxReadings = 8;

bool passes(const ProcessFilter& filter, const ProcessView& view)
{
    return (filter.class_name.empty() || filter.class_name == view.class_name) &&
           (filter.source.empty() || view.source.find(filter.source) != std::string::npos) &&
           (filter.name.empty() || glob_matches(filter.name, view.name, Case::sensitive)) &&
           (!filter.uid || *filter.uid == view.uid);
}

/// The settings that explain and GetProcess show as the process has them now.
constexpr std::array kShownActual{Setting::nice,        Setting::sched,      Setting::slice,
                                  Setting::io,          Setting::cpus,       Setting::oom_score_adj,
                                  Setting::timer_slack, Setting::uclamp_min, Setting::uclamp_max};

SettingMap actual_of(ProcessHandle& handle)
{
    SettingMap actual;
    for (const auto setting : kShownActual) {
        if (auto value = handle.actual(setting))
            actual.set(setting, *std::move(value));
    }
    return actual;
}

}  // namespace

Pipeline::Pipeline(World world, Knobs knobs, std::shared_ptr<const Policy> policy)
    : world_{world}, knobs_{std::move(knobs)}, policy_{std::move(policy)}, engines_{make_engines(policy_)}
{
}

void Pipeline::use(std::shared_ptr<const Policy> policy)
{
    policy_ = std::move(policy);
    engines_ = make_engines(policy_);
}

void Pipeline::handle(const Event& event, Instant now)
{
    switch (event.kind) {
        case Event::Kind::exec: return examine(event.process, now, Look::first);
        case Event::Kind::comm: return on_comm(event, now);
        case Event::Kind::uid:
            if (event.is_leader() && policy_->needs().contains(Fact::owner))
                examine(event.process, now, Look::first);
            return;
    }
}

void Pipeline::on_comm(const Event& event, Instant now)
{
    if (!event.is_leader())
        return;
    const auto* tracked = table_.find(event.process);
    const bool is_news = tracked ? tracked->process.comm != event.comm : policy_->could_match(event.comm);
    if (is_news)
        examine(event.process, now, Look::first);
}

void Pipeline::examine(Pid pid, Instant now, Look look)
{
    if (pid == kInit || pid == world_.own_pid)
        return;
    const auto handle = world_.source.open(pid);
    if (!handle)
        return forget(pid, now);
    Snapshot process;
    Ledger early = table_.find(pid) ? Ledger{} : act_on_exe(**handle, process, now);
    if (!read_facts(**handle, process))
        return forget(pid, now);
    if (process.is_kernel_thread || process.is_zombie)
        return;  // a zombie may have threads that live on; if not, its end is told elsewhere
    if (look == Look::first && process.known.contains(Fact::devices))
        look_again_later(process.key.pid, now);
    auto decision = decide(engines_, policy_->settings().limits, process, now);
    if (decision.empty())
        leave_alone(**handle, process, now);
    else
        enforce(**handle, std::move(process), std::move(decision), std::move(early), now);
}

/// Most programs are known by their file alone. What the rules say of it is done before the other facts are read, which
/// takes longer than all the rest; the full look follows at once, and corrects it where another name says otherwise.
Ledger Pipeline::act_on_exe(ProcessHandle& handle, Snapshot& process, Instant now)
{
    Ledger ledger;
    const auto knows = [&](const auto& engine) { return engine->knows_by_exe(process); };
    if (!handle.read(Fact::exe, process) || std::ranges::none_of(engines_, knows))
        return ledger;
    const auto decision = decide(engines_, policy_->settings().limits, process, now);
    act(handle, decision.effective(), ledger);
    return ledger;
}

Tally Pipeline::act(ProcessHandle& handle, const SettingMap& wanted, Ledger& ledger)
{
    const Tally tally = carry_out(handle, wanted, ledger, tools());
    tally_.applied += tally.applied;
    tally_.failed += tally.failed;
    return tally;
}

bool Pipeline::read_facts(ProcessHandle& handle, Snapshot& process) const
{
    FactSet wanted = needs(engines_, process) | Fact::stat | Fact::owner;
    for (int i = 0; i < kMaxReadings && !wanted.empty(); ++i) {
        if (!handle.read(wanted, process))
            return false;
        wanted = needs(engines_, process).without(process.known);
    }
    return true;
}

/// `early`: what act_on_exe() has done to a process that is not tracked yet.
void Pipeline::enforce(ProcessHandle& handle, Snapshot&& process, Decision&& decision, Ledger&& early, Instant now)
{
    const auto wanted = decision.effective();
    TrackedProcess& tracked = table_.track(process.key);
    const bool was_known = !tracked.decision.empty();
    const auto settings_before = was_known ? tracked.decision.effective() : SettingMap{};
    if (!was_known)
        tracked.ledger = std::move(early);
    const Tally tally = act(handle, wanted, tracked.ledger);

    if (steers_sessions())
        autogroups_.add_member(SessionId{process.session}, process.key.pid, autogroup_wish(wanted), now);
    process.argv = {};  // matched, and never shown
    const bool is_change = !was_known || settings_before != wanted || tracked.process.names != process.names;
    tracked.process = std::move(process);
    tracked.decision = std::move(decision);
    if (is_change || tally.applied > 0)
        changes_.add(view_of(tracked.process, tracked.decision));
    if (!tracked.is_watched)
        watch_exit(handle, now);  // last, because it forgets a process that has ended meanwhile
}

/// Nobody has anything to say of this process. If somebody had before, that is taken back.
void Pipeline::leave_alone(ProcessHandle& handle, const Snapshot& process, Instant now)
{
    auto* tracked = table_.find(process.key.pid);
    if (tracked && tracked->process.key == process.key) {
        carry_out(handle, {}, tracked->ledger, tools());
        changes_.add(view_of(process, {}));
    }
    if (tracked) {
        table_.erase(process.key.pid);
        world_.exits.unwatch(process.key.pid);
    }
    if (autogroups_.add_bystander(SessionId{process.session}, process.key.pid, now))
        watch_exit(handle, now);
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
    table_.erase(pid);
    autogroups_.remove(pid, now);
}

/// A rule hangs on what the process has open, which may come later.
void Pipeline::look_again_later(Pid pid, Instant now)
{
    for (const auto delay : kLaterLooks)
        timetable_.add(now + delay, pid);
}

void Pipeline::begin_scan()
{
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
        examine(pid, now, Look::first);
    }
    return !scan_.empty();
}

std::optional<Instant> Pipeline::deadline() const
{
    const auto look = timetable_.next();
    const auto session = autogroups_.deadline();
    return look && session ? std::min(look, session) : (look ? look : session);
}

void Pipeline::run_due(Instant now)
{
    for (const Pid pid : timetable_.take_due(now))
        examine(pid, now, Look::again);
    if (const auto due = autogroups_.deadline(); due && *due <= now)
        autogroups_.settle(world_.source, world_.actuator, world_.exits);
}

void Pipeline::restore()
{
    autogroups_.restore(world_.source, world_.actuator);
    for (auto& [pid, tracked] : table_) {
        if (!tracked.ledger.has_written())
            continue;
        const auto handle = world_.source.open(pid);
        Snapshot process;
        if (handle && (*handle)->read(Fact::stat, process) && process.key == tracked.process.key)
            carry_out(**handle, {}, tracked.ledger, tools());
    }
}

Result<ProcessView> Pipeline::view(Pid pid)
{
    auto explanation = explain(pid);
    if (!explanation)
        return tl::unexpected(explanation.error());
    return std::move(explanation->process);
}

std::vector<ProcessView> Pipeline::views(const ProcessFilter& filter) const
{
    std::vector<ProcessView> views;
    for (const auto& [pid, tracked] : table_) {
        auto view = view_of(tracked.process, tracked.decision);
        if (passes(filter, view))
            views.push_back(std::move(view));
    }
    std::ranges::sort(views, {}, &ProcessView::key);
    return views;
}

Result<Explanation> Pipeline::explain(Pid pid)
{
    auto handle = world_.source.open(pid);
    if (!handle)
        return tl::unexpected(handle.error());
    Snapshot process;
    if (!read_facts(**handle, process))
        return failure(ESRCH, "reading process " + std::to_string(raw(pid)));
    const auto* tracked = table_.find(pid);
    const bool is_tracked = tracked && tracked->process.key == process.key;
    const auto decision = is_tracked ? tracked->decision : Decision{};
    Explanation explanation{.process = view_of(is_tracked ? tracked->process : process, decision),
                            .rows = priorityd::explain(decision, is_tracked ? &tracked->ledger : nullptr)};
    explanation.process.actual = actual_of(**handle);
    if (auto row = autogroup_row(process))
        explanation.rows.push_back(*std::move(row));
    return explanation;
}

bool Pipeline::steers_sessions() const
{
    const auto knob = knobs_.find("autogroup");
    return policy_->settings().autogroup && knob != knobs_.end() && knob->second.is_live;
}

std::optional<ExplainRow> Pipeline::autogroup_row(const Snapshot& process) const
{
    const auto state = autogroups_.state(SessionId{process.session});
    if (!state)
        return std::nullopt;
    return ExplainRow{.setting = "autogroup",
                      .value = state->value ? to_text(*state->value) : "unchanged",
                      .source = "autogroup",
                      .because = state->because,
                      .effective = state->value.has_value(),
                      .outcome = state->outcome.empty() ? "nothing to do" : state->outcome};
}

}  // namespace priorityd
