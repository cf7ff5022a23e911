# SPDX-License-Identifier: GPL-3.0-or-later
# What the benchmark does in one run.
import contextlib
import dataclasses
import os
import pathlib
import signal
import tempfile
import time

from crowd import Answerer, Subscriber, add_overrides, far_targets, subscribers
from programs import NICE, EventCounter, Floor, Tools, burst, busy_cpus, bystanders, execs, with_nice
from running import NO_SCORING, Daemon, PrivateBus, end_process, wait_until

SUBSCRIBERS = 3
STORM_RATE = 5000  # execs a second
SETTLED_AFTER = 10  # seconds without pressure until the engines rest
PATIENCE = 10      # seconds until something that must happen counts as not happening


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
    overrides: int = 100
    most_overrides: int = 1024
    changes: int = 1000
    asked_ms: int = 4000


TINY_COUNTS = Counts(samples=10, execs=400, matching=4, forks=200, burst=400, burst_alive=8, idle_seconds=1, stopped=8,
                     overrides=10, most_overrides=40, changes=100, asked_ms=200)


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
        self.write_rules(self.rules)

    def write_rules(self, folder: pathlib.Path):
        """In one step, so that a daemon that watches the folder reads them once."""
        draft = folder / "draft"
        draft.write_text(f'[class.bench]\ndescription = "Programs of the benchmark"\nnice = {NICE}\n\n'
                         f'[programs]\n{self.tools.match} = "bench"\n', encoding="utf-8")
        draft.rename(folder / "50-bench.toml")

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
                wait_until(lambda: with_nice(pids, NICE) == len(pids), PATIENCE, 0.001)
                return {"all_after_ms": milliseconds(time.monotonic() - begin), "alive": len(pids),
                        "classified": with_nice(pids, NICE)}

    def stop(self) -> dict:
        """SIGTERM with many changed processes to put back."""
        with self.daemon() as daemon, burst(self.tools, self.counts.stopped, self.counts.stopped) as pids:
            wait_until(lambda: with_nice(pids, NICE) == len(pids), PATIENCE)
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

    def scored(self) -> dict:
        """A storm, and what is left to do after it, with the shipped rules and all scoring engines, and without these. Nothing
        is applied."""
        counts, tools = self.counts, self.tools
        result = {}
        for name, settings in (("all", ""), ("none", NO_SCORING)):
            with self.daemon(rules=self.shipped_rules, arguments=["--dry-run"], settings=settings) as daemon:
                storm = tools.procbench("storm", "-n", counts.execs, "-r", counts.execs // counts.matching, "-P", daemon.pid,
                                        *tools.matching())
                time.sleep(SETTLED_AFTER)
                counter = EventCounter()
                idle = tools.procbench("idle", "-P", daemon.pid, "-s", counts.idle_seconds)
                result[name] = {"per_exec_us": storm["per_exec_us"], "wakeups": idle["ctxt_vol"], "cpu_ms": idle["cpu_ms"],
                                "events": counter.stop()}
        return result

    def memory(self, daemon: Daemon) -> dict:
        time.sleep(0.5)
        memory = self.tools.procbench("mem", "-P", daemon.pid)
        return {"rss_kb": memory["VmRSS_kB"], "private_dirty_kb": memory["PrivateDirty_kB"]}

    def shipped(self) -> dict:
        """Start and memory with the shipped rules, on a private bus where there can be one; and with as many overrides as
        there may be."""
        with contextlib.ExitStack() as stack:
            bus = stack.enter_context(PrivateBus()).address if PrivateBus.is_possible() else "none"
            daemon = stack.enter_context(self.daemon(rules=self.shipped_rules, bus=bus, arguments=["--dry-run"],
                                                       settings=""))
            result = {"ready_ms": milliseconds(daemon.ready_after), **self.memory(daemon), "bus": bus != "none"}
            if bus != "none":
                pids = stack.enter_context(bystanders(self.tools, self.counts.most_overrides // 10))
                added = add_overrides(self.tools, bus, far_targets(self.tools, self.counts.most_overrides, pids))
                result["overridden"] = {"overrides": added, **self.memory(daemon)}
            return result

    def crowded(self) -> dict:
        """The load again, with overrides for others in force, and with subscribers that are told of every change."""
        with PrivateBus() as bus, self.daemon(bus=bus.address) as daemon, \
                bystanders(self.tools, self.counts.overrides // 10) as pids, \
                subscribers(self.tools, bus.address, SUBSCRIBERS):
            added = add_overrides(self.tools, bus.address, far_targets(self.tools, self.counts.overrides, pids))
            return {"overrides": added, **self.load(daemon)}

    def told(self, subscriber: Subscriber) -> dict:
        """What a subscriber has been told once it knows of all changes, or nothing more comes."""
        wait_until(lambda: subscriber.told() >= self.counts.changes, PATIENCE)
        time.sleep(0.5)  # for what comes beyond that
        return subscriber.counts()

    def changes(self) -> dict:
        """Many changes at once: new rules for processes that were there, and programs that start."""
        count = self.counts.changes
        rules = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        with PrivateBus() as bus, burst(self.tools, count, count), self.daemon(bus=bus.address, rules=rules), \
                Subscriber(self.tools, bus.address) as subscriber:
            self.write_rules(rules)
            reload = self.told(subscriber)
        with PrivateBus() as bus, self.daemon(bus=bus.address), Subscriber(self.tools, bus.address) as subscriber, \
                burst(self.tools, count, count):
            starts = self.told(subscriber)
        return {"reload": reload, "starts": starts}

    def ask(self, bus: PrivateBus, name: str, pid: int) -> dict:
        """How long answers take during a storm, which lasts for longer than the asking."""
        with execs(self.tools, STORM_RATE * (self.counts.asked_ms + 1000) // 1000, STORM_RATE) as figures:
            time.sleep(0.5)
            asked = self.tools.busbench("ask", bus.address, name, pid, self.counts.asked_ms)
        return {**asked, "exec_per_s": figures["exec_per_s"]}

    def asked(self) -> dict:
        """GetProcess in a storm, of priorityd, and of a service that does nothing else while floor is the daemon."""
        with PrivateBus() as bus, self.daemon(bus=bus.address), burst(self.tools, 1, 1) as [pid]:
            wait_until(lambda: with_nice([pid], NICE) == 1, PATIENCE)
            ours = self.ask(bus, "org.priorityd1", pid)
        with PrivateBus() as bus, Floor(self.tools), Answerer(self.tools, bus.address):
            return {"priorityd": ours, "floor": self.ask(bus, Answerer.NAME, os.getpid())}

    def run(self) -> dict:
        """One run of everything."""
        with Floor(self.tools) as floor:
            result = {"floor": self.load(floor)}
        with self.daemon() as daemon:
            result["priorityd"] = self.load(daemon)
        if PrivateBus.is_possible():
            result |= {"crowded": self.crowded(), "changes": self.changes(), "asked": self.asked()}
        return result | {"scored": self.scored(), "overrun": self.overrun(), "stop": self.stop(), "shipped": self.shipped(), "idle": self.idle()}
