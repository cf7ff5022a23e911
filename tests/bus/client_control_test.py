#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# The verbs of the real client that change something, against the real service with made-up answers.
"""By hand: FAKE_DAEMON=build/tests/bus/fake-daemon PRIORITYCTL=build/src/cli/priorityctl tests/bus/client_control_test.py"""
import json
import os
import pathlib
import pty
import signal
import subprocess
import unittest

import client_support
from client_support import OTHER_USER, OWN_UID, PATIENCE, PRIORITYCTL, ClientTest, Monitor

NOBODYS_PID = 4194305  # the made-up daemon knows it, /proc does not
MINUTE = 60 * 1000 * 1000
LIMIT = 256 * 1024     # bytes that the rules of a user may have

# What pkttyagent does: says that it is ready by closing a descriptor, and waits for its end.
FAKE_AGENT = """#!/bin/bash
echo "$$ $@" > {folder}/agent
eval "exec $2>&-"
exec tail -f /dev/null
"""


class Setting(ClientTest):
    def only_override(self) -> dict:
        found = self.json("overrides")
        self.assertEqual(len(found), 1, found)
        return found[0]

    def test_set_prints_the_id_and_nothing_else(self):
        self.daemon()
        self.assertEqual(self.done("set", "name:cc1*", "--class", "build"), "1\n")
        self.assertEqual(self.json("set", "name:cc1*", "--nice=-3"), {"id": "2"})

    def test_every_setting_has_an_option_with_either_spelling(self):
        self.daemon()
        wanted = {"class": "media", "nice": -5, "sched": "rr/3", "slice": "3ms", "io": "best-effort/2", "cpu_weight": 200,
                  "io_weight": 30, "cpus": "0-3,8", "oom_score_adj": -7, "timer_slack": "50us", "uclamp_min": 10,
                  "uclamp_max": 90, "children": "reset"}
        for blank in "-_":
            options = [word for name, value in wanted.items() for word in (f"--{name.replace('_', blank)}", str(value))]
            number = self.done("set", "exe:/opt/*", *options).strip()
            made = next(one for one in self.json("overrides") if one["id"] == number)
            self.assertEqual((made["settings"], made["exe"]), (wanted, "/opt/*"))
            self.assertEqual(set(wanted), {word[2:].replace("-", "_") for word in self.setting_options()})

    def setting_options(self) -> list[str]:
        """Those that the help shows below "Settings"."""
        text = self.done("set", "--help").split("Settings:")[1]
        return [line.split()[0].split(",")[0] for line in text.splitlines() if line.startswith("  --")]

    def test_a_number_is_text_where_the_setting_wants_text(self):
        self.daemon()
        self.done("set", "name:x", "--cpus", "3", "--cpu-weight", "idle")
        self.assertEqual(self.only_override()["settings"], {"cpus": "3", "cpu_weight": "idle"})

    def test_options_of_an_override_arrive(self):
        self.daemon()
        self.done("set", "unit:ci-*.service", "--nice", "3", "--for", "1h30min", "--all-users", "--reason", "wegen Lärm")
        made = self.only_override()
        self.assertEqual((made["unit"], made["remaining_usec"], made["all_users"], made["permanent"], made["reason"]),
                         ("ci-*.service", 90 * MINUTE, True, False, "wegen Lärm"))
        self.assertEqual((made["owner"], made["while_connected"], made["processes"]), (OWN_UID, False, 1))
        self.done("set", "name:x", "--nice", "3", "--permanent")
        other = self.json("overrides")[1]
        self.assertTrue(other["permanent"])
        self.assertNotIn("remaining_usec", other)

    def test_a_pid_is_a_target(self):
        self.daemon()
        self.done("set", str(NOBODYS_PID), "--nice", "3")
        made = self.only_override()
        self.assertEqual((made["pid"], made["start_time"]), (NOBODYS_PID, 7))
        self.done("set", f"pid:{NOBODYS_PID}", "--nice", "3")

    def test_a_process_that_got_the_pid_of_another_is_not_hit(self):
        daemon = self.daemon()
        # The made-up daemon takes its own pid for that of an earlier process, and the client says when this one started.
        self.assertIn("no process", self.refused(1, "set", str(daemon.process.pid), "--nice", "3"))
        self.assertEqual(self.json("overrides"), [])

    def test_lengths_of_time_are_as_systemd_has_them(self):
        self.daemon()
        spans = {"90s": 1.5, "10min": 10, "10m": 10, "2h": 120, "1h30min": 90, "1h 30min": 90, " 2 hours ": 120,
                 "1d": 1440, "1w": 7 * 1440, "1day1sec": 1440 + 1 / 60, "36500d": 36500 * 1440}
        for span in spans:
            self.done("set", "name:x", "--nice", "1", "--for", span)
        self.assertEqual([one["remaining_usec"] for one in self.json("overrides")],
                         [round(minutes * MINUTE) for minutes in spans.values()])

    def test_what_is_no_length_of_time_is_2_and_says_what_is(self):
        for span in ("45", " ", "0s", "1h30", "-1s", "1.5h", "h", "1x", "1M", "1year", "36501d", "9" * 30 + "s",
                     "1h\n", "1s,2s", "١s"):
            self.assertIn("10min", self.refused(2, "set", "name:x", "--nice", "1", f"--for={span}"), span)

    def test_what_is_no_target_is_2_and_shows_one(self):
        for target in ("firefox", "", "0", "-4", "4242x", "99999999999999999999", "name:", "uid:3", "user:x", "pid:",
                       "pid:x", ":x", "Name:x", "name:" + "x" * 4097):
            self.assertIn("name:firefox*", self.refused(2, "set", "--nice=1", "--", target), target)

    def test_wrong_values_are_2_and_say_what_is_expected(self):
        for option, value, expected in (
                ("--nice", "20", "a whole number from -20 to 19"), ("--nice", "x", "a whole number from -20 to 19"),
                ("--sched", "fifo/0", "fifo/1-99"), ("--slice", "3", '"100us"'),
                ("--oom-score-adj", "1001", "from -1000 to 1000"), ("--oom_score_adj", "1001", "from -1000 to 1000"),
                ("--cpus", "3-1", "a list of CPUs"), ("--children", "keep", '"inherit" or "reset"')):
            text = self.refused(2, "set", "name:x", f"{option}={value}")
            self.assertIn(expected, text)

    def test_what_does_not_go_together_is_2(self):
        self.assertIn("--nice", self.refused(2, "set", "name:x"))
        for wrong in (["name:x", "--nice", "1", "--nice", "2"], ["--nice", "1"], ["name:x", "name:y", "--nice", "1"],
                      ["name:x", "--nice"], ["name:x", "--nize", "1"], ["name:x", "--nice="], ["name:x", "--class="], ["name:x", "--nice", "1", "--for="],
                      ["name:x", "--nice", "1", "--for", "1h", "--permanent"]):
            self.refused(2, "set", *wrong)

    def test_text_that_d_bus_cannot_carry_is_2(self):
        for wrong in (["name:\udcff", "--nice", "1"], ["name:x", "--nice", "1", "--reason", "\udcff"],
                      ["name:x\x1b[31m", "--nice", "1"], ["name:x", "--class", "\udcff"]):
            shown = self.run_client("set", *wrong)
            self.assertEqual(shown.returncode, 2, shown.stderr)
            self.assertIn("UTF-8", shown.stderr)

    def test_what_the_daemon_refuses_is_1(self):
        self.daemon()
        self.assertIn("known are: build, media", self.refused(1, "set", "name:x", "--class", "bild"))
        self.assertIn("256", self.refused(1, "set", "name:x", "--nice", "1", "--reason", "x" * 257))
        self.assertEqual(self.json("overrides"), [])

    def test_what_is_not_allowed_is_4(self):
        self.not_authorised("set", "name:x", "--nice", "1")


