#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Tests of "priorityctl evaluate --engine llm" and "priorityd-llm --score", with servers that do what a real one cannot
# be made to do. No daemon, no bus, no root.
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from model_server import ModelServer  # noqa: E402
from running import end_process  # noqa: E402

PRIORITYCTL = os.environ.get("PRIORITYCTL", "build/src/cli/priorityctl")
PRIORITYD_LLM = os.path.abspath(os.environ.get("PRIORITYD_LLM", "build/src/engines/llm/priorityd-llm"))
PATIENCE = 60  # seconds for what normally takes milliseconds
RULES = """[class.game]
description = "Played"
nice = -3
[class.batch]
description = "A result, later"
nice = 10
[class.service]
[class.urgent]
sched = "rr/1"
"""
CLASSES = {"game": "Played", "batch": "A result, later", "service": ""}
NOBODY = "http://127.0.0.1:1/v1"


def program(number: int) -> dict:
    kind = ("raised", "lowered")[number % 2]
    return {"name": f"{kind}-{number}", "package_section": "games", "package_tags": "a::b, c::d", "direction": kind}


def knowing(asked: dict) -> dict:
    """The row of a model that knows everything."""
    return {"class": "game" if asked["name"].startswith("raised") else "batch", "confidence": 0.9, "reason": "its name"}


class WithServer(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.rules = self.write("50-x.toml", RULES)

    def write(self, name: str, text: str) -> pathlib.Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def server(self, say=knowing) -> ModelServer:
        server = ModelServer(say)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server

    def settings(self, url: str, more: str = "") -> pathlib.Path:
        return self.write("llm.toml", f'base_url = "{url}"\n{more}')


class Evaluate(WithServer):
    def evaluate(self, url: str, *arguments: str, programs=10, settings: str = "", llm: str = PRIORITYD_LLM):
        lines = "".join(json.dumps(program(number)) + "\n" for number in range(programs))
        return subprocess.run([PRIORITYCTL, *arguments, "evaluate", self.write("programs.jsonl", lines), "--engine", "llm",
                               "--engine-settings", self.settings(url, settings), "--rules", self.rules],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE,
                              encoding="utf-8", env={**os.environ, "PRIORITYD_LLM": llm})

    def result(self, url: str, **options) -> dict:
        done = self.evaluate(url, "--json", **options)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return json.loads(done.stdout)

    def assert_refused(self, done: subprocess.CompletedProcess, what: str):
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn(what, done.stderr)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)

    def test_a_model_that_knows_everything_agrees_with_people(self):
        server = self.server()
        result = self.result(server.url, programs=100)
        self.assertEqual([result[key] for key in ("engine", "programs", "coverage", "agreement", "harmful")],
                         ["llm", 100, 1, 1, 0])
        self.assertEqual(result["confusion"]["raised"], {"raised": 50, "neutral": 0, "lowered": 0, "nothing": 0})
        self.assertEqual([result[key] for key in ("disagreements", "unanswered", "form")], [[], [], "schema"])
        self.assertEqual((result["requests"], result["tokens"], len(server.asked)), (4, 400, 4), "32 in a request")

    def test_the_model_is_told_classes_and_facts_and_no_label(self):
        server = self.server()
        self.result(server.url, programs=1)
        self.assertEqual(server.asked[0]["classes"], CLASSES, "without the class that no engine may give")
        self.assertEqual(server.asked[0]["programs"]["p1"],
                         {"name": "raised-0", "section": "games", "tags": ["a::b", "c::d"]})

    def test_more_programs_than_a_pipe_holds_are_evaluated(self):
        server = self.server()
        result = self.result(server.url, programs=5000)
        self.assertEqual((result["coverage"], result["requests"]), (1, 157))

    def test_what_a_model_gets_wrong_is_listed(self):
        def say(asked):
            wrong = {"raised-0": {"class": "batch"}, "lowered-1": {"class": "service"}, "raised-2": {"class": "no idea"},
                     "lowered-3": {"confidence": 0.01}}
            return {**knowing(asked), **wrong.get(asked["name"], {})}
        done = self.evaluate(self.server(say).url)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("10 programs: coverage 80.0 %, agreement 75.0 % of those, harmful 10.0 %", done.stdout)
        self.assertIn("0 programs without an answer that counts; 1 request of form schema, 100 tokens, ", done.stdout)
        self.assertRegex(done.stdout, r"raised-0 +raised +lowered +batch +0.90 +its name\n")
        self.assertNotIn("raised-4", done.stdout)

    def test_an_answer_that_does_not_count_is_told_apart_from_none(self):
        def say(asked):
            broken = {"raised-0": {"class": "urgent"}, "lowered-1": {"confidence": 7}}
            return {**knowing(asked), **broken.get(asked["name"], {})}
        server = self.server(say)
        result = self.result(server.url)
        self.assertEqual((result["coverage"], result["agreement"]), (0.8, 1))
        self.assertEqual(result["unanswered"],
                         [{"name": "raised-0", "because": '"urgent" is no class that it may give'},
                          {"name": "lowered-1", "because": "confidence 7 is not from 0 to 1"}])
        self.assertEqual(result["confusion"]["raised"]["nothing"], 1)
        self.assertIn("WITHOUT AN ANSWER", self.evaluate(server.url).stdout)

    def test_a_server_that_is_not_there_is_told_at_once(self):
        self.assert_refused(self.evaluate(NOBODY), NOBODY)

    def test_a_wrong_key_is_told_at_once_and_shown_nowhere(self):
        key = self.write("key", "sk-of-a-test\n")
        server = self.server(401)
        done = self.evaluate(server.url, settings=f'api_key_file = "{key}"\n')
        self.assert_refused(done, "status 401")
        self.assertNotIn("sk-of-a-test", done.stderr)
        self.assertEqual(server.headers_seen[0]["Authorization"], "Bearer sk-of-a-test")

    def test_a_server_that_says_nothing_but_garbage_is_told_after_a_few_requests(self):
        server = self.server(b"garbage")
        done = self.evaluate(server.url, programs=100)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("it has no choices", done.stderr.splitlines()[-1])
        self.assertEqual(len(server.asked), 6)

    def test_settings_that_are_wrong_or_missing_are_told(self):
        self.assert_refused(self.evaluate(NOBODY, settings="batch = 99\n"), "llm.toml:2:9: error: batch: expected")
        done = subprocess.run([PRIORITYCTL, "evaluate", "/dev/null", "--engine", "llm", "--engine-settings", "/nonexistent"],
                              stderr=subprocess.PIPE, encoding="utf-8", timeout=PATIENCE)
        self.assertEqual(done.returncode, 2)
        done = subprocess.run([PRIORITYCTL, "evaluate", "/dev/null", "--engine-settings", self.rules],
                              stderr=subprocess.PIPE, encoding="utf-8", timeout=PATIENCE)
        self.assertEqual((done.returncode, done.stderr), (2, "priorityctl: --engine-settings is for --engine llm\n"))

    def test_where_priorityd_llm_is_missing_the_package_is_named(self):
        self.assert_refused(self.evaluate(NOBODY, llm="/nonexistent/priorityd-llm"),
                            "/nonexistent/priorityd-llm is not installed: it is what asks language models, and comes with the package")

    def test_a_priorityd_llm_that_dies_or_is_another_program_is_told(self):
        script = self.write("script", "#!/bin/sh\nkill -9 $$\n")
        script.chmod(0o755)
        self.assert_refused(self.evaluate(NOBODY, llm=str(script)), "was ended by signal 9")
        script.write_text("#!/bin/sh\nexec cat\n", encoding="utf-8")
        self.assert_refused(self.evaluate(NOBODY, llm=str(script)), "is of another version")


