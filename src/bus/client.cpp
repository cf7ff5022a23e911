// SPDX-License-Identifier: GPL-3.0-or-later
/// The daemon as its clients see it, over the generated proxy.
#include "bus/client.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "bus/errors.hpp"
#include "bus/manager_proxy.hpp"
#include "bus/manager_status.hpp"
#include "bus/marshal.hpp"
#include "bus/marshal_overlay.hpp"
#include "bus/marshal_override.hpp"
#include "bus/marshal_suggestion.hpp"
#include "bus/names.hpp"
#include "bus/readable.hpp"
#include "bus/sdbus_compat.hpp"
#include "core/text.hpp"

namespace priorityd::bus {
namespace {

using Kind = ClientError::Kind;
using Rows = std::vector<Dict>;
using File = sdbus::Struct<std::string, std::string>;

/// Longer than the daemon waits for polkit, and polkit for a person.
constexpr auto kPatienceWithPeople = std::chrono::minutes{3};

struct KnownError {
    std::string_view name;
    Kind kind;
};
constexpr KnownError kKnownErrors[] = {
    {error_name::kNoSuchProcess, Kind::no_such_process},
    {error_name::kNoSuchOverride, Kind::no_such_override},
    {error_name::kNotAuthorized, Kind::not_authorised},
    {error_name::kInvalidRules, Kind::refused_rules},
    {"org.freedesktop.DBus.Error.AccessDenied", Kind::not_authorised},
    {"org.freedesktop.DBus.Error.ServiceUnknown", Kind::no_daemon},
    {"org.freedesktop.DBus.Error.NameHasNoOwner", Kind::no_daemon},
    // What the bus says when the daemon went away before it answered; a daemon that is too slow is a Timeout instead.
    {"org.freedesktop.DBus.Error.NoReply", Kind::no_daemon},
    {"org.freedesktop.DBus.Error.Disconnected", Kind::no_daemon},
    {"System.Error.ECONNRESET", Kind::no_daemon},
    {"System.Error.ENOTCONN", Kind::no_daemon},
};

Kind kind_of(std::string_view name)
{
    // Whoever the bus has asked to start one could not: it itself, or systemd (no such unit, a masked one, shutdown).
    if (name.starts_with("org.freedesktop.DBus.Error.Spawn.") || name.starts_with("org.freedesktop.systemd1."))
        return Kind::no_daemon;
    const auto known = std::ranges::find(kKnownErrors, name, &KnownError::name);
    return known == std::end(kKnownErrors) ? Kind::failed : known->kind;
}

ClientError to_client_error(const sdbus::Error& error)
{
    const Kind kind = kind_of(std::string_view{error.getName()});
    if (kind == Kind::no_daemon)
        return {kind,
                "no priorityd on the bus: start it with \"systemctl start priorityd\", or name its bus with --bus"};
    return {kind, readable(error.getMessage())};
}

/// D-Bus knows no other text, and would cut it off at a NUL.
bool is_bus_text(std::string_view text)
{
    return is_utf8(text) && text.find('\0') == std::string_view::npos;
}

ClientError no_bus_text(std::string_view what)
{
    return {Kind::failed, fmt::format("{}: cannot be sent, D-Bus takes UTF-8 without NUL only", what)};
}

template <typename Call>
ClientResult<std::invoke_result_t<Call>> answered(Call call)
{
    try {
        if constexpr (std::is_void_v<std::invoke_result_t<Call>>) {
            call();
            return {};
        } else {
            return call();
        }
    } catch (const sdbus::Error& error) {
        return tl::unexpected{to_client_error(error)};
    }
}

template <typename Read>
auto read_all(const Rows& rows, Read read)
{
    std::vector<std::invoke_result_t<Read, const Dict&>> result;
    result.reserve(rows.size());
    std::ranges::transform(rows, std::back_inserter(result), read);
    return result;
}

Explanation read_explanation(const std::tuple<Dict, Rows>& answer)
{
    const auto& [process, rows] = answer;
    return {read_process(process), read_all(rows, read_explain_row), read_shares(process)};
}

Reloaded read_reloaded(sdbus::MethodReply reply)
{
    Reloaded result;
    reply >> result.rules >> result.diagnostics;
    return result;
}

/// Anybody on the bus may send a signal that looks like the daemon's; only those of the name's owner are passed on.
class Manager final : public sdbus::ProxyInterfaces<org::priorityd1::Manager_proxy> {
public:
    explicit Manager(sdbus::IConnection& connection)
        : ProxyInterfaces{connection, compat::BusNameArgument{kBusName}, compat::PathArgument{kObjectPath}}
    {
    }
    Manager(const Manager&) = delete;
    Manager& operator=(const Manager&) = delete;
    Manager(Manager&&) = delete;
    Manager& operator=(Manager&&) = delete;
    virtual ~Manager() { unregisterProxy(); }

