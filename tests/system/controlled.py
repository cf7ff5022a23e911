# SPDX-License-Identifier: GPL-3.0-or-later
# What the tests of control share: the daemon on a bus as a machine has it, and people who ask it for something.
"""Root asks through priorityctl or over a connection of its own; nobody is a real unprivileged user, who does the same
from processes of its own."""
import json
import pathlib
import shutil
import subprocess
import sys

import harness
from harness import PATIENCE, PrivateBus
from system_bus import NOBODY, SYSTEM_BUS, Polkit, dbus, why_no_system_bus

MANAGER = "org.priorityd1.Manager"
ERROR = "org.priorityd1.Error."
AS_NOBODY = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
DONE, REFUSED, NO_DAEMON, NOT_AUTHORISED = 0, 1, 3, 4  # exit statuses of priorityctl

# What a program of nobody's begins with: a connection, and calls on it that end in a value or the name of an error.
PROLOGUE = """
import json, sys
import dbus, dbus.bus
bus = dbus.bus.BusConnection(sys.argv[1])
def sv(**entries):
    return dbus.Dictionary(entries, signature="sv")
def call(member, signature="", *arguments):
    try:
        return bus.call_blocking("org.priorityd1", "/org/priorityd1", "org.priorityd1.Manager", member, signature, arguments)
    except dbus.DBusException as error:
        return error.get_dbus_name().rpartition(".")[2] + ": " + error.get_dbus_message()
def add(target, settings, **options):
    return call("AddOverride", "a{sv}a{sv}a{sv}", sv(**target), sv(**settings), sv(**options))
"""


def sv(entries: dict):
    return dbus.Dictionary(entries, signature="sv")


class ControlTest(harness.SystemTest):
    def setUp(self):
        super().setUp()
        if why := why_no_system_bus("dbus", "dbusmock"):
            self.skipTest(why)
        self.private_bus = PrivateBus(SYSTEM_BUS)
        self.addCleanup(self.private_bus.end)
        # Copies where everybody can reach them: the build folder may be in a home.
        self.client_of_all = shutil.copy(harness.PRIORITYCTL, self.folder)

    def daemon(self, **options):
        return super().daemon(bus=self.private_bus.address, **options)

    def polkit(self, *actions: str) -> Polkit:
        """One that allows these, named without what they all begin with."""
        polkit = Polkit(self.private_bus, *(f"org.priorityd1.{action}" for action in actions))
        self.addCleanup(polkit.end)
        return polkit

    # --- priorityctl ---

    def ctl(self, *arguments, status: int = DONE, **options) -> subprocess.CompletedProcess:
        """priorityctl, which has to end like that: well and without a word, or with one line on what is wrong."""
        shown = subprocess.run([self.client_of_all, "--bus", self.private_bus.address, *map(str, arguments)],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd="/",
                               encoding="utf-8", timeout=PATIENCE, **options)
        self.assertEqual((shown.returncode, len(shown.stderr.splitlines())), (status, 0 if status == DONE else 1),
                         f"{arguments}: {shown.stdout}{shown.stderr}{self._daemon_log()}")
        return shown

    def set(self, target, *arguments, **options) -> str:
        """The id of the new override."""
        return self.ctl("set", target, *arguments, **options).stdout.strip()

    def refused(self, status: int, *arguments, **options) -> str:
        """The line that says why not."""
        return self.ctl(*arguments, status=status, **options).stderr

    def overrides(self) -> list[dict]:
        return json.loads(self.ctl("--json", "overrides").stdout)

    def rows(self, pid: int) -> list[dict]:
        """What explain says of it."""
        return json.loads(self.ctl("--json", "explain", pid).stdout)["contributions"]

    def row_in_force(self, pid: int, setting: str) -> dict:
        """Empty when nobody has named it."""
        return next((row for row in self.rows(pid) if row["setting"] == setting and row["effective"]), {})

    # --- the bus ---

    def connection(self):
        """Root's; closed with the test, or before."""
        connection = dbus.bus.BusConnection(self.private_bus.address)
        self.addCleanup(connection.close)
        return connection

    def call(self, connection, member: str, signature: str = "", arguments=()):
        return connection.call_blocking("org.priorityd1", "/org/priorityd1", MANAGER, member, signature, arguments,
                                        timeout=PATIENCE)

    def add(self, connection, target: dict, settings: dict, **options) -> str:
        return str(self.call(connection, "AddOverride", "a{sv}a{sv}a{sv}", [sv(target), sv(settings), sv(options)]))

    def error_of(self, connection, member: str, signature: str, arguments) -> str:
        """The last word of its name; it has to come with a text."""
        with self.assertRaises(dbus.DBusException) as raised:
            self.call(connection, member, signature, arguments)
        self.assertGreater(len(raised.exception.get_dbus_message()), 10)
        return raised.exception.get_dbus_name().removeprefix(ERROR)

    def start_as_nobody(self, script: str, *arguments) -> subprocess.Popen:
        """A program of nobody's, with `call` and `add` of the prologue; ended with the test."""
        process = subprocess.Popen([sys.executable, "-c", PROLOGUE + script, self.private_bus.address,
                                    *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd="/",
                                   encoding="utf-8", **AS_NOBODY)
        self.addCleanup(lambda: (process.stdin.close(), process.stdout.close(), harness.end_process(process)))
        return process

    def as_nobody(self, script: str, *arguments):
        """What such a program has printed, as JSON."""
        return json.loads(self.start_as_nobody(script, *arguments).stdout.read())

    # --- programs ---

    def start_as(self, user: dict, name: str, folder: pathlib.Path | None = None) -> harness.Target:
        return self.start_command([self.program(name, folder)], **user)
