#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Which CPUs programs come to have on this very machine, whatever it is made of.
import os
import subprocess

import harness


def cpus_of(pid: int) -> set[int]:
    return os.sched_getaffinity(pid)


def parse(text: str) -> set[int]:
    cpus: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        cpus.update(range(int(first), int(last or first) + 1))
    return cpus


class Cpus(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.name = self.unique()
        self.everything = cpus_of(0)
        if len(self.everything) < 2:
            self.skipTest("one CPU leaves nothing to choose")
        self.first = min(self.everything)

    def outcome(self, bus, pid: int) -> str:
        rows = self.json_of(bus, "explain", str(pid))["contributions"]
        return next(row["outcome"] for row in rows if row["setting"] == "cpus" and row["effective"])

    def test_the_sets_of_this_machine_have_its_cpus(self):
        machine = self.json_of(self.bus(), "topology")
        self.assertEqual(parse(machine["sets"]["all"]), self.everything)
        self.assertEqual(machine["cpus"], len(self.everything))

    def test_a_program_gets_its_cpus_with_all_threads_and_has_all_back_at_the_end(self):
        self.write_rules(self.program_rule(self.name, cpus=str(self.first)))
        daemon = self.daemon()
        target = self.start(self.name)
        threads = target.ask("threads 3")
        for tid in (target.pid, *threads):
            self.eventually(lambda: cpus_of(tid), {self.first})
        daemon.end()
        for tid in (target.pid, *threads):
            self.assertEqual(cpus_of(tid), self.everything)

    def test_what_a_killed_daemon_has_left_the_next_one_puts_back(self):
        self.write_rules(self.program_rule(self.name, cpus=str(self.first)))
        daemon = self.daemon()
        target = self.start(self.name)
        self.eventually(lambda: cpus_of(target.pid), {self.first})
        daemon.process.kill()
        daemon.process.wait()
        self.write_rules("")
        self.daemon()
        self.eventually(lambda: cpus_of(target.pid), self.everything)

    def test_a_chosen_set_is_one_of_this_machine_s_or_explain_says_why_not(self):
        self.write_rules(self.program_rule(self.name, cpus="llc:auto"))
        bus = self.bus()
        self.daemon(bus=bus.address)
        machine = self.json_of(bus, "topology")
        caches = [parse(cpus) for name, cpus in machine["sets"].items() if name.startswith("llc:")]
        target = self.start(self.name)
        self.eventually(lambda: self.outcome(bus, target.pid).split(":")[0] in ("applied", "not live"), True)
        if self.outcome(bus, target.pid).startswith("applied"):
            self.assertIn(cpus_of(target.pid), caches)
        else:
            self.assertEqual(cpus_of(target.pid), self.everything)

    def test_who_was_pinned_before_stays_and_explain_says_so(self):
        self.write_rules(self.program_rule(self.name, cpus="llc:auto"))
        bus = self.bus()
        self.daemon(bus=bus.address)
        target = self.start(self.name, preexec_fn=lambda: os.sched_setaffinity(0, {self.first}))
        self.eventually(lambda: self.outcome(bus, target.pid).startswith("held by someone else"), True)
        self.assertEqual(cpus_of(target.pid), {self.first})

    def test_cpus_that_this_machine_does_not_have_are_a_failure_that_names_those_it_has(self):
        self.write_rules(self.program_rule(self.name, cpus="8000-8100"))
        bus = self.bus()
        self.daemon(bus=bus.address)
        target = self.start(self.name)
        self.eventually(lambda: self.outcome(bus, target.pid).startswith("failed: none of 8000-8100 is online here: "), True)
        self.assertEqual(cpus_of(target.pid), self.everything)

    def test_the_client_shows_the_machine_without_a_daemon(self):
        text = subprocess.run([harness.PRIORITYCTL, "topology"], capture_output=True, text=True, check=True).stdout
        self.assertRegex(text, r"(?m)^all +[0-9,-]+ +\d+")


if __name__ == "__main__":
    harness.main()