    /// A call that lets the daemon have a person asked for a password, and waits as long as that may take.
    template <typename... Arguments>
    sdbus::MethodReply call_patiently(const char* method, const Arguments&... arguments)
    {
        auto call = compat::make_call(getProxy(), kManagerInterface, method);
        compat::allow_interaction(call);
        (void)(static_cast<sdbus::Message&>(call) << ... << arguments);
        return getProxy().callMethod(call, kPatienceWithPeople);
    }

    ManagerStatus status()
    {
        Dict properties;
        getProxy()
            .callMethod("GetAll")
            .onInterface("org.freedesktop.DBus.Properties")
            .withArguments(std::string{kManagerInterface})
            .storeResultsTo(properties);
        return read_status(properties);
    }

    void watch(Watcher& watcher, std::string owner)
    {
        watcher_ = &watcher;
        owner_ = std::move(owner);
        registerProxy();
    }

    void owner_changed(const std::string& owner)
    {
        if (!watcher_ || owner == owner_)
            return;  // a change that watch() has seen already
        const bool had_owner = !std::exchange(owner_, owner).empty();
        if (had_owner)
            watcher_->daemon_vanished();
        if (!owner.empty())
            watcher_->daemon_returned();
    }

private:
    [[nodiscard]] bool is_genuine() const { return watcher_ && compat::sender_of(getProxy()) == owner_; }

    void onProcessesChanged(const Rows& changed, const std::uint32_t& left_out) override
    {
        if (is_genuine())
            watcher_->processes_changed(read_all(changed, read_process), left_out);
    }

    void onPolicyReloaded(const std::uint32_t& generation, const bool& accepted, const std::uint32_t& rules,
                          const std::vector<std::string>& diagnostics) override
    {
        if (is_genuine())
            watcher_->policy_reloaded({generation, accepted, {rules, diagnostics}});
    }

    void onOverridesChanged(const std::vector<std::string>& added, const std::vector<std::string>& removed) override
    {
        if (is_genuine())
            watcher_->overrides_changed(added, removed);
    }

    void onSuggestionAdded(const Dict& suggestion) override
    {
        if (is_genuine())
            watcher_->suggestion_added(read_suggestion(suggestion));
    }

    Watcher* watcher_ = nullptr;
    std::string owner_;
};

std::string name_owner(sdbus::IConnection& connection)
{
    std::string owner;
    compat::make_proxy(connection, kDriverName, kDriverPath)
        ->callMethod("GetNameOwner")
        .onInterface(kDriverName)
        .withArguments(std::string{kBusName})
        .storeResultsTo(owner);
    return owner;
}

sdbus::Slot follow_owner(sdbus::IConnection& connection, Manager& manager)
{
    const std::string match = fmt::format(
        "type='signal',sender='{}',path='{}',interface='{}',member='NameOwnerChanged',"
        "arg0='{}'",
        kDriverName, kDriverPath, kDriverName, kBusName);
    return compat::add_match(connection, match, [&manager](auto&& message) {
        // Unicast look-alikes get here too; only the bus itself sends under its own name.
        if (std::string_view{message.getSender()} != kDriverName)
            return;
        std::string name;
        std::string before;
        std::string now;
        message >> name >> before >> now;
        manager.owner_changed(now);
    });
}

}  // namespace

struct ManagerClient::State {
    explicit State(Connection opened) : connection{std::move(opened)}, manager{connection.native()} {}

