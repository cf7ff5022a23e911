# SPDX-License-Identifier: GPL-3.0-or-later
# A server of a language model for tests, which is scripted.
import http.server
import json
import threading


class ModelServer(http.server.ThreadingHTTPServer):
    """Says what it is told to, and notes what it was asked. `say`: what makes a row of the answer of what the model was told
    of a program; or the body of an answer; or the status of a refusal."""
    daemon_threads = True

    def __init__(self, say):
        self.say, self.asked, self.headers_seen = say, [], []
        super().__init__(("127.0.0.1", 0), Answering)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def programs(self) -> dict[str, dict]:
        return {program["name"]: program for question in self.asked for program in question["programs"].values()}

    def handle_error(self, *_):
        """Who has had enough of an answer hangs up."""

    def end(self):
        self.shutdown()
        self.server_close()


class Answering(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        question = json.loads(request["messages"][1]["content"])
        self.server.asked.append(question)
        self.server.headers_seen.append(dict(self.headers))
        said = self.server.say
        if isinstance(said, bytes):
            self.send(200, said)
        elif isinstance(said, int):
            self.send(said, b"no")
        else:
            rows = {key: said(program) for key, program in question["programs"].items()}
            self.send(200, json.dumps({"choices": [{"message": {"content": json.dumps(rows)}, "finish_reason": "stop"}],
                                       "usage": {"total_tokens": 100}}).encode())

    def send(self, status: int, body: bytes):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass
