#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Measures what priorityd is for: a program that answers, beside busy loops in another session.
"""In each run the same work is measured four times: on the idle machine; beside four busy loops in a session of their own;
with the busy loops at nice 19, as people do it by hand; and with priorityd, whose shipped classes "interactive" and
"background" are given to the two programs by name. Every figure is the median of the runs. It needs root and a machine
with nothing else to do. Nothing here fails because of a time; read the table.

The answering program has one thread for every two CPUs, so that they need not meet each other: when every CPU has something
to run the kernel looks for no better one (SIS_UTIL in kernel/sched/fair.c), and of two threads that share one, one waits for
the whole request of the other, whatever their priorities. --threads shows that too.

Between services, which compete by weights, tests/vm/guest-part-7-effect.sh measures the same.
"""
import argparse
import contextlib
import json
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "support"))
from programs import figures_in  # noqa: E402
from run import SKIP, machine  # noqa: E402
from running import Daemon  # noqa: E402

LOOPS = 4
SITUATIONS = {"idle": "idle machine", "untouched": f"{LOOPS} busy loops, untouched",
              "nice": f"{LOOPS} busy loops at nice 19", "priorityd": f"{LOOPS} busy loops, priorityd"}
ANSWERING, BUSY = "effect-answering", "effect-busy"
RULES = f'[programs]\n{ANSWERING} = "interactive"\n{BUSY} = "background"\n'
SETTLED = 1.0  # seconds: what is decided for whole sessions and units follows a little later


class InSessions:
    """Each program in a session of its own: where autogroups are on, sessions compete."""

    def __init__(self, options, folder: pathlib.Path, rules: str = RULES):
        self.options, self.folder = options, folder
        self.rules = folder / "rules.d"
        self.rules.mkdir()
        shutil.copy(options.classes, self.rules)
        (self.rules / "90-effect.toml").write_text(rules, encoding="utf-8")

    @contextlib.contextmanager
    def busy(self, command: list[str]):
        leader = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
        try:
            yield leader
        finally:
            os.killpg(leader.pid, signal.SIGKILL)
            leader.wait()

    def daemon(self, **options):
        return Daemon(self.options.priorityd, self.rules, tempfile.mkdtemp(dir=self.folder), log_level="warning", **options)

    def answering(self, command: list[str], environment: dict[str, str]) -> str:
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, start_new_session=True,
                              env={**os.environ, **environment}).stdout


def busy_command(loop: pathlib.Path, nice: int) -> list[str]:
    """The shell that starts them becomes one of them: a bystander would keep its session from being lowered."""
    one = f"nice -n {nice} {loop} -c 'while :; do :; done'"
    return ["/bin/sh", "-c", f"{f'{one} & ' * (LOOPS - 1)} exec {one}"]


class Effect:
    def __init__(self, options, folder: pathlib.Path):
        self.options = options
        self.place = InSessions(options, folder)
        self.wakers, self.loop = folder / ANSWERING, folder / BUSY
        shutil.copy(options.tools / "wakers", self.wakers)
        shutil.copy("/bin/sh", self.loop)
        for program in (folder, self.wakers, self.loop):
            program.chmod(0o755)
        self.environment = {}  # the same work in every situation, measured on the idle machine

    def measure(self) -> dict[str, float]:
        options = self.options
        command = [self.wakers, str(options.threads), str(options.seconds), str(options.work_us), str(options.pause_us)]
        figures = figures_in(self.place.answering(list(map(str, command)), self.environment))
        self.environment.setdefault("STEPS_PER_US", str(figures["steps_per_us"]))
        return figures

    def run(self) -> dict[str, dict[str, float]]:
        figures = {"idle": self.measure()}
        for situation, nice in (("untouched", 0), ("nice", 19), ("priorityd", 0)):
            with self.place.daemon() if situation == "priorityd" else contextlib.nullcontext():
                with self.place.busy(busy_command(self.loop, nice)):
                    time.sleep(SETTLED)
                    figures[situation] = self.measure()
        return figures


def table(runs: list[dict]) -> str:
    def median(situation: str, figure: str) -> float:
        return statistics.median(run[situation][figure] for run in runs)

    lines = ["|  | wake-up p50 | wake-up p99 | requests a second |", "| --- | --- | --- | --- |"]
    for situation, name in SITUATIONS.items():
        cells = [f"{median(situation, 'wake_p50_us'):.0f} µs"]
        for figure, text in (("wake_p99_us", "{:.0f} µs"), ("requests_per_s", "{:.0f}")):
            ours, idle = median(situation, figure), median("idle", figure)
            cells.append(text.format(ours) + ("" if situation == "idle" else f": {ours / idle:.2f} × idle"))
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def reason_to_skip(options) -> str | None:
    if os.geteuid() != 0:
        return "not root: priorityd cannot listen to the proc connector"
    missing = [str(path) for path in (options.tools / "wakers", options.classes) if not path.exists()]
    if not options.priorityd.exists():
        missing.append(str(options.priorityd))
    return f"{missing[0]} is not there: build it first (ninja -C build)" if missing else None


def common_arguments(description: str) -> argparse.ArgumentParser:
    """Those of every benchmark that runs several times with the shipped classes."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--priorityd", type=pathlib.Path, default=TOP / "build/src/daemon/priorityd")
    parser.add_argument("--classes", type=pathlib.Path, default=TOP / "rules.d/00-classes.toml", help="the shipped classes")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5, help="of each measurement; default %(default)s")
    parser.add_argument("--json", type=pathlib.Path, help="also write every figure of every run to this file")
    return parser


def arguments(description: str) -> argparse.ArgumentParser:
    """Those of every benchmark that measures an answering program."""
    parser = common_arguments(description)
    parser.add_argument("--tools", type=pathlib.Path, default=TOP / "build/tests/bench", help="folder with wakers")
    parser.add_argument("--threads", type=int, default=max(1, os.cpu_count() // 2),
                        help="of the answering program; default one for every two CPUs")
    parser.add_argument("--work-us", type=float, default=1000, help="of one request; default 1000")
    parser.add_argument("--pause-us", type=float, default=5000, help="between two of a thread; default 5000")
    return parser


def measured(options, benchmark) -> list[dict]:
    """`benchmark(options, folder).run()` gives the figures of one run."""
    with tempfile.TemporaryDirectory(prefix="priorityd-bench-") as folder:
        bench = benchmark(options, pathlib.Path(folder))
        return [bench.run() for _ in range(options.runs)]


def report(options, runs: list[dict], what: str, table: str):
    if options.json:
        options.json.write_text(json.dumps({"machine": machine(), "runs": runs}, indent=1) + "\n", encoding="utf-8")
    print(f"{machine()}; {what}; medians of {options.runs} runs\n\n{table}")


def run_and_report(options, benchmark, table) -> int:
    """`table(runs)` gives the text for a person."""
    if why := reason_to_skip(options):
        print(why)
        return SKIP
    runs = measured(options, benchmark)
    report(options, runs, f"{options.threads} answering threads", table(runs))
    return 0


if __name__ == "__main__":
    sys.exit(run_and_report(arguments(__doc__).parse_args(), Effect, table))
