#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# The behaviour engine and the guard on real processes. All programs that this test has not started are left alone, by a rule.
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import unittest

import dbus
import dbus.bus

import harness

WAKERS = pathlib.Path(os.environ.get("BENCH", harness.TOP / "build/tests/bench"), "wakers")
ANSWERING, BUSY = "guard-test-answering", "guard-test-busy"
RULES = f"""[class.left-alone]
[class.media]
nice = -4
[class.batch]
nice = 10
[[rule]]
name = "*"
not = {{ name = ["{ANSWERING}", "{BUSY}"] }}
class = "left-alone"
"""
SETTINGS = "[engine.metadata]\nenabled = false\n"
LOOPS = 2 * os.cpu_count()


@unittest.skipUnless(os.path.exists("/proc/pressure/cpu"), "this kernel has no pressure stall information")
class Guard(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.write_rules(RULES)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="guard-"))
        self.addCleanup(shutil.rmtree, self.folder)
        shutil.copy(WAKERS, self.folder / ANSWERING)
        shutil.copy("/bin/sh", self.folder / BUSY)
        self.bus_ = self.bus()

    def launch(self, *command) -> subprocess.Popen:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True)
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process: subprocess.Popen):
        """With all that it has started."""
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def answering(self) -> subprocess.Popen:
        """One that does for a millisecond what it is woken for, a hundred and sixty times a second."""
        return self.launch(self.folder / ANSWERING, "1", "120", "1000", "5000")

    def loops(self) -> list[int]:
        """Busy loops, and a shell that waits for them."""
        shell = self.launch("/bin/sh", "-c", f"{self.folder / BUSY} -c 'while :; do :; done' & " * LOOPS + "wait")
        children = pathlib.Path(f"/proc/{shell.pid}/task/{shell.pid}/children")
        self.eventually(lambda: len(children.read_text().split()), LOOPS)
        return [int(pid) for pid in children.read_text().split()]

    def rows(self, pid: int, source: str) -> list[dict]:
        rows = json.loads(self.client(self.bus_, "--json", "explain", str(pid)).stdout)["contributions"]
        return [row for row in rows if row["source"] == source]

    def test_busy_loops_that_an_interactive_program_waits_for_are_lowered_for_as_long_as_it_is_there(self):
        self.daemon(bus=self.bus_.address, settings=SETTINGS + "[engine.behaviour]\nenabled = false\n")
        loops = self.loops()
        answering = self.answering()
        self.eventually(lambda: all(harness.nice_of(pid) >= 10 for pid in loops), True)
        row = self.rows(loops[0], "engine guard")[0]
        self.assertTrue(row["effective"], row)
        self.assertIn(ANSWERING[:15], row["because"])
        self.assertEqual(harness.nice_of(answering.pid), 0)
        self.end(answering)
        self.eventually(lambda: [(harness.nice_of(pid), harness.sched_of(pid)) for pid in loops], [(0, "other")] * LOOPS)

    def test_the_program_with_the_focus_and_what_it_has_started_are_never_lowered(self):
        self.daemon(bus=self.bus_.address, settings=SETTINGS + "[engine.behaviour]\nenabled = false\n")
        loops = self.loops()
        others = self.loops()
        shell = os.getsid(loops[0])
        pidfd = os.pidfd_open(shell)
        self.addCleanup(os.close, pidfd)
        compositor = dbus.bus.BusConnection(self.bus_.address)
        self.addCleanup(compositor.close)
        compositor.call_blocking("org.priorityd1", "/org/priorityd1", "org.priorityd1.Manager", "SetForeground", "h",
                                 [dbus.types.UnixFd(pidfd)])
        self.answering()
        self.eventually(lambda: all(harness.nice_of(pid) >= 10 for pid in others), True)
        self.assertEqual({harness.nice_of(pid) for pid in loops}, {0})

    def test_programs_are_taken_for_what_they_do_and_lowered_only_with_a_second_witness(self):
        self.daemon(bus=self.bus_.address, settings=SETTINGS + "[engine.guard]\nenabled = false\n")
        loops = self.loops()
        answering = self.answering()
        self.eventually(lambda: [row["value"] for row in self.rows(loops[0], "engine behaviour")], ["batch"])
        self.assertEqual(self.rows(loops[0], "engine behaviour")[0]["outcome"], "not followed")
        self.eventually(lambda: harness.nice_of(answering.pid), -4)
        self.assertEqual({harness.nice_of(pid) for pid in loops}, {0})

    def test_nothing_is_watched_where_the_settings_say_so(self):
        self.daemon(bus=self.bus_.address, settings="[scoring]\nenabled = false\n")
        loops = self.loops()
        self.answering()
        self.stays(lambda: [harness.nice_of(pid) for pid in loops], [0] * LOOPS)
        engines = json.loads(self.client(self.bus_, "--json", "engines").stdout)
        self.assertEqual([one["calls"] for one in engines if one["name"] in ("behaviour", "guard")], [0, 0])


if __name__ == "__main__":
    harness.main()
