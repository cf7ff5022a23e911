#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Measures priorityd against the least that such a daemon must do, and prints the table of docs/measurements.md.
"""Runs of floor (a listener that does nothing else) and of priorityd alternate; every figure is the median of the runs.
The rules in force match this benchmark's own programs alone, so that nothing else on the machine is touched; with the
shipped rules, for memory and start, the daemon runs with --dry-run. It needs root, and a machine with nothing
else to do: other programs' execs are events too. Nothing here fails because of a time; read the table.
"""
import argparse
import contextlib
import dataclasses
import json
import os
import pathlib
import platform
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "support"))
from running import Daemon, PrivateBus, end_process, wait_until  # noqa: E402

NICE = 7  # what the matching programs get; lower than normal, so that even a bug cannot harm the machine
SKIP = 77


@dataclasses.dataclass(frozen=True)
class Counts:
    """How much is done in one run."""
    samples: int = 500
    execs: int = 20000
    matching: int = 200
    forks: int = 20000
    burst: int = 50000
    burst_alive: int = 200
    idle_seconds: int = 60
    stopped: int = 200


TINY_COUNTS = Counts(samples=10, execs=400, matching=4, forks=200, burst=400, burst_alive=8, idle_seconds=1, stopped=8)


class Tools:
    """The measuring programs and the folder with copies of tiny under the names that rules match."""

    def __init__(self, build: pathlib.Path, folder: pathlib.Path):
        self.build = build
        self.folder = folder / "run"
        self.folder.mkdir()
        self.match = f"pb{os.getpid()}"
        self.other = f"pb{os.getpid()}o"
        for name in (self.match, self.other):
            shutil.copy(build / "tiny", self.folder / name)

    def procbench(self, mode: str, *arguments) -> dict[str, float]:
        """Its figures by name. Words without a value are left out."""
        command = [self.build / "procbench", mode, "-T", self.folder, *map(str, arguments)]
        output = subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True).stdout
        words = [word.split("=", 1) for word in output.split() if "=" in word]
        return {name: float(value) for name, value in words}

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
    """Starts burst and waits for it; yields the pids of the matching processes that live on."""
    command = [tools.build / "burst", tools.folder / tools.other, str(count), tools.folder / tools.match, str(alive)]
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


def milliseconds(seconds: float) -> float:
    return seconds * 1000


class Bench:
    def __init__(self, options, folder: pathlib.Path, counts: Counts):
        self.priorityd = options.priorityd
        self.shipped_rules = options.shipped_rules
        self.counts = counts
        self.folder = folder
        self.tools = Tools(options.tools, folder)
        self.rules = folder / "rules.d"
        self.rules.mkdir()
        (self.rules / "50-bench.toml").write_text(
            f'[class.bench]\ndescription = "Programs of the benchmark"\nnice = {NICE}\n\n'
            f'[programs]\n{self.tools.match} = "bench"\n', encoding="utf-8")

    def daemon(self, **options) -> Daemon:
        options = {"rules": self.rules, "log_level": "warning", **options}
        return Daemon(self.priorityd, state=tempfile.mkdtemp(dir=self.folder), **options)

    def load(self, contender) -> dict:
        """What floor and priorityd are compared in."""
        counts, tools = self.counts, self.tools
        latency = ("-n", counts.samples, *tools.matching())
        quiet = tools.procbench("latency", *latency)
        with busy_cpus(os.cpu_count()):
            busy = tools.procbench("latency", *latency)
        storm = tools.procbench("storm", "-n", counts.execs, "-r", counts.execs // counts.matching, "-P",
                                contender.pid, *tools.matching())
        forks = tools.procbench("forks", "-n", counts.forks, "-P", contender.pid)
        return {"quiet": quiet, "busy": busy, "storm": storm, "forks": forks}

    def overrun(self) -> dict:
        """The reader stands still while more happens than its buffer holds."""
        with self.daemon() as daemon:
            daemon.signal(signal.SIGSTOP)
            with burst(self.tools, self.counts.burst, self.counts.burst_alive) as pids:
                begin = time.monotonic()
                daemon.signal(signal.SIGCONT)
                wait_until(lambda: with_nice(pids, NICE) == len(pids), 10, 0.001)
                return {"all_after_ms": milliseconds(time.monotonic() - begin), "alive": len(pids),
                        "classified": with_nice(pids, NICE)}

    def stop(self) -> dict:
        """SIGTERM with many changed processes to put back."""
        with self.daemon() as daemon, burst(self.tools, self.counts.stopped, self.counts.stopped) as pids:
            wait_until(lambda: with_nice(pids, NICE) == len(pids), 10)
            changed = with_nice(pids, NICE)
            begin = time.monotonic()
            status = end_process(daemon.process)
            return {"stop_ms": milliseconds(time.monotonic() - begin), "status": status, "changed": changed,
                    "restored": with_nice(pids, os.getpriority(os.PRIO_PROCESS, 0))}

    def idle(self) -> dict:
        """Wake-ups while nothing happens, next to the events that happened all the same."""
        with self.daemon() as daemon:
            time.sleep(1)
            counter = EventCounter()
            figures = self.tools.procbench("idle", "-P", daemon.pid, "-s", self.counts.idle_seconds)
            return {"wakeups": figures["ctxt_vol"], "cpu_ms": figures["cpu_ms"], "events": counter.stop()}

    def shipped(self) -> dict:
        """Start and memory with the shipped rules, on a private bus where there can be one."""
        with contextlib.ExitStack() as stack:
            bus = stack.enter_context(PrivateBus()).address if PrivateBus.is_possible() else "none"
            daemon = stack.enter_context(self.daemon(rules=self.shipped_rules, bus=bus, arguments=["--dry-run"]))
            time.sleep(0.5)
            memory = self.tools.procbench("mem", "-P", daemon.pid)
            return {"ready_ms": milliseconds(daemon.ready_after), "rss_kb": memory["VmRSS_kB"],
                    "private_dirty_kb": memory["PrivateDirty_kB"], "bus": bus != "none"}

    def run(self) -> dict:
        """One run of everything."""
        with Floor(self.tools) as floor:
            result = {"floor": self.load(floor)}
        with self.daemon() as daemon:
            result["priorityd"] = self.load(daemon)
        return result | {"overrun": self.overrun(), "stop": self.stop(), "shipped": self.shipped(), "idle": self.idle()}


