# SPDX-License-Identifier: GPL-3.0-or-later
# What the tests of who may have in common: a bus with the shipped bus policy, the service as root, a real other user.
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "support"))
from running import PrivateBus, end_process, wait_until  # noqa: E402
from system_bus import NOBODY, PATIENCE, SYSTEM_BUS, dbus, why_no_system_bus  # noqa: E402,F401

FAKE_DAEMON = os.environ.get("FAKE_DAEMON", "build/tests/bus/fake-daemon")
ACTIONS_XML = TOP / "units/org.priorityd1.policy"
NO_USER = 4_000_000_000
LOWER_OWN = "org.priorityd1.lower-own"
INSPECT = "org.priorityd1.inspect"
COMPILER = 4242     # a process of user 1000, in what the made-up daemon tells; its others are nobody's
COMPILERS_PATH = "/usr/lib/gcc/cc1plus"
NOT_AUTHORIZED = "org.priorityd1.Error.NotAuthorized"
POLKIT = "org.freedesktop.PolicyKit1"
AUTHORITY = "/org/freedesktop/PolicyKit1/Authority"

# A caller of its own process: address, interface, member and signature, then the arguments as JSON on standard input.
CALLER = """
import json, sys
import dbus, dbus.bus
address, interface, member, signature = sys.argv[1:]
arguments = json.load(sys.stdin)
bus = dbus.bus.BusConnection(address)
try:
    value = bus.call_blocking("org.priorityd1", "/org/priorityd1", interface, member, signature, arguments, timeout=20)
    print(json.dumps({"value": value}))
except dbus.DBusException as error:
    print(json.dumps({"error": error.get_dbus_name(), "text": error.get_dbus_message()}))
"""
OVERRIDE = [{"name": "firefox*"}, {"nice": 5}, {}]


class PolkitTest(unittest.TestCase):
    def setUp(self):
        self.bus = PrivateBus(SYSTEM_BUS)
        self.addCleanup(self.bus.end)
        self.root = dbus.bus.BusConnection(self.bus.address)
        self.addCleanup(self.root.close)
        self.daemon = subprocess.Popen([FAKE_DAEMON, self.bus.address, str(NO_USER)], stdin=subprocess.DEVNULL,
                                       stdout=subprocess.PIPE)
        self.addCleanup(self.daemon.stdout.close)
        self.addCleanup(end_process, self.daemon)
        self.assertEqual(self.daemon.stdout.readline(), b"ready\n")

    def start_authority(self, command: list):
        """Runs what is to be polkit on this bus, and waits until it is."""
        environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": self.bus.address}
        self.polkit = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL, env=environment)
        self.addCleanup(end_process, self.polkit)
        self.assertTrue(wait_until(lambda: self.root.name_has_owner(POLKIT), PATIENCE))

    def start_caller(self, member: str, signature: str, arguments: list, interface: str = "org.priorityd1.Manager"):
        """Somebody who is nobody, and who has made this call."""
        caller = subprocess.Popen([sys.executable, "-c", CALLER, self.bus.address, interface, member, signature],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, user=NOBODY, group=NOBODY,
                                  extra_groups=[], cwd="/")
        self.addCleanup(end_process, caller)
        self.addCleanup(caller.stdout.close)
        with contextlib.closing(caller.stdin):
            caller.stdin.write(json.dumps(arguments).encode())
        return caller

    def call_as_nobody(self, member: str, signature: str = "", arguments=(), **options) -> dict:
        caller = self.start_caller(member, signature, list(arguments), **options)
        answer = json.loads(caller.stdout.read())
        caller.wait(PATIENCE)
        return answer

    def add_as_nobody(self) -> dict:
        return self.call_as_nobody("AddOverride", "a{sv}a{sv}a{sv}", OVERRIDE)

    def overrides(self) -> list:
        return self.root.call_blocking("org.priorityd1", "/org/priorityd1", "org.priorityd1.Manager", "ListOverrides",
                                       "", ())

    def paths_for_nobody(self) -> dict[int, str]:
        """The programs of all processes, as nobody is told."""
        rows = self.call_as_nobody("ListProcesses", "a{sv}", [{}])["value"]
        return {row["pid"]: row["exe"] for row in rows}

    def assertNothingChanged(self):
        self.assertEqual(list(self.overrides()), [])
