#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Scoring engines on a real machine: programs of Debian that no rule names. Dry runs, for such programs may be anybody's.
import os
import unittest

import harness

CLASSES = "[class.batch]\nnice = 10\n"


@unittest.skipUnless(os.path.exists("/var/lib/dpkg/info/gzip.list"), "gzip is not installed by dpkg")
class Scoring(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.write_rules(CLASSES)

    def votes(self, bus, pid: int) -> list[dict]:
        rows = self.json_of(bus, "explain", str(pid))["contributions"]
        return [row for row in rows if row["source"] == "engine metadata" and row["setting"] == "class"]

    def test_a_program_that_no_rule_names_gets_the_class_that_its_package_suggests(self):
        bus = self.bus()
        early = self.compressor()
        self.daemon(bus=bus.address, arguments=["--dry-run"], settings="")
        late = self.compressor()
        for pid in (early, late):
            self.eventually(lambda pid=pid: [row["value"] for row in self.votes(bus, pid)], ["batch"])
            row = self.votes(bus, pid)[0]
            self.assertTrue(row["effective"], row)
            self.assertIn("compression", row["because"])
        engines = {row["name"]: row for row in self.json_of(bus, "engines")}
        metadata = engines["metadata"]
        self.assertTrue(metadata["enabled"])
        for count in ("calls", "votes", "programs", "hits", "misses", "latency_usec"):
            self.assertGreater(metadata[count], 0, count)
        self.assertTrue(engines["surroundings"]["enabled"])
        self.assertGreater(engines["surroundings"]["calls"], 0)

    def test_no_engine_is_asked_where_the_settings_say_so(self):
        bus = self.bus()
        pid = self.compressor()
        self.daemon(bus=bus.address, arguments=["--dry-run"], settings="[engine.metadata]\nenabled = false\n")
        self.stays(lambda: self.votes(bus, pid), [])

    def test_advice_below_the_threshold_is_shown_and_not_followed(self):
        bus = self.bus()
        pid = self.compressor()
        self.daemon(bus=bus.address, arguments=["--dry-run"], settings="[scoring]\nthreshold = 1\n")
        self.eventually(lambda: [row["outcome"] for row in self.votes(bus, pid)], ["not followed"])


if __name__ == "__main__":
    harness.main()
