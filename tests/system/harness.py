# SPDX-License-Identifier: GPL-3.0-or-later
# What the system tests share: a daemon with rules of the test's own, targets that do as told, and the kernel's answers.
"""A system test is a file with subclasses of SystemTest that ends in `harness.main()`. It needs root and the proc
connector; where one is missing it says why and exits with 77. Rules match names that are made for the test alone, so
that nothing else on the machine is touched. No test asserts a time: eventually() waits, generously, for what must come.

By hand: PRIORITYD=build/src/daemon/priorityd TARGET=build/tests/system/target tests/system/test_names.py
"""
import ctypes
import errno
import json
import os
import pathlib
import platform
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "support"))
from running import Daemon, NotReady, PrivateBus, end_process, wait_until  # noqa: E402,F401

PRIORITYD = pathlib.Path(os.environ.get("PRIORITYD", TOP / "build/src/daemon/priorityd")).resolve()
PRIORITYCTL = pathlib.Path(os.environ.get("PRIORITYCTL", TOP / "build/src/cli/priorityctl")).resolve()
TARGET = pathlib.Path(os.environ.get("TARGET", TOP / "build/tests/system/target")).resolve()

COMPRESSOR = "/bin/gzip"  # of Debian's package gzip: "GNU compression utilities"
PATIENCE = 15  # seconds that eventually() waits for what normally takes milliseconds
SETTLE = 0.5   # seconds after which something that must not happen is taken not to have happened

SCHED_NAMES = {os.SCHED_OTHER: "other", os.SCHED_BATCH: "batch", os.SCHED_IDLE: "idle", os.SCHED_FIFO: "fifo",
               os.SCHED_RR: "rr"}
SCHED_RESET_ON_FORK = 0x40000000
IOPRIO_GET, IOPRIO_SET = {"x86_64": (252, 251), "aarch64": (31, 30)}.get(platform.machine(), (None, None))
IO_CLASSES = ["none", "realtime", "best-effort", "idle"]
_libc = ctypes.CDLL(None, use_errno=True)


def has_capability(number: int) -> bool:
    """Whether this process has it; in a container root lacks some."""
    status = pathlib.Path("/proc/self/status").read_text()
    return bool(int(re.search(r"^CapEff:\s*([0-9a-f]+)", status, re.MULTILINE)[1], 16) >> number & 1)


# --- what the kernel says of a thread or process ---

def nice_of(tid: int) -> int:
    return os.getpriority(os.PRIO_PROCESS, tid)


def sched_of(tid: int) -> str:
    """As in rules: "batch", "rr/3"."""
    policy = os.sched_getscheduler(tid) & ~SCHED_RESET_ON_FORK
    name = SCHED_NAMES[policy]
    return f"{name}/{os.sched_getparam(tid).sched_priority}" if name in ("fifo", "rr") else name


def io_of(tid: int) -> str:
    """As in rules: "best-effort/2", "idle", "none"."""
    value = _libc.syscall(IOPRIO_GET, 1, tid)
    if value < 0:
        raise OSError(ctypes.get_errno(), f"ioprio_get({tid})")
    name = IO_CLASSES[(value >> 13) & 7]
    return f"{name}/{value & 7}" if name in ("realtime", "best-effort") else name


def set_io(tid: int, io_class: str, level: int):
    if _libc.syscall(IOPRIO_SET, 1, tid, IO_CLASSES.index(io_class) << 13 | level) < 0:
        raise OSError(ctypes.get_errno(), f"ioprio_set({tid})")


def proc_number(pid: int, file: str) -> int:
    return int(pathlib.Path(f"/proc/{pid}/{file}").read_text())


def oom_score_adj_of(pid: int) -> int:
    return proc_number(pid, "oom_score_adj")


def slice_of(tid: int) -> int:
    """The custom slice in nanoseconds; 0 where the kernel does not tell. Source: struct sched_attr in sched_setattr(2)."""
    number = {"x86_64": 315, "aarch64": 275}[platform.machine()]
    attributes = ctypes.create_string_buffer(48)
    if _libc.syscall(number, tid, attributes, 48, 0) < 0:
        raise OSError(ctypes.get_errno(), f"sched_getattr({tid})")
    return struct.unpack_from("=Q", attributes, 24)[0]


