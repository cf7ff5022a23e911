#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# What people and other programs set is theirs: by hand, through rtkit, through GameMode, before the daemon looked or after.
import json
import os
import shutil
import signal
import subprocess

import harness
import outside
from harness import io_of, nice_of, sched_of

RULE = {"nice": 5, "sched": "batch", "io": "idle", "cpus": "0"}
OTHER = {"nice": 6, "sched": "idle"}  # what rules say later
LAST_CPU = max(os.sched_getaffinity(0))

# By setting: what reads it, the program that sets it before it runs another one, that which sets it of a process.
BY_HAND = {
    "nice": (nice_of, 10, ["nice", "-n", "10"], ["renice", "-n", "10", "-p"]),
    "sched": (sched_of, "rr/3", ["chrt", "--rr", "3"], ["chrt", "--rr", "-p", "3"]),
    "io": (io_of, "best-effort/6", ["ionice", "-c", "2", "-n", "6"], ["ionice", "-c", "2", "-n", "6", "-p"]),
    "cpus": (os.sched_getaffinity, {LAST_CPU}, ["taskset", "-c", str(LAST_CPU)], ["taskset", "-cp", str(LAST_CPU)]),
}


class Outside(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.private_bus = self.bus()
        self.name, self.witness_name = self.unique(), self.unique("w")
        self.witness_nice = 1
        self.witness = self.start(self.witness_name)

    def write_rule(self, **settings):
        self.settings = settings
        self.write_rules(self.program_rule(self.name, **settings)
                         + self.program_rule(self.witness_name, nice=self.witness_nice))

    def daemon(self, **options):
        self.running = super().daemon(bus=self.private_bus.address, **options)
        return self.running

    def look_again(self, **settings):
        """Reads rules again and looks at all processes, which is over when the witness has what the new rules say."""
        self.witness_nice += 1
        self.write_rule(**(settings or self.settings))
        self.running.signal(signal.SIGHUP)
        self.eventually(lambda: nice_of(self.witness.pid), self.witness_nice, "nice value of the witness")

    def stays_through_looks(self, read, wanted, what: str = ""):
        self.stays(read, wanted, what)
        self.look_again()
        self.stays(read, wanted, f"{what}, looked at again")
        self.look_again(**{**self.settings, **{key: OTHER[key] for key in OTHER.keys() & self.settings.keys()}})
        self.stays(read, wanted, f"{what}, after other rules")

    def assert_held(self, pid: int, *settings):
        """explain tells by word that somebody else holds these, and of no other setting."""
        shown = self.client(self.private_bus, "--json", "explain", str(pid))
        self.assertEqual(shown.returncode, 0, shown.stderr)
        rows = [row for row in json.loads(shown.stdout)["contributions"] if row["effective"]]
        held = {row["setting"] for row in rows if "held by someone else" in row["outcome"]}
        self.assertEqual(held, set(settings), rows)
        text = self.client(self.private_bus, "explain", str(pid)).stdout.decode("utf-8")
        self.assertEqual(text.count("held by someone else"), len(settings), text)


class ByHand(Outside):
    def tools(self):
        """What can be tried here, setting by setting."""
        for setting, (read, value, before, after) in BY_HAND.items():
            if setting == "cpus" and LAST_CPU == 0:
                print("SKIP: taskset: there is one CPU only", flush=True)
            elif missing := [tool for tool in (before[0], after[0]) if not shutil.which(tool)]:
                print(f"SKIP: {setting}: {missing[0]} is not installed", flush=True)
            else:
                yield setting, read, value, before, after

    def test_what_a_program_was_started_with_is_kept(self):
        self.write_rule(**RULE)
        daemon = self.daemon()
        for setting, read, value, command, _ in self.tools():
            with self.subTest(" ".join(command)):
                target = self.start_command([*command, self.program(self.name)])
                self.eventually(lambda: os.path.realpath(f"/proc/{target.pid}/exe"), self.program(self.name))
                self.stays_through_looks(lambda: read(target.pid), value, setting)
                self.assert_held(target.pid, setting, *(["nice"] if setting == "sched" else []))
                target.end()
        self.assertEqual(daemon.end(), 0, daemon.log())

    def test_what_a_program_had_when_the_daemon_came_is_kept_and_outlives_it(self):
        targets = []
        for setting, read, value, command, _ in self.tools():
            targets.append((setting, read, value, self.start_command([*command, self.program(self.name)])))
        self.write_rule(**RULE)
        daemon = self.daemon()
        for setting, read, value, target in targets:
            with self.subTest(setting):
                self.stays_through_looks(lambda r=read, t=target: r(t.pid), value, setting)
                self.assert_held(target.pid, setting, *(["nice"] if setting == "sched" else []))
        self.assertEqual(daemon.end(), 0, daemon.log())
        for setting, read, value, target in targets:
            self.assertEqual(read(target.pid), value, f"{setting} when the daemon has gone")

    def test_what_somebody_sets_of_a_running_program_is_kept_and_outlives_the_daemon(self):
        self.write_rule(**RULE)
        daemon = self.daemon()
        targets = []
        for setting, read, value, _, command in self.tools():
            with self.subTest(" ".join(command)):
                target = self.start(self.name)
                self.eventually(lambda: (nice_of(target.pid), sched_of(target.pid), io_of(target.pid),
                                         os.sched_getaffinity(target.pid)), (5, "batch", "idle", {0}))
                self.assertEqual(self.run_tool([*command, str(target.pid)]), 0, command)
                self.stays_through_looks(lambda: read(target.pid), value, setting)
                self.assert_held(target.pid, setting, *(["nice"] if setting == "sched" else []))
                targets.append((setting, read, value, target))
                self.look_again(**RULE)
        self.assertEqual(daemon.end(), 0, daemon.log())
        for setting, read, value, target in targets:
            self.assertEqual(read(target.pid), value, f"{setting} when the daemon has gone")

    @staticmethod
    def run_tool(command: list) -> int:
        return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False,
                              timeout=harness.PATIENCE).returncode

    def test_the_settings_that_nobody_has_touched_follow_the_rules(self):
        self.write_rule(**RULE)
        self.daemon()
        target = self.start_command(["nice", "-n", "10", self.program(self.name)])
        self.eventually(lambda: (sched_of(target.pid), io_of(target.pid)), ("batch", "idle"))
        self.look_again(**{**RULE, "io": "best-effort/7"})
        self.eventually(lambda: io_of(target.pid), "best-effort/7")
        self.assertEqual(nice_of(target.pid), 10)


