# SPDX-License-Identifier: GPL-3.0-or-later
# What the tests of the engine that asks a language model share: the engine, and a daemon that asks it, on a bus of their own.
import os
import pathlib
import subprocess

import harness

PRIORITYD_LLM = pathlib.Path(os.environ.get("PRIORITYD_LLM", harness.TOP / "build/src/engines/llm/priorityd-llm")).resolve()
SETTINGS = '[engine.metadata]\nenabled = false\n[engine.llm]\nbus_name = "org.priorityd1.Llm"\n'
NOBODY = "http://127.0.0.1:1/v1"


class LlmTest(harness.SystemTest):
    CLASSES = ""  # the rules

    def setUp(self):
        super().setUp()
        self.write_rules(self.CLASSES)
        self.private_bus = self.bus()
        self.state = self.folder / "llm-state"
        self.state.mkdir()
        self.log = self.folder / "llm.log"

    def write_settings(self, url: str, more: str = "") -> pathlib.Path:
        path = self.folder / "llm.toml"
        path.write_text(f'base_url = "{url}"\ngather = "100ms"\n{more}', encoding="utf-8")
        return path

    def engine(self, url: str, more: str = "") -> subprocess.Popen:
        """priorityd-llm with this server."""
        with self.log.open("ab") as log:
            process = subprocess.Popen([PRIORITYD_LLM, "--bus", self.private_bus.address, "--state", self.state,
                                        "--settings", self.write_settings(url, more), "--log-level", "debug"],
                                       stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.addCleanup(harness.end_process, process)
        return process

    def dry_daemon(self):
        return self.daemon(bus=self.private_bus.address, arguments=["--dry-run"], settings=SETTINGS)

    def json(self, *arguments):
        return self.json_of(self.private_bus, *arguments)

    def votes(self, pid: int) -> list[tuple]:
        rows = self.json("explain", str(pid))["contributions"]
        return [(one["value"], one["because"], one["effective"]) for one in rows
                if one["source"] == "engine llm" and one["setting"] == "class"]

    def log_text(self) -> str:
        return self.log.read_text(encoding="utf-8")
