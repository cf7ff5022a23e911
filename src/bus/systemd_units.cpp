// SPDX-License-Identifier: GPL-3.0-or-later
#include "bus/systemd_units.hpp"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <list>
#include <utility>

#include <fmt/format.h>
#include <systemd/sd-bus.h>

#include "bus/errors.hpp"
#include "bus/sdbus_compat.hpp"
#include "bus/unit_errors.hpp"

namespace priorityd::bus {
namespace {

constexpr const char* kSystemd = "org.freedesktop.systemd1";
constexpr const char* kSystemdPath = "/org/freedesktop/systemd1";
constexpr const char* kManager = "org.freedesktop.systemd1.Manager";
constexpr const char* kProperties = "org.freedesktop.DBus.Properties";
constexpr auto kPatience = std::chrono::seconds{10};

/// How systemd says "not set", and takes a weight back. Source: CGROUP_WEIGHT_INVALID in src/basic/cgroup-util.h.
constexpr std::uint64_t kUnset = UINT64_MAX;

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
using AuxiliaryUnit = sdbus::Struct<std::string, std::vector<UnitProperty>>;

std::vector<UnitProperty> to_properties(const Weights& weights)
{
    const auto cpu = weights.cpu ? static_cast<std::uint64_t>(weights.cpu->value) : kUnset;
    const auto io = weights.io ? static_cast<std::uint64_t>(weights.io->value()) : kUnset;
    return {UnitProperty{"CPUWeight", sdbus::Variant(cpu)}, UnitProperty{"IOWeight", sdbus::Variant(io)}};
}

std::vector<UnitProperty> scope_properties(const std::string& origin, const std::string& slice,
                                           const std::vector<Pid>& processes)
{
    std::vector<std::uint32_t> pids;
    std::ranges::transform(processes, std::back_inserter(pids),
                           [](Pid pid) { return static_cast<std::uint32_t>(raw(pid)); });
    return {UnitProperty{"Description", sdbus::Variant(fmt::format("Split from {} by priorityd", origin))},
            UnitProperty{"Slice", sdbus::Variant(slice)}, UnitProperty{"PIDs", sdbus::Variant(pids)}};
}

}  // namespace

class SystemdUnits::State {
public:
    using Done = std::function<void(const Result<void>&)>;

    explicit State(sdbus::IConnection& connection)
        : connection_{connection}, manager_{compat::make_proxy(connection, kSystemd, kSystemdPath)}
    {
    }

    void read(const std::string& unit, const std::function<void(const Result<Weights>&)>& then)
    {
        const auto interface = interface_of(unit);
        get<std::uint64_t>({unit, interface, "CPUWeight"}, [=, this](const Result<std::uint64_t>& cpu) {
            if (!cpu)
                return then(tl::unexpected(cpu.error()));
            get<std::uint64_t>({unit, interface, "IOWeight"}, [=](const Result<std::uint64_t>& io) {
                then(io ? Result<Weights>{to_weights(*cpu, *io)} : tl::unexpected(io.error()));
            });
        });
    }

    void write(const std::string& unit, const Weights& weights, Done then)
    {
        call("SetUnitProperties", fmt::format("SetUnitProperties({})", unit), std::move(then), unit, true,
             to_properties(weights));
    }

    void split(const std::string& scope, const std::vector<Pid>& processes, const std::string& new_scope, Done then)
    {
        get<std::string>({scope, "org.freedesktop.systemd1.Unit", "Slice"}, [=, this, then = std::move(then)](
                                                                                const Result<std::string>& slice) {
            if (!slice)
                return then(tl::unexpected(slice.error()));
            call("StartTransientUnit", fmt::format("StartTransientUnit({})", new_scope), then, new_scope,
                 std::string{"fail"}, scope_properties(scope, *slice, processes), std::vector<AuxiliaryUnit>{});
        });
    }

    [[nodiscard]] bool is_waiting() const { return waiting_ > 0; }

private:
    struct Property {
        std::string unit;
        std::string interface;
        std::string name;
    };
    /// A unit that is being asked; it stays until another one is, because an answer is no place to end the proxy that
    /// has brought it.
    struct Question {
        std::unique_ptr<sdbus::IProxy> proxy;
        bool is_answered = false;
    };

    template <typename... Arguments>
    void call(const char* method, const std::string& doing, Done then, const Arguments&... arguments)
    {
        manager_->callMethodAsync(method)
            .onInterface(kManager)
            .withTimeout(kPatience)
            .withArguments(arguments...)
            .uponReplyInvoke([this, doing, then = std::move(then)](compat::CallError error) {
                --waiting_;
                then(error ? Result<void>{tl::unexpected(unit_error(*error, doing))} : Result<void>{});
            });
        ++waiting_;
    }

    template <typename T>
    void get(const Property& property, std::function<void(const Result<T>&)> then)
    {
        questions_.remove_if([](const Question& question) { return question.is_answered; });
        auto& question = questions_.emplace_back();
        question.proxy = compat::make_proxy(connection_, kSystemd, path_of(property.unit).c_str());
        question.proxy->callMethodAsync("Get")
            .onInterface(kProperties)
            .withTimeout(kPatience)
            .withArguments(property.interface, property.name)
            .uponReplyInvoke([this, &question, property, then = std::move(then)](compat::CallError error,
                                                                                 const sdbus::Variant& value) {
                --waiting_;
                then(error ? Result<T>{tl::unexpected(unit_error(*error, "look at " + property.unit))}
                           : value_of<T>(value, property));
                question.is_answered = true;
            });
        ++waiting_;
    }

    template <typename T>
    static Result<T> value_of(const sdbus::Variant& value, const Property& property)
    {
        if (!value.containsValueOfType<T>())
            return failure(EBADMSG, fmt::format("{} of {}", property.name, property.unit));
        return value.get<T>();
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

void SystemdUnits::split(const std::string& scope, const std::vector<Pid>& processes, const std::string& new_scope,
                         std::function<void(const Result<void>&)> then)
{
    if (auto sent = caught("ask systemd", [&] { state_->split(scope, processes, new_scope, then); }); !sent)
        then(tl::unexpected(sent.error()));
}

bool SystemdUnits::is_waiting() const
{
    return state_->is_waiting();
}

}  // namespace priorityd::bus
