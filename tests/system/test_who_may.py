#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# What an ordinary user may ask for, with a polkit that allows, refuses, thinks or is not there; and rules of users.
import contextlib
import os

import controlled
import harness
from controlled import AS_NOBODY, DONE, NOBODY, NOT_AUTHORISED, REFUSED
from harness import everything_of, io_of, nice_of, oom_score_adj_of, sched_of, wait_until

CAP_SYS_RESOURCE = 24  # Source: linux/capability.h
MODIFY_ANY = "org.priorityd1.modify-any"
BEYOND_USERS = [["--nice", "-6"], ["--sched", "rr/1"], ["--sched", "fifo/1"], ["--oom-score-adj", "-1"],
                ["--io", "realtime/4"], ["--class", "studio"]]


class WhoMay(controlled.ControlTest):
    """A process of nobody's and one of root's, and no rule for either."""

    def setUp(self):
        super().setUp()
        self.name = self.unique()
        self.write_rules("[class.studio]\nnice = -8\n")
        self.daemon()
        self.own = self.start_as(AS_NOBODY, self.name)
        self.others = self.start(self.name)
        self.before = [everything_of(target.pid) for target in (self.own, self.others)]

    def assert_nothing_changed(self):
        self.assertEqual(self.overrides(), [])
        self.stays(lambda: [everything_of(target.pid) for target in (self.own, self.others)], self.before)

    def set_as_nobody(self, target, *arguments) -> str:
        return self.set(target, *arguments, **AS_NOBODY)

    def assert_not_authorised(self, action: str, target, *arguments):
        self.assertIn(action, self.refused(NOT_AUTHORISED, "set", target, *arguments, **AS_NOBODY), arguments)

    def test_who_may_lower_lowers_own_processes_and_no_more(self):
        self.polkit("lower-own")
        number = self.set_as_nobody(self.own.pid, "--nice", "7", "--io", "idle", "--sched", "idle")
        self.assertEqual((nice_of(self.own.pid), io_of(self.own.pid), sched_of(self.own.pid)), (7, "idle", "idle"))
        row, = self.overrides()
        self.assertEqual(row["owner"], NOBODY)
        self.assertIn("nobody", self.ctl("overrides").stdout)
        self.assert_not_authorised("org.priorityd1.raise-own", self.own.pid, "--nice", "-1")
        self.ctl("unset", number, **AS_NOBODY)
        self.eventually(lambda: everything_of(self.own.pid), self.before[0])
        self.assert_nothing_changed()

    def test_who_may_raise_raises_own_processes_within_the_limits(self):
        self.polkit("lower-own", "raise-own")
        for settings in BEYOND_USERS:
            self.assert_not_authorised(MODIFY_ANY, self.own.pid, *settings)
        self.assert_nothing_changed()
        self.set_as_nobody(self.own.pid, "--nice", "-5", "--io", "best-effort/0")
        self.assertEqual((nice_of(self.own.pid), io_of(self.own.pid)), (-5, "best-effort/0"))

    def test_what_goes_beyond_the_limits_takes_an_administrator(self):
        self.polkit("modify-any")
        for settings, read, wanted in ((BEYOND_USERS[0], nice_of, -6), (BEYOND_USERS[1], sched_of, "rr/1"),
                                       (BEYOND_USERS[2], sched_of, "fifo/1"), (BEYOND_USERS[4], io_of, "realtime/4"),
                                       (BEYOND_USERS[5], nice_of, -8)):
            with self.subTest(settings):
                number = self.set_as_nobody(self.own.pid, *settings)
                self.assertEqual(read(self.own.pid), wanted)
                self.ctl("unset", number, **AS_NOBODY)
                self.eventually(lambda: everything_of(self.own.pid), self.before[0])

    def test_an_administrator_protects_from_the_out_of_memory_killer(self):
        if not harness.has_capability(CAP_SYS_RESOURCE):
            self.skipTest("CAP_SYS_RESOURCE is missing here, even to root")
        self.polkit("modify-any")
        self.set_as_nobody(self.own.pid, *BEYOND_USERS[3])
        self.assertEqual(oom_score_adj_of(self.own.pid), -1)

    def test_processes_of_others_take_an_administrator(self):
        polkit = self.polkit("lower-own", "raise-own")
        self.assert_not_authorised(MODIFY_ANY, self.others.pid, "--nice", "7")
        self.assert_not_authorised(MODIFY_ANY, f"name:{self.name}", "--nice", "7", "--all-users")
        self.assert_nothing_changed()
        polkit.allow("org.priorityd1.modify-any")
        self.set_as_nobody(self.others.pid, "--nice", "7")
        self.assertEqual(nice_of(self.others.pid), 7)
        self.set_as_nobody(f"name:{self.name}", "--io", "idle", "--all-users")
        for target in (self.own, self.others):
            self.eventually(lambda t=target: io_of(t.pid), "idle")

    def test_a_name_means_own_processes_those_that_come_later_too(self):
        self.polkit("lower-own")
        self.set_as_nobody(f"name:{self.name}", "--nice", "7")
        self.eventually(lambda: nice_of(self.own.pid), 7)
        own, others = self.start_as(AS_NOBODY, self.name), self.start(self.name)
        self.eventually(lambda: nice_of(own.pid), 7)
        self.stays(lambda: [nice_of(target.pid) for target in (self.others, others)], [0, 0])

    def test_what_outlives_the_daemon_takes_a_permission_of_its_own(self):
        polkit = self.polkit("lower-own")
        self.assert_not_authorised("org.priorityd1.persist", f"name:{self.name}", "--nice", "7", "--permanent")
        self.assert_nothing_changed()
        self.assertEqual(os.listdir(self.state_folder / "overrides.d"), [])
        polkit.allow("org.priorityd1.lower-own", "org.priorityd1.persist")
        self.set_as_nobody(f"name:{self.name}", "--nice", "7", "--permanent")
        self.eventually(lambda: nice_of(self.own.pid), 7)
        self.daemons[-1].kill()
        self.daemon()
        self.assertEqual((nice_of(self.own.pid), nice_of(self.others.pid)), (7, 0))
        self.assertEqual(self.overrides()[0]["owner"], NOBODY)

    def test_own_overrides_are_removed_without_asking_and_those_of_others_by_an_administrator(self):
        polkit = self.polkit("lower-own")
        own = self.set_as_nobody(self.own.pid, "--nice", "7")
        roots = self.set(self.own.pid, "--io", "idle")
        polkit.allow()
        self.ctl("unset", own, **AS_NOBODY)
        self.assertIn(MODIFY_ANY, self.refused(NOT_AUTHORISED, "unset", roots, **AS_NOBODY))
        self.assertEqual([row["id"] for row in self.overrides()], [roots])
        polkit.allow(MODIFY_ANY)
        self.ctl("unset", roots, **AS_NOBODY)
        self.eventually(lambda: everything_of(self.own.pid), self.before[0])

    def test_a_polkit_that_refuses_or_is_not_there_means_no_for_all_but_root(self):
        for what, polkit in (("refuses", self.polkit), ("is not there", lambda: None)):
            with self.subTest(what), contextlib.ExitStack() as stack:
                if running := polkit():
                    stack.callback(running.process.wait)
                    stack.callback(running.process.terminate)
                self.assert_not_authorised("org.priorityd1.lower-own", self.own.pid, "--nice", "7")
                self.assert_not_authorised(MODIFY_ANY, self.others.pid, "--nice", "7")
                self.refused(NOT_AUTHORISED, "reload", **AS_NOBODY)
                self.assert_nothing_changed()
                number = self.set(self.others.pid, "--nice", "-7")
                self.assertEqual(nice_of(self.others.pid), -7)
                self.ctl("unset", number)
                self.eventually(lambda: nice_of(self.others.pid), 0)

    def test_for_a_caller_who_leaves_while_polkit_thinks_nothing_is_changed(self):
        polkit = self.polkit("lower-own")
        polkit.think()
        caller = self.start_as_nobody("add({'pid': dbus.UInt32(int(sys.argv[2]))}, {'nice': 7})", self.own.pid)
        self.assertTrue(wait_until(polkit.is_asked, harness.PATIENCE))
        caller.kill()
        caller.wait()
        polkit.answer()
        # Somebody else's call takes the same way, and is through only after the one before it.
        self.ctl("unset", self.set_as_nobody(f"name:{self.unique()}", "--nice", "7"), **AS_NOBODY)
        self.assert_nothing_changed()

    def test_an_override_of_a_user_that_is_tied_to_a_connection_ends_with_the_program(self):
        self.polkit("lower-own")
        caller = self.start_as_nobody("print(add({'pid': dbus.UInt32(int(sys.argv[2]))}, {'nice': 7}, while_connected=True),"
                                      "flush=True)\nsys.stdin.readline()", self.own.pid)
        self.assertEqual(caller.stdout.readline(), "1\n")
        self.assertEqual(nice_of(self.own.pid), 7)
        caller.kill()
        self.eventually(lambda: nice_of(self.own.pid), 0)
        self.assertEqual(self.overrides(), [])