class Score(WithServer):
    """The other side, by hand."""

    def start(self, url: str, *lines: dict) -> subprocess.Popen:
        told = self.write("told.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
        with told.open("rb") as stdin:
            process = subprocess.Popen([PRIORITYD_LLM, "--score", "--settings", self.settings(url)], stdin=stdin,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        self.addCleanup(end_process, process)
        return process

    def silent_server(self) -> socket.socket:
        silent = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(silent.close)
        return silent

    def start_at(self, silent: socket.socket) -> subprocess.Popen:
        """One that has asked, and waits."""
        process = self.start(f"http://127.0.0.1:{silent.getsockname()[1]}/v1", {"classes": CLASSES}, {"name": "a"})
        connection = silent.accept()[0]
        self.addCleanup(connection.close)
        return process

    def test_a_line_a_program_and_one_with_what_it_took(self):
        def say(asked):
            return {**knowing(asked), "class": {"a": "game", "b": "no idea"}.get(asked["name"], "tea")}
        process = self.start(self.server(say).url, {"classes": CLASSES}, *({"name": name} for name in "abc"))
        out, errors = process.communicate(timeout=PATIENCE)
        self.assertEqual((process.returncode, errors), (0, ""))
        *rows, total = map(json.loads, out.splitlines())
        self.assertEqual(rows, [{"class": "game", "confidence": 0.9, "reason": "its name"}, {},
                                {"error": '"tea" is no class that it may give'}])
        self.assertEqual(total["total"]["requests"], 2)

    def test_a_line_that_is_wrong_is_named_and_nothing_is_asked(self):
        server = self.server()
        process = self.start(server.url, {"classes": CLASSES}, {"name": 7})
        out, errors = process.communicate(timeout=PATIENCE)
        self.assertEqual((process.returncode, out, server.asked), (1, "", []))
        self.assertIn("priorityd-llm: line 2: ", errors)

    def test_ctrl_c_ends_it_while_it_waits_for_the_model(self):
        process = self.start_at(self.silent_server())
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(PATIENCE), -signal.SIGINT)

    def test_it_ends_when_nobody_reads_what_it_prints(self):
        process = self.start_at(self.silent_server())
        process.stdout.close()
        self.assertEqual(process.wait(PATIENCE), 1)
        self.assertIn("Broken pipe", process.stderr.read())


if __name__ == "__main__":
    unittest.main(verbosity=2)