class Rtkit(Outside):
    def setUp(self):
        super().setUp()
        try:
            self.polkit = outside.Polkit(self.private_bus)
            self.addCleanup(self.polkit.end)
            self.rtkit = outside.Rtkit(self.private_bus)
            self.addCleanup(self.rtkit.end)
        except outside.Absent as why:
            self.skipTest(str(why))
        self.write_rule(nice=5, sched="batch")

    def start_client(self) -> harness.Target:
        return self.start(self.name, preexec_fn=outside.Rtkit.limit)

    def raise_threads(self, target: harness.Target) -> list[int]:
        """One that rtkit makes real-time, one that it gives a high priority, one that it never hears of."""
        audio, high, plain = target.ask("threads 3")
        self.rtkit.make_realtime(target.pid, audio, 7)
        self.rtkit.make_high_priority(target.pid, high, -11)
        self.assertEqual((sched_of(audio), nice_of(high)), ("rr/7", -11), "what rtkit has done")
        return [audio, high, plain]

    def assert_threads_stay(self, target, audio: int, high: int, plain: int):
        self.eventually(lambda: (nice_of(target.pid), nice_of(plain), sched_of(plain)), (5, 5, "batch"))
        self.stays_through_looks(lambda: (sched_of(audio), nice_of(high)), ("rr/7", -11), "threads that rtkit has raised")
        self.eventually(lambda: (nice_of(target.pid), nice_of(plain), sched_of(plain)), (6, 6, "idle"))

    def test_threads_that_rtkit_raised_before_the_daemon_came_stay_so(self):
        target = self.start_client()
        audio, high, plain = self.raise_threads(target)
        self.daemon()
        self.assert_threads_stay(target, audio, high, plain)

    def test_threads_that_rtkit_raises_under_the_daemon_stay_so(self):
        self.daemon()
        target = self.start_client()
        self.eventually(lambda: (nice_of(target.pid), sched_of(target.pid)), (5, "batch"))
        audio, high, plain = self.raise_threads(target)
        self.assert_threads_stay(target, audio, high, plain)

    def test_threads_that_rtkit_raised_keep_it_when_the_daemon_goes(self):
        daemon = self.daemon()
        target = self.start_client()
        self.eventually(lambda: (nice_of(target.pid), sched_of(target.pid)), (5, "batch"))
        audio, high, plain = self.raise_threads(target)
        self.assertEqual(daemon.end(), 0, daemon.log())
        self.assertEqual((nice_of(plain), sched_of(plain)), (0, "other"), "what nobody else has raised")
        self.assertEqual((sched_of(audio), nice_of(high)), ("rr/7", -11))

    def test_a_program_that_rtkit_raised_as_a_whole_before_the_daemon_came_is_held(self):
        realtime, high = self.start_client(), self.start_client()
        self.rtkit.make_realtime(realtime.pid, realtime.pid, 7)
        self.rtkit.make_high_priority(high.pid, high.pid, -11)
        self.daemon()
        self.stays_through_looks(lambda: (sched_of(realtime.pid), nice_of(high.pid)), ("rr/7", -11))
        self.assert_held(realtime.pid, "sched", "nice")
        self.assert_held(high.pid, "nice")

    def test_a_program_that_rtkit_raises_as_a_whole_under_the_daemon_is_held(self):
        self.daemon()
        realtime, high = self.start_client(), self.start_client()
        for target in (realtime, high):
            self.eventually(lambda t=target: (nice_of(t.pid), sched_of(t.pid)), (5, "batch"))
        self.rtkit.make_realtime(realtime.pid, realtime.pid, 7)
        self.rtkit.make_high_priority(high.pid, high.pid, -11)
        self.stays_through_looks(lambda: (sched_of(realtime.pid), nice_of(high.pid), sched_of(high.pid)),
                                 ("rr/7", -11, "other"))
        self.assert_held(realtime.pid, "sched", "nice")
        self.assert_held(high.pid, "sched", "nice")