class Listing(ClientTest):
    def test_overrides_shows_a_line_for_each(self):
        self.daemon()
        self.assertEqual(self.done("overrides"), "")
        self.assertEqual(self.json("overrides"), [])
        self.done("set", "name:cc1*", "--class", "build", "--nice", "12", "--for", "2h", "--reason", "a call")
        self.done("set", "unit:x.service", "--io", "idle", "--permanent", "--all-users")
        self.done("set", str(NOBODYS_PID), "--nice", "3")
        self.done("set", "exe:/opt/*", "--nice", "3")
        head, *rows = self.done("overrides").splitlines()
        self.assertEqual(head.split(), ["ID", "TARGET", "SETTINGS", "OWNER", "USERS", "LASTS", "PROCESSES", "REASON"])
        self.assertRegex(rows[0], r"^ 1  name:cc1\* +class build, nice 12 +\S+ +own +2h +1  a call$")
        self.assertRegex(rows[1], r"^ 2  unit:x\.service +io idle +\S+ +all +permanent +1 +$")
        self.assertRegex(rows[2], rf"^ 3  pid:{NOBODYS_PID} +nice 3 +\S+ +- +until it ends +1 +$")
        self.assertRegex(rows[3], r"^ 4  exe:/opt/\* +nice 3 +\S+ +own +until removed +1 +$")

    def test_what_is_left_is_shown_in_the_two_largest_units(self):
        self.daemon()
        shown = {"45s": "45s", "90s": "1min 30s", "3601s": "1h", "5401s": "1h 30min", "1w1h1s": "7d 1h"}
        for span in shown:
            self.done("set", "name:x", "--nice", "1", "--for", span)
        for row, text in zip(self.done("overrides").splitlines()[1:], shown.values()):
            self.assertIn(f"  own    {text} ", row)

    def test_monitor_tells_of_overrides(self):
        self.daemon()
        monitors = [Monitor("--bus", self.bus.address, *options) for options in ([], ["--json"])]
        for monitor in monitors:
            self.addCleanup(monitor.end)

        def come_and_go():
            self.done("set", "name:x", "--nice", "1")
            self.done("unset", "name:x")
        self.assertRegex(monitors[0].wait_for("-- set: override ", come_and_go), r"override \d+$")
        monitors[0].wait_for("no longer set: override ", come_and_go)
        event = json.loads(monitors[1].wait_for('"removed":["', come_and_go))
        self.assertEqual((event["event"], event["added"]), ("overrides_changed", []))


