#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# What was there before is put back when the daemon ends, except where somebody else has changed it since.
import os

import harness
from harness import everything_of, io_of, nice_of, sched_of

CHANGED = {"nice": 7, "sched": "batch", "io": "idle", "cpus": "0", "oom_score_adj": 300, "timer_slack": "1ms"}


class Restore(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.name = self.unique()
        self.write_rules(self.program_rule(self.name, **CHANGED))

    def wait_until_changed(self, pid: int):
        self.eventually(lambda: (nice_of(pid), sched_of(pid), io_of(pid), os.sched_getaffinity(pid),
                                 harness.oom_score_adj_of(pid), harness.timer_slack_of(pid)),
                        (7, "batch", "idle", {0}, 300, 1_000_000))

    def test_everything_is_put_back_at_sigterm(self):
        target = self.start(self.name)
        before = everything_of(target.pid)
        daemon = self.daemon()
        self.wait_until_changed(target.pid)
        self.assertEqual(daemon.end(), 0, daemon.log())
        self.assertEqual(everything_of(target.pid), before)

    def test_processes_that_started_under_the_daemon_are_put_back_too(self):
        before = everything_of(self.start(self.unique("other")).pid)
        daemon = self.daemon()
        target = self.start(self.name)
        self.wait_until_changed(target.pid)
        self.assertEqual(daemon.end(), 0, daemon.log())
        self.assertEqual(everything_of(target.pid), before)

    def test_all_threads_are_put_back_those_born_since_too(self):
        target = self.start(self.name)
        tids = target.ask("threads 5")
        daemon = self.daemon()
        self.wait_until_changed(target.pid)
        tids += target.ask("threads 5")
        daemon.end()
        for tid in [target.pid, *tids]:
            self.assertEqual((nice_of(tid), sched_of(tid)), (0, "other"), f"thread {tid}")

    def test_what_somebody_has_changed_since_is_left_as_it_is(self):
        target = self.start(self.name)
        before = everything_of(target.pid)
        daemon = self.daemon()
        self.wait_until_changed(target.pid)
        os.setpriority(os.PRIO_PROCESS, target.pid, 12)
        harness.set_io(target.pid, "best-effort", 3)
        daemon.end()
        self.assertEqual(everything_of(target.pid), {**before, "nice": 12, "io": "best-effort/3"})

    def test_values_from_before_are_kept_whatever_they_were(self):
        target = self.start(self.name)
        os.setpriority(os.PRIO_PROCESS, target.pid, -3)
        os.sched_setscheduler(target.pid, os.SCHED_IDLE, os.sched_param(0))
        before = everything_of(target.pid)
        daemon = self.daemon()
        changed_or_held = everything_of(target.pid)
        daemon.end()
        self.assertEqual(everything_of(target.pid), before, f"while it ran: {changed_or_held}")

    def test_nothing_is_put_back_where_the_settings_say_so(self):
        settings = self.folder / "priorityd.toml"
        settings.write_text("restore_on_exit = false\n", encoding="ascii")
        target = self.start(self.name)
        daemon = self.daemon(arguments=["--config", str(settings)])
        self.wait_until_changed(target.pid)
        self.assertEqual(daemon.end(), 0, daemon.log())
        self.wait_until_changed(target.pid)

    def test_the_daemon_runs_again_after_it_was_killed(self):
        daemon = self.daemon()
        daemon.process.kill()
        daemon.process.wait()
        self.daemon()
        target = self.start(self.name)
        self.wait_until_changed(target.pid)


if __name__ == "__main__":
    harness.main()
