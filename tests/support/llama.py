# SPDX-License-Identifier: GPL-3.0-or-later
# A real llama-server with a generated model, on a loopback port of its own.
"""What it says has the right form and no sense; see tests/llm/server."""
import contextlib
import functools
import http.client
import json
import os
import pathlib
import socket
import subprocess

from running import end_process, wait_until

TREE = pathlib.Path(__file__).resolve().parent.parent / "llm" / "server" / "tree.sh"
SKIP = 77
PROGRAM = "usr/bin/llama-server"  # in the tree
PATIENCE = 120                     # seconds until a server that must be ready counts as not ready


class NotHere(Exception):
    """Why there can be no llama-server on this machine."""


@functools.cache
def root_tree(model: str) -> pathlib.Path:
    """Where the server and this model are; minutes where there is none yet."""
    done = subprocess.run([TREE, model], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    said = (done.stdout.splitlines() or [""])[-1]
    if done.returncode == SKIP:
        raise NotHere(said)
    done.check_returncode()
    return pathlib.Path(said)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


class LlamaServer:
    """Started at once, ready later. More than one thread makes it slower where another program wants the CPUs too: at each step
    they wait for each other, spinning."""

    def __init__(self, folder: pathlib.Path, *arguments: str, model: str = "tiny", context: int = 65536, threads: int = 1,
                 port: int | None = None):
        self.root = root_tree(model)
        self.program = self.root / PROGRAM
        self.port = port or free_port()
        self.log = folder / f"llama-server-{self.port}.log"
        command = ["chroot", self.root, "llama-server", "--model", f"/models/{model}.gguf", "--offline", "--no-ui",
                   "--host", "127.0.0.1", "--port", self.port, "--ctx-size", context, "--parallel", 1, "--fit", "off",
                   "--cache-ram", 0, "--threads", threads, "--threads-http", 2, *arguments]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            start_new_session=True, env={**os.environ, "LC_ALL": "C.UTF-8"})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def _read(self, path: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def is_ready(self) -> bool:
        if self.process.poll() is not None:
            raise RuntimeError(f"llama-server ended:\n{self.log_text()}")
        try:
            return self._read("/health")[0] == 200
        except OSError:
            return False

    def is_answering(self) -> bool:
        return any(slot["is_processing"] for slot in json.loads(self._read("/slots")[1]))

    def log_text(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def answers(self) -> int:
        """How many questions it has begun to answer, since the first server on this port in this folder."""
        return self.log_text().count("| processing task")

    def end(self):
        end_process(self.process)


@contextlib.contextmanager
def ready_server(folder: pathlib.Path, **options):
    """A LlamaServer that is ready. Killed in the end: it would finish its answer first."""
    server = LlamaServer(folder, **options)
    try:
        if not wait_until(server.is_ready, PATIENCE, 0.1):
            raise RuntimeError("llama-server is not ready")
        yield server
    finally:
        server.process.kill()
        server.end()