class Profiles(ClientTest):
    def test_they_are_listed_with_the_one_in_force_and_why(self):
        self.daemon()
        self.assertEqual(self.json("profile"), {
            "profile": "battery", "choice": "auto", "because": "the machine runs on battery",
            "profiles": [{"name": "battery", "description": "On the road", "effective": True, "source": "02-profiles.toml:7"},
                         {"name": "desk", "description": "", "effective": False, "source": "02-profiles.toml:12"}]})
        head, battery, desk, nothing, why = self.done("profile").splitlines()
        self.assertEqual(head.split(), ["PROFILE", "STATE", "FROM", "DESCRIPTION"])
        self.assertRegex(battery, r"^battery +in force +02-profiles\.toml:7 +On the road$")
        self.assertRegex(desk, r"^desk +- +02-profiles\.toml:12 *$")
        self.assertEqual((nothing, why), ("", "profile battery is in force: the machine runs on battery"))

    def test_a_name_switches_and_tells_what_is_in_force_then(self):
        self.daemon()
        self.assertEqual(self.done("profile", "desk"), "profile desk is in force: chosen\n")
        self.assertEqual(self.json("profile")["profile"], "desk")
        self.assertEqual(self.done("profile", "none"), "no profile is in force: chosen\n")
        self.assertEqual(self.json("profile", "auto"), {"profile": "", "choice": "auto", "because": "chosen"})

    def test_one_that_is_not_there_is_1(self):
        self.daemon()
        self.assertIn("no file defines", self.refused(1, "profile", "gone"))
        self.refused(1, "profile", "")
        self.assertEqual(self.json("profile")["profile"], "battery")

    def test_to_switch_without_being_allowed_to_is_4(self):
        self.assertIn("org.priorityd1.switch-profile", self.not_authorised("profile", "desk"))

    def test_without_a_daemon_it_is_3_and_two_names_are_2(self):
        self.refused(3, "profile")
        self.refused(3, "profile", "desk")
        self.refused(2, "profile", "desk", "battery")

    def test_status_shows_the_profile(self):
        self.daemon()
        self.assertEqual(self.json("status")["profile"], "battery")
        self.assertRegex(self.done("status"), r"(?m)^profile +battery: the machine runs on battery$")
        self.done("profile", "none")
        self.assertRegex(self.done("status"), r"(?m)^profile +none: chosen$")


