#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Rules are taken over while the daemon runs; bad ones never, and then the old policy stays as a whole.
import os
import re
import signal

import harness
from harness import nice_of

# What is wrong, the file's text, what the diagnostic must have. {name} is the test's program.
BAD_FILES = [
    ("broken TOML", 'nice = = 3\n', r":1:\d+: error: "),
    ("unknown key", '[class.low]\nnize = 3\n', r":2:\d+: error: .*nice"),
    ("unknown key of a rule", '[[rule]]\nname = "x"\nclas = "test"\n', r":3:\d+: error: .*class"),
    ("value out of range", '[class.low]\nnice = 25\n', r":2:\d+: error: .*19"),
    ("value of the wrong type", '[class.low]\nnice = "low"\n', r":2:\d+: error: "),
    ("unknown class", '[programs]\n{name} = "tset"\n', r":2:\d+: error: .*test"),
    ("invalid UTF-8", '[programs]\n"\udcff" = "test"\n', r":2(:\d+)?: error: "),
]


class Reload(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.name = self.unique()
        self.write_test_rules(nice=7)
        self.target = self.start(self.name)

    def write_test_rules(self, nice: int):
        self.write_rules(f'[class.test]\nnice = {nice}\n\n[programs]\n{self.name} = "test"\n')

    def test_a_changed_file_is_taken_over_by_itself(self):
        self.daemon()
        self.assertEqual(nice_of(self.target.pid), 7)
        self.write_test_rules(nice=5)
        self.eventually(lambda: nice_of(self.target.pid), 5)

    def test_a_file_that_is_written_in_place_is_taken_over(self):
        self.daemon()
        path = self.rules_folder / "50-test.toml"
        path.write_text(path.read_text().replace("nice = 7", "nice = 4"))
        self.eventually(lambda: nice_of(self.target.pid), 4)

    def test_a_new_file_is_taken_over_and_wins_over_earlier_ones(self):
        self.daemon()
        self.write_rules(f'[class.later]\nnice = 3\n\n[programs]\n{self.name} = "later"\n', "60-later.toml")
        self.eventually(lambda: nice_of(self.target.pid), 3)

    def test_what_only_a_deleted_file_had_said_is_taken_back(self):
        self.daemon()
        self.assertEqual(nice_of(self.target.pid), 7)
        (self.rules_folder / "50-test.toml").unlink()
        self.eventually(lambda: nice_of(self.target.pid), 0)

    def test_sighup_reads_again(self):
        daemon = self.daemon()
        self.write_test_rules(nice=2)
        daemon.signal(signal.SIGHUP)
        self.eventually(lambda: nice_of(self.target.pid), 2)

    def test_the_service_manager_is_told_when_a_reload_by_signal_begins_and_ends(self):
        daemon = self.daemon()
        self.write_test_rules(nice=2)
        daemon.signal(signal.SIGHUP)
        self.assertTrue(daemon.wait_for_note("RELOADING=1", harness.PATIENCE), daemon.notes)
        self.assertRegex(daemon.notes[daemon.notes.index("RELOADING=1") + 1], r"^MONOTONIC_USEC=[0-9]+$")
        self.assertTrue(daemon.wait_for_note("READY=1", harness.PATIENCE), daemon.notes)
        self.assertIn("reloaded: ", daemon.log())
        self.assertIsNone(daemon.process.poll())

    def test_many_sighups_do_no_harm(self):
        daemon = self.daemon()
        for nice in range(1, 20):
            self.write_test_rules(nice=nice)
            daemon.signal(signal.SIGHUP)
        self.eventually(lambda: nice_of(self.target.pid), 19)
        self.assertEqual(daemon.end(), 0)
        self.assertEqual(nice_of(self.target.pid), 0)

    def test_a_bad_file_changes_nothing_and_says_what_is_wrong_and_where(self):
        for what, text, expected in BAD_FILES:
            with self.subTest(what):
                self.write_test_rules(nice=7)
                daemon = self.daemon()
                pattern = re.compile(r"40-bad\.toml" + expected)

                def times_reported():
                    return len(pattern.findall(daemon.log()))
                (self.folder / "new").write_text(text.replace("{name}", self.name), encoding="utf-8",
                                                 errors="surrogateescape")
                (self.folder / "new").rename(self.rules_folder / "40-bad.toml")
                self.eventually(lambda: times_reported() > 0, True, f"diagnostic {pattern.pattern}")
                # Then a good file changes: nothing of it may come into force.
                reported = times_reported()
                self.write_test_rules(nice=3)
                self.eventually(lambda: times_reported() > reported, True, "the diagnostic again")
                fresh = self.start(self.name)
                self.eventually(lambda: nice_of(fresh.pid), 7)
                self.assertEqual(nice_of(self.target.pid), 7)
                self.assertIsNone(daemon.process.poll(), "the daemon lives on")
                (self.rules_folder / "40-bad.toml").unlink()
                self.eventually(lambda: nice_of(self.target.pid), 3, "nice when the bad file is gone")
                daemon.end()

    def test_a_bad_file_keeps_the_old_policy_for_new_processes(self):
        daemon = self.daemon()
        self.write_rules("nice = = 3\n", "40-bad.toml")
        self.eventually(lambda: "40-bad.toml" in daemon.log(), True)
        self.write_test_rules(nice=3)
        daemon.signal(signal.SIGHUP)
        self.stays(lambda: nice_of(self.target.pid), 7)
        fresh = self.start(self.name)
        self.eventually(lambda: nice_of(fresh.pid), 7)

    def test_all_that_is_wrong_is_reported_at_once(self):
        daemon = self.daemon()
        self.write_rules('[class.a]\nnice = 99\nniec = 1\n\n[class.b]\nio = "fast"\n', "40-bad.toml")
        for line in (2, 3, 6):
            self.eventually(lambda n=line: bool(re.search(rf"40-bad\.toml:{n}:\d+: error: ", daemon.log())), True,
                            f"diagnostic of line {line}")

    def test_what_cannot_be_read_is_reported_and_keeps_the_old_policy(self):
        daemon = self.daemon()
        path = self.rules_folder / "40-odd.toml"
        steps = [("a link loop", lambda: path.symlink_to(path.name)),
                 ("a folder", path.mkdir),
                 ("a link to nowhere", lambda: path.symlink_to("/no/such/file")),
                 ("a named pipe", lambda: os.mkfifo(path)),
                 ("a device", lambda: path.symlink_to("/dev/zero")),
                 ("a file of 100 MB", lambda: self.write_sparse(path, 100 << 20))]
        for what, make in steps:
            with self.subTest(what):
                before = daemon.log().count("40-odd.toml")
                make()
                self.eventually(lambda: daemon.log().count("40-odd.toml") > before, True, f"a diagnostic of {what}")
                self.assertIsNone(daemon.process.poll(), "the daemon lives on")
                self.assertEqual(nice_of(self.target.pid), 7)
                path.rmdir() if path.is_dir() else path.unlink()

    @staticmethod
    def write_sparse(path, size: int):
        with open(path, "wb") as file:
            file.write(b"# ")
            file.truncate(size)

    def test_a_link_to_dev_null_or_an_empty_file_masks(self):
        lower, upper = self.folder / "lower", self.folder / "upper"
        for folder in (lower, upper):
            folder.mkdir()
        (lower / "50-test.toml").write_text((self.rules_folder / "50-test.toml").read_text())
        (upper / "50-test.toml").symlink_to("/dev/null")
        daemon = self.daemon(rules=[lower, upper])
        self.assertEqual(nice_of(self.target.pid), 0)
        (upper / "50-test.toml").unlink()
        self.eventually(lambda: nice_of(self.target.pid), 7)
        (upper / "50-test.toml").write_text("")
        self.eventually(lambda: nice_of(self.target.pid), 0)
        self.assertNotIn("error", daemon.log())

    def test_files_that_do_not_end_in_toml_are_left_alone(self):
        self.write_rules("this is no TOML", "50-test.toml.bak")
        self.write_rules("this is no TOML", ".#50-test.toml~")
        daemon = self.daemon()
        self.assertEqual(nice_of(self.target.pid), 7)
        self.assertNotIn("bak", daemon.log())


if __name__ == "__main__":
    harness.main()
