# SPDX-License-Identifier: GPL-3.0-or-later
# What the tests of the client share: a made-up daemon on a bus of its own, and running priorityctl.
import json
import os
import pathlib
import select
import signal
import subprocess
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
from running import PrivateBus, end_process  # noqa: E402

FAKE_DAEMON = os.environ.get("FAKE_DAEMON", "build/tests/bus/fake-daemon")
PRIORITYCTL = os.environ.get("PRIORITYCTL", "build/src/cli/priorityctl")
PATIENCE = 20       # seconds for what normally takes milliseconds
OWN_UID = os.geteuid()
NOBODY_HERE = 4_000_000_000
OTHER_USER = 65534


class FakeDaemon:
    """The made-up daemon; running once this is made."""

    def __init__(self, bus: PrivateBus, own_uid: int = OWN_UID, policy_files=(), first_id: int = 1):
        self.process = subprocess.Popen([FAKE_DAEMON, bus.address, str(own_uid), *policy_files],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        env={**os.environ, "FIRST_ID": str(first_id)})
        if self.process.stdout.readline() != b"ready\n":
            raise RuntimeError("the made-up daemon does not start")

    def signal(self, number: int):
        self.process.send_signal(number)

    def end(self):
        end_process(self.process)
        self.process.stdout.close()


class Monitor:
    """A running `priorityctl monitor`."""

    def __init__(self, *arguments: str):
        self.process = subprocess.Popen([PRIORITYCTL, *arguments, "monitor"], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.lines = []
        self._rest = b""

    def read_some(self, seconds: float) -> bool:
        """Takes in what has been printed; False when nothing comes in that time."""
        if not select.select([self.process.stdout], [], [], seconds)[0]:
            return False
        data = os.read(self.process.stdout.fileno(), 65536)
        *lines, self._rest = (self._rest + data).split(b"\n")
        self.lines += [line.decode("utf-8") for line in lines]
        return bool(data)

    def wait_for(self, word: str, prod=lambda: None) -> str:
        """The first line with this word. `prod` is called again and again, for when it is not known who listens already."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            for line in self.lines:
                if word in line:
                    return line
            prod()
            if not self.read_some(0.2) and self.process.poll() is not None:
                break
        raise AssertionError(f"no line with {word!r}, but {self.lines}; status {self.process.poll()}")

    def end(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        status = end_process(self.process) if self.process.poll() is not None else self.process.wait(PATIENCE)
        for pipe in (self.process.stdout, self.process.stderr):
            pipe.close()
        return status


class ClientTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bus = PrivateBus()
        cls.addClassCleanup(cls.bus.end)

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="priorityd-client-")
        self.addCleanup(self.folder.cleanup)

    def daemon(self, own_uid: int = OWN_UID, **options) -> FakeDaemon:
        daemon = FakeDaemon(self.bus, own_uid, **options)
        self.addCleanup(daemon.end)
        return daemon

    def run_client(self, *arguments: str, address: str | None = None, **environment: str) -> subprocess.CompletedProcess:
        base = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "PRIORITYD_BUS")}
        command = [PRIORITYCTL, "--bus", address or self.bus.address, *arguments]
        return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=PATIENCE, encoding="utf-8", env={**base, **environment})

    def done(self, *arguments: str) -> str:
        shown = self.run_client(*arguments)
        self.assertEqual((shown.returncode, shown.stderr), (0, ""), arguments)
        return shown.stdout

    def json(self, *arguments: str):
        text = self.done("--json", *arguments)
        self.assertEqual(text.count("\n"), 1, "one document, on one line")
        return json.loads(text)

    def refused(self, status: int, *arguments: str, **options) -> str:
        """The one line that says why not."""
        shown = self.run_client(*arguments, **options)
        self.assertEqual(shown.returncode, status, (arguments, shown.stderr))
        self.assertEqual(len(shown.stderr.splitlines()), 1, shown.stderr)
        return shown.stderr

    def somebody_else(self) -> list[str]:
        """What to put before a command so that it runs as another user. For root alone."""
        prefix = ["setpriv", f"--reuid={OTHER_USER}", f"--regid={OTHER_USER}", "--clear-groups"]
        probe = subprocess.run([*prefix, PRIORITYCTL, "--version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if probe.returncode != 0:
            self.skipTest("the client lies where other users cannot reach it")
        return prefix

    def not_authorised(self, *arguments: str) -> str:
        """The one line that says so, to a user who is neither root nor the one that the daemon runs as."""
        prefix = self.somebody_else() if OWN_UID == 0 else []
        self.daemon(OWN_UID if OWN_UID == 0 else NOBODY_HERE)
        command = [*prefix, PRIORITYCTL, "--bus", self.bus.address, *arguments]
        shown = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               timeout=PATIENCE, encoding="utf-8")
        self.assertEqual(shown.returncode, 4, shown.stderr)
        self.assertEqual(len(shown.stderr.splitlines()), 1, shown.stderr)
        return shown.stderr

    def write(self, name: str, text: str) -> str:
        path = pathlib.Path(self.folder.name, name)
        path.write_text(text, encoding="utf-8")
        return str(path)


def main():
    if not PrivateBus.is_possible():
        print("SKIP: dbus-daemon is not installed")
        sys.exit(77)
    unittest.main(module="__main__", verbosity=2)