class Suggestions(ClientTest):
    def test_they_are_listed_with_what_speaks_for_them(self):
        self.daemon()
        self.assertEqual(self.json("suggestions")[0], {
            "id": "3", "name": "mold", "exe": "/home/alice/bin/mold", "class": "build", "engine": "behaviour",
            "confidence": 0.84, "seen": 13, "starts": 13, "agreeing": 12, "because": "build in 12 of 13 starts"})
        head, *rows = self.done("suggestions").splitlines()
        self.assertEqual(head.split(), ["ID", "PROGRAM", "CLASS", "ENGINE", "CONFIDENCE", "SEEN", "BEHAVIOUR", "BECAUSE"])
        self.assertRegex(rows[0], r"^ 3  /home/alice/bin/mold +build +behaviour +0\.84 +13  12 of 13 +build in 12 of 13 starts$")
        self.assertRegex(rows[1], r"^ 4  /tmp/a\\n\\x1b\[2J\\xff +media +llm +0\.90 +7  - +it plays$")

    def test_accept_tells_the_file_and_reject_the_ids(self):
        self.daemon()
        path = "/etc/priorityd/rules.d/80-accepted.toml"
        self.assertEqual(self.done("suggestions", "accept", "3"), f"accepted 3: a rule in {path}\n")
        self.assertEqual(self.json("suggestions", "reject", "4"), {"rejected": ["4"]})
        self.assertEqual(self.json("suggestions"), [])
        self.assertEqual(self.done("suggestions"), "")

    def test_one_that_is_not_there_is_1_and_does_not_keep_the_others(self):
        self.daemon()
        shown = self.run_client("suggestions", "reject", "9", "3", "4", "3")
        self.assertEqual((shown.returncode, shown.stdout), (1, "rejected 3\nrejected 4\n"))
        self.assertIn("no suggestion 9", shown.stderr)
        self.assertIn("no suggestion 3", self.refused(1, "suggestions", "accept", "3"))

    def test_wrong_usage_is_2(self):
        for wrong in (["suggestions", "accept"], ["suggestions", "reject"], ["suggestions", "3"], ["suggestions", "drop", "3"],
                      ["engines", "remember"]):
            self.refused(2, *wrong)

    def test_forget_empties_what_was_learned(self):
        self.daemon()
        self.assertEqual(self.done("engines", "forget"), "what was learned of programs is forgotten\n")
        self.assertEqual(self.json("suggestions"), [])
        self.assertEqual(self.json("engines", "forget"), {"forgotten": True})

    def test_to_accept_without_being_allowed_to_is_4(self):
        self.not_authorised("suggestions", "accept", "3")

    def test_to_reject_without_being_allowed_to_is_4(self):
        self.not_authorised("suggestions", "reject", "3")

    def test_to_forget_without_being_allowed_to_is_4(self):
        self.not_authorised("engines", "forget")

    def test_monitor_tells_of_new_ones(self):
        daemon = self.daemon()
        monitors = [Monitor("--bus", self.bus.address, *options) for options in ([], ["--json"])]
        for monitor in monitors:
            self.addCleanup(monitor.end)

        def come():
            daemon.signal(signal.SIGUSR1)
        monitors[0].wait_for("-- suggestion 3: mold as build (build in 12 of 13 starts)", come)
        event = json.loads(monitors[1].wait_for("suggestion_added", come))
        self.assertEqual((event["id"], event["class"]), ("3", "build"))
        self.assertNotIn("exe", event)


