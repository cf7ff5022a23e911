# SPDX-License-Identifier: GPL-3.0-or-later
# The programs that the benchmark measures with, and the load that it puts on the machine.
import contextlib
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import threading
import time

from running import end_process

PROGRAMS = ("procbench", "busbench", "floor", "burst", "tiny")
NICE = 7  # what the matching programs get; lower than normal, so that even a bug cannot harm the machine


def figures_in(output: str) -> dict[str, float]:
    """Figures by name. Words without a value are left out."""
    words = [word.split("=", 1) for word in output.split() if "=" in word]
    return {name: float(value) for name, value in words}


def children_of(pid: int) -> list[int]:
    return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def cpu_seconds(pids) -> float:
    """What these have used, with the children that they have waited for. One that has ended counts nothing."""
    ticks = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(map(int, fields[11:15]))  # utime, stime, cutime, cstime
    return ticks / os.sysconf("SC_CLK_TCK")


class Tools:
    """The measuring programs and copies of tiny under the names that rules match."""

    def __init__(self, build: pathlib.Path, folder: pathlib.Path):
        self.build = build
        self.folder = folder / "run"         # procbench makes its copies there, anew each time
        self.burst_folder = folder / "burst"
        self.folder.mkdir()
        self.burst_folder.mkdir()
        self.match = f"pb{os.getpid()}"
        self.other = f"pb{os.getpid()}o"
        for name in (self.match, self.other):
            shutil.copy(build / "tiny", self.burst_folder / name)

    def _run(self, program: str, *arguments, lines: str = "") -> dict[str, float]:
        command = [self.build / program, *map(str, arguments)]
        return figures_in(subprocess.run(command, check=True, input=lines, stdout=subprocess.PIPE, text=True).stdout)

    def procbench(self, mode: str, *arguments) -> dict[str, float]:
        return self._run("procbench", mode, "-T", self.folder, *arguments)

    def busbench(self, mode: str, *arguments, lines: str = "") -> dict[str, float]:
        return self._run("busbench", mode, *arguments, lines=lines)

    def matching(self):
        return ("-m", self.match, "-e", NICE, "-A", self.other)


class Floor:
    """The floor, in the role of a daemon."""
    name = "floor"

    def __init__(self, tools: Tools):
        self.process = subprocess.Popen([tools.build / "floor", tools.match, str(NICE), "rr"],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != "ready\n":
            raise RuntimeError("floor cannot listen to the proc connector")
        self.pid = self.process.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        end_process(self.process)
        self.process.stdout.close()


class EventCounter(threading.Thread):
    """Counts the events that priorityd asks for, independently of it. Source: linux/cn_proc.h."""
    KINDS = {0x2: "exec", 0x4: "uid", 0x200: "comm"}

    def __init__(self):
        super().__init__(daemon=True)
        self.counts = dict.fromkeys(self.KINDS.values(), 0)
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, 11)  # NETLINK_CONNECTOR
        self.socket.bind((0, 1))                                               # CN_IDX_PROC
        self.socket.send(self.request(1, sum(self.KINDS)))
        self.socket.settimeout(0.2)
        self.stopped = False
        self.start()

    @staticmethod
    def request(operation: int, kinds: int) -> bytes:
        """operation: 1 to listen, 2 to end that; kernels do not notice that a socket is closed."""
        message = struct.pack("=IIIIHH", 1, 1, 0, 0, 8, 0) + struct.pack("=II", operation, kinds)
        return struct.pack("=IHHII", 16 + len(message), 3, 0, 0, 0) + message

    def run(self):
        while not self.stopped:
            with contextlib.suppress(TimeoutError, OSError):
                message = self.socket.recv(4096)
                kind = self.KINDS.get(struct.unpack_from("=I", message, 36)[0]) if len(message) >= 40 else None
                if kind:
                    self.counts[kind] += 1

    def stop(self) -> dict[str, int]:
        self.stopped = True
        self.join()
        self.socket.send(self.request(2, 0))
        self.socket.close()
        return self.counts


@contextlib.contextmanager
def busy_cpus(count: int):
    """Busy loops in sessions of their own, as somebody else's programs are."""
    loops = [subprocess.Popen(["sh", "-c", "while :; do :; done"], stdin=subprocess.DEVNULL, start_new_session=True)
             for _ in range(count)]
    try:
        time.sleep(0.2)
        yield
    finally:
        for loop in loops:
            end_process(loop)


@contextlib.contextmanager
def burst(tools: Tools, count: int, alive: int):
    """Execs, some of which are matching and live on; yields the pids of those when all have happened."""
    with _burst(tools, count, tools.match, alive) as pids:
        yield pids


@contextlib.contextmanager
def bystanders(tools: Tools, count: int):
    """Yields the pids of processes that no rule matches, and that do nothing."""
    with _burst(tools, count, tools.other, count) as pids:
        yield pids


@contextlib.contextmanager
def _burst(tools: Tools, count: int, living: str, alive: int):
    folder = tools.burst_folder
    command = [tools.build / "burst", folder / tools.other, str(count), folder / living, str(alive)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        pids = []
        for line in process.stdout:
            if line == "done\n":
                break
            pids.append(int(line))
        try:
            yield pids
        finally:
            process.stdin.close()


def with_nice(pids: list[int], nice: int) -> int:
    return sum(os.getpriority(os.PRIO_PROCESS, pid) == nice for pid in pids)


@contextlib.contextmanager
def execs(tools: Tools, count: int, rate: int):
    """Execs at a rate, one in a hundred matching; yields a dictionary that has the figures once they are over."""
    command = [tools.build / "procbench", "storm", "-T", tools.folder, "-n", count, "-R", rate, "-l", 100, *tools.matching()]
    with subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        figures = {}
        yield figures
        figures.update(figures_in(process.stdout.read()))
