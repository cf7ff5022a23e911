# SPDX-License-Identifier: GPL-3.0-or-later
# Starting and ending priorityd and a private bus, for the system tests and the benchmark.
"""Everything here is a context manager or has end(), and leaves no process and no file behind."""
import os
import pathlib
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

BUS_CONFIGURATION = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
  </policy>
</busconfig>
"""


class NotReady(Exception):
    """The daemon ended or said nothing instead of READY=1; the text holds its log."""


def wait_until(is_so, seconds: float, interval: float = 0.005) -> bool:
    """Asks again and again until `is_so()` holds; False when it still does not after `seconds`."""
    end = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > end:
            return False
        time.sleep(interval)
    return True


def end_process(process: subprocess.Popen, seconds: float = 10) -> int:
    """SIGTERM, then SIGKILL when that does not help. Returns the exit status; waits without polling."""
    if process.poll() is None:
        process.send_signal(signal.SIGCONT)
        process.terminate()
    watchdog = threading.Timer(seconds, process.kill)
    watchdog.start()
    try:
        return process.wait()
    finally:
        watchdog.cancel()


class PrivateBus:
    """A message bus of its own; on which every user may do everything, unless its configuration says otherwise."""

    def __init__(self, bus_configuration: str = BUS_CONFIGURATION):
        self.folder = tempfile.mkdtemp(prefix="priorityd-bus-")
        os.chmod(self.folder, 0o755)
        self.address = f"unix:path={self.folder}/socket"
        configuration = pathlib.Path(self.folder, "bus.conf")
        configuration.write_text(bus_configuration.format(socket=f"{self.folder}/socket"), encoding="utf-8")
        self.process = subprocess.Popen(["dbus-daemon", "--nofork", f"--config-file={configuration}"],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if not wait_until(self._is_listening, 10):
            self.end()
            raise RuntimeError("dbus-daemon did not open its socket within 10 s")

    def _is_listening(self) -> bool:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as knock:
            return knock.connect_ex(f"{self.folder}/socket") == 0

    @staticmethod
    def is_possible() -> bool:
        return shutil.which("dbus-daemon") is not None

    def end(self):
        end_process(self.process)
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()


NO_SCORING = "[scoring]\nenabled = false\n"


class Daemon:
    """One running priorityd. start() returns once it has said READY=1.

    Its settings are not the machine's: those of --config among the arguments, else `settings`, by which no program gets
    anything that no rule names."""

    def __init__(self, program, rules, state, *, bus: str = "none", arguments=(), log_level: str = "info",
                 environment=None, prefix=(), settings: str = NO_SCORING):
        self.command = [*prefix, os.fspath(program)]
        for folder in [rules] if isinstance(rules, (str, os.PathLike)) else rules:
            self.command += ["--rules", os.fspath(folder)]
        self.command += ["--state", os.fspath(state), "--bus", bus, "--log-level", log_level, *arguments]
        self.settings = None if "--config" in arguments else settings
        self.environment = {**os.environ, **(environment or {})}
        self.environment.pop("JOURNAL_STREAM", None)
        self.process = None
        self._last_log = ""
        self.ready_after = None  # seconds from just before the start to READY=1
        self.notes = []          # what it has said to the service manager, one a line
        self._folder = None
        self._log = None

    @property
    def pid(self) -> int:
        return self.process.pid

    def launch(self):
        """Starts it without waiting for anything."""
        self._folder = tempfile.mkdtemp(prefix="priorityd-notify-")
        self._notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._notify.bind(f"{self._folder}/socket")
        self._heard = threading.Condition()
        self._waited_for = 0     # notes before this one have been waited for
        self._reader = threading.Thread(target=self._read_notes, daemon=True)
        self._reader.start()
        os.chmod(self._folder, 0o755)  # the daemon may run as another user
        os.chmod(f"{self._folder}/socket", 0o666)
        self._log = open(f"{self._folder}/log", "w+b")
        command = self.command
        if self.settings is not None:
            pathlib.Path(self._folder, "priorityd.toml").write_text(self.settings, encoding="utf-8")
            command = [*command, "--config", f"{self._folder}/priorityd.toml"]
        environment = {**self.environment, "NOTIFY_SOCKET": f"{self._folder}/socket"}
        self._started = time.monotonic()
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log,
                                        env=environment)
        return self

    def start(self, seconds: float = 10):
        self.launch()
        if not self.wait_for_note("READY=1", seconds):
            status = self.process.poll()
            log = self.log()
            self.end()
            raise NotReady(f"{' '.join(self.command)}: no READY=1 within {seconds} s, exit status {status}; log:\n{log}")
        self.ready_after = self._noted - self._started
        return self

    def _read_notes(self):
        """As a service manager does it, always: a socket that nobody reads holds up whoever writes to it."""
        while message := self._notify.recv(65536):
            with self._heard:
                self._noted = time.monotonic()
                self.notes += message.decode("utf-8", "replace").splitlines()
                self._heard.notify_all()

    def wait_for_note(self, wanted: str, seconds: float) -> bool:
        """Waits for a line in a message of sd_notify that comes from now on or was not waited for yet; False when the
        daemon ends or time runs out before."""
        end = time.monotonic() + seconds
        with self._heard:
            while (left := end - time.monotonic()) > 0:
                if wanted in self.notes[self._waited_for:]:
                    self._waited_for = self.notes.index(wanted, self._waited_for) + 1
                    return True
                if self.process.poll() is not None:
                    return False
                self._heard.wait(min(left, 0.05))
            return False

    def signal(self, number: int):
        self.process.send_signal(number)

    def kill(self):
        """Ends it with SIGKILL, and waits for that."""
        self.process.kill()
        self.process.wait()

    def log(self) -> str:
        """All that it has printed so far."""
        if self._log is None or self._log.closed:
            return self._last_log
        return pathlib.Path(self._folder, "log").read_text(encoding="utf-8", errors="backslashreplace")

    def end(self, seconds: float = 10) -> int:
        """Ends it with SIGTERM. Returns the exit status: negative when a signal had to do it."""
        status = end_process(self.process, seconds)
        if self._folder:
            self._last_log = self.log()
            self._log.close()
            self._notify.shutdown(socket.SHUT_RDWR)  # ends the reader
            self._reader.join()
            self._notify.close()
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
        return status

    def __enter__(self):
        return self.start() if self.process is None else self

    def __exit__(self, *_):
        self.end()
