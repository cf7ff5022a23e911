#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Who may say which program has the focus: the service as root, a mock of the login manager, a real unprivileged user.
"""By hand, as root: FAKE_DAEMON=build/tests/bus/fake-daemon /usr/bin/python3 tests/bus/foreground_test.py"""
import json
import os
import subprocess
import sys
import unittest

from polkit_support import NOBODY, NOT_AUTHORIZED, PATIENCE, PolkitTest, end_process, wait_until, why_no_system_bus

LOGIN_MANAGER = "org.freedesktop.login1"

# Names its own process, says what came of it, and stays on the bus until its standard input ends.
CALLER = """
import json, os, sys
import dbus, dbus.bus
bus = dbus.bus.BusConnection(sys.argv[1])
try:
    pidfd = dbus.types.UnixFd(os.pidfd_open(os.getpid()))
    bus.call_blocking("org.priorityd1", "/org/priorityd1", "org.priorityd1.Manager", "SetForeground", "h", [pidfd],
                      timeout=20)
    print(json.dumps({}), flush=True)
except dbus.DBusException as error:
    print(json.dumps({"error": error.get_dbus_name(), "text": error.get_dbus_message()}), flush=True)
sys.stdin.read()
"""


class Foreground(PolkitTest):
    def start_login_manager(self, is_active: bool):
        """A mock that knows one user, nobody, with one session."""
        mock = subprocess.Popen([sys.executable, "-m", "dbusmock", "--template", "logind"], stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": self.bus.address})
        self.addCleanup(end_process, mock)
        self.assertTrue(wait_until(lambda: self.root.name_has_owner(LOGIN_MANAGER), PATIENCE))
        # The template adds a number to a text here, which is an error.
        self.tell_mock("AddMethod", "sssss", ["org.freedesktop.login1.Manager", "GetUser", "u", "o",
                                              "ret = f'/org/freedesktop/login1/user/{int(args[0])}'"])
        self.tell_mock("AddUser", "usb", [NOBODY, "nobody", is_active])

    def tell_mock(self, member: str, signature: str, arguments: list):
        self.root.call_blocking(LOGIN_MANAGER, "/org/freedesktop/login1", "org.freedesktop.DBus.Mock", member, signature,
                                arguments)

    def say(self, user: int = NOBODY) -> tuple[subprocess.Popen, dict]:
        caller = subprocess.Popen([sys.executable, "-c", CALLER, self.bus.address], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, user=user, group=user, extra_groups=[], cwd="/")
        self.addCleanup(caller.stdout.close)
        self.addCleanup(caller.stdin.close)
        self.addCleanup(end_process, caller)
        return caller, json.loads(caller.stdout.readline())

    def foreground(self) -> int:
        return int(self.root.call_blocking("org.priorityd1", "/org/priorityd1", "org.freedesktop.DBus.Properties", "Get",
                                           "ss", ["org.priorityd1.Manager", "Foreground"]))

    def test_who_sits_at_the_machine_says_which_program_has_the_focus_for_as_long_as_he_is_on_the_bus(self):
        self.start_login_manager(is_active=True)
        self.assertEqual(self.foreground(), 0)
        caller, answer = self.say()
        self.assertEqual(answer, {})
        self.assertNotEqual(self.foreground(), 0)
        caller.stdin.close()
        self.assertTrue(wait_until(lambda: self.foreground() == 0, PATIENCE))

    def test_who_is_logged_in_elsewhere_alone_may_not(self):
        self.start_login_manager(is_active=False)
        _, answer = self.say()
        self.assertEqual(answer["error"], NOT_AUTHORIZED)
        self.assertIn("active session", answer["text"])
        self.assertEqual(self.foreground(), 0)

    def test_without_a_login_manager_only_root_may(self):
        self.assertEqual(self.say()[1]["error"], NOT_AUTHORIZED)
        self.assertEqual(self.foreground(), 0)
        self.assertEqual(self.say(user=0)[1], {})
        self.assertNotEqual(self.foreground(), 0)

    def test_the_last_who_says_it_counts_and_an_earlier_one_that_leaves_takes_nothing_along(self):
        self.start_login_manager(is_active=True)
        first, _ = self.say()
        self.say(user=0)
        first.stdin.close()
        first.wait(PATIENCE)
        self.assertNotEqual(self.foreground(), 0)


if __name__ == "__main__":
    if reason := why_no_system_bus("dbus", "dbusmock"):
        print(f"SKIP: another user and the login manager: {reason}")
        del Foreground
    unittest.main(verbosity=2)
