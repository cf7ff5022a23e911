#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# How the daemon starts: in which order, how often, and what it says when something is missing.
import os
import pathlib
import re
import shutil
import subprocess
import threading

import harness
from harness import nice_of


class Start(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.name = self.unique()
        self.write_rules(self.program_rule(self.name, nice=7))

    def test_what_already_runs_is_classified_before_the_daemon_says_ready(self):
        targets = [self.start(self.name) for _ in range(5)]
        self.daemon()
        self.assertEqual([nice_of(target.pid) for target in targets], [7] * 5)

    def test_what_starts_while_the_daemon_starts_is_not_missed(self):
        path = self.program(self.name)
        ready = threading.Event()
        processes = []

        def start_programs():
            while not ready.is_set():
                processes.append(subprocess.Popen([path, "600000"], stdin=subprocess.DEVNULL))
        starter = threading.Thread(target=start_programs)
        starter.start()
        try:
            self.daemon()
        finally:
            ready.set()
            starter.join()
        try:
            self.assertTrue(processes)
            self.eventually(lambda: {nice_of(process.pid) for process in processes}, {7})
        finally:
            for process in processes:
                process.kill()
                process.wait()

    def test_one_line_of_the_log_has_the_counts(self):
        daemon = self.daemon()
        counted = [line for line in daemon.log().splitlines()
                   if all(re.search(what, line) for what in (r"\d+ rule", r"\d+ class", r"\d+ process", "live knobs"))]
        self.assertEqual(len(counted), 1, daemon.log())

    def test_the_service_manager_s_watchdog_is_answered(self):
        daemon = self.daemon(environment={"WATCHDOG_USEC": "200000"})
        for _ in range(3):
            self.assertTrue(daemon.wait_for_note("WATCHDOG=1", harness.PATIENCE), daemon.notes)

    def test_nobody_s_watchdog_is_not_answered(self):
        daemon = self.daemon()
        self.assertEqual(daemon.notes, ["READY=1"])
        daemon.process.terminate()
        self.assertTrue(daemon.wait_for_note("STOPPING=1", harness.PATIENCE), daemon.notes)
        self.assertNotIn("WATCHDOG=1", daemon.notes)

    def test_a_second_instance_says_so_in_one_line_and_exits_1(self):
        self.daemon()
        second = self.daemon_to_be().launch()
        self.assertEqual(second.process.wait(harness.PATIENCE), 1)
        self.assertEqual(len(second.log().splitlines()), 1, second.log())
        first_still_works = self.start(self.name)
        self.eventually(lambda: nice_of(first_still_works.pid), 7)

    def test_the_version_and_the_help_need_nothing(self):
        for option, word in (("--version", "priorityd"), ("--help", "--rules")):
            shown = subprocess.run([harness.PRIORITYD, option], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, timeout=harness.PATIENCE)
            self.assertEqual((shown.returncode, shown.stderr), (0, ""))
            self.assertIn(word, shown.stdout)

    def test_wrong_usage_is_refused_in_one_line(self):
        for arguments in (["--no-such-option"], ["--log-level", "loud"]):
            shown = subprocess.run([harness.PRIORITYD, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, timeout=harness.PATIENCE)
            self.assertNotEqual(shown.returncode, 0)
            self.assertEqual(len(shown.stderr.splitlines()), 1, shown.stderr)

    def test_without_root_it_names_the_capability_that_is_missing(self):
        if not shutil.which("setpriv"):
            self.skipTest("setpriv is not installed")
        # A copy where everybody can reach it: the build folder may be in a home.
        program = shutil.copy(harness.PRIORITYD, self.folder)
        os.chown(self.state_folder, 65534, 65534)
        daemon = harness.Daemon(program, self.rules_folder, self.state_folder,
                                prefix=["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"])
        self.addCleanup(daemon.end)
        self.daemons.append(daemon)
        daemon.launch()
        if daemon.wait_for_note("READY=1", harness.PATIENCE):
            # Newer kernels give events to everybody: it runs with what it has, and says what it cannot do.
            naming = [line for line in daemon.log().splitlines() if "CAP_SYS_NICE" in line]
            self.assertEqual(len(naming), 1, daemon.log())
        else:
            self.assertEqual(daemon.process.wait(harness.PATIENCE), 1, daemon.log())
            self.assertEqual(len(daemon.log().splitlines()), 1, daemon.log())
            self.assertIn("CAP_NET_ADMIN", daemon.log())

    def test_without_the_folder_of_rules_it_says_so(self):
        daemon = self.daemon_to_be(rules=self.folder / "no-such-folder").launch()
        daemon.wait_for_note("READY=1", harness.PATIENCE)
        self.assertIn("no-such-folder", daemon.log())

    def test_the_threads_that_it_has_leave_no_real_time_to_what_they_start(self):
        daemon = self.daemon()
        policy = os.sched_getscheduler(daemon.pid)
        if policy & ~harness.SCHED_RESET_ON_FORK != os.SCHED_RR:
            self.assertRegex(daemon.log(), r"SCHED_RR", "falls back, and says so")
            return
        self.assertTrue(policy & harness.SCHED_RESET_ON_FORK)
        self.assertEqual(os.sched_getparam(daemon.pid).sched_priority, 1)
        limits = pathlib.Path(f"/proc/{daemon.pid}/limits").read_text(encoding="ascii")
        self.assertNotRegex(limits, r"Max realtime timeout\s+unlimited")


if __name__ == "__main__":
    harness.main()