class Table:
    """The runs, folded to medians, as rows of what must be and what was measured."""

    def __init__(self, runs: list[dict], counts: Counts):
        self.runs = runs
        self.counts = counts

    def median(self, *path) -> float:
        return statistics.median(self.values(*path))

    def values(self, *path) -> list:
        found = []
        for run in self.runs:
            for key in path:
                run = run[key]
            found.append(run)
        return found

    def against_floor(self, mode: str, figure: str, unit: str) -> str:
        ours, floor = self.median("priorityd", mode, figure), self.median("floor", mode, figure)
        ratio = f"{ours / floor:.2f} ×" if floor else "floor too small to compare"
        return f"{ours:.1f} against {floor:.1f} {unit}: {ratio}"

    def latency(self, mode: str) -> str:
        never = int(sum(self.values("priorityd", mode, "never")))
        total = int(sum(self.values("priorityd", mode, "samples")))
        return (f"p50 {self.against_floor(mode, 'p50_us', 'µs')}; p99 {self.against_floor(mode, 'p99_us', 'µs')}; "
                f"never applied: {never} of {total}")

    def storm(self) -> str:
        applied = int(min(self.values("priorityd", "storm", "applied")))
        samples = int(self.median("priorityd", "storm", "samples"))
        return (f"{applied} of {samples} applied (worst run), max {self.median('priorityd', 'storm', 'max_us') / 1000:.1f} ms; "
                f"CPU per exec {self.against_floor('storm', 'per_exec_us', 'µs')}")

    def overrun(self) -> str:
        worst = max(self.values("overrun", "all_after_ms"))
        classified, alive = min(self.values("overrun", "classified")), self.runs[0]["overrun"]["alive"]
        return f"{classified} of {alive} classified (worst run), all after {self.median('overrun', 'all_after_ms'):.0f} ms (worst run {worst:.0f} ms)"

    def idle(self) -> str:
        events = [sum(run["idle"]["events"].values()) for run in self.runs]
        return (f"{self.median('idle', 'wakeups'):.0f} wake-ups, {self.median('idle', 'cpu_ms'):.2f} ms CPU, with "
                f"{statistics.median(events):.0f} events from other programs in that time")

    def stop(self) -> str:
        restored, changed = min(self.values("stop", "restored")), min(self.values("stop", "changed"))
        return f"stop {self.median('stop', 'stop_ms'):.1f} ms, {restored} of {changed} put back (worst run)"

    def memory(self) -> str:
        bus = "with" if self.runs[0]["shipped"]["bus"] else "without"
        return (f"RSS {self.median('shipped', 'rss_kb') / 1024:.1f} MiB, private dirty "
                f"{self.median('shipped', 'private_dirty_kb') / 1024:.1f} MiB ({bus} D-Bus)")

    def rows(self) -> list[tuple[str, str, str]]:
        counts = self.counts
        alive = f"exec → nice applied, {counts.samples} samples"
        must = f"p50 ≤ 1.25 × floor, p99 ≤ 1.5 × floor; all {counts.samples} applied"
        return [
            (f"{alive}, quiet", must, self.latency("quiet")),
            (f"{alive}, {os.cpu_count()} busy loops", must, self.latency("busy")),
            (f"storm of {counts.execs:,} execs, {counts.matching} matching",
             f"{counts.matching} applied, max ≤ 50 ms; CPU per exec ≤ 2 × floor", self.storm()),
            (f"{counts.forks:,} forks without exec", "≤ 0.2 µs a fork",
             f"{self.median('priorityd', 'forks', 'per_fork_us'):.3f} µs a fork (floor {self.median('floor', 'forks', 'per_fork_us'):.3f})"),
            (f"forced overrun, {counts.burst:,} execs, {counts.burst_alive} of them alive",
             "nothing alive unclassified after 200 ms", self.overrun()),
            (f"idle, {counts.idle_seconds} s", "0 wake-ups", self.idle()),
            ("memory with the shipped rules", "RSS ≤ 8 MB, private dirty ≤ 3 MB", self.memory()),
            (f"start → ready · stop with {counts.stopped} changed processes", "≤ 60 ms · ≤ 100 ms",
             f"ready {self.median('shipped', 'ready_ms'):.1f} ms; {self.stop()}"),
        ]

    def to_markdown(self) -> str:
        rows = [("", "must", "measured"), ("---", "---", "---"), *self.rows()]
        return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def machine() -> str:
    model = next((line.split(":", 1)[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} × {model}, {memory:.0f} GiB, Linux {platform.release()}, {time.strftime('%Y-%m-%d')}"


def reason_to_skip(options) -> str | None:
    if os.geteuid() != 0:
        return "not root: floor and priorityd cannot listen to the proc connector"
    for program in [options.priorityd, *(options.tools / name for name in ("procbench", "floor", "burst", "tiny"))]:
        if not os.access(program, os.X_OK):
            return f"{program} is not there: build it first (ninja -C build)"
    if tuple(map(int, platform.release().split(".")[:2])) < (6, 6):
        return "Linux before 6.6: floor needs the filter of the proc connector that came with it"
    try:
        EventCounter().stop()
    except OSError as error:
        return f"no proc connector here: {error}"
    return None


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--priorityd", type=pathlib.Path, default=TOP / "build/src/daemon/priorityd")
    parser.add_argument("--tools", type=pathlib.Path, default=TOP / "build/tests/bench",
                        help="folder with procbench, floor, burst and tiny")
    parser.add_argument("--shipped-rules", type=pathlib.Path, default=TOP / "rules.d")
    parser.add_argument("--runs", type=int, default=None, help="default 5")
    parser.add_argument("--idle-seconds", type=int, default=None, help="default 60")
    parser.add_argument("--quick", action="store_true", help="one run with tiny counts: shows that it works, measures nothing")
    parser.add_argument("--json", type=pathlib.Path, help="also write every figure of every run to this file")
    return parser.parse_args()


def main() -> int:
    options = parse_options()
    if why := reason_to_skip(options):
        print(why)
        return SKIP
    counts = TINY_COUNTS if options.quick else Counts()
    if options.idle_seconds is not None:
        counts = dataclasses.replace(counts, idle_seconds=options.idle_seconds)
    number = options.runs or (1 if options.quick else 5)
    runs = []
    with tempfile.TemporaryDirectory(prefix="priorityd-bench-") as folder:
        bench = Bench(options, pathlib.Path(folder), counts)
        for index in range(number):
            print(f"run {index + 1} of {number}", file=sys.stderr)
            runs.append(bench.run())
    if options.json:
        options.json.write_text(json.dumps({"machine": machine(), "counts": dataclasses.asdict(counts), "runs": runs},
                                           indent=1) + "\n", encoding="utf-8")
    print(f"{machine()}; medians of {number} interleaved runs\n")
    print(Table(runs, counts).to_markdown())
    return 0


if __name__ == "__main__":
    sys.exit(main())
