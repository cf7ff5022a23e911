#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# A server of a language model that answers as the benchmark wants it: late, never, or with what is no answer.
"""scripted_model.py BEHAVIOUR: prints the port that it listens at, and goes on until it is killed."""
import http.server
import json
import os
import sys
import time


def body_of(question: dict) -> bytes:
    row = {"class": "no idea", "confidence": 0.5, "reason": "of a benchmark"}
    content = json.dumps(dict.fromkeys(question["programs"], row))
    return json.dumps({"choices": [{"message": {"content": content}, "finish_reason": "stop"}],
                       "usage": {"total_tokens": 1000}}).encode()


def after(seconds: float):
    def answer(handler, question):
        time.sleep(seconds)
        body = body_of(question)
        handler.send(body, len(body))
    return answer


def never(_handler, _question):
    time.sleep(3600)


def garbage(handler, _question):
    handler.send(os.urandom(10000), 10000)


def half(handler, question):
    body = body_of(question)
    handler.send(body[:len(body) // 2], len(body))


def endless(handler, _question):
    handler.send(b" " * 10**8, 10**8)


BEHAVIOURS = {"at-once": after(0), "quick": after(0.216), "slow": after(3.4), "never": never, "garbage": garbage,
              "half": half, "endless": endless}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        BEHAVIOURS[sys.argv[1]](self, json.loads(request["messages"][1]["content"]))

    def send(self, body: bytes, promised: int):
        self.send_response(200)
        self.send_header("Content-Length", str(promised))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """Who has had enough of an answer hangs up."""


if __name__ == "__main__":
    server = Server(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()
