#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Engines outside, against a real daemon on a bus of its own: the example of docs/engines.md, and engines that misbehave in
# every way. Dry runs, for the program that they are asked about is one of the system's.
import importlib.util
import os
import re
import signal
import subprocess
import sys
import time
import unittest

import harness
import system_bus

PAGE = harness.TOP / "docs" / "engines.md"
EXAMPLE = re.compile(r"^<!-- run -->\n```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MOST_LINES = 30
CLASSES = '[class.batch]\nnice = 10\n[class.game]\nnice = -5\n[class.urgent]\nsched = "rr/1"\n'
OWN_NAME = "org.example.Guesser"
MAY_OWN = f'<policy user="nobody"><allow own="{OWN_NAME}"/></policy></busconfig>'

# An engine whose answer to `programs` is the expression that it is started with; it says when it has its name.
HOSTILE = """
import os, sys, time
import dbus, dbus.lowlevel, dbus.mainloop.glib, dbus.service
from gi.repository import GLib

GOOD = {"class": "batch", "confidence": 0.9, "reason": "of a test"}

class Engine(dbus.service.Object):
    @dbus.service.method("org.priorityd1.Engine", in_signature="aa{sv}", out_signature=OUT)
    def Score(self, programs):
        return eval(sys.argv[1])

def flood():
    for number in range(500):
        message = dbus.lowlevel.SignalMessage("/org/priorityd1/Engine", "org.priorityd1.Engine", "Noise")
        message.append("x" * 1000)
        message.set_destination("org.priorityd1")
        bus.send_message(message)
    bus.flush()
    return True

dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
bus = dbus.SystemBus()
engine = Engine(bus, "/org/priorityd1/Engine")
name = dbus.service.BusName("org.example.Guesser", bus)
print("ready", flush=True)
GLib.MainLoop().run()
"""


def example() -> str:
    blocks = EXAMPLE.findall(PAGE.read_text(encoding="utf-8"))
    assert len(blocks) == 1, blocks
    return blocks[0]


def missing() -> str | None:
    absent = [module for module in ("dbus", "gi") if not importlib.util.find_spec(module)]
    return f"{sys.executable} has no module {absent[0]}" if absent else None


@unittest.skipIf(missing(), missing())
class Engines(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.write_rules(CLASSES)
        self.private_bus = self.bus()

    def settings(self, more: str = "") -> str:
        return f'[engine.metadata]\nenabled = false\n[engine.guesser]\nbus_name = "{OWN_NAME}"\n{more}'

    def python(self, *arguments, user: int | None = None) -> subprocess.Popen:
        process = subprocess.Popen([sys.executable, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   user=user, group=user, extra_groups=[] if user else None,
                                   env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": self.private_bus.address})
        self.addCleanup(process.stdout.close)
        self.addCleanup(harness.end_process, process)
        return process

    def hostile(self, answer: str, signature: str = "aa{sv}", user: int | None = None) -> subprocess.Popen:
        """An engine that answers this, once it has its name."""
        process = self.python("-c", HOSTILE.replace("OUT", repr(signature)), answer, user=user)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        return process

    def json(self, *arguments):
        return self.json_of(self.private_bus, *arguments)

    def engine(self) -> dict:
        return next(row for row in self.json("engines") if row["name"] == "guesser")

    def votes(self, pid: int) -> list[dict]:
        rows = self.json("explain", str(pid))["contributions"]
        return [row for row in rows if row["source"] == "engine guesser" and row["setting"] == "class"]

    def class_of(self, pid: int) -> list[str]:
        return [row["value"] for row in self.votes(pid) if row["effective"]]

    def dry_daemon(self, settings: str = ""):
        return self.daemon(bus=self.private_bus.address, arguments=["--dry-run"], settings=settings or self.settings())

    # --- the page ---

    def test_the_example_of_the_page_is_short_and_does_what_it_says(self):
        self.assertLessEqual(len(example().splitlines()), MOST_LINES)
        script = self.folder / "guesser.py"
        script.write_text(example(), encoding="utf-8")
        self.python(script)
        early = self.compressor()
        self.dry_daemon()
        late = self.compressor()
        for pid in (early, late):
            self.eventually(lambda pid=pid: self.class_of(pid), ["batch"])
            self.assertEqual(self.votes(pid)[0]["because"], "0.90 sure: its package is about compression")
        engine = self.engine()
        self.assertEqual((engine["refused"], engine["failures"], engine["health"]), (0, 0, "ready"))
        for count in ("calls", "votes", "programs", "hits", "misses", "latency_usec"):
            self.assertGreater(engine[count], 0, count)

    # --- engines that misbehave ---

    def refused(self, answer: str, signature: str = "aa{sv}") -> dict:
        """The row of an engine that answers this, once something of it was refused; it has no vote."""
        self.hostile(answer, signature)
        pid = self.compressor()
        self.dry_daemon()
        self.eventually(lambda: self.engine()["refused"] + self.engine()["failures"] > 0, True)
        self.assertEqual(self.votes(pid), [])
        self.assertEqual(self.engine()["votes"], 0)
        return self.engine()

    def assert_row_is_refused(self, row: str, said: str):
        engine = self.refused(f"[dbus.Dictionary({row}, signature='sv') for program in programs]")
        self.assertGreater(engine["refused"], 0)
        self.assertEqual(engine["failures"], 0)
        self.assertIn(said, engine["health"])

    def test_an_unknown_class_is_refused(self):
        self.assert_row_is_refused('{**GOOD, "class": "tea"}', '"tea" is no class')

    def test_a_realtime_class_is_refused(self):
        self.assert_row_is_refused('{**GOOD, "class": "urgent"}', '"urgent" is no class that it may give')

    def test_confidence_that_is_no_number_is_refused(self):
        self.assert_row_is_refused('{**GOOD, "confidence": float("nan")}', "is not from 0 to 1")

    def test_confidence_beyond_1_is_refused(self):
        self.assert_row_is_refused('{**GOOD, "confidence": 7.0}', "confidence 7 is not from 0 to 1")

    def test_text_with_control_characters_is_refused(self):
        self.assert_row_is_refused('{**GOOD, "reason": "\\x1b[2J"}', "control characters")

    def test_values_of_other_types_are_refused(self):
        self.assert_row_is_refused('{**GOOD, "confidence": "high"}', "other types")

    def test_too_few_rows_are_refused(self):
        self.assertIn("fewer rows", self.refused("[]")["health"])

    def test_a_flood_of_rows_with_megabytes_of_text_is_refused(self):
        engine = self.refused("[{**GOOD, 'reason': 'x' * 2000}] * 10000")
        self.assertGreater(engine["failures"], 0)
        self.assertIn("more rows", engine["health"])

    def test_megabytes_of_reason_are_refused(self):
        engine = self.refused("[{**GOOD, 'reason': 'x' * 1000000} for program in programs]")
        self.assertIn("bytes of text", engine["health"])

    def test_an_answer_that_is_no_list_of_rows_is_refused(self):
        self.assertIn("no list of rows", self.refused("'batch'", "s")["health"])

    def test_an_engine_that_dies_instead_of_answering_is_found_out_at_once(self):
        self.assertIn("left the bus", self.refused("os._exit(1)")["health"])

    def test_an_engine_without_the_method_is_left_alone(self):
        engine = self.refused("no_such_thing")
        self.assertIn("NameError", engine["health"])

    def test_good_rows_count_beside_bad_ones(self):
        self.hostile("[GOOD if program['name'] == 'gzip' else {**GOOD, 'confidence': 7.0} for program in programs]")
        pid = self.compressor()
        self.dry_daemon()
        self.eventually(lambda: self.class_of(pid), ["batch"])
        self.assertGreater(self.engine()["refused"], 0)

    def test_a_slow_engine_delays_nobody(self):
        self.hostile("time.sleep(3) or [GOOD for program in programs]")
        self.dry_daemon(self.settings('timeout = "100ms"\n'))
        pid = self.compressor()
        self.eventually(lambda: self.engine()["failures"] > 0, True)
        self.assertIn("did not answer within 100ms", self.engine()["health"])
        self.assertEqual(self.votes(pid), [])
        begin = time.monotonic()
        self.json("status")
        self.assertLess(time.monotonic() - begin, 2)

    def test_a_flood_of_signals_does_no_harm(self):
        self.hostile("(GLib.idle_add(flood), [GOOD for program in programs])[1]")
        pid = self.compressor()
        self.dry_daemon()
        self.eventually(lambda: self.class_of(pid), ["batch"])
        self.assertEqual(self.json("status")["health"], "dry-run")

    # --- who may ---

    def test_on_a_system_bus_the_daemon_may_ask_an_engine_of_another_user_and_strangers_may_not(self):
        if why := system_bus.why_no_system_bus("dbus"):
            self.skipTest(why)
        self.private_bus = harness.PrivateBus(system_bus.SYSTEM_BUS.replace("</busconfig>", MAY_OWN))
        self.addCleanup(self.private_bus.end)
        self.hostile("[GOOD for program in programs]", user=system_bus.NOBODY)
        pid = self.compressor()
        self.dry_daemon()
        self.eventually(lambda: self.class_of(pid), ["batch"])
        asked = subprocess.run(["dbus-send", f"--bus={self.private_bus.address}", "--print-reply", f"--dest={OWN_NAME}",
                                "/org/priorityd1/Engine", "org.priorityd1.Engine.Score", "array:string:"],
                               user=system_bus.NOBODY, group=system_bus.NOBODY, extra_groups=[], capture_output=True,
                               timeout=harness.PATIENCE)
        self.assertIn(b"AccessDenied", asked.stderr)

    # --- engines that come and go ---

    def test_an_engine_that_is_not_there_is_asked_when_it_comes(self):
        pid = self.compressor()
        self.dry_daemon()
        self.eventually(lambda: self.engine()["health"].startswith("not on the bus; asked again in "), True)
        self.assertGreater(self.engine()["failures"], 0)
        self.hostile("[GOOD for program in programs]")
        self.eventually(lambda: self.class_of(pid), ["batch"])

    def test_an_engine_that_was_dropped_from_the_settings_has_no_say_any_more(self):
        self.hostile("[GOOD for program in programs]")
        pid = self.compressor()
        settings = self.folder / "priorityd.toml"
        settings.write_text(self.settings(), encoding="utf-8")
        self.daemon(bus=self.private_bus.address, arguments=["--dry-run", "--config", settings])
        self.eventually(lambda: self.class_of(pid), ["batch"])
        settings.write_text("[engine.metadata]\nenabled = false\n", encoding="utf-8")
        self.daemons[-1].signal(signal.SIGHUP)
        self.eventually(lambda: self.votes(pid), [])
        self.assertEqual([row["name"] for row in self.json("engines") if row["name"] == "guesser"], [])

    def test_without_a_bus_there_is_nobody_to_ask(self):
        self.daemon(bus="none", arguments=["--dry-run"], settings=self.settings())
        self.compressor()
        self.stays(lambda: self.daemons[-1].process.poll(), None)


if __name__ == "__main__":
    harness.main()