class GameMode(Outside):
    def setUp(self):
        super().setUp()
        try:
            self.gamemode = outside.GameMode(self.private_bus)
        except outside.Absent as why:
            self.skipTest(str(why))
        self.addCleanup(self.gamemode.end)

    def register(self, target: harness.Target):
        self.gamemode.register(target.pid)
        self.eventually(lambda: nice_of(target.pid), outside.GameMode.NICE, "what GameMode has done")

    def test_a_game_that_registered_before_the_daemon_came_keeps_its_nice_value(self):
        target = self.start(self.name)
        self.register(target)
        self.write_rule(nice=5)
        self.daemon()
        self.stays_through_looks(lambda: nice_of(target.pid), outside.GameMode.NICE)
        self.assert_held(target.pid, "nice")

    def test_a_game_that_registers_under_the_daemon_keeps_its_nice_value(self):
        self.write_rule(nice=0)
        self.daemon()
        target = self.start(self.name)
        self.register(target)
        self.stays_through_looks(lambda: nice_of(target.pid), outside.GameMode.NICE)
        self.assert_held(target.pid, "nice")

    def test_a_rule_that_comes_later_does_not_renice_a_game(self):
        self.write_rule(io="best-effort/6")
        self.daemon()
        target = self.start(self.name)
        self.eventually(lambda: io_of(target.pid), "best-effort/6")
        self.register(target)
        self.look_again(nice=5, io="best-effort/6")
        self.stays_through_looks(lambda: nice_of(target.pid), outside.GameMode.NICE)
        self.assert_held(target.pid, "nice")

    def test_gamemode_can_end_what_it_has_begun(self):
        self.write_rule(nice=0)
        self.daemon()
        target = self.start(self.name)
        self.register(target)
        self.look_again()
        self.gamemode.unregister(target.pid)
        self.eventually(lambda: nice_of(target.pid), 0)

    def test_gamemoderun_and_a_rule_for_other_settings_go_together(self):
        if not outside.GAMEMODERUN.exists():
            self.skipTest("gamemoderun is not installed")
        self.write_rule(io="best-effort/6")
        self.daemon()
        target = self.start_command([outside.GAMEMODERUN, self.program(self.name)],
                                    env=self.gamemode.client_environment())
        self.eventually(lambda: (nice_of(target.pid), io_of(target.pid)), (outside.GameMode.NICE, "best-effort/6"))
        self.stays_through_looks(lambda: (nice_of(target.pid), io_of(target.pid)),
                                 (outside.GameMode.NICE, "best-effort/6"))


if __name__ == "__main__":
    harness.main()
