// SPDX-License-Identifier: GPL-3.0-or-later
#include "bus/daemon_link.hpp"

#include <chrono>
#include <optional>
#include <string_view>

#include <fmt/format.h>
#include <systemd/sd-bus.h>

#include "bus/callers.hpp"
#include "bus/errors.hpp"
#include "bus/names.hpp"
#include "bus/readable.hpp"
#include "bus/sdbus_compat.hpp"

namespace priorityd::bus {
namespace {

/// Longer than the daemon waits for polkit, which asks no person here.
constexpr auto kPatience = std::chrono::seconds{60};

Error link_error(const sdbus::Error& error, const std::string& doing)
{
    const std::string_view name{error.getName()};
    if (name == error_name::kNotAuthorized || name == "org.freedesktop.DBus.Error.AccessDenied")
        return {EACCES, doing};
    if (name == "org.freedesktop.DBus.Error.Timeout" || name == "org.freedesktop.DBus.Error.NoReply")
        return {ETIMEDOUT, doing};
    return {0, fmt::format("{}: {}", doing, readable(error.getMessage()))};
}

}  // namespace

class DaemonLink::State {
public:
    State(sdbus::IConnection& connection, OwnerChanged changed)
        : connection_{connection}, callers_{connection}, changed_{std::move(changed)}
    {
    }

    Result<void> follow(std::function<void()> failed)
    {
        const auto rule =
            fmt::format("type='signal',sender='{}',path='{}',interface='{}',member='NameOwnerChanged',arg0='{}'",
                        kDriverName, kDriverPath, kDriverName, kBusName);
        auto match = callers_.listen(
            rule, {.heard = [this](sd_bus_message* message) { hear(message); }, .failed = std::move(failed)});
        if (!match)
            return tl::unexpected(match.error());
        match_ = *std::move(match);
        // Asked after the subscription is on its way, so that no change is missed in between.
        callers_.find_owner(kBusName, [this](const std::optional<std::string>& owner) { use(owner.value_or("")); });
        return {};
    }

    [[nodiscard]] sdbus::IProxy* daemon() const { return daemon_.get(); }

private:
    /// Anybody may send what looks like this signal; only the bus itself sends under its own name.
    void hear(sd_bus_message* message)
    {
        const char* sender = sd_bus_message_get_sender(message);
        const char* name = nullptr;
        const char* before = nullptr;
        const char* now = nullptr;
        if (sender && std::string_view{sender} == kDriverName &&
            sd_bus_message_read(message, "sss", &name, &before, &now) > 0 && std::string_view{name} == kBusName)
            use(now);
    }

    /// Calls go to the connection, not to the name, so that nobody is started for them.
    void use(const std::string& owner)
    {
        if (owner_ == owner)
            return;
        owner_ = owner;
        daemon_ = owner.empty() ? nullptr : compat::make_proxy(connection_, owner.c_str(), kObjectPath);
        changed_(owner);
    }

    sdbus::IConnection& connection_;
    Callers callers_;
    OwnerChanged changed_;
    std::optional<Match> match_;
    std::optional<std::string> owner_;
    std::unique_ptr<sdbus::IProxy> daemon_;
};

DaemonLink::DaemonLink(std::unique_ptr<State> state) : state_{std::move(state)} {}
DaemonLink::~DaemonLink() = default;

Result<std::unique_ptr<DaemonLink>> DaemonLink::follow(Connection& connection, OwnerChanged changed,
                                                       std::function<void()> failed)
{
    auto state = std::make_unique<State>(connection.native(), std::move(changed));
    if (auto followed = state->follow(std::move(failed)); !followed)
        return tl::unexpected(followed.error());
    return std::unique_ptr<DaemonLink>{new DaemonLink{std::move(state)}};
}

void DaemonLink::attach(const std::vector<std::string>& units, const std::function<void(const Result<void>&)>& then)
{
    auto* daemon = state_->daemon();
    if (!daemon)
        return then(failure(ENOTCONN, "there is no priorityd"));
    const auto sent = caught("AttachSession", [&] {
        daemon->callMethodAsync("AttachSession")
            .onInterface(kManagerInterface)
            .withTimeout(kPatience)
            .withArguments(units)
            .uponReplyInvoke([then](compat::CallError error) {
                then(error ? Result<void>{tl::unexpected(link_error(*error, "AttachSession"))} : Result<void>{});
            });
    });
    if (!sent)
        then(tl::unexpected(sent.error()));
}

void DaemonLink::use_rules(const std::vector<std::pair<std::string, std::string>>& files,
                           const std::function<void(const Result<RulesAnswer>&)>& then)
{
    auto* daemon = state_->daemon();
    if (!daemon)
        return then(failure(ENOTCONN, "there is no priorityd"));
    std::vector<sdbus::Struct<std::string, std::string>> sent_files;
    sent_files.reserve(files.size());
    for (const auto& [name, text] : files)
        sent_files.emplace_back(name, text);
    const auto sent = caught("SetUserRules", [&] {
        daemon->callMethodAsync("SetUserRules")
            .onInterface(kManagerInterface)
            .withTimeout(kPatience)
            .withArguments(sent_files)
            .uponReplyInvoke(
                [then](compat::CallError error, std::uint32_t rules, const std::vector<std::string>& diagnostics) {
                    then(error ? Result<RulesAnswer>{tl::unexpected(link_error(*error, "SetUserRules"))}
                               : RulesAnswer{rules, diagnostics});
                });
    });
    if (!sent)
        then(tl::unexpected(sent.error()));
}

}  // namespace priorityd::bus
