#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Measures what an engine on the bus costs the programs that start: nothing, whatever it does.
"""In each run the same is measured beside each engine in turn: from exec to the nice value of programs that a rule knows,
while others that no rule knows start, each of them for the first time, so that the engine is to be asked about it. What is
known of those is looked up for the engine "metadata", which is on in all rows but the first; others that are built in are
off. Every figure is the median of the runs, its ratio that to "metadata" alone. It needs root, a dbus-daemon, Debian's Python with dbus and
gi, and a machine with nothing else to do. Nothing here fails because of a time; read the table.
"""
import argparse
import contextlib
import dataclasses
import importlib.util
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "support"))
from bench import Bench, Counts  # noqa: E402
from programs import PROGRAMS, Floor  # noqa: E402
from run import SKIP, machine  # noqa: E402
from running import PrivateBus  # noqa: E402
from strangers import Strangers, hide_place  # noqa: E402

BUS_NAME = "org.example.Measured"
OTHERS_OFF = "".join(f"[engine.{name}]\nenabled = false\n"
                     for name in ("surroundings", "profiles", "behaviour", "guard"))
ALL_OFF = OTHERS_OFF + "[engine.metadata]\nenabled = false\n"
NONE, BASE = "no engine at all", "metadata alone"
# What Score does with a list of programs; None: the name is in the settings and nobody has it.
ENGINES = {NONE: "", BASE: "", "quick": "[ANSWER] * len(programs)", "never answers": "time.sleep(3600)",
           "answers after 3.4 s": "time.sleep(3.4) or [ANSWER] * len(programs)", "nobody has its name": None,
           "wrong number of rows": "[ANSWER]", "megabytes": "[{**ANSWER, 'reason': 'x' * 10**6}] * len(programs)",
           "dies in mid-call": "os._exit(1)"}
ENGINE = f"""
import os, sys, time
import dbus, dbus.mainloop.glib, dbus.service
from gi.repository import GLib

ANSWER = {{"class": "bench", "confidence": 0.01, "reason": "too little to be followed"}}

class Engine(dbus.service.Object):
    @dbus.service.method("org.priorityd1.Engine", in_signature="aa{{sv}}", out_signature="aa{{sv}}")
    def Score(self, programs):
        return eval(sys.argv[1])

dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
bus = dbus.bus.BusConnection(sys.argv[2])
engine = Engine(bus, "/org/priorityd1/Engine")
name = dbus.service.BusName("{BUS_NAME}", bus)
print("ready", flush=True)
GLib.MainLoop().run()
"""


@contextlib.contextmanager
def engine(answer: str | None, bus: PrivateBus):
    if not answer:
        yield
        return
    process = subprocess.Popen([sys.executable, "-c", ENGINE, answer, bus.address], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE)
    try:
        process.stdout.readline()
        yield
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def beside_strangers(bench: Bench, count: int) -> dict[str, float]:
    strangers = Strangers(bench.tools.build / "tiny", count)
    try:
        with strangers:
            figures = bench.tools.procbench("latency", "-n", bench.counts.samples, *bench.tools.matching())
        return {**figures, "strangers": strangers.started}
    finally:
        strangers.end()


def measure(bench: Bench, name: str, strangers: int) -> dict[str, float]:
    answer = ENGINES[name]
    settings = (ALL_OFF if name == NONE else OTHERS_OFF) + ("" if answer == "" else f'[engine.measured]\nbus_name = "{BUS_NAME}"\n')
    with PrivateBus() as bus, engine(answer, bus), bench.daemon(bus=bus.address, settings=settings):
        return beside_strangers(bench, strangers)


def table(runs: list[dict]) -> str:
    def median(name: str, figure: str) -> float:
        return statistics.median(run[name][figure] for run in runs)

    lines = ["| engine | p50 | p99 | never applied |", "| --- | --- | --- | --- |"]
    for name in ["floor", *ENGINES]:
        cells = []
        for figure in ("p50_us", "p99_us"):
            ours, without = median(name, figure), median(BASE, figure)
            cells.append(f"{ours:.0f} µs" + ("" if name == BASE else f": {ours / without:.2f} ×"))
        never = sum(int(run[name]["never"]) for run in runs)
        lines.append(f"| {name} | {' | '.join(cells)} | {never} of {sum(int(run[name]['samples']) for run in runs)} |")
    return "\n".join(lines)


def one_run(bench: Bench, strangers: int) -> dict:
    with Floor(bench.tools):
        result = {"floor": beside_strangers(bench, strangers)}
    for name in ENGINES:
        result[name] = measure(bench, name, strangers)
    return result


def reason_to_skip(options) -> str | None:
    if os.geteuid() != 0:
        return "not root: priorityd cannot listen to the proc connector"
    for program in [options.priorityd, *(options.tools / name for name in PROGRAMS)]:
        if not program.exists():
            return f"{program} is not there: build it first (ninja -C build)"
    absent = [module for module in ("dbus", "gi") if not importlib.util.find_spec(module)]
    if absent:
        return f"{sys.executable} has no module {absent[0]}"
    return None if PrivateBus.is_possible() else "there is no dbus-daemon here"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--priorityd", type=pathlib.Path, default=TOP / "build/src/daemon/priorityd")
    parser.add_argument("--tools", type=pathlib.Path, default=TOP / "build/tests/bench")
    parser.add_argument("--shipped-rules", type=pathlib.Path, default=TOP / "rules.d")
    parser.add_argument("--runs", type=int, default=6)
    parser.add_argument("--samples", type=int, default=150)
    options = parser.parse_args()
    if why := reason_to_skip(options):
        print(why)
        return SKIP
    try:
        hide_place()
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"no mount namespace here: {error}")
        return SKIP
    with tempfile.TemporaryDirectory(prefix="priorityd-bench-") as folder:
        bench = Bench(options, pathlib.Path(folder), dataclasses.replace(Counts(), samples=options.samples))
        runs = [one_run(bench, 10 * options.samples) for _ in range(options.runs)]
    strangers = statistics.median(run[name]["strangers"] for run in runs for name in ENGINES)
    print(f"{machine()}; medians of {options.runs} interleaved runs; {strangers:.0f} programs beside each measurement\n")
    print(table(runs))
    return 0


if __name__ == "__main__":
    sys.exit(main())
