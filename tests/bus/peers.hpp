// SPDX-License-Identifier: GPL-3.0-or-later
/// Others on the bus, played by the test in its own loop: callers who leave, polkit, the login manager. They speak
/// sd-bus itself, which can also send what is malformed.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <systemd/sd-bus.h>

#include "bus_fixture.hpp"

namespace priorityd::test {

constexpr uid_t kNobody = 65534;

/// Runs `connect` as nobody, when that is wanted and the test may: the bus knows a connection by who opened it.
template <typename Connect>
auto connected(As user, Connect connect)
{
    const bool has_to_change = user == As::nobody;
    if (has_to_change && ::seteuid(kNobody) != 0)
        throw std::runtime_error{"seteuid"};
    auto result = connect();
    if (has_to_change && ::seteuid(0) != 0)
        throw std::runtime_error{"seteuid back"};
    return result;
}

/// A connection that the loop drives.
class Peer {
public:
    struct Answer {
        std::string error;  ///< Name of the error; empty for none.
        std::string text;   ///< Of the error, or the first string of the answer.
    };

    Peer(Loop& loop, const Address& address, As user = As::self)
        : bus_{connected(user, [&] { return open(address.text); })}
    {
        sd_bus_attach_event(bus_, loop.native(), 0);
    }
    ~Peer() { leave(); }
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;

    [[nodiscard]] sd_bus* native() const { return bus_; }
    [[nodiscard]] std::string name() const
    {
        const char* unique = nullptr;
        sd_bus_get_unique_name(bus_, &unique);
        return unique;
    }
    void own(const char* name) const
    {
        if (sd_bus_request_name(bus_, name, 0) < 0)
            throw std::runtime_error{std::string{"request "} + name};
    }

    /// An AddOverride of nice 5 for "firefox*" with these options, true each. Does not wait.
    void add_override(const std::vector<const char*>& options = {}, bool is_interactive = false)
    {
        sd_bus_message* call = nullptr;
        sd_bus_message_new_method_call(bus_, &call, kBusName, kObjectPath, kManagerInterface, "AddOverride");
        sd_bus_message_append(call, "a{sv}", 1, "name", "s", "firefox*");
        sd_bus_message_append(call, "a{sv}", 1, "nice", "i", 5);
        sd_bus_message_open_container(call, 'a', "{sv}");
        for (const char* option : options)
            sd_bus_message_append(call, "{sv}", option, "b", 1);
        sd_bus_message_close_container(call);
        sd_bus_message_set_allow_interactive_authorization(call, is_interactive ? 1 : 0);
        send(call);
    }
    /// A call with a string or without arguments. Does not wait.
    void call(const char* member, std::optional<std::string> argument = std::nullopt)
    {
        sd_bus_message* call = nullptr;
        sd_bus_message_new_method_call(bus_, &call, kBusName, kObjectPath, kManagerInterface, member);
        if (argument)
            sd_bus_message_append(call, "s", argument->c_str());
        send(call);
    }
    /// A GetProcess. Does not wait.
    void get_process(Pid pid, bool is_interactive = false)
    {
        sd_bus_message* call = nullptr;
        sd_bus_message_new_method_call(bus_, &call, kBusName, kObjectPath, kManagerInterface, "GetProcess");
        sd_bus_message_append(call, "u", static_cast<std::uint32_t>(raw(pid)));
        sd_bus_message_set_allow_interactive_authorization(call, is_interactive ? 1 : 0);
        send(call);
    }
    /// Sends a call, and keeps its answer. Does not wait.
    void send(sd_bus_message* call)
    {
        constexpr std::uint64_t kPatienceUsec = 10'000'000;
        if (sd_bus_call_async(bus_, nullptr, call, take_answer, this, kPatienceUsec) < 0)
            throw std::runtime_error{"call"};
        sd_bus_message_unref(call);
        sd_bus_flush(bus_);
    }
    /// Leaves the bus, after everything is sent.
    void leave()
    {
        if (bus_)
            sd_bus_flush_close_unref(std::exchange(bus_, nullptr));
    }

    std::vector<Answer> answers;

private:
    static sd_bus* open(const std::string& address)
    {
        sd_bus* bus = nullptr;
        sd_bus_new(&bus);
        sd_bus_set_address(bus, address.c_str());
        sd_bus_set_bus_client(bus, 1);
        const char* unique = nullptr;
        // Waits until the bus has said who it is.
        if (sd_bus_start(bus) < 0 || sd_bus_get_unique_name(bus, &unique) < 0)
            throw std::runtime_error{"connect to " + address};
        return bus;
    }
    static int take_answer(sd_bus_message* message, void* peer, sd_bus_error*)
    {
        Answer answer;
        const char* text = nullptr;
        if (const auto* error = sd_bus_message_get_error(message)) {
            answer = {error->name, error->message};
        } else if (sd_bus_message_has_signature(message, "s") > 0 && sd_bus_message_read(message, "s", &text) > 0) {
            answer.text = text;
        }
        static_cast<Peer*>(peer)->answers.push_back(std::move(answer));
        return 0;
    }

