// SPDX-License-Identifier: GPL-3.0-or-later
/// The object /org/priorityd1: every member unmarshals, asks the Inspection, marshals.
#include "bus/service.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "bus/callers.hpp"
#include "bus/errors.hpp"
#include "bus/manager_adaptor.hpp"
#include "bus/marshal.hpp"
#include "bus/names.hpp"
#include "bus/readable.hpp"
#include "bus/sdbus_compat.hpp"

namespace priorityd::bus {
namespace {

using Rows = std::vector<Dict>;
using Answer = std::tuple<Dict, Rows>;
using ReloadReply = sdbus::Result<std::uint32_t, std::vector<std::string>>;

sdbus::Error no_such_process(std::uint32_t pid)
{
    return compat::make_error(error_name::kNoSuchProcess, fmt::format("no process {}: it has ended or never was", pid));
}

/// Pids on the bus are unsigned, and any number may come.
Pid checked_pid(std::uint32_t pid)
{
    if (pid == 0 || pid > static_cast<std::uint32_t>(std::numeric_limits<std::int32_t>::max()))
        throw no_such_process(pid);
    return Pid{static_cast<std::int32_t>(pid)};
}

template <typename T>
T found(Result<T> result, std::uint32_t pid)
{
    if (result)
        return *std::move(result);
    if (result.error().is_vanished())
        throw no_such_process(pid);
    throw compat::make_error(error_name::kFailed, readable(result.error().message()));
}

template <typename T>
T valid(Result<T> result)
{
    if (!result)
        throw compat::make_error(error_name::kInvalidSetting, result.error().doing);
    return *std::move(result);
}

template <typename Range, typename Convert>
Rows to_rows(const Range& range, Convert convert)
{
    Rows rows;
    rows.reserve(range.size());
    std::ranges::transform(range, std::back_inserter(rows), convert);
    return rows;
}

Answer to_answer(const Explanation& explanation)
{
    return {full_row(explanation.process),
            to_rows(explanation.rows, [](const ExplainRow& row) { return to_dict(row); })};
}

sdbus::Error refused_rules(const ReloadReport& report)
{
    const auto is_error = [](const Diagnostic& one) { return one.level == Diagnostic::Level::error; };
    const auto errors = std::ranges::count_if(report.diagnostics, is_error);
    const auto first = std::ranges::find_if(report.diagnostics, is_error);
    return compat::make_error(
        error_name::kInvalidRules,
        fmt::format("the old policy stays in force ({} rules), because the files have {} error{}{}", report.rules,
                    errors, errors == 1 ? "" : "s",
                    first == report.diagnostics.end() ? "" : "; the first: " + readable(first->to_text())));
}

std::vector<std::string> readable_texts(const std::vector<std::string>& texts)
{
    std::vector<std::string> result;
    std::ranges::transform(texts, std::back_inserter(result), [](const std::string& text) { return readable(text); });
    return result;
}

}  // namespace

class Service::Object final : public sdbus::AdaptorInterfaces<org::priorityd1::Manager_adaptor> {
public:
    Object(sdbus::IConnection& connection, Inspection& inspection, Uid own_uid)
        : AdaptorInterfaces{connection, compat::PathArgument{kObjectPath}},
          inspection_{inspection},
          own_uid_{own_uid},
          callers_{connection}
    {
        registerAdaptor();
    }
    Object(const Object&) = delete;
    Object& operator=(const Object&) = delete;
    Object(Object&&) = delete;
    Object& operator=(Object&&) = delete;
    virtual ~Object() { unregisterAdaptor(); }

    void emit_reloaded(std::uint32_t generation, const ReloadReport& report)
    {
        if (report.is_accepted)
            compat::emit_properties_changed(getObject(), kManagerInterface,
                                            {"Generation", "Rules", "Classes", "PolicyFiles", "Diagnostics"});
        else
            compat::emit_properties_changed(getObject(), kManagerInterface, {"Diagnostics"});
        emitPolicyReloaded(generation, report.is_accepted, report.rules, to_texts(report.diagnostics));
    }

private:
    Dict GetProcess(const std::uint32_t& pid) override
    {
        return full_row(found(inspection_.process(checked_pid(pid)), pid));
    }

