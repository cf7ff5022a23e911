// SPDX-License-Identifier: GPL-3.0-or-later
/// The object /org/priorityd1: every member unmarshals, asks the Inspection or makes a request, marshals.
#include "bus/service.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "bus/discretion.hpp"
#include "bus/errors.hpp"
#include "bus/gate.hpp"
#include "bus/manager_adaptor.hpp"
#include "bus/marshal.hpp"
#include "bus/marshal_overlay.hpp"
#include "bus/marshal_override.hpp"
#include "bus/marshal_suggestion.hpp"
#include "bus/names.hpp"
#include "bus/override_request.hpp"
#include "bus/readable.hpp"
#include "bus/replies.hpp"
#include "bus/requests.hpp"
#include "bus/sdbus_compat.hpp"
#include "core/glob.hpp"

namespace priorityd::bus {
namespace {

using Rows = std::vector<Dict>;
using Answer = std::tuple<Dict, Rows>;
using RulesReply = sdbus::Result<std::uint32_t, std::vector<std::string>>;

template <typename T>
T accepted(Verdict<T> verdict)
{
    if (!verdict)
        throw to_bus_error(verdict.error());
    return *std::move(verdict);
}

template <typename T>
Verdict<T> found(Result<T> result, Pid pid)
{
    if (result)
        return *std::move(result);
    if (result.error().is_vanished())
        return tl::unexpected{no_such_process(static_cast<std::uint32_t>(raw(pid)))};
    return refuse(Refusal::Kind::failed, result.error().message());
}

template <typename T>
T valid(Result<T> result)
{
    if (!result)
        throw to_bus_error({Refusal::Kind::invalid_setting, result.error().doing});
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
    return {explained_row(explanation), to_rows(explanation.rows, [](const ExplainRow& row) { return to_dict(row); })};
}

bool has_name(const std::string& glob, const ProcessView& process)
{
    return glob.empty() || glob_matches(glob, process.name, Case::sensitive);
}

/// What sends the answer.
template <typename... Results>
std::function<void()> sending(Replies::Slip<Results...> slip, Verdict<std::tuple<Results...>> answer)
{
    return [slip = std::move(slip), answer = std::move(answer)] {
        if (answer)
            std::apply([&](const Results&... results) { slip.give(results...); }, *answer);
        else
            slip.refuse(answer.error());
    };
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
    Object(sdbus::IConnection& connection, Inspection& inspection, Control& control, Learning& learning,
           OverlayControl& overlays, Sessions& sessions, Uid own_uid)
        : AdaptorInterfaces{connection, compat::PathArgument{kObjectPath}},
          inspection_{inspection},
          control_{control},
          learning_{learning},
          overlays_{overlays},
          callers_{connection},
          gate_{connection, callers_, own_uid},
          discretion_{callers_, gate_},
          requests_{connection, callers_, gate_, inspection, control, learning, overlays, sessions}
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
            compat::emit_properties_changed(
                getObject(), kManagerInterface,
                {"Generation", "Rules", "Classes", "Engines", "PolicyFiles", "Diagnostics"});
        else
            compat::emit_properties_changed(getObject(), kManagerInterface, {"Diagnostics"});
        emitPolicyReloaded(generation, report.is_accepted, report.rules, to_texts(report.diagnostics));
    }

    void emit_overlay_changed()
    {
        compat::emit_properties_changed(getObject(), kManagerInterface, {"Profile", "ProfileChoice", "ProfileReason"});
    }

    [[nodiscard]] Requests& requests() { return requests_; }

private:
    void GetProcess(sdbus::Result<Dict>&& result, std::uint32_t number) override
    {
        const Pid pid = accepted(read_pid(number));
        discretion_.answer(current_call(), [this, slip = replies_.keep(std::move(result)), pid](Sight& sight) {
            return sending(slip, found(inspection_.process(pid), pid).map([&](ProcessView process) {
                return std::tuple{full_row(sight.of(std::move(process)))};
            }));
        });
    }