class UserRules(controlled.ControlTest):
    def setUp(self):
        super().setUp()
        self.name = self.unique()
        self.write_rules("[class.studio]\nnice = -8\n")
        self.daemon()
        self.own_rules = self.folder / "own"
        self.own_rules.mkdir()
        self.own = self.start_as(AS_NOBODY, self.name)
        self.others = self.start(self.name)
        self.before = everything_of(self.others.pid)

    def write_own(self, text: str, file: str = "mine.toml"):
        (self.own_rules / file).write_text(text, encoding="utf-8")

    def hand_over(self, status: int = DONE):
        return self.ctl("user-rules", self.own_rules, status=status, **AS_NOBODY)

    def test_they_count_for_own_processes_alone_and_go_with_an_empty_list(self):
        self.polkit("lower-own")
        self.write_own(self.program_rule(self.name, nice=7, io="idle"))
        self.hand_over()
        self.eventually(lambda: (nice_of(self.own.pid), io_of(self.own.pid)), (7, "idle"))
        later = self.start_as(AS_NOBODY, self.name)
        self.eventually(lambda: nice_of(later.pid), 7)
        self.assertIn("mine.toml:", self.row_in_force(later.pid, "nice")["source"])
        self.stays(lambda: everything_of(self.others.pid), self.before, "somebody else's process")
        (self.own_rules / "mine.toml").unlink()
        self.hand_over()
        for target in (self.own, later):
            self.eventually(lambda t=target: (nice_of(t.pid), io_of(t.pid)), (0, "none"))

    def test_they_stay_within_the_limits_and_explain_says_so(self):
        polkit = self.polkit("lower-own")
        self.write_own(f'{self.program_rule(self.name, nice=-12, sched="rr/3", io="realtime/1")}')
        self.hand_over(NOT_AUTHORISED)
        self.stays(lambda: nice_of(self.own.pid), 0)
        polkit.allow("org.priorityd1.raise-own")
        self.hand_over()
        self.eventually(lambda: (nice_of(self.own.pid), sched_of(self.own.pid), io_of(self.own.pid)),
                        (-5, "other", "best-effort/0"))
        for setting in ("nice", "sched", "io"):
            self.assertEqual(self.row_in_force(self.own.pid, setting)["source"], "limits")
        self.stays(lambda: everything_of(self.others.pid), self.before, "somebody else's process")

    def test_a_class_of_the_system_is_cut_to_the_limits_too(self):
        self.polkit("raise-own")
        self.write_own(f'[programs]\n{self.name} = "studio"\n')
        self.hand_over()
        self.eventually(lambda: nice_of(self.own.pid), -5)

    def test_an_override_wins_over_them(self):
        self.polkit("lower-own")
        self.write_own(self.program_rule(self.name, nice=7))
        self.hand_over()
        number = self.set(self.own.pid, "--nice", "-9")
        self.assertEqual(nice_of(self.own.pid), -9)
        self.ctl("unset", number)
        self.eventually(lambda: nice_of(self.own.pid), 7)

    def test_what_is_wrong_is_told_with_its_place_and_what_was_there_stays(self):
        self.polkit("lower-own")
        self.write_own(self.program_rule(self.name, nice=7))
        self.hand_over()
        self.eventually(lambda: nice_of(self.own.pid), 7)
        for text, place in (("[programs\n", "mine.toml:1:"), ("\n[class.x]\nnize = 3\n", "mine.toml:3:1"),
                            (f'[programs]\n{self.name} = "none-such"\n', "mine.toml:2:"), ("nice = = 3", "mine.toml:1:")):
            with self.subTest(text):
                self.write_own(text)
                self.assertIn(place, self.hand_over(REFUSED).stderr)
        self.stays(lambda: nice_of(self.own.pid), 7)

    def test_too_much_is_refused_and_what_was_there_stays(self):
        self.polkit("lower-own")
        self.write_own(self.program_rule(self.name, nice=7))
        self.hand_over()
        rule = '[[rule]]\nname = "%d"\nset.nice = 5\n'
        script = ("print(json.dumps([call('SetUserRules', 'a(ss)', files) for files in (\n"
                  "    [('a.toml', '#' * 300 * 1024)], [(f'{i}.toml', '') for i in range(65)],\n"
                  f"    [('a.toml', ''.join({rule!r} % i for i in range(2001)))], [('a.conf', '')], [('../a.toml', '')],\n"
                  "    [('a.toml', '[programs\\n')])]))")
        answers = self.as_nobody(script)
        self.assertEqual([answer.partition(":")[0] for answer in answers],
                         ["LimitReached"] * 3 + ["InvalidRules"] * 3, answers)
        self.assertIn("a.toml:1:", answers[-1])
        self.write_own("#" * 300 * 1024)
        self.assertIn("KiB", self.hand_over(REFUSED).stderr)
        self.stays(lambda: nice_of(self.own.pid), 7)


if __name__ == "__main__":
    harness.main()
