#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Requests that are refused: each with the error of the contract and a text, and nothing has changed.
import json
import os
import pathlib
import re
import select

import controlled
import harness
from controlled import ERROR, REFUSED, dbus, sv
from harness import everything_of, nice_of, wait_until

ADD = "a{sv}a{sv}a{sv}"
INVALID_ARGS = "org.freedesktop.DBus.Error.InvalidArgs"
FLOOD = 10_000
MOST_GROWTH_KIB = 4096
MOST_OF_A_USER = 256

# Values of a wrong type, unknown keys, out of range: parts of a call that would be right but for them.
WRONG_TARGETS = [{}, {"pid": 1}, {"pid": "1"}, {"pid": dbus and dbus.UInt32(0)}, {"name": ""}, {"name": 7},
                 {"name": "a", "exe": "b"}, {"nam": "a"}, {"unit": "x" * 4097}, {"name": "a", "start_time": dbus and dbus.UInt64(1)}]
WRONG_SETTINGS = [{}, {"nice": 20}, {"nice": -21}, {"nice": "5"}, {"nice": 5.0}, {"nice": True}, {"nize": 5}, {"sched": "rr"},
                  {"sched": "rr/100"}, {"sched": "fifo/0"}, {"sched": "deadline"}, {"io": "realtime/8"}, {"io": "idle/1"},
                  {"cpus": ""}, {"cpus": "0-"}, {"oom_score_adj": -1001}, {"oom_score_adj": 1001}, {"timer_slack": 50},
                  {"slice": "1s"}, {"uclamp_max": 101}, {"cpu_weight": 0}, {"children": "maybe"}, {"class": 3},
                  {"": 3}, {"nice\n": 3}]
WRONG_OPTIONS = [{"permanent": "yes"}, {"permanent": 1}, {"lifetime_usec": 5}, {"lifetime_usec": dbus and dbus.UInt64(0)},
                 {"lifetime_usec": dbus and dbus.UInt64(2**64 - 1)}, {"reason": "x" * 257}, {"reason": 1}, {"forever": True}]