class Unsetting(ClientTest):
    def left(self) -> list[str]:
        return [one["id"] for one in self.json("overrides")]

    def set(self, *targets: str):
        for target in targets:
            self.done("set", target, "--nice", "5")

    def test_an_id_removes_that_one(self):
        self.daemon()
        self.set("name:x", "name:x", "name:y")
        self.assertEqual(self.done("unset", "2"), "removed 2: name:x, nice 5\n")
        self.assertEqual(self.left(), ["1", "3"])
        self.assertEqual(self.json("unset", "id:1"), {"removed": ["1"]})
        self.assertEqual(self.left(), ["3"])

    def test_a_target_removes_all_with_exactly_that_one(self):
        self.daemon()
        self.set("name:x", "exe:x", "name:x*", "name:x", "unit:x")
        self.assertEqual(self.json("unset", "name:x"), {"removed": ["1", "4"]})
        self.assertEqual(self.left(), ["2", "3", "5"])

    def test_a_pid_removes_all_of_that_process(self):
        self.daemon()
        self.set(str(NOBODYS_PID), "name:x", str(NOBODYS_PID))
        self.assertEqual(len(self.done("unset", str(NOBODYS_PID)).splitlines()), 2)
        self.assertEqual(self.left(), ["2"])

    def test_a_number_that_may_be_both_is_asked_back(self):
        self.daemon(first_id=NOBODYS_PID)
        self.set(str(NOBODYS_PID), "name:x")
        self.assertIn(f"id:{NOBODYS_PID} or pid:{NOBODYS_PID}", self.refused(2, "unset", str(NOBODYS_PID)))
        self.done("unset", f"pid:{NOBODYS_PID}")
        self.assertEqual(self.left(), [str(NOBODYS_PID + 1)])

    def test_what_is_not_there_is_1(self):
        self.daemon()
        self.set("name:x")
        for wanted in ("7", "id:7", "pid:7", "name:y", "name:X", "exe:x"):
            self.assertIn(wanted, self.refused(1, "unset", wanted))
        self.assertEqual(self.left(), ["1"])

    def test_what_can_be_neither_is_2(self):
        for wanted in ("x", "", "id:", "id:x", "name:", "-1"):
            self.refused(2, "unset", "--", wanted)
        self.refused(2, "unset")

    @unittest.skipUnless(OWN_UID == 0, "only root can set here what another user may then not unset")
    def test_what_is_not_allowed_is_4_and_stays(self):
        prefix = self.somebody_else()
        self.daemon()
        self.set("name:x")
        shown = subprocess.run([*prefix, PRIORITYCTL, "--bus", self.bus.address, "--json", "unset", "name:x"],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE)
        self.assertEqual((shown.returncode, json.loads(shown.stdout)), (4, {"removed": []}), shown.stderr)
        self.assertEqual(self.left(), ["1"])


