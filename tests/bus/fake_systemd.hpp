// SPDX-License-Identifier: GPL-3.0-or-later
/// A systemd that the test plays, the system's or a user's.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "peers.hpp"

namespace priorityd::test {

/// Has units with weights, and does what it is asked.
class FakeSystemd {
public:
    FakeSystemd(Loop& loop, const Address& address) : peer_{loop, address}
    {
        sd_bus_add_filter(peer_.native(), nullptr, take, this);
        peer_.own("org.freedesktop.systemd1");
    }

    std::map<std::string, std::uint64_t> weights;  ///< "CPUWeight of /path" -> value; absent: not set.
    std::vector<std::string> calls;  ///< "x.service CPUWeight=50 IOWeight=…", "start x.scope in …: 1 2"
    std::string error;               ///< The name of what it says to everything; empty: the answer.
    bool is_silent = false;

    [[nodiscard]] bool was_asked(const std::string& call) const
    {
        return std::find(calls.begin(), calls.end(), call) != calls.end();
    }

private:
    static int take(sd_bus_message* message, void* systemd, sd_bus_error*)
    {
        auto& self = *static_cast<FakeSystemd*>(systemd);
        constexpr auto* kManager = "org.freedesktop.systemd1.Manager";
        const bool is_get = sd_bus_message_is_method_call(message, "org.freedesktop.DBus.Properties", "Get") > 0;
        const bool is_set = sd_bus_message_is_method_call(message, kManager, "SetUnitProperties") > 0;
        const bool is_start = sd_bus_message_is_method_call(message, kManager, "StartTransientUnit") > 0;
        if (!is_get && !is_set && !is_start)
            return 0;
        if (self.is_silent)
            return 1;
        if (!self.error.empty())
            return sd_bus_reply_method_errorf(message, self.error.c_str(), "no");
        return is_get ? self.get(message) : is_set ? self.set(message) : self.start(message);
    }
    int get(sd_bus_message* message)
    {
        const char* interface = nullptr;
        const char* property = nullptr;
        sd_bus_message_read(message, "ss", &interface, &property);
        const auto key = std::string{property} + " of " + sd_bus_message_get_path(message);
        calls.push_back(std::string{interface} + " " + key);
        if (std::string_view{property} == "Slice")
            return sd_bus_reply_method_return(message, "v", "s", "app.slice");
        const auto known = weights.find(key);
        return sd_bus_reply_method_return(message, "v", "t", known == weights.end() ? UINT64_MAX : known->second);
    }
    int set(sd_bus_message* message)
    {
        const char* unit = nullptr;
        int is_runtime = 0;
        sd_bus_message_read(message, "sb", &unit, &is_runtime);
        std::string call = unit;
        call += is_runtime != 0 ? "" : " (for ever)";
        sd_bus_message_enter_container(message, 'a', "(sv)");
        const char* name = nullptr;
        std::uint64_t value = 0;
        while (sd_bus_message_read(message, "(sv)", &name, "t", &value) > 0) {
            call += std::string{" "} + name + "=" + (value == UINT64_MAX ? "unset" : std::to_string(value));
            weights[std::string{name} + " of " + path_of(unit)] = value;
        }
        calls.push_back(call);
        return sd_bus_reply_method_return(message, "");
    }
    int start(sd_bus_message* message)
    {
        const char *unit = nullptr, *mode = nullptr, *name = nullptr, *slice = "";
        std::string pids;
        sd_bus_message_read(message, "ss", &unit, &mode);
        sd_bus_message_enter_container(message, 'a', "(sv)");
        while (sd_bus_message_enter_container(message, 'r', "sv") > 0) {
            sd_bus_message_read(message, "s", &name);
            if (std::string_view{name} == "Slice")
                sd_bus_message_read(message, "v", "s", &slice);
            else if (std::string_view{name} == "PIDs")
                pids = read_pids(message);
            else
                sd_bus_message_skip(message, "v");
            sd_bus_message_exit_container(message);
        }
        calls.push_back(std::string{"start "} + unit + " (" + mode + ") in " + slice + ":" + pids);
        return sd_bus_reply_method_return(message, "o", "/org/freedesktop/systemd1/job/1");
    }
    static std::string read_pids(sd_bus_message* message)
    {
        std::string text;
        std::uint32_t pid = 0;
        sd_bus_message_enter_container(message, 'v', "au");
        sd_bus_message_enter_container(message, 'a', "u");
        while (sd_bus_message_read(message, "u", &pid) > 0)
            text += " " + std::to_string(pid);
        sd_bus_message_exit_container(message);
        sd_bus_message_exit_container(message);
        return text;
    }
    static std::string path_of(const char* unit)
    {
        char* path = nullptr;
        sd_bus_path_encode("/org/freedesktop/systemd1/unit", unit, &path);
        std::string result{path};
        std::free(path);
        return result;
    }

    Peer peer_;
};

}  // namespace priorityd::test