class BadRequests(controlled.ControlTest):
    def setUp(self):
        super().setUp()
        self.name = self.unique()
        self.write_rules(self.program_rule(self.name, nice=5))
        self.running = self.daemon()
        self.target = self.start(self.name)
        self.eventually(lambda: nice_of(self.target.pid), 5)
        self.root = self.connection()
        self.before = everything_of(self.target.pid)

    def assert_nothing_changed(self):
        self.assertEqual(self.overrides(), [])
        self.stays(lambda: everything_of(self.target.pid), self.before)

    def error_of_add(self, target: dict, settings: dict, options: dict) -> str:
        return self.error_of(self.root, "AddOverride", ADD, [sv(target), sv(settings), sv(options)])

    def process(self, pid: int, **more) -> dict:
        return {"pid": dbus.UInt32(pid), **more}

    def foreground(self) -> int:
        return int(self.root.call_blocking("org.priorityd1", "/org/priorityd1", "org.freedesktop.DBus.Properties", "Get",
                                           "ss", ["org.priorityd1.Manager", "Foreground"]))

    @staticmethod
    def reap(target):
        target.process.kill()
        target.process.wait()

    def start_time(self, pid: int) -> int:
        return int(self.call(self.root, "GetProcess", "u", [pid])["start_time"])

    def test_a_wrong_key_type_or_value_is_an_invalid_setting(self):
        right = {"name": self.name}, {"nice": 9}, {}
        for place, wrongs in enumerate((WRONG_TARGETS, WRONG_SETTINGS, WRONG_OPTIONS)):
            for wrong in wrongs:
                if wrong == {"pid": 0}:  # what is no pid at all is no process
                    continue
                with self.subTest(f"{wrong}"[:60]):
                    parts = [*right[:place], wrong, *right[place + 1:]]
                    self.assertEqual(self.error_of_add(*parts), "InvalidSetting")
        self.assert_nothing_changed()

    def test_a_wrong_signature_is_told_by_what_was_expected(self):
        for member, signature, arguments in (("AddOverride", "ss", ["name", "nice"]), ("AddOverride", "", []),
                                             ("RemoveOverride", "u", [1]), ("SetUserRules", "as", [["x"]]),
                                             ("AddOverride", "a{ss}a{sv}a{sv}", [{"name": self.name}, sv({}), sv({})])):
            with self.subTest(f"{member} {signature}"):
                self.assertEqual(self.error_of(self.root, member, signature, arguments), INVALID_ARGS)
        self.assert_nothing_changed()

    def test_only_a_pidfd_of_a_process_that_can_have_the_focus_names_the_foreground(self):
        ended = self.start(self.unique())
        pidfds = {"a pidfd of one that has ended": (os.pidfd_open(ended.pid), "NoSuchProcess"),
                  "no pidfd": (os.open("/dev/null", os.O_RDONLY), "InvalidSetting"),
                  "the first process": (os.pidfd_open(1), "InvalidSetting"),
                  "the daemon": (os.pidfd_open(self.running.pid), "InvalidSetting")}
        self.reap(ended)
        for what, (descriptor, error) in pidfds.items():
            with self.subTest(what):
                given = dbus.types.UnixFd(descriptor)
                os.close(descriptor)
                self.assertEqual(self.error_of(self.root, "SetForeground", "h", [given]), error)
        self.assertEqual(self.foreground(), 0)
        pidfd = os.pidfd_open(self.target.pid)
        self.addCleanup(os.close, pidfd)
        self.call(self.root, "SetForeground", "h", [dbus.types.UnixFd(pidfd)])
        self.assertEqual(self.foreground(), self.target.pid)
        self.reap(self.target)
        self.assertEqual(self.foreground(), 0)

    def test_a_class_that_is_none_is_unknown(self):
        self.assertEqual(self.error_of_add({"name": self.name}, {"class": "quickest"}, {}), "UnknownClass")
        self.assert_nothing_changed()

    def test_an_override_that_is_none_cannot_be_removed(self):
        for number in ("1", "0", "", "-1", "x", "1\n", "99999999999999999999999", "../originals"):
            self.assertEqual(self.error_of(self.root, "RemoveOverride", "s", [number]), "NoSuchOverride")

    def test_the_first_process_threads_of_the_kernel_and_the_daemon_itself_are_left_alone(self):
        pids = {"the first process": 1, "the daemon": self.running.pid}
        if pathlib.Path("/proc/2/comm").exists() and pathlib.Path("/proc/2/comm").read_text() == "kthreadd\n":
            pids["a thread of the kernel"] = 2
        else:
            print("SKIP: a thread of the kernel: process 2 is none here", flush=True)
        for what, pid in pids.items():
            with self.subTest(what):
                before = everything_of(pid)
                self.assertEqual(self.error_of_add(self.process(pid), {"nice": 9}, {}), "InvalidSetting")
                self.assertIn(str(pid), self.refused(REFUSED, "set", pid, "--nice", 9))
                self.stays(lambda p=pid: everything_of(p), before)
        self.assert_nothing_changed()

    def test_a_process_that_is_not_there_or_another_one_is_no_such_process(self):
        own = self.start_time(self.target.pid)
        for target in (self.process(0), self.process(4_194_304), self.process(2**32 - 1),
                       self.process(self.target.pid, start_time=dbus.UInt64(own - 1)),
                       self.process(self.target.pid, start_time=dbus.UInt64(own + 1))):
            with self.subTest(target):
                self.assertEqual(self.error_of_add(target, {"nice": 9}, {}), "NoSuchProcess")
        self.assert_nothing_changed()
        self.add(self.root, self.process(self.target.pid, start_time=dbus.UInt64(own)), {"nice": 9})
        self.assertEqual(nice_of(self.target.pid), 9)

    def test_a_zombie_is_no_process(self):
        dead, = self.target.ask("fork")
        os.kill(dead, 9)
        self.eventually(lambda: pathlib.Path(f"/proc/{dead}/stat").read_text().split()[2], "Z")
        self.assertEqual(self.error_of_add(self.process(dead), {"nice": 9}, {}), "NoSuchProcess")
        self.assert_nothing_changed()

    def test_a_process_that_has_got_the_pid_of_one_that_ended_keeps_what_it_has(self):
        first, = self.target.ask("fork")
        self.set(first, "--nice", 9)
        self.assertEqual(nice_of(first), 9)
        os.kill(first, 9)
        self.assertEqual(self.target.ask("reap"), [first])
        self.assertEqual(self.target.ask(f"fork-as {first}"), [first])
        self.eventually(self.overrides, [])
        self.stays(lambda: nice_of(first), 5, "what it has from its parent")

    def test_a_pid_that_is_used_again_while_polkit_thinks_is_no_such_process(self):
        polkit = self.polkit("lower-own")
        parent = self.start_as(controlled.AS_NOBODY, self.unique("parent"))
        first, = parent.ask("fork")
        polkit.think()
        caller = self.start_as_nobody("print(json.dumps(add({'pid': dbus.UInt32(int(sys.argv[2]))}, {'nice': 9})))", first)
        self.assertTrue(wait_until(polkit.is_asked, harness.PATIENCE))
        os.kill(first, 9)
        self.assertEqual(parent.ask("reap"), [first])
        self.assertEqual(self.start(self.unique("root")).ask(f"fork-as {first}"), [first])
        polkit.answer()
        self.assertIn("NoSuchProcess", caller.stdout.read())
        self.stays(lambda: nice_of(first), 0)
        self.assert_nothing_changed()


