#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# The daemon is killed at a hundred random instants while much is asked of it: nothing that it promised is lost, and in
# the end every process has what it had before.
"""SEED=N in the environment repeats the choices of an earlier run; the instants are as random as ever."""
import os
import random
import subprocess
import threading
import time

import controlled
import harness
from controlled import dbus
from harness import autogroup_nice_of, everything_of, nice_of, threads_of

KILLS = 100
KILLS_WHILE_STARTING = 20  # of them
LONGEST_LIFE = 0.2         # seconds after READY=1
LONGEST_START = 0.03       # seconds after exec
NAMES = 6                  # of programs that rules and overrides are about
SETTINGS = [{"nice": 5, "io": "idle"}, {"nice": -3, "timer_slack": "10us"}, {"nice": 9, "sched": "batch"}, {"nice": -6},
            {"oom_score_adj": 300}, {"timer_slack": "2ms", "nice": 1}, {"sched": "idle"}, {"io": "best-effort/1"}]
NO_DAEMON = "org.freedesktop.DBus.Error.ServiceUnknown"
LIMIT_REACHED = controlled.ERROR + "LimitReached"
NO_SUCH_OVERRIDE = controlled.ERROR + "NoSuchOverride"


def all_of(pid: int) -> dict:
    """What it has, its threads and its session."""
    return {**everything_of(pid), "session": autogroup_nice_of(pid),
            "nice values of threads": sorted(set(map(nice_of, threads_of(pid))))}


class Requester(threading.Thread):
    """Asks the daemon for this and that until stop(). Permanent overrides are known by their reason, because an id
    may be given again after a daemon that was killed; of each it keeps what was promised."""

    def __init__(self, test: "Kill", seed: int):
        super().__init__(daemon=True)
        self.test = test
        self.random = random.Random(seed)
        self.connection = dbus.bus.BusConnection(test.private_bus.address)
        self.asked_for = 0
        self.kept: dict[str, str] = {}  # those that are there by all that was answered: reason -> id
        self.removed: set[str] = set()  # reasons of those that are surely not
        self.passing: list[str] = []    # ids of others, of this daemon
        self.answers = {}
        self.is_over = threading.Event()

    def stop(self):
        self.is_over.set()
        self.join()
        self.connection.close()

    def run(self):
        while not self.is_over.is_set():
            ask = self.random.choice([self.keep, self.keep, self.remove, self.add_passing, self.add_passing,
                                      self.remove_passing, self.reload])
            try:
                ask()
                answer = "done"
            except dbus.DBusException as error:
                answer = error.get_dbus_name()
                if answer not in (LIMIT_REACHED, NO_SUCH_OVERRIDE):
                    self.passing.clear()
                self.is_over.wait(0.01)
            self.answers[answer] = self.answers.get(answer, 0) + 1

    def call(self, member: str, signature: str = "", *arguments):
        return self.test.call(self.connection, member, signature, arguments)

    def add(self, target: dict, **options) -> str:
        return self.test.add(self.connection, target, self.random.choice(SETTINGS), **options)

    def name(self) -> dict:
        return {"name": self.random.choice(self.test.names)}

    def keep(self):
        self.asked_for += 1
        reason = f"promise {self.asked_for}"
        self.kept[reason] = self.add(self.name(), permanent=True, reason=reason)

    def remove(self):
        if not self.kept:
            return
        reason = self.random.choice(list(self.kept))
        number = self.kept.pop(reason)
        try:
            self.call("RemoveOverride", "s", number)
            self.removed.add(reason)
        except dbus.DBusException as error:
            if error.get_dbus_name() in (LIMIT_REACHED, NO_DAEMON):
                self.kept[reason] = number  # it was not even heard
            elif error.get_dbus_name() == NO_SUCH_OVERRIDE:
                self.test.lost.append(reason)
            raise

    def add_passing(self):
        is_process = self.random.random() < 0.5
        target = {"pid": dbus.UInt32(self.random.choice(self.test.pids))} if is_process else self.name()
        self.passing.append(self.add(target))

    def remove_passing(self):
        if self.passing:
            self.call("RemoveOverride", "s", self.passing.pop(self.random.randrange(len(self.passing))))

    def reload(self):
        self.test.write_some_rules(self.random)
        self.call("Reload")


