#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# The engine that asks a language model, against a real daemon on a bus of its own, with servers that do what a real one
# cannot be made to do. Dry runs, for the program that it is asked about is one of the system's.
import json
import os
import socket

import harness
from llm_engine import NOBODY, SETTINGS, LlmTest
from model_server import ModelServer

CLASSES = '[class.batch]\nnice = 10\ndescription = "A result, later"\n[class.urgent]\nsched = "rr/1"\n'
PATIENCE = 20


def row(program: dict, program_class: str = "batch") -> dict:
    is_it = program["name"] == os.path.basename(harness.COMPRESSOR)
    return {"class": program_class if is_it else "no idea", "confidence": 0.9, "reason": "it compresses"}


class Llm(LlmTest):
    CLASSES = CLASSES

    def model(self, say=row) -> ModelServer:
        model = ModelServer(say)
        self.addCleanup(model.server_close)
        self.addCleanup(model.shutdown)
        return model

    def test_a_program_that_no_rule_knows_gets_the_class_that_the_model_gives_it_and_keeps_it_without_the_server(self):
        model = self.model()
        engine = self.engine(model.url)
        pid = self.compressor()
        daemon = self.dry_daemon()
        wanted = [("batch", "0.90 sure: it compresses", True)]
        self.eventually(lambda: self.votes(pid), wanted)
        self.assertIn("path", model.programs()["gzip"])
        self.assertEqual(model.asked[0]["classes"], {"batch": "A result, later"})
        requests = len(model.asked)
        model.end()
        daemon.end()
        harness.end_process(engine)
        self.engine(NOBODY)
        again = self.compressor()
        self.dry_daemon()
        self.eventually(lambda: self.votes(again), wanted)
        self.assertEqual(len(model.asked), requests)

    def test_what_a_rule_knows_is_not_asked(self):
        self.write_rules(CLASSES + '[programs]\ngzip = "batch"\n')
        model = self.model()
        self.engine(model.url)
        self.dry_daemon()
        self.compressor()
        self.eventually(lambda: len(model.asked) > 0, True)
        self.stays(lambda: "gzip" in model.programs(), False)

    def assert_nothing_comes_of(self, url: str, said: str):
        engine = self.engine(url)
        pid = self.compressor()
        self.dry_daemon()
        self.eventually(lambda: said in self.log_text(), True)
        self.assertEqual(self.votes(pid), [])
        self.assertIsNone(engine.poll())
        row_of_engine = next(one for one in self.json("engines") if one["name"] == "llm")
        self.assertEqual((row_of_engine["failures"], row_of_engine["refused"]), (0, 0))
        self.assertIn("put off", row_of_engine["health"])

    def test_garbage_is_no_answer(self):
        self.assert_nothing_comes_of(self.model(b"\x00\xff garbage").url, "it has no choices")

    def test_a_hundred_megabytes_are_not_read(self):
        self.assert_nothing_comes_of(self.model(b" " * 10**8).url, "answers with more than 1048576 bytes")

    def test_a_server_that_refuses_is_left_alone(self):
        self.assert_nothing_comes_of(self.model(503).url, "answers with status 503")

    def test_a_server_that_is_not_there_is_left_alone(self):
        self.assert_nothing_comes_of(NOBODY, "no answer from the model")

    def test_a_server_that_never_answers_delays_nobody(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            engine = self.engine(f"http://127.0.0.1:{silent.getsockname()[1]}/v1")
            pid = self.compressor()
            self.dry_daemon()
            self.eventually(lambda: "asking http" in self.log_text(), True)
            self.assertEqual(self.votes(pid), [])
            self.assertEqual(next(one for one in self.json("engines") if one["name"] == "llm")["failures"], 0)
            engine.terminate()
            self.assertEqual(engine.wait(PATIENCE), 0)

    def test_a_class_that_it_may_not_give_has_no_effect(self):
        model = self.model(lambda program: row(program, "urgent"))
        self.engine(model.url)
        pid = self.compressor()
        self.dry_daemon()
        self.eventually(lambda: "gzip" in model.programs(), True)
        self.stays(lambda: self.votes(pid), [])

    def test_the_key_is_sent_to_the_server_and_told_nobody_else(self):
        key = self.folder / "key"
        key.write_text("sk-of-a-test\n", encoding="utf-8")
        model = self.model(401)
        self.engine(model.url, f'api_key_file = "{key}"\n')
        self.compressor()
        self.dry_daemon()
        self.eventually(lambda: "status 401" in self.log_text(), True)
        self.assertEqual(model.headers_seen[0]["Authorization"], "Bearer sk-of-a-test")
        self.assertNotIn("sk-of-a-test", self.log_text())
        self.assertNotIn("sk-of-a-test", json.dumps(self.json("engines")))

    def engine_row(self) -> dict:
        return next(one for one in self.json("engines") if one["name"] == "llm")

    def test_what_was_spent_is_shown(self):
        model = self.model()
        self.engine(model.url)
        pid = self.compressor()
        self.dry_daemon()
        self.eventually(lambda: len(self.votes(pid)), 1)
        self.eventually(lambda: "requests this hour" in self.engine_row()["health"], True)
        self.assertRegex(self.engine_row()["health"],
                         r"^ready.*; it says: ready; the last answer took [0-9.]+m?s; [1-9][0-9]* programs answered from the catalogue; "
                         r"[1-9][0-9]* of 60 requests this hour, [1-9][0-9]*00 of 500000 tokens today$")

    def test_the_model_is_told_arguments_where_the_settings_say_so_and_no_secrets(self):
        model = self.model()
        self.engine(model.url)
        self.compressor("--suffix", ".sk4f9a8b7c6d5e4f3a2b", "--best")
        self.daemon(bus=self.private_bus.address, arguments=["--dry-run"], settings=SETTINGS + "send_arguments = true\n")
        self.eventually(lambda: "gzip" in model.programs(), True)
        self.assertEqual(model.programs()["gzip"]["arguments"], ["-c", "--suffix", "[...]", "--best"])
        self.assertNotIn("arguments", json.dumps(self.json("engines")))

    def test_what_the_model_is_sure_of_becomes_a_suggestion_and_the_accepted_one_a_rule_that_says_whence(self):
        model = self.model()
        self.engine(model.url)
        first = self.compressor()
        self.dry_daemon()
        self.eventually(lambda: len(self.votes(first)), 1)
        self.stays(lambda: self.json("suggestions"), [])
        self.compressor()
        self.eventually(lambda: [one["name"] for one in self.json("suggestions")], ["gzip"])
        one = self.json("suggestions")[0]
        self.assertEqual((one["class"], one["engine"], one["confidence"], one["seen"], one["starts"], one["because"]),
                         ("batch", "llm", 0.9, 2, 0, "it compresses"))
        done = self.client(self.private_bus, "suggestions", "accept", one["id"])
        self.assertEqual(done.returncode, 0, done.stderr)
        rule = (self.rules_folder / "80-accepted.toml").read_text(encoding="utf-8")
        self.assertRegex(rule, r"# Suggestion [0-9]+ of llm, accepted on [0-9-]+: it compresses\.\n"
                               r"# Confidence 0\.90; 2 starts seen; its behaviour has told nothing yet\.\n")
        self.assertEqual(self.json("suggestions"), [])
        again = self.compressor()
        self.eventually(lambda: [row["value"] for row in self.json("explain", str(again))["contributions"]
                                 if "80-accepted.toml" in row["source"] and row["effective"]][:1], ["batch"])

    def test_a_rejected_suggestion_does_not_come_again(self):
        model = self.model()
        self.engine(model.url)
        first = self.compressor()
        self.dry_daemon()
        self.eventually(lambda: len(self.votes(first)), 1)
        self.eventually(lambda: len(self.json("suggestions")) if self.compressor() else None, 1)
        done = self.client(self.private_bus, "suggestions", "reject", self.json("suggestions")[0]["id"])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.compressor()
        self.stays(lambda: self.json("suggestions"), [])

    def test_settings_that_are_wrong_are_told_with_their_place(self):
        engine = self.engine(NOBODY, "batch = 99\n")
        self.assertEqual(engine.wait(PATIENCE), 1)
        self.assertIn("llm.toml:3:9: error: batch: expected a whole number from 1 to 32", self.log_text())


if __name__ == "__main__":
    harness.main()