    void ListProcesses(sdbus::Result<Rows>&& result, Dict given) override
    {
        const ProcessFilter filter = valid(read_filter(given));
        discretion_.answer(current_call(), [this, slip = replies_.keep(std::move(result)), filter](Sight& sight) {
            return sending(slip, Verdict<std::tuple<Rows>>{to_rows(seen_processes(filter, sight), list_row)});
        });
    }

    void Explain(sdbus::Result<Dict, Rows>&& result, std::uint32_t number) override
    {
        const Pid pid = accepted(read_pid(number));
        discretion_.answer(current_call(), [this, slip = replies_.keep(std::move(result)), pid](Sight& sight) {
            return sending(slip, found(inspection_.explanation(pid), pid).map([&](Explanation explanation) {
                explanation.process = sight.of(std::move(explanation.process));
                return to_answer(explanation);
            }));
        });
    }

    Rows ListEngines() override
    {
        return to_rows(inspection_.engines(), [](const EngineView& engine) { return to_dict(engine); });
    }

    Answer Classify(const Dict& facts) override { return to_answer(inspection_.classify(valid(read_facts(facts)))); }

    void Reload(RulesReply&& result) override { requests_.reload(current_call(), replies_.keep(std::move(result))); }

    void AddOverride(sdbus::Result<std::string>&& result, Dict target, Dict settings, Dict options) override
    {
        auto request = accepted(read_override_request(target, settings, options));
        requests_.add_override(current_call(), std::move(request), replies_.keep(std::move(result)));
    }

    void RemoveOverride(sdbus::Result<>&& result, std::string id) override
    {
        requests_.remove_override(current_call(), std::move(id), replies_.keep(std::move(result)));
    }

    void ListOverrides(sdbus::Result<Rows>&& result) override
    {
        result.returnResults(to_rows(control_.overrides(), [](const OverrideView& view) { return to_dict(view); }));
    }

    void SetUserRules(RulesReply&& result, std::vector<sdbus::Struct<std::string, std::string>> files) override
    {
        std::vector<std::pair<std::string, std::string>> texts;
        texts.reserve(files.size());
        for (auto& file : files)
            texts.emplace_back(std::move(file.get<0>()), std::move(file.get<1>()));
        requests_.use_user_rules(current_call(), std::move(texts), replies_.keep(std::move(result)));
    }

    void SetForeground(sdbus::Result<>&& result, sdbus::UnixFd pidfd) override
    {
        requests_.set_foreground(current_call(), pidfd, replies_.keep(std::move(result)));
    }

    void AttachSession(sdbus::Result<>&& result, std::vector<std::string> units) override
    {
        requests_.attach_session(current_call(), std::move(units), replies_.keep(std::move(result)));
    }

    void ListSuggestions(sdbus::Result<Rows>&& result) override
    {
        discretion_.answer(current_call(), [this, slip = replies_.keep(std::move(result))](Sight& sight) {
            return sending(slip, Verdict<std::tuple<Rows>>{to_rows(learning_.suggestions(), [&](SuggestionView one) {
                               return to_dict(sight.of(std::move(one)));
                           })});
        });
    }

    void AcceptSuggestion(sdbus::Result<std::string>&& result, std::string id) override
    {
        requests_.accept_suggestion(current_call(), std::move(id), replies_.keep(std::move(result)));
    }

    void RejectSuggestion(sdbus::Result<>&& result, std::string id) override
    {
        requests_.reject_suggestion(current_call(), std::move(id), replies_.keep(std::move(result)));
    }

    void ForgetLearned(sdbus::Result<>&& result) override
    {
        requests_.forget_learned(current_call(), replies_.keep(std::move(result)));
    }

    Rows ListProfiles() override
    {
        return to_rows(overlays_.overlays(), [](const OverlayView& view) { return to_dict(view); });
    }

    void SetProfile(sdbus::Result<>&& result, std::string choice) override
    {
        requests_.choose_overlay(current_call(), std::move(choice), replies_.keep(std::move(result)));
    }

    /// A filter on names goes by those that are shown: it shall find out no others.
    [[nodiscard]] std::vector<ProcessView> seen_processes(const ProcessFilter& filter, Sight& sight) const
    {
        std::vector<ProcessView> processes = inspection_.processes(filter);
        for (ProcessView& process : processes)
            process = sight.of(std::move(process));
        std::erase_if(processes, [&](const ProcessView& process) { return !has_name(filter.name, process); });
        std::ranges::sort(processes, {}, &ProcessView::key);
        return processes;
    }

