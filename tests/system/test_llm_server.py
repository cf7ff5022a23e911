#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# The engine that asks a language model, with a real llama-server: protocol, schema and load. The model's weights are random,
# so nothing here is about what it says, but for the range of its numbers, which its maker has chosen.
import http.client
import http.server
import importlib.util
import json
import pathlib
import re
import sys
import threading
import unittest

import harness
import llama
from llm_engine import NOBODY, LlmTest
from model_server import Answering

BUS_NAME = "org.priorityd1.Llm"
CLASSES = {"batch": "A result, later", "game": "Play", "media": "Sound and pictures"}
PATIENCE = 120      # seconds: answers take their time where other programs run
LONG_PATIENCE = 400
MOST_AT_ONCE = 32   # of docs/engines.md
CROWD = 1000
MOST_REQUESTS = 40  # for so many
MOST_GROWTH_KB = 32 * 1024
MOST_ATTEMPTS = 2   # Enquiries::kMostAttempts / Enquiries::kRefusal


def missing() -> str | None:
    return None if importlib.util.find_spec("dbus") else f"{sys.executable} has no module dbus"


class Refusing(http.server.ThreadingHTTPServer):
    """Stands before a server: refuses requests of some forms, as older servers do, and hands on the others."""
    daemon_threads = True

    def __init__(self, server: llama.LlamaServer, refused: tuple):
        self.behind, self.refused, self.forms = server, refused, []
        super().__init__(("127.0.0.1", 0), HandingOn)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def end(self):
        self.shutdown()
        self.server_close()