def timer_slack_of(pid: int) -> int:
    """In nanoseconds."""
    return proc_number(pid, "timerslack_ns")


def autogroup_nice_of(pid: int) -> int | None:
    """None where the process has no autogroup."""
    try:
        text = pathlib.Path(f"/proc/{pid}/autogroup").read_text()
    except OSError:
        return None
    match = re.search(r"nice (-?\d+)", text)
    return int(match[1]) if match else None


def threads_of(pid: int) -> list[int]:
    return [int(name) for name in os.listdir(f"/proc/{pid}/task")]


def everything_of(pid: int) -> dict:
    """All knobs, as the kernel has them."""
    return {"nice": nice_of(pid), "sched": sched_of(pid), "io": io_of(pid), "cpus": os.sched_getaffinity(pid),
            "oom_score_adj": oom_score_adj_of(pid), "timer_slack": timer_slack_of(pid)}


# --- what can be started ---

class Target:
    """One running copy of target.c, or of another program that prints "ready" and obeys like it."""

    def __init__(self, command: list, executable=None, **options):
        self.process = subprocess.Popen(command, executable=executable, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        **options)
        self._expect(b"ready\n")

    @property
    def pid(self) -> int:
        return self.process.pid

    def _expect(self, wanted: bytes):
        line = self.process.stdout.readline()
        if line != wanted:
            raise RuntimeError(f"expected {wanted!r}, got {line!r}")

    def _send(self, command: str):
        self.process.stdin.write(command.encode() + b"\n")
        self.process.stdin.flush()

    def ask(self, command: str) -> list[int]:
        """The numbers of its answer."""
        self._send(command)
        word, *numbers = self.process.stdout.readline().split() or [b"nothing"]
        if word != b"ok":
            raise RuntimeError(f"{command}: answered {word!r} {numbers}")
        return [int(number) for number in numbers]

    def rename(self, name: bytes):
        self.ask(f"rename {name.hex()}")

    def exec(self, path, command: str = "exec"):
        """Puts another program in place of this one and waits until that is ready."""
        self._send(f"{command} {os.fspath(path)}")
        self._expect(b"ready\n")

    def end(self):
        self.process.stdin.close()
        self.process.stdout.close()
        end_process(self.process)


