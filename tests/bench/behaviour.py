#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Shows what the behaviour engine takes live workloads for: how soon, and whether it stays with it.
"""Each of the workloads of record_behaviour.py is run beside a busy loop on every CPU, and the engine's vote on it is asked for
twice a second; the clock starts with the busy loops, so the two seconds in which the kernel tells of pressure are in it. All
other programs of the machine are left alone, by a rule, and the guard is off. Nothing here fails because of a time; read the
table. It needs root and a machine with nothing else to do.
"""
import argparse
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "support"))
from record_behaviour import WORKLOADS  # noqa: E402
from run import SKIP, machine  # noqa: E402
from running import Daemon, PrivateBus  # noqa: E402

WANTED = {"hog": "batch", "compress": "batch", "writer": "batch", "build": "build", "archiver": "build", "periodic": "media",
          "editor": "interactive", "server": "service", "mixture": "", "idle": ""}
NAME = "behaviour-bench"  # begins the names of all that is started here
RULES = f"""[class.left-alone]
[[rule]]
name = "*"
not = {{ name = "{NAME}*" }}
class = "left-alone"
"""
SETTINGS = "".join(f"[engine.{name}]\nenabled = false\n" for name in ("metadata", "guard", "profiles", "surroundings"))


class Workload:
    """One of them in a session of its own, from a copy of the interpreter whose name the rule leaves out."""

    def __init__(self, interpreter: pathlib.Path, name: str, folder: pathlib.Path):
        code = (f"import sys, pathlib; sys.path[:0] = [{str(HERE)!r}]; import record_behaviour; "
                f"record_behaviour.WORKLOADS[{name!r}](pathlib.Path({str(folder)!r}))")
        self.process = subprocess.Popen([interpreter, "-c", code], stdin=subprocess.DEVNULL, start_new_session=True)

    def __enter__(self):
        return self.process.pid

    def __exit__(self, *_):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Bench:
    def __init__(self, options, folder: pathlib.Path):
        self.options, self.folder = options, folder
        self.rules = folder / "rules.d"
        self.rules.mkdir()
        shutil.copy(options.classes, self.rules)
        (self.rules / "90-behaviour.toml").write_text(RULES, encoding="utf-8")
        self.interpreter, self.loop = folder / f"{NAME}-work", folder / f"{NAME}-loop"
        shutil.copy(os.path.realpath("/usr/bin/python3"), self.interpreter)
        shutil.copy("/bin/sh", self.loop)

    def vote(self, bus, pid: int) -> str:
        answer = subprocess.run([self.options.priorityctl, "--bus", bus.address, "--json", "explain", str(pid)],
                                stdout=subprocess.PIPE, text=True)
        rows = json.loads(answer.stdout)["contributions"] if answer.returncode == 0 else []
        return "".join(row["value"] for row in rows if row["source"] == "engine behaviour" and row["setting"] == "class")

    def run(self, name: str) -> list[tuple[float, str]]:
        """The classes that it was taken for, each with the second in which it was first."""
        seen = []
        with PrivateBus() as bus, tempfile.TemporaryDirectory(dir=self.folder) as folder, \
                Daemon(self.options.priorityd, self.rules, folder, bus=bus.address, settings=SETTINGS, log_level="warning"), \
                Workload(self.interpreter, name, pathlib.Path(folder)) as pid:
            time.sleep(3)  # it is at its work by then
            loops = subprocess.Popen(["/bin/sh", "-c", f"{self.loop} -c 'while :; do :; done' & " * os.cpu_count() + "wait"],
                                     start_new_session=True)
            try:
                begin = time.monotonic()
                while (now := time.monotonic() - begin) < self.options.seconds:
                    vote = self.vote(bus, pid)
                    if vote != (seen[-1][1] if seen else ""):
                        seen.append((now, vote))
                    time.sleep(0.5)
            finally:
                os.killpg(loops.pid, signal.SIGKILL)
                loops.wait()
        return seen


def row(name: str, seen: list[tuple[float, str]]) -> str:
    wanted = WANTED[name]
    right = next((f"{when:.1f} s" for when, vote in seen if vote == wanted), "" if wanted else "-")
    others = ", ".join(f"{vote or 'none'} ({when:.0f} s)" for when, vote in seen if vote != wanted)
    return f"| {name} | {wanted or 'none'} | {right or 'never'} | {others or 'none'} |"


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--priorityd", type=pathlib.Path, default=TOP / "build/src/daemon/priorityd")
    parser.add_argument("--priorityctl", type=pathlib.Path, default=TOP / "build/src/cli/priorityctl")
    parser.add_argument("--classes", type=pathlib.Path, default=TOP / "rules.d/00-classes.toml", help="the shipped classes")
    parser.add_argument("--seconds", type=float, default=15, help="of each workload; default 15")
    parser.add_argument("workload", nargs="*", choices=[[], *sorted(WORKLOADS)])
    return parser.parse_args()


def main() -> int:
    options = parse_options()
    if os.geteuid() != 0 or not options.priorityd.exists():
        print("not root, or not built: priorityd cannot listen to the proc connector")
        return SKIP
    print(f"{machine()}; {options.seconds:g} s each\n\n| workload | is | taken for it after | and for |\n| --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory(prefix="priorityd-behaviour-") as folder:
        bench = Bench(options, pathlib.Path(folder))
        # compress becomes gzip, which the rule for all others leaves alone.
        for name in options.workload or [name for name in WORKLOADS if name != "compress"]:
            print(row(name, bench.run(name)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
