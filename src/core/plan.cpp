// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/plan.hpp"

#include <optional>

namespace priorityd {
namespace {

using Kind = Outcome::Kind;

/// The others are decided and shown, and written nowhere.
bool is_knob(Setting setting)
{
    return setting != Setting::program_class && setting != Setting::children;
}

/// The other knobs are those of units.
bool is_written_to_processes(Setting setting)
{
    return setting != Setting::cpu_weight && setting != Setting::io_weight;
}

/// Whether somebody else than priorityd has put `actual` there.
bool is_held(const Value& actual, const Value* untouched, const Ledger::Entry* entry)
{
    if (entry && entry->held_since)
        return true;
    const Value* expected = entry && entry->written ? &*entry->written : untouched;
    return expected && !(*expected == actual);
}

/// Settled without an attempt: empty when the setting is to be written.
std::optional<Outcome> settle(const Value& wanted, const Value& actual, const Value* untouched,
                              const Ledger::Entry* entry)
{
    if (wanted == actual)
        return Outcome{entry && entry->written == wanted ? Kind::applied : Kind::already_so, {}};
    if (is_held(actual, untouched, entry))
        return Outcome{Kind::held, to_text(actual)};
    return std::nullopt;
}

/// Joins the settings that go into one system call.
class ActionList {
public:
    void add(Setting setting, const Value& value)
    {
        switch (setting) {
            case Setting::nice: scheduling().nice = std::get<Nice>(value); break;
            case Setting::sched: scheduling().sched = std::get<SchedPolicy>(value); break;
            case Setting::slice: scheduling().slice = std::get<Slice>(value); break;
            case Setting::uclamp_min: uclamp().min = std::get<UclampPercent>(value); break;
            case Setting::uclamp_max: uclamp().max = std::get<UclampPercent>(value); break;
            case Setting::io: others_.emplace_back(SetIoPriority{std::get<IoPriority>(value)}); break;
            case Setting::cpus: others_.emplace_back(SetAffinity{std::get<CpuSet>(std::get<CpuChoice>(value))}); break;
            case Setting::oom_score_adj: others_.emplace_back(SetOomScoreAdj{std::get<OomScoreAdj>(value)}); break;
            case Setting::timer_slack: others_.emplace_back(SetTimerSlack{std::get<TimerSlack>(value)}); break;
            case Setting::program_class:
            case Setting::cpu_weight:
            case Setting::io_weight:
            case Setting::children: break;  // settle_dead_knobs() has taken them out
        }
    }
    /// Scheduling first: it is what the process waits for.
    std::vector<Action> take()
    {
        std::vector<Action> actions;
        if (scheduling_)
            actions.emplace_back(*scheduling_);
        if (uclamp_)
            actions.emplace_back(*uclamp_);
        actions.insert(actions.end(), others_.begin(), others_.end());
        return actions;
    }

private:
    SetScheduling& scheduling() { return scheduling_ ? *scheduling_ : scheduling_.emplace(); }
    SetUclamp& uclamp() { return uclamp_ ? *uclamp_ : uclamp_.emplace(); }

    std::optional<SetScheduling> scheduling_;
    std::optional<SetUclamp> uclamp_;
    std::vector<Action> others_;
};

}  // namespace

Plan settle_dead_knobs(SettingMap& wanted, const Knobs& knobs)
{
    Plan plan;
    SettingMap alive;
    for (const auto& [setting, value] : wanted) {
        if (!is_knob(setting))
            continue;
        const auto knob = knobs.find(info(setting).name);
        if (knob != knobs.end() && !knob->second.is_live)
            plan.settled.emplace_back(setting, Outcome{Kind::not_live, knob->second.why});
        else if (is_written_to_processes(setting))
            alive.set(setting, value);
    }
    wanted = std::move(alive);
    return plan;
}

Plan plan(const SettingMap& wanted, const SettingMap& actual, const SettingMap& untouched, const Ledger& ledger)
{
    Plan plan;
    ActionList actions;
    for (const auto& [setting, value] : wanted) {
        const auto* now = actual.find(setting);
        if (!now)
            continue;
        if (auto outcome = settle(value, *now, untouched.find(setting), ledger.find(setting)))
            plan.settled.emplace_back(setting, *std::move(outcome));
        else
            actions.add(setting, value);
    }
    plan.actions = actions.take();
    return plan;
}

}  // namespace priorityd
