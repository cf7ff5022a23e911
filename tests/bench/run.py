#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Measures priorityd against the least that such a daemon must do, and prints the table of docs/measurements.md.
"""Runs of floor (a listener that does nothing else) and of priorityd alternate; every figure is the median of the runs.
The rules in force match this benchmark's own programs alone, so that nothing else on the machine is touched; with the
shipped rules, for memory and start, the daemon runs with --dry-run. It needs root, and a machine with nothing
else to do: other programs' execs are events too. Nothing here fails because of a time; read the table.
"""
import argparse
import dataclasses
import json
import os
import pathlib
import platform
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "support"))
from bench import TINY_COUNTS, Bench, Counts  # noqa: E402
from programs import PROGRAMS, EventCounter  # noqa: E402
from table import Table  # noqa: E402

SKIP = 77


def machine() -> str:
    model = next((line.split(":", 1)[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} × {model}, {memory:.0f} GiB, Linux {platform.release()}, {time.strftime('%Y-%m-%d')}"


def reason_to_skip(options) -> str | None:
    if os.geteuid() != 0:
        return "not root: floor and priorityd cannot listen to the proc connector"
    for program in [options.priorityd, *(options.tools / name for name in PROGRAMS)]:
        if not os.access(program, os.X_OK):
            return f"{program} is not there: build it first (ninja -C build)"
    if tuple(map(int, platform.release().split(".")[:2])) < (6, 6):
        return "Linux before 6.6: floor needs the filter of the proc connector that came with it"
    try:
        EventCounter().stop()
    except OSError as error:
        return f"no proc connector here: {error}"
    return None


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--priorityd", type=pathlib.Path, default=TOP / "build/src/daemon/priorityd")
    parser.add_argument("--tools", type=pathlib.Path, default=TOP / "build/tests/bench",
                        help=f"folder with {', '.join(PROGRAMS)}")
    parser.add_argument("--shipped-rules", type=pathlib.Path, default=TOP / "rules.d")
    parser.add_argument("--runs", type=int, default=None, help="default 5")
    parser.add_argument("--idle-seconds", type=int, default=None, help="default 60")
    parser.add_argument("--quick", action="store_true", help="one run with tiny counts: shows that it works, measures nothing")
    parser.add_argument("--json", type=pathlib.Path, help="also write every figure of every run to this file")
    return parser.parse_args()


def main() -> int:
    options = parse_options()
    if why := reason_to_skip(options):
        print(why)
        return SKIP
    counts = TINY_COUNTS if options.quick else Counts()
    if options.idle_seconds is not None:
        counts = dataclasses.replace(counts, idle_seconds=options.idle_seconds)
    number = options.runs or (1 if options.quick else 5)
    runs = []
    with tempfile.TemporaryDirectory(prefix="priorityd-bench-") as folder:
        bench = Bench(options, pathlib.Path(folder), counts)
        for index in range(number):
            print(f"run {index + 1} of {number}", file=sys.stderr)
            runs.append(bench.run())
    if options.json:
        options.json.write_text(json.dumps({"machine": machine(), "counts": dataclasses.asdict(counts), "runs": runs},
                                           indent=1) + "\n", encoding="utf-8")
    print(f"{machine()}; medians of {number} interleaved runs\n")
    print(Table(runs, counts).to_markdown())
    return 0


if __name__ == "__main__":
    sys.exit(main())