    Rows ListProcesses(const Dict& filter) override
    {
        std::vector<ProcessView> processes = inspection_.processes(valid(read_filter(filter)));
        std::ranges::sort(processes, {}, &ProcessView::key);
        return to_rows(processes, list_row);
    }

    Answer Explain(const std::uint32_t& pid) override
    {
        return to_answer(found(inspection_.explanation(checked_pid(pid)), pid));
    }

    Answer Classify(const Dict& facts) override { return to_answer(inspection_.classify(valid(read_facts(facts)))); }

    void Reload(ReloadReply&& result) override
    {
        // Shared because a handler has to be copyable, which the reply is not.
        const auto reply = std::make_shared<ReloadReply>(std::move(result));
        callers_.find_user(compat::sender_of(getObject()), [this, reply](std::optional<Uid> user) {
            if (may_reload(user))
                reload(*reply);
            else
                reply->returnError(compat::make_error(error_name::kNotAuthorized,
                                                      "only root may have settings and rules read again: try sudo"));
        });
    }

    [[nodiscard]] bool may_reload(std::optional<Uid> user) const { return user == Uid{0} || user == own_uid_; }

    void reload(const ReloadReply& reply)
    {
        const ReloadReport report = inspection_.reload();
        if (report.is_accepted)
            reply.returnResults(report.rules, to_texts(report.diagnostics));
        else
            reply.returnError(refused_rules(report));
    }

    [[nodiscard]] Counters counters() const { return inspection_.status().counters; }

    std::string Version() override { return inspection_.status().version; }
    std::uint32_t Generation() override { return inspection_.status().generation; }
    std::uint32_t Rules() override { return inspection_.status().rules; }
    std::vector<std::string> Classes() override { return readable_texts(inspection_.status().classes); }
    std::vector<std::string> PolicyFiles() override { return readable_texts(inspection_.status().rule_files); }
    std::vector<std::string> Diagnostics() override { return to_texts(inspection_.status().diagnostics); }
    std::uint32_t Tracked() override { return inspection_.status().tracked; }
    std::uint64_t EventsReceived() override { return counters().events_received; }
    std::uint64_t EventsMalformed() override { return counters().events_malformed; }
    std::uint64_t EventsLost() override { return counters().events_lost; }
    std::uint64_t Rescans() override { return counters().rescans; }
    std::uint64_t Applied() override { return counters().applied; }
    std::uint64_t Failed() override { return counters().failed; }
    std::vector<std::string> Engines() override { return {"rules"}; }
    std::uint32_t Foreground() override { return 0; }
    std::string Listening() override { return readable(inspection_.status().listening); }
    std::string Thread() override { return readable(inspection_.status().thread); }
    bool DryRun() override { return inspection_.status().is_dry_run; }

    std::map<std::string, bool> LiveKnobs() override
    {
        std::map<std::string, bool> result;
        for (const auto& [name, state] : inspection_.status().knobs)
            result.emplace(name, state.is_live);
        return result;
    }

    std::map<std::string, std::string> Knobs() override
    {
        std::map<std::string, std::string> result;
        for (const auto& [name, state] : inspection_.status().knobs)
            result.emplace(name, readable(state.to_text()));
        return result;
    }

    Inspection& inspection_;
    Uid own_uid_;
    Callers callers_;
};

Service::Service(std::unique_ptr<Object> object) : object_{std::move(object)} {}
Service::~Service() = default;

Result<std::unique_ptr<Service>> Service::create(Connection& connection, Inspection& inspection, Uid own_uid)
{
    return caught(fmt::format("export {}", kObjectPath), [&] {
        return std::unique_ptr<Service>{
            new Service{std::make_unique<Object>(connection.native(), inspection, own_uid)}};
    });
}

void Service::processes_changed(const std::vector<ProcessView>& changed, std::uint32_t left_out)
{
    (void)caught("emit ProcessesChanged",
                 [&] { object_->emitProcessesChanged(to_rows(changed, change_row), left_out); });
}

void Service::policy_reloaded(std::uint32_t generation, const ReloadReport& report)
{
    (void)caught("emit PolicyReloaded", [&] { object_->emit_reloaded(generation, report); });
}

}  // namespace priorityd::bus