class Kill(controlled.ControlTest):
    def setUp(self):
        super().setUp()
        self.seed = int(os.environ.get("SEED", time.time_ns() % 1_000_000))
        print(f"SEED={self.seed}", flush=True)
        self.random = random.Random(self.seed)
        self.names = [self.unique("k") for _ in range(NAMES)]
        self.paths = [self.program(name) for name in [*self.names, self.unique("plain")]]
        self.lost = []
        self.is_over = threading.Event()
        self.write_some_rules(self.random)

    def write_some_rules(self, chance: random.Random):
        """For about half of the names."""
        self.write_rules("".join(self.program_rule(name, **chance.choice(SETTINGS)) for name in self.names
                                 if chance.random() < 0.5))

    def start_programs(self):
        """Two of each name, one in a session of its own, some with threads; and one that the daemon has no business
        with. Keeps what each of them has."""
        self.targets = [self.start(name, start_new_session=alone) for name in self.names for alone in (True, False)]
        self.pids = [target.pid for target in self.targets]
        for target in self.targets[::3]:
            target.ask("threads 3")
        bystander = self.start(self.unique("bystander"))
        os.setpriority(os.PRIO_PROCESS, bystander.pid, 3)
        harness.set_io(bystander.pid, "best-effort", 2)
        others = [bystander.pid, os.getpid(), self.private_bus.process.pid, 1]
        self.before = {pid: all_of(pid) for pid in [*self.pids, *others]}

    def start_children(self, count: int):
        """Of some target, mere ones and such that run a program; they live as long as that."""
        for _ in range(count):
            target = self.random.choice(self.targets)
            child, = target.ask(self.random.choice(["fork", f"fork-exec {self.random.choice(self.paths)}"]))
            self.before[child] = {**self.before[target.pid], "nice values of threads": [0]}

    def run_programs(self):
        """Short ones, all the time, as a build does."""
        chance = random.Random(self.seed + 1)
        running = []
        while not self.is_over.wait(0.002):
            running.append(subprocess.Popen([chance.choice(self.paths), "20"], stdin=subprocess.DEVNULL))
            running = [process for process in running if process.poll() is None]
        for process in running:
            process.wait()

    def live_and_die(self, while_starting: bool):
        daemon = self.daemon_to_be(bus=self.private_bus.address, log_level="warning")
        if while_starting:
            daemon.launch()
            self.is_over.wait(self.random.uniform(0, LONGEST_START))
        else:
            daemon.start(harness.PATIENCE)
            self.check_promises()
            self.is_over.wait(self.random.uniform(0, LONGEST_LIFE))
        daemon.kill()
        self.assertNotRegex(daemon.log(), "corrupt|cannot be read")
        daemon.end()

    def check_promises(self):
        """What is asked for meanwhile may count or not: so what was promised both before and after the look."""
        kept, removed = set(self.requester.kept), set(self.requester.removed)
        connection = dbus.bus.BusConnection(self.private_bus.address)
        there = {str(row["reason"]) for row in self.call(connection, "ListOverrides") if row["permanent"]}
        connection.close()
        kept &= set(self.requester.kept)
        self.assertEqual((kept - there, removed & there, self.lost), (set(), set(), []))

    def test_nothing_that_was_promised_is_lost_and_nothing_stays_changed(self):
        self.start_programs()
        self.requester = Requester(self, self.seed + 2)
        self.requester.start()
        programs = threading.Thread(target=self.run_programs, daemon=True)
        programs.start()
        deaths = [True] * KILLS_WHILE_STARTING + [False] * (KILLS - KILLS_WHILE_STARTING)
        self.random.shuffle(deaths)
        try:
            for number, while_starting in enumerate(deaths):
                self.live_and_die(while_starting)
                if number % 5 == 0:
                    self.start_children(3)
        finally:
            self.requester.stop()
            self.is_over.set()
            programs.join()
        print(f"answers: {self.requester.answers}; {len(self.requester.kept)} overrides promised, "
              f"{len(self.requester.removed)} removed", flush=True)
        last = self.daemon(log_level="warning")
        self.check_promises()
        self.assertEqual(last.end(), 0, last.log())
        changed = [f"{pid}: {what} was {value}, is {now}" for pid, before in self.before.items()
                   for (what, value), now in zip(before.items(), all_of(pid).values()) if now != value]
        self.assertEqual(changed, [])
        self.assertEqual(list(self.state_folder.glob("**/*.corrupt*")), [])


if __name__ == "__main__":
    harness.main()
