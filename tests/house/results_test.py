#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Tests that no result of a test run is lost or embellished in the closing line.
import contextlib
import io
import json
import pathlib
import tempfile
import unittest

import results

TESTLOG = [
    {"name": "core", "result": "OK", "stdout": "fine\n"},
    {"name": "priorityd:bus / bus", "result": "OK", "stdout": "SKIP: polkit: python3-dbusmock is not installed\nfine\n"},
    {"name": "system", "result": "SKIP", "stdout": "", "stderr": "\nnot root\n\n"},
    {"name": "wire", "result": "FAIL", "stdout": "SKIP: half: no reason to hide the failure\n"},
    {"name": "slow", "result": "TIMEOUT", "stdout": ""},
    {"name": "odd", "result": "ERROR", "stdout": ""},
    {"name": "silent skip", "result": "SKIP"},
]


class Results(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.testlog = pathlib.Path(folder.name) / "testlog.json"
        self.results = pathlib.Path(folder.name) / "results.jsonl"

    def collect(self, tests):
        self.testlog.write_text("".join(json.dumps(test) + "\n" for test in tests), encoding="utf-8")
        return results.collect(self.testlog, self.results)

    def summary(self):
        with contextlib.redirect_stdout(io.StringIO()) as output:
            status = results.summary(self.results)
        return status, output.getvalue().splitlines()

    def test_every_result_is_counted_and_each_skip_has_its_reason(self):
        self.assertEqual(self.collect(TESTLOG), 0)
        status, lines = self.summary()
        self.assertEqual(status, 1)
        self.assertEqual(lines[-1], "2 passed, 3 failed, 4 skipped")
        self.assertIn("skipped: bus: polkit: python3-dbusmock is not installed", lines)
        self.assertIn("skipped: system: not root", lines)
        self.assertIn("skipped: silent skip: no reason given", lines)
        self.assertIn("failed: slow: timeout", lines)

    def test_a_run_without_a_single_test_is_reported(self):
        self.assertEqual(self.collect([]), 1)
        self.testlog.unlink()
        self.assertEqual(results.collect(self.testlog, self.results), 1)

    def test_nothing_at_all_is_no_success(self):
        status, lines = self.summary()
        self.assertEqual((status, lines[-1]), (1, "0 passed, 0 failed, 0 skipped"))

    def test_notes_count_like_tests(self):
        results.main(["note", str(self.results), "clang-tidy", "skipped", "clang-tidy is not installed"])
        results.main(["note", str(self.results), "build", "passed"])
        self.assertEqual(self.summary(), (0, ["skipped: clang-tidy: clang-tidy is not installed",
                                              "1 passed, 0 failed, 1 skipped"]))

    def collect_tap(self, output):
        self.testlog.write_text(output, encoding="utf-8")
        return results.main(["tap", str(self.testlog), "vm", str(self.results)])

    def test_each_line_of_tap_counts(self):
        self.assertEqual(self.collect_tap("# booted\nok 1 - starts\nnot ok 2 - stops\n#   not ok, it says\r\n"
                                          "ok 3 - weights # SKIP no io.weight\n1..3\n"), 0)
        self.assertEqual(self.summary(), (1, ["skipped: vm: weights: no io.weight", "failed: vm: stops",
                                              "1 passed, 1 failed, 1 skipped"]))

    def test_tap_that_ends_early_is_a_failure(self):
        for output in ("ok 1 - starts\n", "ok 1 - starts\n1..2\n", "ok 1 - starts\nBail out! no service\n"):
            with self.subTest(output):
                self.results.unlink(missing_ok=True)
                self.assertEqual(self.collect_tap(output), 0)
                status, lines = self.summary()
                self.assertEqual((status, lines[-1]), (1, "1 passed, 1 failed, 0 skipped"))

    def test_output_without_tap_has_no_results(self):
        self.assertEqual(self.collect_tap("it is ok 1 - or so\n"), 1)


if __name__ == "__main__":
    unittest.main()
