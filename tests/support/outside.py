# SPDX-License-Identifier: GPL-3.0-or-later
# Programs of others that give processes priorities, as Debian ships them: rtkit and GameMode on a private bus.
"""Each class runs one program until end(), and talks to it as its clients do. A machine that lacks something gets
Absent with the reason. What they could change of the machine itself is out of their reach: no watchdog that takes
priorities away, and no helper that pkexec would run.
"""
import os
import pathlib
import resource
import subprocess
import sys
import tempfile

from running import PrivateBus, end_process, wait_until

try:
    import dbus.bus
except ImportError:
    dbus = None

PATIENCE = 15  # seconds
RTKIT = pathlib.Path("/usr/libexec/rtkit-daemon")
GAMEMODED = pathlib.Path("/usr/bin/gamemoded")
GAMEMODERUN = pathlib.Path("/usr/games/gamemoderun")
ADDRESSES = ["DBUS_SYSTEM_BUS_ADDRESS", "DBUS_SESSION_BUS_ADDRESS"]


class Absent(Exception):
    """Why the program cannot be tried here."""


class Served:
    """A program that serves a name on the bus."""

    def __init__(self, bus: PrivateBus, name: str, command: list, **options):
        if dbus is None:
            raise Absent("python3-dbus is not installed")
        self.environment = {**os.environ, **{variable: bus.address for variable in ADDRESSES},
                            **options.pop("environment", {})}
        self.connection = dbus.bus.BusConnection(bus.address)
        self.log_file = tempfile.TemporaryFile()
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log_file, stderr=self.log_file,
                                        env=self.environment, **options)
        wait_until(lambda: self.process.poll() is not None or self.connection.name_has_owner(name), PATIENCE)
        if not self.connection.name_has_owner(name):
            self.end()
            raise Absent(f"{command[0]} does not run here:\n{self.log}")

    def call(self, name: str, path: str, interface: str, method: str, *arguments):
        return dbus.Interface(self.connection.get_object(name, path), interface).get_dbus_method(method)(*arguments)

    def end(self):
        end_process(self.process)
        self.log_file.seek(0)
        self.log = self.log_file.read().decode("utf-8", "replace")
        self.log_file.close()
        self.connection.close()


class Polkit(Served):
    """A polkit that allows everything."""

    NAME = "org.freedesktop.PolicyKit1"

    def __init__(self, bus: PrivateBus):
        super().__init__(bus, self.NAME, [sys.executable, "-m", "dbusmock", "--template", "polkitd", "--system"])
        self.call(self.NAME, "/org/freedesktop/PolicyKit1/Authority", "org.freedesktop.DBus.Mock", "AllowUnknown", True)


class Rtkit(Served):
    """rtkit-daemon, which lets threads of processes run in real time if those have limited themselves."""

    NAME = "org.freedesktop.RealtimeKit1"

    def __init__(self, bus: PrivateBus):
        if not RTKIT.exists():
            raise Absent("rtkit is not installed")
        super().__init__(bus, self.NAME, [RTKIT, "--stderr", "--no-canary", "--no-limit-resources", "--actions-per-burst-max=1000",
                                          "--threads-per-user-max=1000", "--processes-per-user-max=1000"])

    @staticmethod
    def limit():
        """For a client to be, before it is started: less than rtkit asks for."""
        resource.setrlimit(resource.RLIMIT_RTTIME, (100_000, 100_000))

    def make_realtime(self, pid: int, tid: int, priority: int):
        self._call("MakeThreadRealtimeWithPID", dbus.UInt64(pid), dbus.UInt64(tid), dbus.UInt32(priority))

    def make_high_priority(self, pid: int, tid: int, nice: int):
        self._call("MakeThreadHighPriorityWithPID", dbus.UInt64(pid), dbus.UInt64(tid), dbus.Int32(nice))

    def _call(self, method: str, *arguments):
        self.call(self.NAME, "/org/freedesktop/RealtimeKit1", self.NAME, method, *arguments)


class GameMode(Served):
    """gamemoded, which renices the games that register, to -7, and back when they go."""

    NAME = "com.feralinteractive.GameMode"
    NICE = -7

    def __init__(self, bus: PrivateBus):
        if not GAMEMODED.exists():
            raise Absent("gamemode is not installed")
        self.folder = tempfile.TemporaryDirectory(prefix="priorityd-gamemode-")
        pathlib.Path(self.folder.name, "gamemode.ini").write_text(
            f"[general]\nrenice={-self.NICE}\nioprio=off\nsoftrealtime=off\ninhibit_screensaver=0\n", encoding="ascii")
        self.no_programs = {"XDG_CONFIG_HOME": self.folder.name, "HOME": self.folder.name, "PATH": "/nonexistent"}
        super().__init__(bus, self.NAME, [GAMEMODED], environment=self.no_programs, cwd=self.folder.name)

    def register(self, pid: int):
        self._call("RegisterGame", pid)

    def unregister(self, pid: int):
        self._call("UnregisterGame", pid)

    def _call(self, method: str, pid: int):
        answer = self.call(self.NAME, "/com/feralinteractive/GameMode", self.NAME, method, dbus.Int32(pid))
        if answer != 0:
            raise RuntimeError(f"GameMode: {method}({pid}) = {answer}")

    def client_environment(self) -> dict:
        """For gamemoderun."""
        return {**self.environment, "PATH": os.environ["PATH"]}

    def end(self):
        super().end()
        self.folder.cleanup()
