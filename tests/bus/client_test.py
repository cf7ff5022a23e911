#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# The real client against the real service with made-up answers, on a bus of its own.
"""By hand: FAKE_DAEMON=build/tests/bus/fake-daemon PRIORITYCTL=build/src/cli/priorityctl tests/bus/client_test.py"""
import json
import os
import pathlib
import pty
import shutil
import signal
import subprocess
import tempfile
import time

import client_support
from client_support import PATIENCE, PRIORITYCTL, ClientTest, Monitor, end_process

DAEMON_VERBS = (["status"], ["list"], ["explain", "4242"], ["explain", "cc1plus"], ["monitor"], ["reload"],
                ["set", "4242", "--nice", "1"], ["unset", "1"], ["overrides"], ["user-rules", os.devnull])

RULES = """[class.build]
description = "Compilers"
nice = 10
sched = "batch"

[programs]
cc1plus = "build"

[[rule]]
class = "build"
name = "rust*"
arg = ["--release", "-O"]
[rule.set]
nice = 15

[[rule]]
unit = "ci-*.service"
not = { user = "root" }
[rule.set]
io = "idle"
"""


class WithTheDaemon(ClientTest):
    def test_engines_shows_how_each_has_done(self):
        self.daemon()
        rows = self.json("engines")
        self.assertEqual(rows[0], {"name": "metadata", "enabled": True, "weight": 0.5, "calls": 30, "votes": 20, "programs": 12,
                                   "hits": 18, "misses": 12, "latency_usec": 41500, "refused": 0, "failures": 0,
                                   "health": "ready"})
        self.assertEqual([row["name"] for row in rows], ["metadata", "tea-leaves"])
        lines = self.done("engines").splitlines()
        self.assertRegex(lines[1], r"^metadata +enabled +0\.5 +30 +20 +12 +18 +12 +41\.5 ms +0 +0 +ready$")
        self.assertRegex(lines[2], r"^tea-leaves +off +1 +0 +0 +0 +0 +0 +- +7 +5 +resting for 9s more: no\\n luck$")

    def test_status_shows_health_counts_knobs_pressure_and_diagnostics(self):
        self.daemon()
        text = self.done("status")
        for part in ("priorityd 9.8.7: running", "512 rules, 2 classes, generation 3", "5 in force", "2 tracked",
                     "77 applied, 6 refused", "5000000000 received", "1 overrun, 4 rescans", "proc_input", "SCHED_RR 1",
                     "cpu wait", "memory wait", "not live: needs a later version", "live (isolated CPUs left out)",
                     "50-build.toml:9:1: warning: cpu_weight is not applied yet"):
            self.assertIn(part, text)
        document = self.json("status")
        self.assertEqual(document["health"], "ok")
        self.assertEqual(document["events_received"], 5_000_000_000)
        self.assertEqual(document["classes"], ["build", "media"])
        self.assertEqual(document["overrides"], 5)
        self.assertEqual(document["knobs"]["cpu_weight"], {"live": False, "why": "needs a later version"})
        self.assertEqual(set(document["pressure"]), {"cpu", "io", "memory"})
        self.assertEqual(len(document["diagnostics"]), 1)

    def test_status_tells_of_programs_that_do_related_work(self):
        self.daemon()
        with tempfile.TemporaryDirectory() as folder:
            program = shutil.copy("/bin/sleep", f"{folder}/irqbalance")
            neighbour = subprocess.Popen([program, "60"])
            self.addCleanup(end_process, neighbour)
            self.assertIn("IRQBALANCE_BANNED_CPULIST", self.json("status")["beside"]["irqbalance"])
            self.assertRegex(self.done("status"), r"(?m)^irqbalance +moves interrupts, not programs")

    def test_list_shows_a_line_for_each_process(self):
        self.daemon()
        head, *rows = self.done("list").splitlines()
        self.assertEqual(head.split(), ["PID", "USER", "NAME", "CLASS", "SETTINGS", "FROM"])
        self.assertEqual([row.split()[0] for row in rows], ["666", "4242"])
        self.assertIn("nice 10, sched batch, io best-effort/6", rows[1])
        self.assertEqual(self.json("list")[1], {
            "pid": 4242, "start_time": 123456789012, "name": "cc1plus", "exe": "/usr/lib/gcc/cc1plus", "uid": 1000,
            "class": "build", "source": "/etc/priorityd/rules.d/50-build.toml:7",
            "settings": {"nice": 10, "sched": "batch", "io": "best-effort/6"}})

    def test_list_filters(self):
        self.daemon()
        self.assertEqual([row["pid"] for row in self.json("list", "--class", "build")], [4242])
        self.assertEqual([row["pid"] for row in self.json("list", "--user", "1000")], [4242])
        self.assertEqual(self.json("list", "--user", "root"), [])
        self.assertEqual(self.done("list", "--class", "none"), "")
        self.assertIn("no such user", self.refused(2, "list", "--user", "no-such-user-here"))

    def test_hostile_names_cannot_drive_the_terminal(self):
        self.daemon()
        for arguments in (["list"], ["explain", "666"], ["--json", "list"]):
            text = self.done(*arguments)
            self.assertFalse([c for c in text if (ord(c) < 32 and c != "\n") or 127 <= ord(c) < 160], text)
            self.assertIn("\\x1b[31m", text)

    def test_explain_marks_the_winners_and_tells_what_the_process_has(self):
        self.daemon()
        for target in ("4242", "cc1plus"):
            text = self.done("explain", target)
            lines = text.splitlines()
            self.assertTrue(lines[0].startswith("cc1plus (pid 4242, user "), lines[0])
            marks = [line[0] for line in lines[2:7]]
            self.assertEqual(marks, ["*", " ", "*", "*", "*"])
            self.assertIn("failed: ioprio_set(tid 4242): Operation not permitted", text)
            self.assertTrue(lines[6].endswith("held by someone else since 2026-11-21 06:41:22 UTC: timer_slack 50us"))
            self.assertEqual(lines[7], "has now: nice 10, sched batch")
            self.assertEqual([line.split()[:2] for line in lines[9:]],
                             [["*", "nice"], ["-", "autogroup"], ["*", "cpu_weight"]])

    def test_explain_as_json_is_an_object_for_a_pid_and_a_list_for_a_name(self):
        self.daemon()
        document = self.json("explain", "4242")
        self.assertEqual(document["process"]["actual"], {"nice": 10, "sched": "batch"})
        self.assertEqual(document["contributions"][1], {
            "setting": "nice", "value": "5", "source": "/usr/lib/priorityd/rules.d/10-x.toml:3",
            "because": "class batch", "effective": False, "outcome": "went with its class"})
        self.assertEqual(document["process"]["shares"][1], {
            "knob": "autogroup", "group": "session 4200", "value": "", "live": False,
            "among": "its cgroup /user.slice/build.scope shares out CPU time"})
        self.assertEqual(self.json("explain", "cc1plus"), [document])

    def test_a_process_without_rules_is_explained_all_the_same(self):
        self.daemon()
        self.assertIn("no rule matches", self.done("explain", "666"))

    def test_who_is_not_there_is_refused(self):
        self.daemon()
        self.assertIn("no process 77", self.refused(1, "explain", "77"))
        self.assertIn("99999999999999999999", self.refused(1, "explain", "99999999999999999999"))
        self.assertIn("no-such-name", self.refused(1, "explain", "no-such-name"))

    def test_classify_asks_the_daemon(self):
        self.daemon()
        self.assertIn("would get: nice 10, sched batch", self.done("classify", "--name", "cc1plus"))
        document = self.json("classify", "--name", "x")
        self.assertEqual(document["process"]["name"], "x")
        self.assertNotIn("pid", document["process"])

    def test_rules_and_classes_are_those_that_the_daemon_has_in_force(self):
        settings = self.write("priorityd.toml", "restore_on_exit = false\n")
        self.daemon(policy_files=[settings, self.write("50-x.toml", RULES)])
        self.assertEqual([row["class"] for row in self.json("rules", "cc1plus")], ["build", ""])
        self.assertEqual([row["name"] for row in self.json("classes")], ["build"])

    def test_reload_tells_the_rules_in_force(self):
        self.daemon()
        self.assertEqual(self.done("reload"), "513 rules in force\n")
        self.assertEqual(self.json("reload"), {"accepted": True, "rules": 513, "diagnostics": []})

    def test_a_refused_reload_shows_every_mistake(self):
        daemon = self.daemon()
        daemon.signal(signal.SIGUSR2)
        end = time.monotonic() + PATIENCE
        while self.json("status")["health"] != "degraded" and time.monotonic() < end:
            pass
        shown = self.run_client("reload")
        self.assertEqual(shown.returncode, 1)
        self.assertIn('a.toml:4:8: error: unknown key "nise"', shown.stdout)
        self.assertIn("b.toml:2", shown.stdout)
        self.assertEqual(len(shown.stderr.splitlines()), 1)
        document = json.loads(self.run_client("--json", "reload").stdout)
        self.assertEqual((document["accepted"], len(document["diagnostics"])), (False, 3))
        self.assertIn("the rules were refused", self.done("status"))

    def test_a_reload_that_is_not_allowed_is_4(self):
        self.assertIn("only root", self.not_authorised("reload"))

    def test_colour_is_for_terminals_only_and_not_with_no_color(self):
        self.daemon()
        self.assertNotIn("\x1b", self.done("status"))
        self.assertIn(b"\x1b[", self.on_a_terminal(TERM="xterm"))
        self.assertNotIn(b"\x1b", self.on_a_terminal(TERM="xterm", NO_COLOR="1"))
        self.assertNotIn(b"\x1b", self.on_a_terminal(TERM="dumb"))
        self.assertIn(b"\x1b[", self.on_a_terminal(TERM="xterm", NO_COLOR=""))

    def on_a_terminal(self, **environment: str) -> bytes:
        ours, theirs = pty.openpty()
        base = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
        process = subprocess.Popen([PRIORITYCTL, "--bus", self.bus.address, "status"], stdin=theirs, stdout=theirs,
                                   stderr=theirs, env={**base, **environment})
        os.close(theirs)
        text = b""
        try:
            while data := os.read(ours, 65536):
                text += data
        except OSError:  # EIO: the other side has closed
            pass
        os.close(ours)
        self.assertEqual(process.wait(PATIENCE), 0)
        return text

    def test_the_bus_may_come_from_the_environment_and_options_may_follow_the_verb(self):
        self.daemon()
        shown = subprocess.run([PRIORITYCTL, "list", "--json"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               timeout=PATIENCE, env={**os.environ, "PRIORITYD_BUS": self.bus.address})
        self.assertEqual(shown.returncode, 0)
        self.assertEqual(len(json.loads(shown.stdout)), 2)


class Watching(ClientTest):
    def monitor(self, *arguments: str) -> Monitor:
        monitor = Monitor("--bus", self.bus.address, *arguments)
        self.addCleanup(monitor.end)
        return monitor

    def test_monitor_prints_a_line_for_each_change_and_says_what_was_left_out(self):
        daemon = self.daemon()
        monitor = self.monitor()
        line = monitor.wait_for("cc1plus", lambda: daemon.signal(signal.SIGUSR1))
        self.assertRegex(line, r"^\d\d:\d\d:\d\d\.\d{3} +4242 cc1plus +build +nice 10, sched batch, io best-effort/6  "
                               r"/etc/priorityd/rules.d/50-build.toml:7$")
        self.assertIn("3 further changes", monitor.wait_for("-- "))
        self.assertIn("\\x1b[31m", monitor.wait_for(" 666 "))
        daemon.signal(signal.SIGUSR2)
        self.assertIn("policy 3 stays in force", monitor.wait_for("refused"))
        self.assertEqual(monitor.end(), 0, "SIGINT is a clean end")

    def test_monitor_as_json_prints_one_document_a_line(self):
        daemon = self.daemon()
        monitor = self.monitor("--json")
        row = json.loads(monitor.wait_for("cc1plus", lambda: daemon.signal(signal.SIGUSR1)))
        self.assertEqual(row["event"], "changed")
        self.assertEqual((row["pid"], row["class"], row["settings"]["nice"]), (4242, "build", 10))
        self.assertEqual(json.loads(monitor.wait_for("left_out"))["count"], 3)
        daemon.signal(signal.SIGUSR2)
        self.assertFalse(json.loads(monitor.wait_for("policy_reloaded"))["accepted"])
        for line in monitor.lines:
            json.loads(line)

    def test_monitor_outlives_the_daemon_and_says_so(self):
        daemon = self.daemon()
        monitor = self.monitor()
        monitor.wait_for("cc1plus", lambda: daemon.signal(signal.SIGUSR1))
        daemon.end()
        monitor.wait_for("has left the bus")
        again = self.daemon()
        monitor.wait_for("is back")
        monitor.lines.clear()
        monitor.wait_for("cc1plus", lambda: again.signal(signal.SIGUSR1))

    def test_monitor_ends_with_3_when_the_bus_ends(self):
        with client_support.PrivateBus() as bus:
            daemon = client_support.FakeDaemon(bus)
            self.addCleanup(daemon.end)
            monitor = Monitor("--bus", bus.address)
            self.addCleanup(monitor.end)
            monitor.wait_for("cc1plus", lambda: daemon.signal(signal.SIGUSR1))
        self.assertEqual(monitor.process.wait(PATIENCE), 3)
        self.assertEqual(len(monitor.process.stderr.read().splitlines()), 1)


class WithoutTheDaemon(ClientTest):
    def test_verbs_that_need_it_say_that_there_is_none(self):
        for verb in DAEMON_VERBS:
            self.assertIn("no priorityd on the bus", self.refused(3, *verb))
            self.refused(3, "--json", *verb)

    def test_a_bus_that_is_not_there_is_3_too(self):
        for verb in DAEMON_VERBS:
            self.refused(3, *verb, address="unix:path=/nonexistent/bus")

    def test_classify_reads_the_files(self):
        rules = self.write("50-x.toml", RULES)
        document = self.json("classify", "--name", "cc1plus", "--rules", rules)
        self.assertEqual(document["process"]["class"], "build")
        self.assertEqual(document["process"]["settings"], {"nice": 10, "sched": "batch"})
        self.assertEqual(document["contributions"][0]["source"], f"{rules}:7")
        text = self.done("classify", "--name", "rustc", "--arg=-O", "--rules", rules)
        self.assertIn("would get: nice 15, sched batch", text)
        self.assertIn("no rule matches", self.done("classify", "--name", "other", "--rules", rules))

    def test_classify_takes_every_kind_of_fact(self):
        keys = {"name": "n1", "exe": "/opt/e1", "arg": "a1", "unit": "u1.service", "slice": "s1.slice",
                "container": "docker/c1", "parent": "p1", "ancestor": "x1", "uses": "gpu", "user": "4711", "group": "4712"}
        rules = "".join(f'[[rule]]\n{key} = "{value}"\nset = {{ nice = {nice} }}\n\n'
                        for nice, (key, value) in enumerate(keys.items(), 1))
        path = self.write("50-x.toml", rules)
        for nice, (key, value) in enumerate(keys.items(), 1):
            document = self.json("classify", f"--{key}={value}", "--rules", path)
            # a parent is the first of the ancestors, and an ancestor beyond the parent is none
            self.assertEqual(document["process"]["settings"].get("nice"), nice, key)
        self.assertEqual(self.json("classify", "--cgroup=/s1.slice/z.scope", "--rules", path)["process"]["settings"],
                         {"nice": 5})

    def test_classify_refuses_what_it_does_not_know(self):
        self.refused(2, "classify", "--uses", "wifi")
        self.assertIn("no such user", self.refused(2, "classify", "--user", "no-such-user-here"))
        self.assertIn("no such group", self.refused(2, "classify", "--group", "no-such-group-here"))

    def test_check_prints_every_mistake_with_its_place_and_is_1(self):
        self.write("10-a.toml", "[class.x]\nnize = 3\n")
        self.write("20-b.toml", '[programs]\nfoo = "y"\n')
        shown = self.run_client("check", self.folder.name)
        self.assertEqual(shown.returncode, 1)
        lines = shown.stdout.splitlines()
        self.assertEqual(len(lines), 3, lines)
        self.assertIn("10-a.toml:2:1: error: ", lines[0])
        self.assertIn("nice", lines[0])
        self.assertIn("20-b.toml:2:", lines[1])
        self.assertEqual(lines[2], "2 files, 2 errors, 0 warnings")
        shown = self.run_client("--json", "check", self.folder.name)
        self.assertEqual(shown.returncode, 1)
        document = json.loads(shown.stdout)
        self.assertEqual((document["files"], document["errors"]), (2, 2))
        self.assertEqual(document["diagnostics"][0]["line"], 2)
        self.assertEqual(document["diagnostics"][0]["level"], "error")

    def test_check_of_good_files_is_0(self):
        path = self.write("50-x.toml", RULES)
        self.assertEqual(self.done("check", path), "1 file, 0 errors, 0 warnings; 3 rules, 1 class\n")
        self.assertEqual(self.json("check", self.folder.name)["diagnostics"], [])

    def test_check_knows_settings_by_their_name(self):
        settings = self.write("priorityd.toml", "restore_on_exit = 3\n")
        shown = self.run_client("check", settings)
        self.assertEqual(shown.returncode, 1)
        self.assertIn("priorityd.toml:1:", shown.stdout)
        pathlib.Path(settings).write_text("restore_on_exit = false\n", encoding="utf-8")
        self.done("check", settings)

    def test_check_of_a_place_that_is_not_there_is_1(self):
        shown = self.run_client("check", "/nonexistent/rules.d")
        self.assertEqual(shown.returncode, 1)
        self.assertIn("/nonexistent/rules.d", shown.stdout)

    def test_evaluate_counts_what_an_engine_says_of_labelled_programs(self):
        rules = self.write("50-x.toml", "[class.game]\nnice = -3\n[class.background]\nnice = 19\n[class.service]\n")
        lines = [{"name": "a", "package_section": "games", "direction": "raised"},
                 {"name": "b", "package_description": "backup program", "direction": "raised", "more": [1]},
                 {"name": "c", "package_tags": "interface::daemon, x::y", "direction": "neutral"},
                 {"name": "d", "desktop_categories": ["P2P", "Network"], "direction": "lowered"},
                 {"name": "e", "package_description": "text editor", "direction": "raised"},   # no such class here
                 {"name": "f", "direction": "lowered"}]
        path = self.write("programs.jsonl", "\n".join(json.dumps(line) for line in lines) + "\n\n")
        result = self.json("evaluate", path, "--rules", rules)
        self.assertEqual([result["programs"], result["coverage"], result["agreement"], result["harmful"]],
                         [6, 4 / 6, 3 / 4, 1 / 6])
        self.assertEqual(result["confusion"]["raised"], {"raised": 1, "neutral": 0, "lowered": 1, "nothing": 1})
        self.assertEqual([row["name"] for row in result["disagreements"]], ["b"])
        shown = self.done("evaluate", path, "--engine", "metadata", "--rules", rules)
        self.assertIn("coverage 66.7 %", shown)
        self.assertIn("described as backup", shown)

    def test_evaluate_names_the_line_that_is_wrong(self):
        good = json.dumps({"name": "a", "direction": "raised"})
        for line in ("{", '{"direction": "up"}', "[]", '{"direction": "raised", "package_tags": 3}', '{"name": "a"}'):
            path = self.write("programs.jsonl", good + "\n" + line + "\n")
            self.assertIn("programs.jsonl:2: ", self.refused(1, "evaluate", path))
        self.refused(1, "evaluate", "/nonexistent.jsonl")
        self.assertIn("metadata", self.refused(2, "evaluate", path, "--engine", "tea-leaves"))

    def test_rules_shows_what_each_matches(self):
        path = self.write("50-x.toml", RULES)
        rows = self.json("rules", "--rules", path)
        self.assertEqual([row["matches"] for row in rows], [
            'name = "cc1plus"', 'name = "rust*", arg = ["--release", "-O"]',
            'unit = "ci-*.service", not = {user = "root"}'])
        self.assertEqual(rows[1]["settings"], {"nice": 15})
        self.assertEqual(rows[0]["source"], f"{path}:7")
        text = self.done("rules", "--rules", path)
        self.assertEqual(len(text.splitlines()), 4)

    def test_rules_of_a_name_are_those_that_it_may_match(self):
        path = self.write("50-x.toml", RULES)
        found = self.json("rules", "rustc", "--rules", path)
        self.assertEqual([row["class"] for row in found], ["build", ""])

    def test_rules_of_a_name_that_no_rule_is_about_is_1(self):
        path = self.write("50-x.toml", '[class.a]\nnice = 1\n[programs]\nx = "a"\n')
        self.assertIn("no rule", self.refused(1, "rules", "y", "--rules", path))

    def test_classes_shows_settings_and_how_many_rules_use_them(self):
        path = self.write("50-x.toml", RULES)
        self.assertEqual(self.json("classes", "--rules", path), [{
            "name": "build", "description": "Compilers", "settings": {"nice": 10, "sched": "batch"}, "rules": 2,
            "source": f"{path}:1"}])
        self.assertIn("Compilers", self.done("classes", "--rules", path))

    def test_rules_that_cannot_be_used_are_one_line_and_1(self):
        path = self.write("50-x.toml", '[class.x]\nnize = 3\nnoce = 4\n')
        for verb in ("rules", "classes", "classify"):
            text = self.refused(1, verb, "--rules", path)
            self.assertIn("50-x.toml:2", text)
            self.assertIn("1 further error", text)


class CommandLine(ClientTest):
    def test_help_and_version_are_0(self):
        self.assertIn("Exit status", self.done("--help"))
        self.assertRegex(self.done("--version"), r"^priorityctl \d+\.\d+")
        for verb in ("status", "list", "explain", "monitor", "classify", "check", "engines", "evaluate", "rules", "classes", "reload",
                     "set", "unset", "overrides", "suggestions", "profile", "user-rules"):
            self.assertIn(verb, self.done("--help"))
            self.assertIn("--help", self.done(verb, "--help"))

    def test_wrong_usage_is_2(self):
        for arguments in ([], ["no-such-verb"], ["list", "--no-such-option"], ["explain"], ["explain", "1", "2"],
                          ["list", "--class"], ["--bus"]):
            self.refused(2, *arguments)

    def test_an_address_that_is_none_is_2(self):
        for arguments in (["status"], ["rules"]):
            text = self.refused(2, *arguments, address="sytem")
            self.assertIn("system, session or an address", text)

    def test_output_that_cannot_be_written_is_not_done(self):
        with open("/dev/full", "wb") as full:
            shown = subprocess.run([PRIORITYCTL, "classes", "--rules", self.write("a.toml", RULES)], stdout=full,
                                   stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=PATIENCE)
        self.assertEqual(shown.returncode, 1)
        self.assertIn(b"No space left", shown.stderr)


if __name__ == "__main__":
    client_support.main()