class Flood(controlled.ControlTest):
    def setUp(self):
        super().setUp()
        self.name = self.unique()
        self.write_rules(self.program_rule(self.name, nice=5))
        self.running = self.daemon()
        self.polkit("lower-own")

    def resident_kib(self) -> int:
        status = pathlib.Path(f"/proc/{self.running.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1])

    def test_ten_thousand_overrides_of_one_user_are_too_many_and_disturb_nobody(self):
        script = ("import collections\n"
                  "def errors(count):\n"
                  "    return collections.Counter(add({'name': sys.argv[2]}, {'nice': 9}).partition(':')[0] for _ in range(count))\n"
                  "print(json.dumps(errors(100)), flush=True)\n"
                  "sys.stdin.readline()\n"
                  "print(json.dumps(errors(int(sys.argv[3]))), flush=True)\n")
        caller = self.start_as_nobody(script, self.unique("none"), FLOOD)
        first = json.loads(caller.stdout.readline())
        self.assertIn("LimitReached", first)
        before = self.resident_kib()
        caller.stdin.write("\n")
        caller.stdin.flush()
        started = 0
        while not select.select([caller.stdout], [], [], 0)[0]:
            target = self.start(self.name)
            self.eventually(lambda t=target: nice_of(t.pid), 5, "a program that starts meanwhile")
            self.assertEqual(self.row_in_force(target.pid, "nice")["value"], "5")
            target.end()
            started += 1
        self.assertGreater(started, 1)
        errors = json.loads(caller.stdout.readline())
        self.assertLessEqual(len(self.overrides()), MOST_OF_A_USER)
        self.assertGreater(errors["LimitReached"], FLOOD - MOST_OF_A_USER)
        self.assertLess(self.resident_kib() - before, MOST_GROWTH_KIB)

    def test_whoever_does_not_wait_for_answers_gets_no_further(self):
        script = ("def message():\n"
                  "    call = dbus.lowlevel.MethodCallMessage('org.priorityd1', '/org/priorityd1', 'org.priorityd1.Manager', 'AddOverride')\n"
                  "    call.append(sv(name=sys.argv[2]), sv(nice=9), sv(), signature='a{sv}a{sv}a{sv}')\n"
                  "    call.set_no_reply(True)\n"
                  "    return call\n"
                  "import dbus.lowlevel\n"
                  "def send(count):\n"
                  "    for _ in range(count): bus.send_message(message())\n"
                  "    bus.flush()\n"
                  "    return bus.call_blocking('org.priorityd1', '/org/priorityd1', 'org.freedesktop.DBus.Peer', 'Ping', '', ())\n"
                  "send(100)\n"
                  "print('ready', flush=True)\n"
                  "sys.stdin.readline()\n"
                  "send(int(sys.argv[3]))\n"
                  "print('sent', flush=True)\n")
        caller = self.start_as_nobody(script, self.unique("none"), FLOOD)
        self.assertEqual(caller.stdout.readline(), "ready\n")
        self.eventually(lambda: len(self.overrides()) > 0, True)
        before = self.resident_kib()
        caller.stdin.write("\n")
        caller.stdin.flush()
        self.assertEqual(caller.stdout.readline(), "sent\n")
        target = self.start(self.name)
        self.eventually(lambda: nice_of(target.pid), 5)
        self.assertLessEqual(len(self.overrides()), MOST_OF_A_USER)
        self.assertLess(self.resident_kib() - before, MOST_GROWTH_KIB)


if __name__ == "__main__":
    harness.main()