    Connection connection;
    Manager manager;
    sdbus::Slot owner_match{};
};

ManagerClient::ManagerClient(std::unique_ptr<State> state) : state_{std::move(state)} {}
ManagerClient::ManagerClient(ManagerClient&&) noexcept = default;
ManagerClient& ManagerClient::operator=(ManagerClient&&) noexcept = default;
ManagerClient::~ManagerClient() = default;

Connection& ManagerClient::connection()
{
    return state_->connection;
}

ClientResult<ManagerClient> ManagerClient::connect(const Address& address)
{
    auto connection = Connection::open(address);
    if (!connection)
        return tl::unexpected{
            ClientError{Kind::no_daemon, connection.error().message() + " (is it running? --bus names another one)"}};
    return answered([&] { return ManagerClient{std::make_unique<State>(*std::move(connection))}; });
}

bool ManagerClient::is_there()
{
    return answered([&] { return name_owner(state_->connection.native()); }).has_value();
}

ClientResult<ManagerStatus> ManagerClient::status()
{
    return answered([&] { return state_->manager.status(); });
}

ClientResult<ProcessView> ManagerClient::process(Pid pid)
{
    return answered([&] { return read_process(state_->manager.GetProcess(static_cast<std::uint32_t>(raw(pid)))); });
}

ClientResult<std::vector<ProcessView>> ManagerClient::processes(const ProcessFilter& filter)
{
    return answered([&] { return read_all(state_->manager.ListProcesses(to_dict(filter)), read_process); });
}

ClientResult<Explanation> ManagerClient::explanation(Pid pid)
{
    return answered([&] { return read_explanation(state_->manager.Explain(static_cast<std::uint32_t>(raw(pid)))); });
}

ClientResult<Explanation> ManagerClient::classify(const GivenFacts& facts)
{
    return answered([&] { return read_explanation(state_->manager.Classify(to_dict(facts))); });
}

ClientResult<Reloaded> ManagerClient::reload()
{
    return answered([&] { return read_reloaded(state_->manager.call_patiently("Reload")); });
}

ClientResult<std::string> ManagerClient::add_override(const OverrideRequest& request)
{
    const auto* pattern = std::get_if<PatternTarget>(&request.target);
    if (pattern && !is_bus_text(pattern->glob))
        return tl::unexpected{no_bus_text("the pattern")};
    return answered([&] {
        std::string id;
        state_->manager.call_patiently("AddOverride", target_dict(request), to_dict(request.settings),
                                       options_dict(request)) >>
            id;
        return id;
    });
}

ClientResult<void> ManagerClient::remove_override(const std::string& id)
{
    return answered([&] { (void)state_->manager.call_patiently("RemoveOverride", id); });
}

ClientResult<std::vector<EngineView>> ManagerClient::engines()
{
    return answered([&] { return read_all(state_->manager.ListEngines(), read_engine); });
}

ClientResult<std::vector<SuggestionView>> ManagerClient::suggestions()
{
    return answered([&] { return read_all(state_->manager.ListSuggestions(), read_suggestion); });
}

ClientResult<std::string> ManagerClient::accept_suggestion(const std::string& id)
{
    return answered([&] {
        std::string file;
        state_->manager.call_patiently("AcceptSuggestion", id) >> file;
        return file;
    });
}

ClientResult<void> ManagerClient::reject_suggestion(const std::string& id)
{
    return answered([&] { (void)state_->manager.call_patiently("RejectSuggestion", id); });
}

ClientResult<void> ManagerClient::forget_learned()
{
    return answered([&] { (void)state_->manager.call_patiently("ForgetLearned"); });
}

ClientResult<std::vector<OverlayView>> ManagerClient::overlays()
{
    return answered([&] { return read_all(state_->manager.ListProfiles(), read_overlay); });
}

ClientResult<void> ManagerClient::choose_overlay(const std::string& choice)
{
    if (!is_bus_text(choice))
        return tl::unexpected{no_bus_text("the name of the profile")};
    return answered([&] { (void)state_->manager.call_patiently("SetProfile", choice); });
}

ClientResult<std::vector<OverrideView>> ManagerClient::overrides()
{
    return answered([&] { return read_all(state_->manager.ListOverrides(), read_override); });
}

ClientResult<Reloaded> ManagerClient::use_user_rules(const std::vector<std::pair<std::string, std::string>>& files)
{
    std::vector<File> sent;
    sent.reserve(files.size());
    for (const auto& [name, text] : files) {
        if (!is_bus_text(name) || !is_bus_text(text))
            return tl::unexpected{no_bus_text(escaped(name))};
        sent.emplace_back(name, text);
    }
    return answered([&] { return read_reloaded(state_->manager.call_patiently("SetUserRules", sent)); });
}

ClientResult<void> ManagerClient::watch(Watcher& watcher)
{
    return answered([&] {
        // Subscribed first and asked for the owner after, so that no change is missed in between.
        state_->owner_match = follow_owner(state_->connection.native(), state_->manager);
        state_->manager.watch(watcher, name_owner(state_->connection.native()));
    });
}

}  // namespace priorityd::bus
