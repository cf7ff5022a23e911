# SPDX-License-Identifier: GPL-3.0-or-later
# What the tests of who may have in common: a bus with the shipped bus policy, the service as root, a real other user.
import contextlib
import importlib.util
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

try:
    import dbus.bus
except ImportError:
    dbus = None

FAKE_DAEMON = os.environ.get("FAKE_DAEMON", "build/tests/bus/fake-daemon")
ACTIONS_XML = TOP / "units/org.priorityd1.policy"
BUS_POLICY = TOP / "units/org.priorityd1.conf"
PATIENCE = 20       # seconds for what normally takes milliseconds
NOBODY = 65534
NO_USER = 4_000_000_000
LOWER_OWN = "org.priorityd1.lower-own"
INSPECT = "org.priorityd1.inspect"
COMPILER = 4242     # a process of user 1000, in what the made-up daemon tells; its others are nobody's
COMPILERS_PATH = "/usr/lib/gcc/cc1plus"
NOT_AUTHORIZED = "org.priorityd1.Error.NotAuthorized"
POLKIT = "org.freedesktop.PolicyKit1"
AUTHORITY = "/org/freedesktop/PolicyKit1/Authority"

# What a system bus allows by default, then what polkit brings along where it is installed, then the shipped policy.
CONFIGURATION = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <deny own="*"/>
    <deny send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus"/>
    <allow send_destination="org.freedesktop.PolicyKit1"/>
  </policy>
  <policy user="root">
    <allow own="org.freedesktop.PolicyKit1"/>
  </policy>
  <include ignore_missing="yes">/usr/share/dbus-1/system.d/org.freedesktop.PolicyKit1.conf</include>
  <include>POLICY</include>
</busconfig>
""".replace("POLICY", str(BUS_POLICY))

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
        self.bus = PrivateBus(CONFIGURATION)
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


def why_not(*modules: str) -> str | None:
    """Why the tests that need a bus and these modules of Python cannot run here."""
    if os.geteuid() != 0:
        return "only root can be somebody else"
    if not PrivateBus.is_possible():
        return "dbus-daemon is not installed"
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    return f"Python has no module {missing[0]}" if missing else None
