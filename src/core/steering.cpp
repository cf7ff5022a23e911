// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/steering.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "core/authority.hpp"
#include "core/nearest.hpp"
#include "core/text.hpp"

namespace priorityd {
namespace {

using Kind = Refusal::Kind;
using Limit = SteeringLimits;

bool contains(const Privileges& privileges, Privilege wanted)
{
    return std::ranges::find(privileges, wanted) != privileges.end();
}

tl::unexpected<Refusal> no_process(Pid pid)
{
    return refuse(Kind::no_such_process, fmt::format("no process {}: it has ended or never was", raw(pid)));
}

tl::unexpected<Refusal> no_override(const std::string& id)
{
    return refuse(Kind::no_such_override,
                  fmt::format("no override {}: \"priorityctl overrides\" lists those that there are", escaped(id)));
}

std::uint64_t number_of(const std::string& id)
{
    std::uint64_t number = 0;
    std::from_chars(id.data(), id.data() + id.size(), number);
    return number;
}

}  // namespace

Steering::Steering(Parts parts)
    : parts_{std::move(parts)}, policy_{parts_.pipeline.layers().policy}, foreground_{parts_.source}
{
}

void Steering::resume(std::vector<Override> permanent)
{
    std::ranges::sort(permanent, {}, [](const Override& one) { return number_of(one.id); });
    for (auto& one : permanent) {
        next_id_ = std::max(next_id_, number_of(one.id) + 1);
        overrides_.add(std::move(one));
    }
    use_layers();
}

std::vector<std::string> Steering::use(std::shared_ptr<const Policy> policy)
{
    policy_ = std::move(policy);
    std::vector<std::string> faults;
    user_rules_.clear();
    for (const auto& [user, files] : user_files_) {
        auto reading = read_policy(files, parts_.accounts, policy_.get());
        if (reading.policy)
            user_rules_.emplace(user, std::make_shared<const Policy>(*std::move(reading.policy)));
        else
            faults.push_back(fmt::format("the rules of user {} are out of force: {}", raw(user),
                                         reading.diagnostics.front().to_text()));
    }
    use_layers();
    return faults;
}

void Steering::run_due(Instant now)
{
    end(overrides_.take_due(now));
}

void Steering::on_exit(Pid pid)
{
    end(overrides_.take_of_process(pid));
}

Verdict<void> Steering::check_rate(Uid user)
{
    if (rate_.take(user, parts_.clocks().now))
        return {};
    return refuse(Kind::limit_reached,
                  fmt::format("more than {} requests in a second: wait a moment", Limit::kRequestsASecond));
}

Verdict<void> Steering::check_room(Uid user) const
{
    if (overrides_.all().size() >= Limit::kOverrides)
        return refuse(Kind::limit_reached,
                      fmt::format("there are {} overrides, which is the most: remove some, or write rules",
                                  overrides_.all().size()));
    if (user != Uid{0} && overrides_.count_of(user) >= Limit::kOverridesOfAUser)
        return refuse(Kind::limit_reached,
                      fmt::format("you have {} overrides, which is the most for a user: remove some, or write rules",
                                  Limit::kOverridesOfAUser));
    return {};
}

Verdict<SettingMap> Steering::complete(const SettingMap& settings) const
{
    if (auto all = with_class(settings, *policy_))
        return *std::move(all);
    const auto& wanted = find_value<ClassName>(settings, Setting::program_class)->text;
    std::vector<std::string_view> known;
    for (const auto& program_class : policy_->classes())
        known.push_back(program_class.name);
    return refuse(Kind::unknown_class,
                  fmt::format("unknown class \"{}\"{}", escaped(wanted), suggestion(wanted, known)));
}

Verdict<ProcessKey> Steering::find_process(const OverrideRequest::Process& wanted, Uid& owner) const
{
    if (wanted.pid == kInit || wanted.pid == parts_.own_pid)
        return refuse(Kind::invalid_setting,
                      fmt::format("process {} is left as it is: priorityd changes neither the first process nor itself",
                                  raw(wanted.pid)));
    const auto handle = parts_.source.open(wanted.pid);
    Snapshot process;
    if (!handle || !(*handle)->is_process() || !(*handle)->read(Fact::stat | Fact::owner, process) || process.is_zombie)
        return no_process(wanted.pid);
    if (process.is_kernel_thread)
        return refuse(
            Kind::invalid_setting,
            fmt::format("process {} is a thread of the kernel, which priorityd never changes", raw(wanted.pid)));
    if (wanted.start_ticks && *wanted.start_ticks != process.key.start_ticks)
        return refuse(
            Kind::no_such_process,
            fmt::format("process {} is another one by now: the one that was meant has ended", raw(wanted.pid)));
    owner = process.uid;
    return process.key;
}

bool Steering::is_alive(const ProcessKey& process) const
{
    const auto handle = parts_.source.open(process.pid);
    Snapshot now;
    return handle && (*handle)->read(Fact::stat, now) && now.key == process && !now.is_zombie;
}

Verdict<OverridePlan> Steering::plan_override(OverrideRequest request, const Caller& caller)
{
    if (auto ok = check_rate(caller.uid); !ok)
        return tl::unexpected(ok.error());
    if (auto ok = check_room(caller.uid); !ok)
        return tl::unexpected(ok.error());
    const auto settings = complete(request.settings);
    if (!settings)
        return tl::unexpected(settings.error());

    const bool is_root = caller.uid == Uid{0};
    OverridePlan plan{.draft = {.settings = std::move(request.settings),
                                .owner = caller.uid,
                                .is_for_everybody = request.is_for_everybody || is_root,
                                .is_permanent = request.is_permanent,
                                .connection = request.is_while_connected ? caller.connection : std::string{},
                                .reason = std::move(request.reason)},
                      .lifetime = request.lifetime,
                      .needs = {}};
    Reach reach = request.is_for_everybody ? Reach::others : Reach::own;
    if (const auto* wanted = std::get_if<OverrideRequest::Process>(&request.target)) {
        Uid owner{};
        const auto process = find_process(*wanted, owner);
        if (!process)
            return tl::unexpected(process.error());
        plan.draft.target = *process;
        reach = owner == caller.uid ? Reach::own : Reach::others;
    } else {
        plan.draft.target = std::get<PatternTarget>(std::move(request.target));
    }
    plan.needs = needed_for(*settings, reach, policy_->settings().limits);
    plan.draft.is_capped = !is_root && !contains(plan.needs, Privilege::modify_any);
    if (request.is_permanent)
        plan.needs.push_back(Privilege::persist);
    return plan;
}

void Steering::add_override(OverridePlan plan, Done done)
{
    Override one = std::move(plan.draft);
    if (auto ok = check_room(one.owner); !ok)
        return done(tl::unexpected(ok.error()));
    const auto* process = std::get_if<ProcessKey>(&one.target);
    if (process && !is_alive(*process))
        return done(no_process(process->pid));
    const auto clocks = parts_.clocks();
    one.id = std::to_string(next_id_++);
    one.created = clocks.date;
    if (plan.lifetime)
        one.ends = clocks.now + *plan.lifetime;
    if (!one.is_permanent) {
        const auto id = one.id;
        begin(std::move(one));
        return done(id);
    }
    parts_.keeper.save(one, [this, one, done = std::move(done)](const Result<void>& saved) {
        if (!saved)
            return done(refuse(Kind::failed, "cannot be kept: " + saved.error().message()));
        begin(one);
        done(one.id);
    });
}

void Steering::begin(Override one)
{
    const auto source = source_of(one);
    const auto id = one.id;
    const auto target = one.target;
    overrides_.add(std::move(one));
    use_layers();
    if (const auto* process = std::get_if<ProcessKey>(&target)) {
        parts_.pipeline.look_at(process->pid, source, parts_.clocks().now);
    } else {
        parts_.pipeline.take_control(source);
        parts_.request_scan();
    }
    tell({id}, {});
}

Verdict<Privileges> Steering::plan_removal(const std::string& id, const Caller& caller)
{
    if (auto ok = check_rate(caller.uid); !ok)
        return tl::unexpected(ok.error());
    const auto* one = overrides_.find(id);
    if (!one)
        return no_override(id);
    return one->owner == caller.uid ? Privileges{} : Privileges{Privilege::modify_any};
}

void Steering::remove_override(const std::string& id, Done done)
{
    const auto* one = overrides_.find(id);
    if (!one)
        return done(no_override(id));
    if (!one->is_permanent)
        return end_one(id, done);
    parts_.keeper.remove(id, [this, id, done = std::move(done)](const Result<void>& removed) {
        if (!removed)
            return done(refuse(Kind::failed, "cannot be taken from the disk: " + removed.error().message()));
        end_one(id, done);
    });
}

void Steering::end_one(const std::string& id, const Done& done)
{
    if (!overrides_.remove(id))
        return done(no_override(id));
    end({id});
    done(id);
}

/// They are off the list already.
void Steering::end(const std::vector<std::string>& ids)
{
    if (ids.empty())
        return;
    use_layers();
    for (const auto& id : ids)
        parts_.pipeline.look_at_those_with(override_source(id), parts_.clocks().now);
    parts_.request_scan();  // what those have forked meanwhile has it too, and nobody has told of it
    tell({}, ids);
}

std::vector<OverrideView> Steering::overrides() const
{
    const auto now = parts_.clocks().now;
    std::vector<OverrideView> views;
    for (const auto& one : overrides_.all()) {
        OverrideView view{.kept = one, .remaining = {}, .processes = parts_.pipeline.count_with(source_of(one))};
        if (one.ends)
            view.remaining = std::chrono::duration_cast<std::chrono::microseconds>(std::max(*one.ends, now) - now);
        views.push_back(std::move(view));
    }
    return views;
}

void Steering::forget_caller(const std::string& connection)
{
    end(overrides_.take_of_connection(connection));
}

Verdict<ProcessKey> Steering::plan_foreground(int pidfd, const Caller& caller)
{
    if (auto ok = check_rate(caller.uid); !ok)
        return tl::unexpected(ok.error());
    const auto pid = parts_.source.pid_of(pidfd);
    if (!pid && !pid.error().is_vanished())
        return refuse(Kind::invalid_setting, "this is no pidfd: pidfd_open(2) makes one");
    Uid owner{};
    auto process = pid ? find_process({.pid = *pid, .start_ticks = {}}, owner) : no_process(Pid{});
    if (process && owner != caller.uid && caller.uid != Uid{0})
        return refuse(Kind::not_authorised,
                      fmt::format("process {} is another user's: only an own one can be called the foreground, and "
                                  "root may call any",
                                  raw(process->pid)));
    return process;
}

void Steering::use_layers()
{
    parts_.pipeline.use({.policy = policy_,
                         .user_rules = std::make_shared<const UserRules>(user_rules_),
                         .overrides = overrides_.table()});
}

void Steering::tell(const std::vector<std::string>& added, const std::vector<std::string>& removed) const
{
    for (auto* listener : listeners_)
        listener->overrides_changed(added, removed);
}

}  // namespace priorityd
