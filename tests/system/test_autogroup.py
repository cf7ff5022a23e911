#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# The nice value of a session: lowered only when all that runs in it is lowered, and put back.
import os
import pathlib

import harness
from harness import autogroup_nice_of, nice_of


def why_not() -> str | None:
    knob = pathlib.Path("/proc/sys/kernel/sched_autogroup_enabled")
    if not knob.exists():
        return "this kernel has no autogroup"
    if knob.read_text().strip() != "1":
        return "autogroup is off (kernel.sched_autogroup_enabled = 0)"
    lines = pathlib.Path("/proc/self/cgroup").read_text().splitlines()
    cpu = [line.split(":", 2) for line in lines]
    paths = [path for _, controllers, path in cpu if "cpu" in controllers.split(",")]
    if not paths:
        controllers = pathlib.Path("/sys/fs/cgroup/cgroup.subtree_control")
        paths = [path for number, _, path in cpu if number == "0" and "cpu" in
                 (controllers.read_text().split() if controllers.exists() else [])]
    return f"tasks here are in the task group {paths[0]}, not in the root one" if paths and paths[0] != "/" else None


class Session(harness.SystemTest):
    def setUp(self):
        super().setUp()
        if why := why_not():
            self.skipTest(why)
        self.name = self.unique()
        self.write_rules(self.program_rule(self.name, nice=9))

    def start_in_own_session(self, name: str) -> harness.Target:
        return self.start(name, start_new_session=True)

    def test_a_session_with_lowered_members_only_is_lowered(self):
        self.daemon()
        target = self.start_in_own_session(self.name)
        self.eventually(lambda: (nice_of(target.pid), autogroup_nice_of(target.pid)), (9, 9))

    def test_a_session_that_was_there_before_the_daemon_is_lowered(self):
        target = self.start_in_own_session(self.name)
        self.daemon()
        self.eventually(lambda: autogroup_nice_of(target.pid), 9)

    def test_a_session_with_an_unlowered_member_is_not_lowered(self):
        self.daemon()
        other = self.start_in_own_session(self.unique("other"))
        (pid,) = other.ask(f"fork-exec {self.program(self.name)}")
        self.eventually(lambda: nice_of(pid), 9)
        self.stays(lambda: autogroup_nice_of(pid), 0, "autogroup of a session with a program that nobody lowered")

    def test_a_session_is_put_back_when_an_unlowered_program_starts_in_it(self):
        normal = self.unique("normal")
        self.write_rules(self.program_rule(self.name, nice=9) + self.program_rule(normal, nice=0))
        self.daemon()
        target = self.start_in_own_session(self.name)
        self.eventually(lambda: autogroup_nice_of(target.pid), 9)
        target.ask(f"fork-exec {self.program(normal)}")
        self.eventually(lambda: autogroup_nice_of(target.pid), 0)

    def test_a_session_stays_lowered_when_a_lowered_program_starts_another_in_it(self):
        self.daemon()
        target = self.start_in_own_session(self.name)
        self.eventually(lambda: autogroup_nice_of(target.pid), 9)
        (pid,) = target.ask(f"fork-exec {self.program(self.unique('other'))}")
        self.eventually(lambda: nice_of(pid), 9)
        self.stays(lambda: autogroup_nice_of(target.pid), 9, "autogroup of a session with lowered programs alone")

    def test_a_session_is_lowered_when_its_last_unlowered_member_has_ended(self):
        self.daemon()
        other = self.start_in_own_session(self.unique("other"))
        (pid,) = other.ask(f"fork-exec {self.program(self.name)}")
        self.eventually(lambda: nice_of(pid), 9)
        other.exec(self.program(self.name))
        self.eventually(lambda: autogroup_nice_of(pid), 9)

    def test_a_process_that_makes_a_session_of_its_own_is_followed_at_the_next_exec(self):
        self.daemon()
        target = self.start(self.unique("other"))
        target.ask("setsid")
        target.exec(self.program(self.name))
        self.eventually(lambda: autogroup_nice_of(target.pid), 9)

    def test_a_session_is_put_back_at_sigterm(self):
        daemon = self.daemon()
        target = self.start_in_own_session(self.name)
        self.eventually(lambda: autogroup_nice_of(target.pid), 9)
        self.assertEqual(daemon.end(), 0)
        self.assertEqual((nice_of(target.pid), autogroup_nice_of(target.pid)), (0, 0))

    def test_what_somebody_has_set_since_is_left_as_it_is(self):
        daemon = self.daemon()
        target = self.start_in_own_session(self.name)
        self.eventually(lambda: autogroup_nice_of(target.pid), 9)
        pathlib.Path(f"/proc/{target.pid}/autogroup").write_text("4")
        daemon.end()
        self.assertEqual(autogroup_nice_of(target.pid), 4)

    def test_the_session_of_the_test_itself_is_left_alone(self):
        before = autogroup_nice_of(1), autogroup_nice_of(os.getpid())
        self.daemon()
        target = self.start(self.name)
        self.eventually(lambda: nice_of(target.pid), 9)
        self.stays(lambda: (autogroup_nice_of(1), autogroup_nice_of(os.getpid())), before)

    def test_a_dry_run_leaves_the_session_alone(self):
        self.daemon(arguments=["--dry-run"])
        target = self.start_in_own_session(self.name)
        self.stays(lambda: autogroup_nice_of(target.pid), 0)


if __name__ == "__main__":
    harness.main()
