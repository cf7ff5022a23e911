#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# All threads of a process get what was decided for it, those that are born meanwhile too.
import os

import harness
from harness import io_of, nice_of, sched_of, threads_of


def values_of_threads(pid: int, value_of) -> set:
    """The different values that its threads have; threads that end meanwhile do not count."""
    values = set()
    for tid in threads_of(pid):
        try:
            values.add(value_of(tid))
        except OSError:
            continue
    return values


class Threads(harness.SystemTest):
    def test_a_running_process_is_changed_in_all_its_threads(self):
        name = self.unique()
        self.write_rules(self.program_rule(name, nice=7, sched="batch", io="idle", cpus="0"))
        target = self.start(name)
        tids = target.ask("threads 20")
        self.daemon()
        for tid in [target.pid, *tids]:
            self.eventually(lambda t=tid: (nice_of(t), sched_of(t), io_of(t), os.sched_getaffinity(t)),
                            (7, "batch", "idle", {0}), f"thread {tid} of {target.pid}")

    def test_no_thread_is_missed_of_a_process_that_starts_threads_all_the_time(self):
        name = self.unique()
        self.write_rules(self.program_rule(name, nice=7, io="idle"))
        targets = [self.start(name) for _ in range(3)]
        for target in targets:
            target.ask("churn")
        self.daemon()
        for target in targets:
            self.eventually(lambda t=target: values_of_threads(t.pid, nice_of), {7}, "nice values of all threads")
            self.eventually(lambda t=target: values_of_threads(t.pid, io_of), {"idle"}, "I/O priorities of all threads")
            self.stays(lambda t=target: values_of_threads(t.pid, nice_of), {7})

    def test_a_thread_with_a_policy_of_its_own_keeps_it(self):
        name = self.unique()
        self.write_rules(self.program_rule(name, nice=7, sched="batch"))
        target = self.start(name)
        audio, other = target.ask("threads 2")
        os.sched_setscheduler(audio, os.SCHED_RR, os.sched_param(5))
        self.daemon()
        self.eventually(lambda: (nice_of(other), sched_of(other)), (7, "batch"))
        self.stays(lambda: sched_of(audio), "rr/5", "policy of a real-time thread")

    def test_threads_born_after_exec_inherit(self):
        name = self.unique()
        self.write_rules(self.program_rule(name, nice=7, sched="batch"))
        self.daemon()
        target = self.start(name)
        self.eventually(lambda: nice_of(target.pid), 7)
        for tid in target.ask("threads 5"):
            self.assertEqual((nice_of(tid), sched_of(tid)), (7, "batch"))


if __name__ == "__main__":
    harness.main()
