#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# What programs turned out to be earlier, on a real machine: known at exec, suggested, made a rule, forgotten.
import json
import os
import pathlib
import sqlite3
import time
import unittest

import harness

CLASSES = "[class.batch]\nnice = 10\n"
# Others may run here what no rule names, and make somebody wait.
ONLY_LEARNED = "".join(f"[engine.{name}]\nenabled = false\n" for name in ("metadata", "surroundings", "behaviour", "guard"))
SCHEMA = """
CREATE TABLE program (path BLOB PRIMARY KEY, device INTEGER NOT NULL, inode INTEGER NOT NULL, changed INTEGER NOT NULL,
                      seen INTEGER NOT NULL, suggestion INTEGER NOT NULL, suggested BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE opinion (path BLOB NOT NULL, engine BLOB NOT NULL, class BLOB NOT NULL, confidence REAL NOT NULL,
                      because BLOB NOT NULL, starts INTEGER NOT NULL, PRIMARY KEY (path, engine)) WITHOUT ROWID;
CREATE TABLE start (path BLOB NOT NULL, class BLOB NOT NULL, starts REAL NOT NULL, PRIMARY KEY (path, class)) WITHOUT ROWID;
CREATE TABLE rejected (path BLOB NOT NULL, class BLOB NOT NULL, PRIMARY KEY (path, class)) WITHOUT ROWID;
PRAGMA user_version = 2;
"""


class Learning(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.write_rules(CLASSES)
        self.database = self.state_folder / "profiles.sqlite"
        self.name = self.unique()
        self.path = self.program(self.name)

    def learned(self, starts: int = 6, suggestion: int = 3):
        """As an earlier daemon has left it."""
        path, file = os.fsencode(self.path), os.stat(self.path)
        with sqlite3.connect(self.database) as database:
            database.executescript(SCHEMA)
            database.execute("INSERT INTO program VALUES (?, ?, ?, ?, ?, ?, ?)",
                             (path, file.st_dev, file.st_ino, file.st_ctime_ns, int(time.time()), suggestion, b"batch"))
            database.execute("INSERT INTO start VALUES (?, ?, ?)", (path, b"batch", float(starts)))
        database.close()

    def running(self):
        bus = self.bus()
        return bus, self.daemon(bus=bus.address, settings=ONLY_LEARNED)

    def said(self, bus, *arguments) -> list | dict:
        return json.loads(self.client(bus, "--json", *arguments).stdout)

    def votes(self, bus, pid: int) -> list[str]:
        return [row["value"] for row in self.said(bus, "explain", str(pid))["contributions"]
                if row["source"] == "engine profiles" and row["setting"] == "class"]

    def profiles(self, bus) -> dict:
        return next(row for row in self.said(bus, "engines") if row["name"] == "profiles")

    def test_what_a_program_was_earlier_it_is_at_its_next_start_and_where_it_runs_already(self):
        self.learned()
        early = self.start(self.name)
        bus, _ = self.running()
        late = self.start(self.name)
        for target in (early, late):
            self.eventually(lambda target=target: harness.nice_of(target.pid), 10)
            self.assertEqual(self.votes(bus, target.pid), ["batch"])
        row = self.profiles(bus)
        self.assertEqual((row["enabled"], row["programs"]), (True, 1))
        self.assertGreaterEqual(row["votes"], 2)

    def test_an_accepted_suggestion_becomes_a_rule_in_force(self):
        self.learned()
        bus, _ = self.running()
        self.eventually(lambda: [row["exe"] for row in self.said(bus, "suggestions")], [self.path])
        file = self.rules_folder / "80-accepted.toml"
        self.assertEqual(self.said(bus, "suggestions", "accept", "3"), {"accepted": [{"id": "3", "path": str(file)}]})
        self.assertEqual(file.stat().st_mode & 0o777, 0o644)
        self.assertEqual(self.said(bus, "suggestions"), [])
        self.eventually(lambda: self.said(bus, "classify", "--name", self.name, "--exe", self.path, "--rules",
                                          str(self.rules_folder))["process"]["class"], "batch")
        target = self.start(self.name)
        self.eventually(lambda: harness.nice_of(target.pid), 10)
        sources = [row["source"] for row in self.said(bus, "explain", str(target.pid))["contributions"]
                   if row["setting"] == "class"]
        self.assertEqual([source.startswith(f"{file}:") for source in sources], [True], sources)
        self.assertEqual(self.client(bus, "suggestions", "accept", "3").returncode, 1)

    def test_a_rejected_suggestion_stays_rejected_in_the_next_life_of_the_daemon(self):
        self.learned()
        bus, daemon = self.running()
        self.eventually(lambda: len(self.said(bus, "suggestions")), 1)
        self.assertEqual(self.said(bus, "suggestions", "reject", "3"), {"rejected": ["3"]})
        daemon.end()
        bus, _ = self.running()
        self.eventually(lambda: self.profiles(bus)["programs"], 1)
        self.assertEqual(self.said(bus, "suggestions"), [])

    def test_what_is_forgotten_is_gone_for_the_next_start_and_from_the_disk(self):
        self.learned()
        bus, daemon = self.running()
        self.eventually(lambda: self.profiles(bus)["programs"], 1)
        self.assertEqual(self.said(bus, "engines", "forget"), {"forgotten": True})
        self.assertEqual(self.profiles(bus)["programs"], 0)
        target = self.start(self.name)
        self.stays(lambda: harness.nice_of(target.pid), 0)
        daemon.end()
        with sqlite3.connect(self.database) as database:
            self.assertEqual(database.execute("SELECT count(*) FROM program").fetchone(), (0,))
        database.close()

    def test_a_database_that_is_broken_is_moved_aside_and_said_so(self):
        self.database.write_bytes(b"nonsense " * 1000)
        bus, daemon = self.running()
        aside = pathlib.Path(f"{self.database}.broken-1")
        self.eventually(aside.exists, True)
        self.eventually(lambda: f"moved to {aside}" in daemon.log(), True)
        self.assertEqual(self.profiles(bus)["programs"], 0)

    def test_a_dry_run_neither_reads_nor_writes_it(self):
        self.database.write_bytes(b"nonsense " * 1000)
        bus = self.bus()
        self.daemon(bus=bus.address, settings=ONLY_LEARNED, arguments=["--dry-run"])
        self.assertEqual(self.profiles(bus)["programs"], 0)
        self.assertEqual(self.database.read_bytes(), b"nonsense " * 1000)


if __name__ == "__main__":
    harness.main()