class UserRules(ClientTest):
    def rules(self, *names: str, text: str = "# none\n") -> str:
        folder = pathlib.Path(self.folder.name, "priorityd", "rules.d")
        folder.mkdir(parents=True, exist_ok=True)
        for name in names:
            (folder / name).write_text(text, encoding="utf-8")
        return str(folder)

    def test_what_is_in_the_folder_is_handed_over_in_the_order_of_names(self):
        self.daemon()
        folder = self.rules("20-b.toml", "10-a.toml", ".hidden.toml", "notes.txt", "30-c.toml~")
        self.assertEqual(self.json("user-rules", folder), {
            "files": ["10-a.toml", "20-b.toml"], "rules": 2, "diagnostics": ["10-a.toml:2:1: warning: is of no use"]})
        self.assertEqual(self.done("user-rules", folder),
                         "10-a.toml:2:1: warning: is of no use\n2 rules of your own in force\n")

    def test_the_folder_is_that_of_the_configuration_when_none_is_named(self):
        self.daemon()
        self.rules("10-a.toml")
        shown = self.run_client("user-rules", XDG_CONFIG_HOME=self.folder.name)
        self.assertEqual((shown.returncode, shown.stderr), (0, ""))
        self.assertIn("1 rule of your own", shown.stdout)
        pathlib.Path(self.folder.name, ".config").symlink_to(self.folder.name)
        for configuration in ("", "relative"):
            shown = self.run_client("user-rules", XDG_CONFIG_HOME=configuration, HOME=self.folder.name)
            self.assertIn("1 rule of your own", shown.stdout)
        self.assertIn("HOME", self.refused(1, "user-rules", XDG_CONFIG_HOME="", HOME=""))

    def test_no_rules_takes_them_back_and_says_so(self):
        self.daemon()
        shown = self.run_client("user-rules", XDG_CONFIG_HOME=self.folder.name)
        self.assertEqual((shown.returncode, shown.stderr), (0, ""))
        self.assertIn("none to hand over", shown.stdout)
        self.assertEqual(self.json("user-rules", self.rules("notes.txt")), {"files": [], "rules": 0, "diagnostics": []})

    def test_a_folder_that_was_named_has_to_be_there(self):
        self.daemon()
        self.assertIn("/nonexistent", self.refused(1, "user-rules", "/nonexistent"))

    def test_rules_that_the_daemon_refuses_are_1(self):
        self.daemon()
        self.assertIn("10-a.toml:1:1", self.refused(1, "user-rules", self.rules("10-a.toml", text="nonsense = 3\n")))

    def test_too_much_is_refused_before_it_is_sent(self):
        folder = self.rules("a.toml", "b.toml", text="#" * (LIMIT // 2))
        text = self.refused(1, "user-rules", folder)
        self.assertIn("256 KiB", text)
        self.daemon()
        self.done("user-rules", self.rules("a.toml", "b.toml", text="#" * (LIMIT // 2 - 100)))

    def test_what_is_no_text_or_no_file_is_refused(self):
        self.daemon()
        folder = pathlib.Path(self.rules())
        for bytes_ in (b"\xff\n", b"a\0b", b"\x1b[31m"):
            (folder / "a.toml").write_bytes(bytes_)
            self.assertIn("UTF-8", self.refused(1, "user-rules", str(folder)))
        (folder / "a.toml").unlink()
        os.mkfifo(folder / "b.toml")
        self.assertIn("regular file", self.refused(1, "user-rules", str(folder)))
        (folder / "b.toml").unlink()
        pathlib.Path(os.fsdecode(os.fsencode(folder) + b"/\xff.toml")).write_text("#\n")
        self.assertIn("name", self.refused(1, "user-rules", str(folder)))

    def test_what_is_not_allowed_is_4(self):
        self.not_authorised("user-rules", os.devnull)


class AskingForAPassword(ClientTest):
    def setUp(self):
        super().setUp()
        os.chmod(self.folder.name, 0o777)
        agent = pathlib.Path(self.write("pkttyagent", FAKE_AGENT.format(folder=self.folder.name)))
        agent.chmod(0o755)

    def set(self, prefix: list[str], bus: str = "system", has_terminal: bool = True):
        """Does so with standard output kept by the shell, as in id=$(priorityctl set ...)."""
        environment = {**os.environ, "PATH": f"{self.folder.name}:{os.environ['PATH']}", "PRIORITYD_BUS": bus,
                       "DBUS_SYSTEM_BUS_ADDRESS": self.bus.address}
        ours, theirs = pty.openpty()
        try:
            shown = subprocess.run([*prefix, PRIORITYCTL, "set", "name:x", "--nice", "1"], env=environment,
                                   stdin=theirs if has_terminal else subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=theirs, timeout=PATIENCE, encoding="utf-8")
        finally:
            os.close(ours)
            os.close(theirs)
        self.assertEqual(shown.returncode, 0)
        self.assertRegex(shown.stdout, r"^\d+\n$")

    def agent(self) -> list[str] | None:
        """Pid and arguments of the agent that was started."""
        noted = pathlib.Path(self.folder.name, "agent")
        return noted.read_text(encoding="utf-8").split() if noted.exists() else None

    def an_ordinary_user(self) -> list[str]:
        """What to put before a command so that it runs as a user who may do everything here without being root."""
        prefix = self.somebody_else() if OWN_UID == 0 else []
        self.daemon(OTHER_USER if OWN_UID == 0 else OWN_UID)
        return prefix

    def test_on_a_terminal_somebody_is_there_to_ask_as_long_as_the_call_takes(self):
        self.set(self.an_ordinary_user())
        pid, *arguments = self.agent()
        self.assertEqual((arguments[0], arguments[2]), ("--notify-fd", "--fallback"))
        self.assertFalse(pathlib.Path("/proc", pid).exists())

    def test_without_a_terminal_or_polkit_nobody_asks(self):
        user = self.an_ordinary_user()
        self.set(user, has_terminal=False)
        self.set(user, bus=self.bus.address)
        self.assertIsNone(self.agent())

    @unittest.skipUnless(OWN_UID == 0, "needs root")
    def test_root_is_not_asked(self):
        self.daemon()
        self.set([])
        self.assertIsNone(self.agent())

    def test_an_agent_that_cannot_be_started_keeps_nobody(self):
        user = self.an_ordinary_user()
        pathlib.Path(self.folder.name, "pkttyagent").write_text("#!/nonexistent\n")
        self.set(user)


if __name__ == "__main__":
    client_support.main()
