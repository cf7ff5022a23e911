#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Overrides on a real kernel: for whom they count, how long they last, and that programs return to what the rules say.
import subprocess

import controlled
import harness
from controlled import REFUSED, dbus
from harness import everything_of, io_of, nice_of, oom_score_adj_of, sched_of, timer_slack_of

CLASSES = '[class.low]\nnice = 12\nsched = "batch"\nio = "idle"\n\n[class.quick]\nnice = -4\n\n'


class Control(controlled.ControlTest):
    """A program that a rule gives nice 5, and a daemon."""

    def setUp(self):
        super().setUp()
        self.name = self.unique()
        self.write_rules(CLASSES + self.program_rule(self.name, nice=5))

    def niced(self, pid: int, value: int, what: str = ""):
        self.eventually(lambda: nice_of(pid), value, what or f"nice value of {pid}")


class Targets(Control):
    def test_a_process_alone_gets_what_was_asked_for_it(self):
        self.daemon()
        target, other = self.start(self.name), self.start(self.name)
        for process in (target, other):
            self.niced(process.pid, 5)
        number = self.set(target.pid, "--nice", 9)
        self.assertEqual(nice_of(target.pid), 9, "in force when it is answered")
        self.stays(lambda: nice_of(other.pid), 5, "another process of the same name")
        self.assertEqual(self.row_in_force(target.pid, "nice")["source"], f"override {number}")
        self.ctl("unset", number)
        self.niced(target.pid, 5)
        self.assertEqual(self.overrides(), [])

    def test_all_of_a_name_and_of_a_program_get_it_those_that_come_later_too(self):
        self.daemon()
        for target in (f"name:{self.name[:-1]}?", f"exe:{self.programs}/{self.name}"):
            with self.subTest(target):
                present = self.start(self.name)
                self.niced(present.pid, 5)
                self.set(target, "--nice", 11)
                self.niced(present.pid, 11, "one that was there")
                later = self.start(self.name)
                self.niced(later.pid, 11, "one that has come")
                self.assertEqual(self.overrides()[0]["processes"], 2)
                self.ctl("unset", target)
                for process in (present, later):
                    self.niced(process.pid, 5, "afterwards")
                    process.end()

    def test_a_unit_that_nothing_is_in_is_listed_and_fits_nothing(self):
        # That units are matched is for the tests of the core to show: cgroups are left alone here.
        self.daemon()
        target = self.start(self.name)
        self.niced(target.pid, 5)
        unit = f"unit:{self.unique()}.service"
        self.set(unit, "--nice", 11)
        self.stays(lambda: nice_of(target.pid), 5)
        row, = self.overrides()
        self.assertEqual((f"unit:{row['unit']}", row["processes"]), (unit, 0))
        self.ctl("unset", unit)

    def test_a_class_gives_its_settings_and_single_settings_win_over_it(self):
        self.daemon()
        target = self.start(self.name)
        before = everything_of(target.pid)
        self.niced(target.pid, 5)
        number = self.set(target.pid, "--class", "low", "--nice", 14, "--cpus", "0", "--oom-score-adj", 250,
                          "--timer-slack", "2ms")
        self.assertEqual(everything_of(target.pid), {"nice": 14, "sched": "batch", "io": "idle", "cpus": {0},
                                                     "oom_score_adj": 250, "timer_slack": 2_000_000})
        self.assertEqual(self.row_in_force(target.pid, "class")["value"], "low")
        self.ctl("unset", number)
        self.eventually(lambda: everything_of(target.pid), {**before, "nice": 5}, "everything, afterwards")

    def test_a_program_that_no_rule_knows_goes_back_to_what_it_had(self):
        self.daemon()
        target = self.start(self.unique("plain"))
        before = everything_of(target.pid)
        number = self.set(target.pid, "--class", "low")
        self.assertEqual((nice_of(target.pid), sched_of(target.pid), io_of(target.pid)), (12, "batch", "idle"))
        self.ctl("unset", number)
        self.eventually(lambda: everything_of(target.pid), before)

    def test_all_threads_get_it_and_go_back(self):
        self.daemon()
        target = self.start(self.name)
        tids = [target.pid, *target.ask("threads 3")]
        self.niced(target.pid, 5)
        number = self.set(target.pid, "--nice", 9, "--io", "best-effort/7")
        self.assertEqual({(nice_of(tid), io_of(tid)) for tid in tids}, {(9, "best-effort/7")})
        self.ctl("unset", number)
        self.eventually(lambda: {(nice_of(tid), io_of(tid)) for tid in tids}, {(5, "none")})

    def test_the_later_one_wins_setting_by_setting_until_it_goes(self):
        self.daemon()
        target = self.start(self.name)
        self.niced(target.pid, 5)
        earlier = self.set(f"name:{self.name}", "--nice", 9, "--io", "idle")
        later = self.set(target.pid, "--nice", 3)
        self.eventually(lambda: (nice_of(target.pid), io_of(target.pid)), (3, "idle"))
        self.ctl("unset", later)
        self.eventually(lambda: (nice_of(target.pid), io_of(target.pid)), (9, "idle"))
        self.ctl("unset", earlier)
        self.eventually(lambda: (nice_of(target.pid), io_of(target.pid)), (5, "none"))

    def test_what_the_rules_have_come_to_say_meanwhile_counts_afterwards(self):
        daemon = self.daemon()
        target = self.start(self.name)
        self.niced(target.pid, 5)
        number = self.set(target.pid, "--nice", 9)
        self.write_rules(CLASSES + self.program_rule(self.name, nice=7))
        self.ctl("reload")
        self.stays(lambda: nice_of(target.pid), 9, "nice value after the reload")
        self.ctl("unset", number)
        self.niced(target.pid, 7)
        self.assertEqual(daemon.end(), 0, daemon.log())
        self.assertEqual(nice_of(target.pid), 0)

    def test_who_asked_and_why_is_shown(self):
        self.daemon()
        target = self.start(self.name)
        self.set(target.pid, "--nice", 9, "--reason", "a long build, später")
        row, = self.overrides()
        self.assertEqual((row["owner"], row["reason"], row["pid"], row["settings"]),
                         (0, "a long build, später", target.pid, {"nice": 9}))
        for text in (self.ctl("overrides").stdout, self.ctl("explain", target.pid).stdout):
            self.assertIn("a long build, später", text)
            self.assertRegex(text, r"\broot\b|user 0")


