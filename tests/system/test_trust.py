#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# What an ordinary user could have put there, or only calls itself like that, is raised so far and no further.
import os
import pathlib
import shutil
import tempfile

import controlled
import harness
from controlled import AS_NOBODY, NOBODY
from harness import nice_of, sched_of

RULE = {"nice": -10, "sched": "rr/2", "oom_score_adj": -100}
MOST = -5  # limits.user_program_min_nice, where nobody has set it


class Trust(controlled.ControlTest):
    def setUp(self):
        super().setUp()
        self.name = self.unique()
        self.write_rules(self.program_rule(self.name, **RULE))
        self.daemon()

    def system_folder(self) -> pathlib.Path:
        """Where nobody but root can put anything, nor above."""
        folder = pathlib.Path(tempfile.mkdtemp(prefix="priorityd-test-", dir="/usr/local/lib"))
        self.addCleanup(shutil.rmtree, folder)
        folder.chmod(0o755)
        return folder

    def folder_of_nobody(self) -> pathlib.Path:
        folder = self.folder / "nobodys"
        folder.mkdir()
        os.chown(folder, NOBODY, NOBODY)
        return folder

    def is_raised(self, pid: int):
        self.eventually(lambda: (nice_of(pid), sched_of(pid)), (RULE["nice"], RULE["sched"]))
        self.assertNotIn("limits", [row["source"] for row in self.rows(pid)])

    def is_limited(self, pid: int, because: str):
        self.eventually(lambda: nice_of(pid), MOST)
        self.stays(lambda: (nice_of(pid), sched_of(pid), harness.oom_score_adj_of(pid)), (MOST, "other", 0))
        for setting, value in (("nice", str(MOST)), ("sched", "other"), ("oom_score_adj", "0")):
            row = self.row_in_force(pid, setting)
            self.assertEqual((row["source"], row["value"]), ("limits", value))
            self.assertIn(because, row["because"])
        text = self.ctl("explain", pid).stdout
        self.assertIn("overruled by limits", text)

    def test_a_program_in_a_folder_of_root_is_raised_whoever_runs_it(self):
        for folder in (self.system_folder(), self.programs):
            for user in (AS_NOBODY, {}):
                with self.subTest(f"{folder} {user}"):
                    self.is_raised(self.start_as(user, self.name, folder).pid)

    def test_a_program_in_a_folder_of_somebody_else_is_limited_whoever_runs_it(self):
        folder = self.folder_of_nobody()
        for user in (AS_NOBODY, {}):
            with self.subTest(user):
                self.is_limited(self.start_as(user, self.name, folder).pid, "an ordinary user could have put")

    def test_a_program_of_somebody_else_in_a_folder_of_root_is_limited(self):
        os.chown(self.program(self.name, self.system_folder()), NOBODY, NOBODY)
        os.chown(self.program(self.name), NOBODY, NOBODY)
        self.is_limited(self.start_as(AS_NOBODY, self.name).pid, "an ordinary user could have put")

    def test_a_program_that_everybody_may_write_or_put_another_in_place_of_is_limited(self):
        folder = self.system_folder()
        path = pathlib.Path(self.program(self.name, folder))
        for what, mode in ((path, 0o757), (folder, 0o777)):
            before = what.stat().st_mode & 0o7777
            what.chmod(mode)
            with self.subTest(str(what)):
                self.is_limited(self.start_as(AS_NOBODY, self.name, folder).pid, "an ordinary user could have put")
            what.chmod(before)
        self.is_raised(self.start_as(AS_NOBODY, self.name, folder).pid)

    def test_a_link_of_somebody_elses_to_a_program_of_the_system_is_that_program(self):
        link = self.folder_of_nobody() / self.unique("link")
        link.symlink_to(self.program(self.name))
        self.is_raised(self.start_command([link], **AS_NOBODY).pid)

    def test_a_name_that_a_program_has_given_itself_alone_is_limited(self):
        system = self.program(self.unique("plain"))
        by_argv = self.start_command([f"/somewhere/{self.name}"], executable=system, **AS_NOBODY)
        self.is_limited(by_argv.pid, "known by a name alone that the program has given itself")
        by_comm = self.start_command([system], **AS_NOBODY)
        by_comm.rename(self.name.encode())
        self.is_limited(by_comm.pid, "known by a name alone that the program has given itself")

    def test_a_name_that_root_has_given_is_believed(self):
        target = self.start_command([f"/somewhere/{self.name}"], executable=self.program(self.unique("plain")))
        self.is_raised(target.pid)

    def test_a_real_program_of_the_system_under_another_name_is_limited(self):
        sleep = shutil.which("sleep")
        process = controlled.subprocess.Popen([self.name, "600"], executable=sleep, **AS_NOBODY)
        self.addCleanup(harness.end_process, process)
        self.is_limited(process.pid, "known by a name alone that the program has given itself")

    def test_a_program_that_is_replaced_while_it_runs_is_limited_once_it_is_looked_at_again(self):
        folder = self.folder_of_nobody()
        target = self.start_as(AS_NOBODY, self.name, folder)
        self.is_limited(target.pid, "an ordinary user could have put")
        (folder / self.name).unlink()
        self.ctl("reload")
        self.is_limited(target.pid, "an ordinary user could have put")

    def test_roots_override_stays_within_the_limit_and_takes_over_from_a_person(self):
        target = self.start_as(AS_NOBODY, self.unique("game"), self.folder_of_nobody())
        os.setpriority(os.PRIO_PROCESS, target.pid, 3)
        self.set(target.pid, "--nice", "-10", "--sched", "rr/2")
        self.eventually(lambda: (nice_of(target.pid), sched_of(target.pid)), (MOST, "other"))
        self.assertEqual(self.row_in_force(target.pid, "nice")["source"], "limits")


if __name__ == "__main__":
    harness.main()
