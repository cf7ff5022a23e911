// SPDX-License-Identifier: GPL-3.0-or-later
#include "bus/systemd_units.hpp"

#include <cstdlib>
#include <list>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <systemd/sd-bus.h>

#include "bus/errors.hpp"
#include "bus/sdbus_compat.hpp"

namespace priorityd::bus {
namespace {

constexpr const char* kSystemd = "org.freedesktop.systemd1";
constexpr const char* kSystemdPath = "/org/freedesktop/systemd1";
constexpr const char* kManager = "org.freedesktop.systemd1.Manager";
constexpr const char* kProperties = "org.freedesktop.DBus.Properties";
constexpr auto kPatience = std::chrono::seconds{10};

/// How systemd says "not set", and takes a weight back. Source: CGROUP_WEIGHT_INVALID in src/basic/cgroup-util.h.
constexpr std::uint64_t kUnset = UINT64_MAX;

int code_of(const std::string& name)
{
    static const std::map<std::string, int> kCodes{
        {"org.freedesktop.systemd1.NoSuchUnit", ENOENT},
        {"org.freedesktop.DBus.Error.UnknownObject", ENOENT},
        {"org.freedesktop.DBus.Error.ServiceUnknown", EHOSTUNREACH},
        {"org.freedesktop.DBus.Error.NameHasNoOwner", EHOSTUNREACH},
        {"org.freedesktop.DBus.Error.Disconnected", EHOSTUNREACH},
        {"org.freedesktop.DBus.Error.Timeout", ETIMEDOUT},
        {"org.freedesktop.DBus.Error.NoReply", ETIMEDOUT},
        {"org.freedesktop.DBus.Error.AccessDenied", EACCES},
        {"org.freedesktop.DBus.Error.InteractiveAuthorizationRequired", EACCES},
    };
    const auto known = kCodes.find(name);
    return known == kCodes.end() ? EIO : known->second;
}

Error systemd_error(const sdbus::Error& error, const std::string& doing)
{
    const int code = code_of(error.getName());
    if (code == EHOSTUNREACH)
        return {code, "there is no systemd on the bus"};
    if (code == EIO)
        return {0, fmt::format("{}: {}", doing, error.getMessage())};
    return {code, doing};
}

/// The interface that has the weights of a unit: that of its type.
std::string interface_of(const std::string& unit)
{
    const auto type = unit.substr(unit.rfind('.') + 1);
    if (type == "scope")
        return "org.freedesktop.systemd1.Scope";
    if (type == "socket")
        return "org.freedesktop.systemd1.Socket";
    if (type == "slice")
        return "org.freedesktop.systemd1.Slice";
    return "org.freedesktop.systemd1.Service";
}

/// Where the unit is on the bus; empty without memory.
std::string path_of(const std::string& unit)
{
    char* path = nullptr;
    sd_bus_path_encode("/org/freedesktop/systemd1/unit", unit.c_str(), &path);
    const std::unique_ptr<char, void (*)(void*)> owner{path, std::free};
    return path ? path : "";
}

Weights to_weights(std::uint64_t cpu, std::uint64_t io)
{
    Weights weights;
    if (cpu != kUnset)
        weights.cpu = CpuWeight{static_cast<int>(cpu)};
    if (io != kUnset)
        weights.io = IoWeight::make(static_cast<std::int64_t>(io));
    return weights;
}

using UnitProperty = sdbus::Struct<std::string, sdbus::Variant>;

std::vector<UnitProperty> to_properties(const Weights& weights)
{
    const auto cpu = weights.cpu ? static_cast<std::uint64_t>(weights.cpu->value) : kUnset;
    const auto io = weights.io ? static_cast<std::uint64_t>(weights.io->value()) : kUnset;
    return {UnitProperty{"CPUWeight", sdbus::Variant(cpu)}, UnitProperty{"IOWeight", sdbus::Variant(io)}};
}

}  // namespace

class SystemdUnits::State {
public:
    using Read = std::function<void(const Result<Weights>&)>;

    explicit State(sdbus::IConnection& connection)
        : connection_{connection}, manager_{compat::make_proxy(connection, kSystemd, kSystemdPath)}
    {
    }

    void read(const std::string& unit, Read then)
    {
        questions_.remove_if([](const Question& question) { return question.is_answered; });
        auto& question = questions_.emplace_back();
        question.unit = unit;
        question.then = std::move(then);
        question.proxy = compat::make_proxy(connection_, kSystemd, path_of(unit).c_str());
        get(question, "CPUWeight", [this, &question](std::uint64_t cpu) {
            get(question, "IOWeight",
                [this, &question, cpu](std::uint64_t io) { answer(question, to_weights(cpu, io)); });
        });
        ++waiting_;
    }

    void write(const std::string& unit, const Weights& weights, std::function<void(const Result<void>&)> then)
    {
        manager_->callMethodAsync("SetUnitProperties")
            .onInterface(kManager)
            .withTimeout(kPatience)
            .withArguments(unit, true, to_properties(weights))
            .uponReplyInvoke([this, unit, then = std::move(then)](compat::CallError error) {
                --waiting_;
                then(error ? Result<void>{tl::unexpected(
                                 systemd_error(*error, fmt::format("SetUnitProperties({})", unit)))}
                           : Result<void>{});
            });
        ++waiting_;
    }

    [[nodiscard]] bool is_waiting() const { return waiting_ > 0; }

private:
    /// A unit that is being asked for its weights; it stays until the next one is, because an answer is no place to end
    /// the proxy that has brought it.
    struct Question {
        std::string unit;
        Read then;
        std::unique_ptr<sdbus::IProxy> proxy;
        bool is_answered = false;
    };

    template <typename Then>
    void get(Question& question, const char* property, Then then)
    {
        question.proxy->callMethodAsync("Get")
            .onInterface(kProperties)
            .withTimeout(kPatience)
            .withArguments(interface_of(question.unit), std::string{property})
            .uponReplyInvoke([this, &question, then = std::move(then)](compat::CallError error,
                                                                       const sdbus::Variant& value) {
                if (error)
                    answer(question, tl::unexpected(systemd_error(*error, fmt::format("look at {}", question.unit))));
                else if (!value.containsValueOfType<std::uint64_t>())
                    answer(question, failure(EBADMSG, fmt::format("weight of {}", question.unit)));
                else
                    then(value.get<std::uint64_t>());
            });
    }

    void answer(Question& question, const Result<Weights>& result)
    {
        --waiting_;
        question.is_answered = true;
        const auto then = std::exchange(question.then, nullptr);
        then(result);
    }

    sdbus::IConnection& connection_;
    std::unique_ptr<sdbus::IProxy> manager_;
    std::list<Question> questions_;
    int waiting_ = 0;
};

SystemdUnits::SystemdUnits(Connection& connection) : state_{std::make_unique<State>(connection.native())} {}
SystemdUnits::~SystemdUnits() = default;

void SystemdUnits::read(const std::string& unit, std::function<void(const Result<Weights>&)> then)
{
    // What cannot even be sent is answered at once.
    if (auto sent = caught("ask systemd", [&] { state_->read(unit, then); }); !sent)
        then(tl::unexpected(sent.error()));
}

void SystemdUnits::write(const std::string& unit, const Weights& weights, std::function<void(const Result<void>&)> then)
{
    if (auto sent = caught("ask systemd", [&] { state_->write(unit, weights, then); }); !sent)
        then(tl::unexpected(sent.error()));
}

bool SystemdUnits::is_waiting() const
{
    return state_->is_waiting();
}

}  // namespace priorityd::bus