    [[nodiscard]] Call current_call() const
    {
        return {.sender = compat::sender_of(getObject()),
                .interaction = compat::allows_interaction(getObject()) ? Interaction::allowed : Interaction::forbidden};
    }

    [[nodiscard]] Counters counters() const { return inspection_.status().counters; }

    std::string Version() override { return inspection_.status().version; }
    std::uint32_t Generation() override { return inspection_.status().generation; }
    std::uint32_t Rules() override { return inspection_.status().rules; }
    std::vector<std::string> Classes() override { return readable_texts(inspection_.status().classes); }
    std::vector<std::string> PolicyFiles() override { return readable_texts(inspection_.status().rule_files); }
    std::vector<std::string> Diagnostics() override { return to_texts(inspection_.status().diagnostics); }
    std::uint32_t Tracked() override { return inspection_.status().tracked; }
    std::uint32_t Overrides() override { return inspection_.status().overrides; }
    std::uint64_t EventsReceived() override { return counters().events_received; }
    std::uint64_t EventsMalformed() override { return counters().events_malformed; }
    std::uint64_t EventsLost() override { return counters().events_lost; }
    std::uint64_t Rescans() override { return counters().rescans; }
    std::uint64_t Applied() override { return counters().applied; }
    std::uint64_t Failed() override { return counters().failed; }
    std::vector<std::string> Engines() override
    {
        std::vector<std::string> names{"rules"};
        for (const EngineView& engine : inspection_.engines()) {
            if (engine.is_enabled)
                names.push_back(engine.name);
        }
        return names;
    }
    std::uint32_t Foreground() override
    {
        const auto process = control_.foreground();
        return process ? static_cast<std::uint32_t>(raw(process->pid)) : 0;
    }
    std::string Profile() override { return overlays_.status().name; }
    std::string ProfileChoice() override { return overlays_.status().chosen; }
    std::string ProfileReason() override { return readable(overlays_.status().because); }
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
    Control& control_;
    Learning& learning_;
    OverlayControl& overlays_;
    Replies replies_;
    Callers callers_;
    Gate gate_;
    Discretion discretion_;
    Requests requests_;
};

Service::Service(std::unique_ptr<Object> object) : object_{std::move(object)} {}
Service::~Service() = default;

Result<std::unique_ptr<Service>> Service::create(Connection& connection, Inspection& inspection, Control& control,
                                                 Learning& learning, OverlayControl& overlays, Sessions& sessions,
                                                 Uid own_uid)
{
    return caught(fmt::format("export {}", kObjectPath), [&] {
        return std::unique_ptr<Service>{new Service{
            std::make_unique<Object>(connection.native(), inspection, control, learning, overlays, sessions, own_uid)}};
    });
}

void Service::processes_changed(const std::vector<ProcessView>& changed, std::uint32_t left_out)
{
    const auto row = [](const ProcessView& process) { return change_row(public_view(process)); };
    (void)caught("emit ProcessesChanged", [&] { object_->emitProcessesChanged(to_rows(changed, row), left_out); });
}

void Service::policy_reloaded(std::uint32_t generation, const ReloadReport& report)
{
    (void)caught("emit PolicyReloaded", [&] { object_->emit_reloaded(generation, report); });
}

void Service::overrides_changed(const std::vector<std::string>& added, const std::vector<std::string>& removed)
{
    (void)caught("emit OverridesChanged", [&] { object_->emitOverridesChanged(added, removed); });
    object_->requests().forget_overrides(removed);
}

void Service::suggestion_added(const SuggestionView& suggestion)
{
    (void)caught("emit SuggestionAdded", [&] { object_->emitSuggestionAdded(to_dict(public_view(suggestion))); });
}

void Service::overlay_changed(const OverlayStatus& /*status*/)
{
    (void)caught("emit PropertiesChanged", [&] { object_->emit_overlay_changed(); });
}

void Service::lose_everybody()
{
    object_->requests().lose_everybody();
}

}  // namespace priorityd::bus