class Lives(Control):
    def test_one_with_an_end_ends_by_itself(self):
        self.daemon()
        target = self.start(self.name)
        self.niced(target.pid, 5)
        self.add(self.connection(), {"name": self.name}, {"io": "idle"}, lifetime_usec=dbus.UInt64(400_000))
        self.set(target.pid, "--nice", 9, "--for", "1s")
        self.assertEqual(nice_of(target.pid), 9)
        self.assertLessEqual(max(row["remaining_usec"] for row in self.overrides()), 1_000_000)
        self.eventually(lambda: (nice_of(target.pid), io_of(target.pid)), (5, "none"))
        self.eventually(self.overrides, [])

    def test_one_that_is_tied_to_a_connection_ends_with_it(self):
        self.daemon()
        target = self.start(self.name)
        self.niced(target.pid, 5)
        mine, others = self.connection(), self.connection()
        self.add(mine, {"name": self.name}, {"nice": 9}, while_connected=True)
        self.add(others, {"name": self.name}, {"io": "idle"}, while_connected=True)
        self.eventually(lambda: (nice_of(target.pid), io_of(target.pid)), (9, "idle"))
        mine.close()
        self.eventually(lambda: (nice_of(target.pid), io_of(target.pid)), (5, "idle"))
        self.assertEqual([row["settings"] for row in self.overrides()], [{"io": "idle"}])

    def test_one_that_is_not_tied_outlives_its_caller(self):
        self.daemon()
        target = self.start(self.name)
        caller = self.connection()
        self.add(caller, {"name": self.name}, {"nice": 9})
        caller.close()
        self.niced(target.pid, 9)
        self.stays(lambda: nice_of(target.pid), 9)

    def test_one_for_a_process_ends_with_the_process(self):
        self.daemon()
        target = self.start(self.name)
        self.set(target.pid, "--nice", 9)
        target.end()
        self.eventually(self.overrides, [])

    def test_one_for_a_process_holds_over_exec(self):
        self.daemon()
        target = self.start(self.name)
        number = self.set(target.pid, "--nice", 9)
        target.exec(self.program(self.unique("other")))
        self.stays(lambda: nice_of(target.pid), 9)
        self.ctl("unset", number)
        self.niced(target.pid, 0)

    def test_one_that_is_not_permanent_ends_with_the_daemon(self):
        for end in (harness.Daemon.end, harness.Daemon.kill):
            with self.subTest(end.__name__):
                daemon = self.daemon()
                target = self.start(self.name)
                self.set(target.pid, "--nice", 9)
                end(daemon)
                daemon = self.daemon()
                self.assertEqual(self.overrides(), [])
                self.niced(target.pid, 5)
                daemon.end()