    sd_bus* bus_ = nullptr;
};

/// Says of every question what it is told to say.
class FakePolkit {
public:
    enum class Says : std::uint8_t { yes, no, password, error, nonsense, nothing };
    struct Question {
        std::string kind;  ///< Of the subject.
        std::string name;
        std::string action;
        std::uint32_t flags = 0;
        std::string cancellation;  ///< The id to cancel it by.
    };

    FakePolkit(Loop& loop, const Address& address) : peer{loop, address}
    {
        // Without a vtable, by which sd-bus would see to it that answers are well-formed.
        sd_bus_add_object(peer.native(), nullptr, "/org/freedesktop/PolicyKit1/Authority", check, this);
        peer.own("org.freedesktop.PolicyKit1");
    }
    ~FakePolkit()
    {
        for (auto* message : unanswered_)
            sd_bus_message_unref(message);
    }
    FakePolkit(const FakePolkit&) = delete;
    FakePolkit& operator=(const FakePolkit&) = delete;

    Says says = Says::yes;
    std::string refused_action;  ///< To this one it says no, whatever it says to others.
    std::vector<Question> questions;
    std::vector<std::string> cancelled;  ///< Ids that it was told.
    Peer peer;

    /// To all that it has said nothing to.
    void answer_late(Says late)
    {
        for (auto* message : std::exchange(unanswered_, {})) {
            answer(message, late);
            sd_bus_message_unref(message);
        }
        sd_bus_flush(peer.native());
    }

private:
    static int check(sd_bus_message* message, void* data, sd_bus_error*)
    {
        auto& self = *static_cast<FakePolkit*>(data);
        constexpr auto* kInterface = "org.freedesktop.PolicyKit1.Authority";
        const char *kind = nullptr, *key = nullptr, *name = nullptr, *action = nullptr, *id = nullptr;
        std::uint32_t flags = 0;
        if (sd_bus_message_is_method_call(message, kInterface, "CancelCheckAuthorization") > 0) {
            sd_bus_message_read(message, "s", &id);
            self.cancelled.emplace_back(id);
            return 1;
        }
        if (sd_bus_message_is_method_call(message, kInterface, "CheckAuthorization") <= 0)
            return 0;
        sd_bus_message_read(message, "(sa{sv})", &kind, 1, &key, "s", &name);
        sd_bus_message_read(message, "s", &action);
        sd_bus_message_skip(message, "a{ss}");
        sd_bus_message_read(message, "us", &flags, &id);
        self.questions.push_back({kind, name ? name : "", action, flags, id});
        const Says said = action == self.refused_action ? Says::no : self.says;
        if (said == Says::nothing)
            self.unanswered_.push_back(sd_bus_message_ref(message));
        else
            answer(message, said);
        return 1;
    }
    static void answer(sd_bus_message* question, Says says)
    {
        if (says == Says::error)
            sd_bus_reply_method_errorf(question, "org.freedesktop.PolicyKit1.Error.Failed", "no mood");
        else if (says == Says::nonsense)
            sd_bus_reply_method_return(question, "s", "yes");
        else
            sd_bus_reply_method_return(question, "(bba{ss})", says == Says::yes, says == Says::password, 0);
    }

    std::vector<sd_bus_message*> unanswered_;
};

/// Polkit, and a stranger: neither root nor the daemon's own user.
struct StrangerFixture : Fixture {
    std::optional<FakePolkit> polkit;

    FakePolkit& with_polkit(FakePolkit::Says says)
    {
        polkit.emplace(loop, address);
        polkit->says = says;
        return *polkit;
    }
    [[nodiscard]] Uid stranger_uid() const { return Uid{stranger == As::nobody ? kNobody : ::geteuid()}; }
    /// The answer to one question of somebody who is neither root nor the daemon's own user.
    template <typename Question>
    auto ask_as_stranger(Question question)
    {
        auto client = connected(stranger, [&] { return ManagerClient::connect(address); });
        REQUIRE(client);
        return loop.serve([&] { return question(*client); });
    }
    /// Until the daemon has handled all that `sender` has sent, and the bus's answers to what it asked because of that.
    void settle(Peer& sender)
    {
        for (int round = 0; round < 2; ++round) {
            const auto before = sender.answers.size();
            sender.call("ListOverrides");
            REQUIRE(loop.run_until([&] { return sender.answers.size() > before; }));
        }
    }
};

/// Tells of the end of a user's last session: as the login manager, if it has its name, or as somebody who has not.
inline void tell_of_logout(Peer& peer, Uid user, const char* destination = nullptr)
{
    sd_bus_message* signal = nullptr;
    sd_bus_message_new_signal(peer.native(), &signal, "/org/freedesktop/login1", "org.freedesktop.login1.Manager",
                              "UserRemoved");
    sd_bus_message_append(signal, "uo", raw(user), "/org/freedesktop/login1/user/_1000");
    if (destination)
        sd_bus_message_set_destination(signal, destination);
    sd_bus_send(peer.native(), signal, nullptr);
    sd_bus_message_unref(signal);
    sd_bus_flush(peer.native());
}

}  // namespace priorityd::test
