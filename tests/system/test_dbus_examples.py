#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# The examples of docs/dbus.md do what the page says, against a real daemon on a bus of its own.
"""A fenced block of sh or Python after `<!-- run -->` is run as it is, with $PID, $NAME and the address of the bus in the
environment; it has to end well. After `<!-- run until all is printed -->` it runs until then, while things happen that it
can tell of. A line `# prints TEXT` in it is a line of its output that has to come, in this order; an ellipsis in it is any
text, variables of the environment are filled in."""
import dataclasses
import importlib.util
import os
import re
import select
import shutil
import subprocess
import sys
import time

import harness
from harness import nice_of

PAGE = harness.TOP / "docs" / "dbus.md"
UNTIL_PRINTED = "run until all is printed"
BLOCK = re.compile(rf"^<!-- (run|{UNTIL_PRINTED}) -->\n```(sh|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Blocks to be run, among all that look like it; the first one of the page only sets variables for the reader.
FENCES = re.compile(r"^```(?:sh|python)$", re.MULTILINE)
FENCES_NOT_RUN = 1
PROMISE = re.compile(r"^# prints (.*)$", re.MULTILINE)
PROD_INTERVAL = 0.3  # seconds between things to tell of


@dataclasses.dataclass(frozen=True)
class Example:
    line: int
    kind: str
    language: str
    text: str

    def command(self) -> list[str]:
        return ["sh", "-eu", "-c", self.text] if self.language == "sh" else [sys.executable, "-c", self.text]

    def promises(self, environment: dict) -> list[re.Pattern]:
        """What its lines of output have to match."""
        result = []
        for promise in PROMISE.findall(self.text):
            filled = re.sub(r"\$(\w+)", lambda match: environment[match[1]], promise)
            result.append(re.compile(".*".join(re.escape(part) for part in filled.split("…"))))
        return result

    def missing(self) -> str | None:
        """What this machine lacks to run it."""
        if self.language == "sh":
            tools = [word for word in ("busctl", "gdbus") if re.search(rf"^(id=\$\()?{word} ", self.text, re.MULTILINE)]
            return next((f"{tool} is not installed" for tool in tools if not shutil.which(tool)), None)
        modules = re.findall(r"^(?:import|from) (dbus|gi)\b", self.text, re.MULTILINE)
        return next((f"{sys.executable} has no module {name}" for name in modules
                     if not importlib.util.find_spec(name)), None)


def examples() -> list[Example]:
    text = PAGE.read_text(encoding="utf-8")
    return [Example(text.count("\n", 0, match.start()) + 2, *match.groups()) for match in BLOCK.finditer(text)]


def first_broken(promises: list[re.Pattern], lines: list[str]) -> re.Pattern | None:
    """The first promise that no line keeps, of those after the one that kept the promise before."""
    rest = iter(lines)
    return next((promise for promise in promises if not any(promise.fullmatch(line) for line in rest)), None)


def kept_all(promises: list[re.Pattern], lines: list[str]) -> bool:
    """In any order: what is told of comes as it happens."""
    return all(any(promise.fullmatch(line) for line in lines) for promise in promises)


class Examples(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.name = self.unique("ex")
        self.write_rules(f'[class.batch]\ndescription = "Of a test"\nnice = 10\n\n[programs]\n{self.name} = "batch"\n')
        self.private_bus = self.bus()

    def environment_of(self, example: Example) -> dict:
        """A daemon that has given its class to a process, and how both are called."""
        if why := example.missing():
            self.skipTest(why)
        self.daemon(bus=self.private_bus.address)
        target = self.start(self.name)
        self.eventually(lambda: nice_of(target.pid), 10)
        return {**os.environ, "PID": str(target.pid), "NAME": self.name, "LC_ALL": "C.UTF-8",
                "DBUS_SYSTEM_BUS_ADDRESS": self.private_bus.address}

    def run_once(self, example: Example):
        environment = self.environment_of(example)
        shown = subprocess.run(example.command(), env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, timeout=harness.PATIENCE, encoding="utf-8")
        self.assertEqual((shown.returncode, shown.stderr), (0, ""), f"{example.text}\nprinted:\n{shown.stdout}")
        broken = first_broken(example.promises(environment), shown.stdout.splitlines())
        self.assertIsNone(broken, f"{example.text}\nprinted:\n{shown.stdout}")

    def run_until_printed(self, example: Example):
        environment = self.environment_of(example)
        promises = example.promises(environment)
        process = subprocess.Popen(example.command(), env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT)
        self.addCleanup(lambda: (harness.end_process(process), process.stdout.close()))
        printed = b""
        end = time.monotonic() + harness.PATIENCE
        while not kept_all(promises, printed.decode("utf-8").splitlines()):
            if time.monotonic() > end:
                self.fail(f"{example.text}\nprinted:\n{printed.decode('utf-8')}")
            self.let_things_happen()
            while select.select([process.stdout], [], [], PROD_INTERVAL)[0]:
                data = os.read(process.stdout.fileno(), 65536)
                self.assertTrue(data, f"{example.text}\nhas ended, printed:\n{printed.decode('utf-8')}")
                printed += data

    def let_things_happen(self):
        """A process comes, the rules are read again, an override comes and goes."""
        harness.Target([self.program(self.name)]).end()
        for arguments in (["reload"], ["set", f"name:{self.name}", "--nice", "15"], ["unset", f"name:{self.name}"]):
            done = self.client(self.private_bus, *arguments)
            self.assertEqual((done.returncode, done.stderr), (0, b""), arguments)


def add_tests():
    for example in examples():
        run = Examples.run_once if example.kind == "run" else Examples.run_until_printed
        tool = next(word for word in ("busctl", "gdbus", "python") if word in example.text + example.language)
        setattr(Examples, f"test_line_{example.line:03}_the_example_with_{tool}_does_what_it_says",
                lambda self, run=run, example=example: run(self, example))


class ThePage(harness.SystemTest):
    def test_every_example_is_run(self):
        self.assertEqual(len(examples()), len(FENCES.findall(PAGE.read_text(encoding="utf-8"))) - FENCES_NOT_RUN)

    def test_every_example_that_prints_promises_something(self):
        for example in examples():
            self.assertTrue(PROMISE.search(example.text), example.text)


if __name__ == "__main__":
    add_tests()
    harness.main()
