#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# The client against a real daemon: what was decided for a real process, why, and what it has.
import json
import subprocess
import sys

import harness
from harness import nice_of

AS_NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


class Client(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.name = self.unique()
        self.write_rules(f'[class.low]\ndescription = "Of a test"\nnice = 7\nio = "idle"\n\n'
                         f'[programs]\n{self.name} = "low"\n')
        self.private_bus = self.bus()

    def json_of(self, *arguments):
        shown = self.client(self.private_bus, "--json", *arguments)
        self.assertEqual(shown.returncode, 0, shown.stderr)
        return json.loads(shown.stdout)

    def text_of(self, *arguments) -> str:
        shown = self.client(self.private_bus, *arguments)
        self.assertEqual((shown.returncode, shown.stderr), (0, b""))
        self.assertNotIn(b"\x1b", shown.stdout, "no colour where there is no terminal")
        return shown.stdout.decode("utf-8")

    def test_explain_names_the_rule_the_class_and_what_the_process_has(self):
        self.daemon(bus=self.private_bus.address)
        target = self.start(self.name)
        self.eventually(lambda: nice_of(target.pid), 7)
        for subject in (str(target.pid), self.name):
            text = self.text_of("explain", subject)
            for word in (self.name, "low", "50-test.toml:7", "nice", "7", "idle", "applied"):
                self.assertIn(word, text)

    def test_list_shows_it_and_filters_by_class(self):
        self.daemon(bus=self.private_bus.address)
        target = self.start(self.name)
        self.eventually(lambda: nice_of(target.pid), 7)
        self.assertIn(str(target.pid), self.text_of("list", "--class", "low"))
        self.assertNotIn(str(target.pid), self.text_of("list", "--class", "no-such-class"))

    def test_another_user_is_told_neither_the_script_nor_the_path_of_its_interpreter(self):
        self.daemon(bus=self.private_bus.address)
        script = self.folder / self.name
        script.write_text("print('ready', flush=True)\ninput()\n", encoding="utf-8")
        target = self.start_command([sys.executable, script])
        self.eventually(lambda: nice_of(target.pid), 7)
        process = self.json_of("explain", str(target.pid))["process"]
        self.assertEqual(process["name"], self.name)
        self.assertTrue(process["exe"])
        shown = subprocess.run([*AS_NOBODY, harness.PRIORITYCTL, "--bus", self.private_bus.address, "--json", "explain",
                                str(target.pid)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, timeout=harness.PATIENCE)
        if b"Permission denied" in shown.stderr:
            self.skipTest("the client lies where other users cannot reach it")
        self.assertEqual((shown.returncode, shown.stderr), (0, b""))
        self.assertNotIn(self.name.encode(), shown.stdout)
        process = json.loads(shown.stdout)["process"]
        self.assertEqual((process["exe"], process["class"]), ("", "low"))
        self.assertTrue(process["name"].startswith("python"), process)

    def test_status_and_the_policy_in_force_are_shown(self):
        self.daemon(bus=self.private_bus.address)
        for verb, word in (("status", "proc_input"), ("classes", "low"), ("rules", self.name)):
            text = self.text_of(verb)
            if verb != "status" or "socket filter" not in text:
                self.assertIn(word, text)
            self.json_of(verb)

    def test_classify_says_what_would_be_decided_with_and_without_the_daemon(self):
        self.daemon(bus=self.private_bus.address)
        self.assertIn("low", self.text_of("classify", "--name", self.name))
        with_daemon = json.dumps(self.json_of("classify", "--name", self.name))
        self.assertIn("low", with_daemon)
        without = self.client(self.private_bus, "classify", "--name", self.name, "--rules", str(self.rules_folder))
        self.assertEqual(without.returncode, 0, without.stderr)
        self.assertIn(b"low", without.stdout)

    def test_reload_answers_and_refuses_bad_rules(self):
        daemon = self.daemon(bus=self.private_bus.address)
        self.assertEqual(self.client(self.private_bus, "reload").returncode, 0)
        self.write_rules("nice = = 3\n", "60-bad.toml")
        refused = self.client(self.private_bus, "reload")
        self.assertEqual(refused.returncode, 1)
        self.assertIn(b"60-bad.toml:1", refused.stderr + refused.stdout)
        self.assertIsNone(daemon.process.poll())

    def test_without_a_daemon_it_says_so_in_one_line(self):
        for verb in (["status"], ["list"], ["explain", "1"], ["reload"]):
            shown = self.client(self.private_bus, *verb)
            self.assertEqual(shown.returncode, 3, verb)
            self.assertEqual(len(shown.stderr.splitlines()), 1, shown.stderr)

    def test_a_process_that_is_not_there_is_no(self):
        self.daemon(bus=self.private_bus.address)
        shown = self.client(self.private_bus, "explain", "4194304")
        self.assertEqual(shown.returncode, 1)
        self.assertEqual(len(shown.stderr.splitlines()), 1, shown.stderr)

    def test_check_reports_places_and_fails(self):
        good = self.client(self.private_bus, "check", str(self.rules_folder))
        self.assertEqual(good.returncode, 0, good.stderr)
        self.write_rules("[class.x]\nnize = 3\n", "60-bad.toml")
        bad = self.client(self.private_bus, "check", str(self.rules_folder))
        self.assertEqual(bad.returncode, 1)
        self.assertIn(b"60-bad.toml:2", bad.stdout + bad.stderr)


if __name__ == "__main__":
    harness.main()