class SystemTest(unittest.TestCase):
    _count = 0

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="priorityd-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.folder.chmod(0o755)
        self.rules_folder = self.folder / "rules.d"
        self.state_folder = self.folder / "state"
        self.programs = self.folder / "bin"
        for folder in (self.rules_folder, self.state_folder, self.programs):
            folder.mkdir()
        self.daemons = []

    # --- names, rules, daemon ---

    def unique(self, prefix: str = "t") -> str:
        """A name that no other process on this machine has; short enough for comm."""
        SystemTest._count += 1
        return f"{prefix}{os.getpid()}n{SystemTest._count}"

    def write_rules(self, text: str, file: str = "50-test.toml"):
        """Puts it in place as an editor does: whole, by a rename."""
        fresh = self.folder / f"{file}.new"
        fresh.write_text(text, encoding="utf-8")
        fresh.rename(self.rules_folder / file)

    def program_rule(self, name: str, **settings):
        """TOML of a class of its own for the programs called `name`."""
        lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
        key = re.sub("[^a-z0-9]", "-", f"class-of-{name}")
        return "\n".join([f"[class.{key}]", 'description = "Of a test"', *lines, "",
                          "[[rule]]", f"name = {json.dumps(name)}", f'class = "{key}"', "", ""])

    def daemon(self, **options) -> Daemon:
        """A running daemon; ended with the test."""
        daemon = self.daemon_to_be(**options)
        daemon.start(PATIENCE)
        return daemon

    def daemon_to_be(self, **options) -> Daemon:
        daemon = Daemon(PRIORITYD, options.pop("rules", self.rules_folder), options.pop("state", self.state_folder),
                        **options)
        self.daemons.append(daemon)
        self.addCleanup(lambda: daemon.process is not None and daemon.end())
        return daemon

    def bus(self) -> PrivateBus:
        if not PrivateBus.is_possible():
            self.skipTest("dbus-daemon is not installed")
        bus = PrivateBus()
        self.addCleanup(bus.end)
        return bus

    # --- targets ---

    def program(self, name: str | bytes, folder: pathlib.Path | None = None) -> str | bytes:
        """The path of a copy of the target under this name."""
        path = os.path.join(os.fsencode(folder or self.programs), os.fsencode(name))
        if not os.path.exists(path):
            shutil.copy(TARGET, path)
        return path if isinstance(name, bytes) else os.fsdecode(path)

    def start(self, name: str | bytes, *arguments, **options) -> Target:
        """Runs a copy of the target under this name; ended with the test."""
        path = self.program(name)
        return self.start_command([path, *arguments], **options)

    def start_command(self, command: list, **options) -> Target:
        target = Target(command, **options)
        self.addCleanup(target.end)
        return target

    # --- assertions ---

    def eventually(self, read, wanted, what: str = "", patience: float = PATIENCE):
        """Waits until `read()` is `wanted`."""
        last = None

        def is_so():
            nonlocal last
            last = read()
            return last == wanted
        if not wait_until(is_so, patience):
            self.fail(f"{what or 'value'}: expected {wanted!r}, still {last!r} after {patience} s{self._daemon_log()}")

    def stays(self, read, wanted, what: str = ""):
        """Holds that nothing changes it for a while."""
        if wait_until(lambda: read() != wanted, SETTLE):
            self.fail(f"{what or 'value'}: was to stay {wanted!r}, became {read()!r}{self._daemon_log()}")

    def client(self, bus: PrivateBus, *arguments) -> subprocess.CompletedProcess:
        """Runs priorityctl; its output stays bytes."""
        return subprocess.run([PRIORITYCTL, "--bus", bus.address, *arguments], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE)

    def json_of(self, bus: PrivateBus, *arguments):
        """What priorityctl --json prints."""
        done = self.client(bus, "--json", *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def compressor(self, *arguments: str) -> int:
        """A program of the system's, which waits for its input for ever."""
        process = subprocess.Popen([COMPRESSOR, "-c", *arguments], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.addCleanup(process.stdin.close)
        return process.pid

    def _daemon_log(self) -> str:
        return "".join(f"\n--- log of priorityd:\n{daemon.log()}" for daemon in self.daemons if daemon.process)


def why_not_here() -> str | None:
    """Why system tests cannot run on this machine; None when they can."""
    if os.geteuid() != 0:
        return "not root"
    if IOPRIO_GET is None:
        return f"system call numbers of {platform.machine()} are not known to the tests"
    for program in (PRIORITYD, TARGET):
        if not os.access(program, os.X_OK):
            return f"{program} is not built"
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, 11) as connector:  # NETLINK_CONNECTOR
            connector.bind((0, 1))
            connector.send(struct.pack("=IHHII", 40, 3, 0, 0, 0) + struct.pack("=IIIIHHI", 1, 1, 0, 0, 4, 0, 1))
            connector.settimeout(3)
            connector.recv(4096)
            connector.send(struct.pack("=IHHII", 40, 3, 0, 0, 0) + struct.pack("=IIIIHHI", 1, 1, 0, 0, 4, 0, 2))
    except OSError as error:
        return f"no events from the proc connector: {errno.errorcode.get(error.errno, error)}"
    return None


def main():
    if why := why_not_here():
        print(f"SKIP: {why}")
        sys.exit(77)
    os.setpriority(os.PRIO_PROCESS, 0, 0)  # whatever this was started with: targets start from normal
    program = unittest.main(module="__main__", exit=False, verbosity=2)
    sys.stderr.flush()
    for test, why in program.result.skipped:
        print(f"SKIP: {test._testMethodName}: {why}")
    skipped_all = program.result.testsRun == len(program.result.skipped) and program.result.testsRun > 0
    sys.exit(1 if not program.result.wasSuccessful() else 77 if skipped_all else 0)
