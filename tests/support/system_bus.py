# SPDX-License-Identifier: GPL-3.0-or-later
# A bus as a machine has it: what a system bus allows by default, what polkit brings along where it is installed, then the
# shipped policy; and a mock of polkit.
import importlib.util
import os
import pathlib
import subprocess
import sys

from running import PrivateBus, end_process, wait_until

try:
    import dbus
    import dbus.bus
except ImportError:
    dbus = None

BUS_POLICY = pathlib.Path(__file__).resolve().parent.parent.parent / "units/org.priorityd1.conf"
NOBODY = 65534  # the user and the group; there on every machine
PATIENCE = 20   # seconds for what normally takes milliseconds

SYSTEM_BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
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
    <allow send_destination="org.freedesktop.login1"/>
  </policy>
  <policy user="root">
    <allow own="org.freedesktop.PolicyKit1"/>
    <allow own="org.freedesktop.login1"/>
  </policy>
  <include ignore_missing="yes">/usr/share/dbus-1/system.d/org.freedesktop.PolicyKit1.conf</include>
  <include>POLICY</include>
</busconfig>
""".replace("POLICY", str(BUS_POLICY))


class Polkit:
    """A polkit that allows these actions and refuses all others; runs until end()."""

    NAME = "org.freedesktop.PolicyKit1"

    def __init__(self, bus: PrivateBus, *allowed: str):
        self.connection = dbus.bus.BusConnection(bus.address)
        self.process = subprocess.Popen([sys.executable, "-m", "dbusmock", "--template", "polkitd"],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": bus.address})
        if not wait_until(lambda: self.connection.name_has_owner(self.NAME), PATIENCE):
            self.end()
            raise RuntimeError("the mock of polkit does not start")
        self.allow(*allowed)

    def allow(self, *actions: str):
        """These, and no other ones."""
        self._tell("SetAllowed", "as", [dbus.Array(actions, signature="s")])

    def think(self):
        """Answers nothing from now on."""
        self._tell("SimulateHang", "b", [True])

    def is_asked(self) -> bool:
        """Whether somebody waits for an answer."""
        return bool(self._tell("HaveHangingCalls"))

    def answer(self):
        """Those who wait, and from now on at once."""
        self._tell("SimulateHang", "b", [False])
        self._tell("ReleaseHangingCalls")

    def _tell(self, member: str, signature: str = "", arguments=()):
        return self.connection.call_blocking(self.NAME, "/org/freedesktop/PolicyKit1/Authority",
                                             "org.freedesktop.DBus.Mock", member, signature, arguments)

    def end(self):
        end_process(self.process)
        self.connection.close()


def why_no_system_bus(*modules: str) -> str | None:
    """Why there can be none here, with somebody else than root on it and with these modules of Python."""
    if os.geteuid() != 0:
        return "only root can be somebody else"
    if not PrivateBus.is_possible():
        return "dbus-daemon is not installed"
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    return f"Python has no module {missing[0]}" if missing else None
