#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# What a program gets at exec: every setting that its rule names, on the real kernel, and nothing else.
import os

import harness
from harness import everything_of, nice_of, sched_of, io_of

LOWERED = {"nice": 7, "sched": "batch", "io": "best-effort/6", "cpus": "0", "oom_score_adj": 300, "timer_slack": "1ms"}
RAISED = {"nice": -7, "sched": "rr/3", "io": "realtime/4"}
# As everything_of() shows them.
IN_NANOSECONDS = {"1ms": 1_000_000, "10us": 10_000}
CAP_SYS_RESOURCE = 24  # Source: linux/capability.h


def as_shown(setting: str, value):
    if setting == "cpus":
        return {int(value)}
    return IN_NANOSECONDS[value] if setting == "timer_slack" else value


def write_proc(pid: int, file: str, number: int):
    with open(f"/proc/{pid}/{file}", "w", encoding="ascii") as knob:
        knob.write(str(number))


class Settings(harness.SystemTest):
    def expect(self, pid: int, **settings):
        for setting, value in settings.items():
            self.eventually(lambda s=setting: everything_of(pid)[s], as_shown(setting, value), setting)

    def test_exec_gets_every_setting_of_a_lowering_rule(self):
        name = self.unique()
        self.write_rules(self.program_rule(name, **LOWERED))
        self.daemon()
        self.expect(self.start(name).pid, **LOWERED)

    def test_exec_gets_every_setting_of_a_raising_rule(self):
        name = self.unique()
        self.write_rules(self.program_rule(name, **RAISED))
        self.daemon()
        self.expect(self.start(name).pid, **RAISED)

    def test_exec_gets_a_shorter_timer_slack(self):
        name = self.unique()
        self.write_rules(self.program_rule(name, timer_slack="10us"))
        self.daemon()
        self.expect(self.start(name).pid, timer_slack="10us")

    def test_exec_gets_a_negative_oom_score_adj(self):
        if not harness.has_capability(CAP_SYS_RESOURCE):
            self.skipTest("CAP_SYS_RESOURCE is missing here, even to root")
        name = self.unique()
        self.write_rules(self.program_rule(name, oom_score_adj=-300))
        self.daemon()
        self.expect(self.start(name).pid, oom_score_adj=-300)

    def test_a_setting_that_nobody_named_is_never_written(self):
        for setting, value in LOWERED.items():
            with self.subTest(setting=setting):
                plain, matching = self.unique(), self.unique()
                self.write_rules(self.program_rule(matching, **{setting: value}))
                daemon = self.daemon()
                # Odd values of everything else, set by hand on a program that no rule knows; then exec keeps them.
                target = self.start(plain)
                odd = {"nice": lambda pid: os.setpriority(os.PRIO_PROCESS, pid, 3),
                       "sched": lambda pid: os.sched_setscheduler(pid, os.SCHED_BATCH, os.sched_param(0)),
                       "io": lambda pid: harness.set_io(pid, "best-effort", 1),
                       "oom_score_adj": lambda pid: write_proc(pid, "oom_score_adj", 111),
                       "timer_slack": lambda pid: write_proc(pid, "timerslack_ns", 123_456)}
                for other in odd.keys() - {setting}:
                    odd[other](target.pid)
                before = everything_of(target.pid)
                target.exec(self.program(matching))
                self.expect(target.pid, **{setting: value})
                self.stays(lambda: everything_of(target.pid), {**before, setting: as_shown(setting, value)})
                daemon.end()

    def test_a_slice_is_written_with_nice_and_policy(self):
        if tuple(map(int, os.uname().release.split(".")[:2])) < (6, 12):
            self.skipTest("custom slices came with Linux 6.12")
        name = self.unique()
        self.write_rules(self.program_rule(name, nice=4, sched="batch", slice="5ms"))
        self.daemon()
        target = self.start(name)
        self.eventually(lambda: harness.slice_of(target.pid), 5_000_000, "slice")
        self.expect(target.pid, nice=4, sched="batch")

    def test_one_setting_that_cannot_be_applied_does_not_stop_the_others(self):
        name = self.unique()
        self.write_rules(self.program_rule(name, cpus="numa:999", cpu_weight=50, uclamp_min=10, nice=6,
                                           io="best-effort/5"))
        self.daemon()
        self.expect(self.start(name).pid, nice=6, io="best-effort/5")

    def test_the_short_form_and_the_long_form_both_match(self):
        short, long = self.unique(), self.unique()
        self.write_rules(f'[class.low]\nnice = 6\n\n[programs]\n{short} = "low"\n\n'
                         f'[[rule]]\nname = "{long[:-1]}?"\nclass = "low"\n[rule.set]\nio = "idle"\n')
        self.daemon()
        self.expect(self.start(short).pid, nice=6)
        self.expect(self.start(long).pid, nice=6, io="idle")

    def test_a_dry_run_applies_nothing(self):
        name = self.unique()
        self.write_rules(self.program_rule(name, **LOWERED))
        running = self.start(name)
        before = everything_of(running.pid)
        self.daemon(arguments=["--dry-run"])
        self.stays(lambda: everything_of(running.pid), before)
        started = self.start(name)
        self.stays(lambda: (nice_of(started.pid), sched_of(started.pid), io_of(started.pid)),
                   (before["nice"], before["sched"], before["io"]))


if __name__ == "__main__":
    harness.main()