class Permanent(Control):
    def setUp(self):
        super().setUp()
        self.files = self.state_folder / "overrides.d"

    def test_it_survives_the_end_of_the_daemon_and_its_being_killed(self):
        daemon = self.daemon()
        number = self.set(f"name:{self.name}", "--nice", 9, "--io", "idle", "--permanent", "--reason", "for ever")
        before = self.overrides()
        for end in (harness.Daemon.end, harness.Daemon.kill):
            with self.subTest(end.__name__):
                end(daemon)
                daemon = self.daemon()
                self.assertEqual([{**row, "processes": 0} for row in self.overrides()], before)
                target = self.start(self.name)
                self.eventually(lambda t=target: (nice_of(t.pid), io_of(t.pid)), (9, "idle"))
        self.ctl("unset", number)
        self.assertEqual(list(self.files.iterdir()), [])
        daemon.kill()
        self.daemon()
        self.assertEqual(self.overrides(), [])

    def test_it_is_a_file_that_a_person_can_read(self):
        self.daemon()
        number = self.set(f"name:{self.name}", "--nice", 9, "--permanent", "--reason", "it said \"so\"")
        file, = self.files.iterdir()
        self.assertEqual(file.stat().st_mode & 0o777, 0o600)
        text = file.read_text(encoding="utf-8")
        for line in (f'name = "{self.name}"', "nice = 9", r'reason = "it said \"so\""', "owner = 0",
                     f"# To remove it: priorityctl unset {number}"):
            self.assertIn(line, text.splitlines())

    def test_a_file_that_was_spoilt_is_moved_aside_and_said_so_and_the_others_are_read(self):
        daemon = self.daemon()
        spoilt, whole = (self.set(f"name:{self.name}", "--nice", value, "--permanent") for value in (9, 11))
        daemon.end()
        file = self.files / f"{spoilt}.toml"
        text = file.read_text(encoding="utf-8").replace("nice = 9", "nice = 99")
        file.write_text(text, encoding="utf-8")
        daemon = self.daemon()
        self.assertEqual([row["id"] for row in self.overrides()], [whole])
        aside, = self.files.glob("*.corrupt*")
        self.assertEqual(aside.read_text(encoding="utf-8"), text)
        told = [line for line in daemon.log().splitlines() if file.name in line]
        self.assertEqual(len(told), 1, daemon.log())
        for word in (str(file), "nice", aside.name):
            self.assertIn(word, told[0])
        fresh = self.set(f"name:{self.name}", "--io", "idle", "--permanent")
        self.assertNotIn(fresh, (whole, spoilt))

    def test_only_patterns_without_an_end_can_be_permanent(self):
        self.daemon()
        target = self.start(self.name)
        self.assertIn("permanent", self.refused(REFUSED, "set", target.pid, "--nice", 9, "--permanent"))
        connection = self.connection()
        for options in ({"lifetime_usec": dbus.UInt64(1_000_000)}, {"while_connected": True}):
            arguments = [controlled.sv(part) for part in ({"name": self.name}, {"nice": 9},
                                                          {"permanent": True, **options})]
            self.assertEqual(self.error_of(connection, "AddOverride", "a{sv}a{sv}a{sv}", arguments), "InvalidSetting")
        self.assertEqual((self.overrides(), list(self.files.iterdir())), ([], []))


class Humans(Control):
    """A human wins, and an override that is newer wins over that."""

    def held(self, pid: int, value: int):
        row = self.row_in_force(pid, "nice")
        self.assertRegex(row["outcome"], rf"held by someone else since \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d UTC: nice = {value}$")

    def renice(self, pid: int, value: int):
        subprocess.run(["renice", "-n", str(value), "-p", str(pid)], stdout=subprocess.DEVNULL,
                                  check=True)

    def test_set_takes_back_what_a_person_has_set_and_the_person_wins_again_later(self):
        self.daemon()
        target = self.start_command(["nice", "-n", "10", self.program(self.name)])
        self.stays(lambda: nice_of(target.pid), 10, "what it was started with")
        self.held(target.pid, 10)
        number = self.set(target.pid, "--nice", 3)
        self.assertEqual(nice_of(target.pid), 3)
        self.assertEqual(self.row_in_force(target.pid, "nice")["outcome"], "applied")
        self.renice(target.pid, 8)
        self.stays(lambda: nice_of(target.pid), 8, "what a person has set since")
        self.held(target.pid, 8)
        self.ctl("unset", number)
        self.stays(lambda: nice_of(target.pid), 8, "what a person has set, when the override is gone")

    def test_an_override_for_a_name_takes_back_what_is_held_now_and_nothing_that_comes_later(self):
        self.daemon()
        present = self.start_command(["nice", "-n", "10", self.program(self.name)])
        self.stays(lambda: nice_of(present.pid), 10)
        self.set(f"name:{self.name}", "--nice", 3)
        self.niced(present.pid, 3)
        later = self.start_command(["nice", "-n", "10", self.program(self.name)])
        self.stays(lambda: nice_of(later.pid), 10, "what one that came later was started with")
        self.held(later.pid, 10)
        self.set(f"name:{self.name}", "--nice", 4)
        for target in (present, later):
            self.niced(target.pid, 4)

    def test_an_override_that_ends_leaves_what_the_rule_says(self):
        daemon = self.daemon()
        target = self.start_command(["nice", "-n", "10", self.program(self.name)])
        self.ctl("unset", self.set(target.pid, "--nice", 3))
        self.niced(target.pid, 5)
        self.assertEqual(daemon.end(), 0, daemon.log())
        self.assertEqual(nice_of(target.pid), 10, "what it had before the override")

    def test_what_a_person_set_is_theirs_after_the_daemon_was_killed_too(self):
        daemon = self.daemon()
        target = self.start(self.name)
        self.niced(target.pid, 5)
        self.renice(target.pid, 8)
        daemon.kill()
        daemon = self.daemon()
        self.assertEqual(nice_of(target.pid), 8)
        self.held(target.pid, 8)
        self.assertEqual(daemon.end(), 0, daemon.log())
        self.assertEqual(nice_of(target.pid), 8)


if __name__ == "__main__":
    harness.main()