class HandingOn(Answering):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        form = json.loads(body).get("response_format", {}).get("type", "plain")
        self.server.forms.append(form)
        if form in self.server.refused:
            return self.send(400, b'{"error": {"message": "unknown response_format"}}')
        connection = http.client.HTTPConnection("127.0.0.1", self.server.behind.port, timeout=PATIENCE)
        connection.request("POST", self.path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        self.send(answer.status, answer.read())
        connection.close()


@unittest.skipIf(missing(), missing())
class LlmServer(LlmTest):
    CLASSES = "".join(f'[class.{name}]\ndescription = "{meaning}"\n' for name, meaning in CLASSES.items()) \
        + '[class.urgent]\nsched = "rr/1"\n'

    # --- server, and the engine asked as the daemon asks it ---

    def server(self, *arguments, **options) -> llama.LlamaServer:
        """One that is ready; ended with the test."""
        try:
            server = llama.LlamaServer(self.folder, *arguments, **options)
        except llama.NotHere as why:
            self.skipTest(str(why))
        self.addCleanup(server.end)
        self.eventually(server.is_ready, True, "ready", PATIENCE)
        return server

    def connect(self):
        """Once the engine has its name."""
        import dbus
        import dbus.bus
        connection = dbus.bus.BusConnection(self.private_bus.address)
        self.addCleanup(connection.close)
        self.eventually(lambda: bool(connection.name_has_owner(BUS_NAME)), True, "name on the bus")
        engine = connection.get_object(BUS_NAME, "/org/priorityd1/Engine", introspect=False)
        self.interface = dbus.Interface(engine, "org.priorityd1.Engine")

    def score(self, count: int, first: int = 0) -> list[dict]:
        """What the engine says of these programs."""
        programs = [{"name": f"program-{number}", "exe": f"/opt/some/program-{number}", "identity": f"1:{number}",
                     "classes": list(CLASSES), "class_meanings": list(CLASSES.values())} for number in range(first, count)]
        return [dict(row) for begin in range(0, len(programs), MOST_AT_ONCE)
                for row in self.interface.Score(programs[begin:begin + MOST_AT_ONCE], signature="aa{sv}")]

    def waiting(self, count: int) -> int:
        """Of how many of them it does not know anything yet."""
        return sum("retry_after" in row for row in self.score(count))

    def settle(self, count: int, patience: float = PATIENCE) -> list[dict]:
        """The rows, once it will say no more. The last one waits longest, and asking for all is work for both sides."""
        self.waiting(count)
        self.eventually(lambda: "retry_after" in self.score(count, count - 1)[0], False, "the last put off", patience)
        self.eventually(lambda: self.waiting(count), 0, "programs put off", patience)
        return self.score(count)

    def assert_judged(self, rows: list[dict]):
        for row in rows:
            self.assertIn(row["class"], CLASSES)
            self.assertTrue(0 <= row["confidence"] <= 1, row)

    # --- protocol ---

    def test_a_batch_is_one_request_and_every_program_of_it_gets_one_of_the_classes(self):
        server = self.server()
        self.engine(server.url)
        self.connect()
        self.assert_judged(self.settle(MOST_AT_ONCE))
        self.assertEqual(server.answers(), 1)

    def test_the_daemon_hears_what_the_model_says_of_a_program(self):
        server = self.server()
        self.engine(server.url)
        pid = self.compressor()
        self.dry_daemon()
        self.eventually(lambda: len(self.votes(pid)), 1, "votes", PATIENCE)
        self.assertIn(self.votes(pid)[0][0], CLASSES)
        engine = next(one for one in self.json("engines") if one["name"] == "llm")
        self.assertEqual((engine["failures"], engine["refused"]), (0, 0))

    def test_confidences_beyond_1_are_no_answers_and_after_some_attempts_nobody_asks_again(self):
        server = self.server(model="wild")
        self.engine(server.url)
        self.connect()
        self.assertEqual(self.settle(8), [{}] * 8)
        self.assertEqual(server.answers(), MOST_ATTEMPTS)
        self.assertNotIn("no answer from the model", self.log_text())

    def test_confidences_beyond_1_never_reach_a_program(self):
        server = self.server(model="wild")
        self.engine(server.url)
        pid = self.compressor()
        self.dry_daemon()
        self.eventually(lambda: server.answers() > 1, True, "asked again", PATIENCE)
        self.assertEqual(self.votes(pid), [])

    def test_a_server_without_schemas_is_asked_for_json_and_rows_that_are_not_there_are_no_answers(self):
        server = Refusing(self.server(), ("json_schema",))
        self.addCleanup(server.end)
        self.engine(server.url)
        self.connect()
        self.assertEqual(self.settle(8), [{}] * 8)
        self.assertEqual(server.forms, ["json_schema", *["json_object"] * MOST_ATTEMPTS])
        self.assertEqual(server.behind.answers(), MOST_ATTEMPTS)

    def test_a_server_without_json_is_asked_all_the_same_and_text_is_no_answer(self):
        server = Refusing(self.server(), ("json_schema", "json_object"))
        self.addCleanup(server.end)
        self.engine(server.url)
        self.connect()
        self.score(8)
        self.eventually(lambda: server.forms[:3], ["json_schema", "json_object", "plain"])
        self.eventually(lambda: "what the model says is no JSON object" in self.log_text(), True, "log", PATIENCE)
        self.assertEqual(server.behind.answers(), server.forms.count("plain"))

    def test_questions_that_are_too_long_for_the_server_become_shorter_and_keep_their_form(self):
        server = self.server(context=2560)
        self.engine(server.url)
        self.connect()
        self.assert_judged(self.settle(MOST_AT_ONCE))
        self.assertIn("exceeds the available context size", self.log_text())

    # --- key, path, model ---

    def test_the_key_opens_the_server_and_a_wrong_one_is_told_without_it(self):
        key, settings = self.folder / "key", f'api_key_file = "{self.folder}/key"\n'
        key.write_text("sk-wrong-of-a-test\n", encoding="utf-8")
        server = self.server("--api-key", "sk-right-of-a-test")
        engine = self.engine(server.url, settings)
        self.connect()
        self.score(8)
        self.eventually(lambda: "answers with status 401: " in self.log_text(), True)
        self.assertIn("Invalid API Key", self.log_text())
        self.assertEqual(self.waiting(8), 8)
        self.assertEqual(server.answers(), 0)
        key.write_text("sk-right-of-a-test\n", encoding="utf-8")
        self.assert_judged(self.settle(8))
        harness.end_process(engine)
        for log in (self.log_text(), server.log_text()):
            self.assertNotIn("of-a-test", log)

    def test_a_path_that_the_server_does_not_have_is_told(self):
        server = self.server()
        self.engine(server.url.replace("/v1", "/v7"))
        self.connect()
        self.score(8)
        self.eventually(lambda: f":{server.port}/v7/chat/completions answers with status 404: " in self.log_text(), True)
        self.assertEqual(self.waiting(8), 8)

    def test_another_model_is_asked_again_and_what_the_first_one_has_said_stays(self):
        server = self.server("--alias", "first")
        for model, answers in (("first", 1), ("second", 2), ("first", 2)):
            engine = self.engine(server.url, f'model = "{model}"\n')
            self.connect()
            self.assert_judged(self.settle(8))
            self.assertEqual(server.answers(), answers)
            harness.end_process(engine)

    # --- server that comes and goes ---

    def test_a_server_that_is_killed_while_it_answers_and_started_again_loses_no_program(self):
        count = 3 * MOST_AT_ONCE
        server = self.server()
        engine = self.engine(server.url)
        self.connect()
        self.score(count)
        self.eventually(server.is_answering, True, "answering", PATIENCE)
        server.process.kill()
        server.process.wait()
        self.eventually(lambda: "no answer from the model" in self.log_text(), True)
        self.assertGreater(self.waiting(count), 0)
        self.server(port=server.port)
        self.assert_judged(self.settle(count))
        harness.end_process(engine)
        self.engine(NOBODY)
        self.connect()
        self.assertEqual(self.waiting(count), 0)

    # --- load ---

    def memory_kb(self, pid: int) -> int:
        return int(re.search(r"^VmRSS:\s*(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)[1])

    def test_a_thousand_programs_at_once_are_few_requests_and_little_memory(self):
        server = self.server()
        engine = self.engine(server.url)
        self.connect()
        before = self.memory_kb(engine.pid)
        self.assertEqual(self.waiting(CROWD), CROWD)
        self.assert_judged(self.settle(CROWD, LONG_PATIENCE))
        self.assertLessEqual(server.answers(), MOST_REQUESTS)
        self.assertLess(self.memory_kb(engine.pid) - before, MOST_GROWTH_KB)


if __name__ == "__main__":
    harness.main()
