#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Measures the guard: a program that answers, beside busy loops in another session, and no rule knows any of them.
"""In each run the same work is measured four times: on the idle machine; beside four busy loops in a session of their own,
with a shell that waits for them; and with priorityd, which has no rule for any of them, twice. What counts begins six seconds
after the busy loops and the answering program have started, which is what the guard has to find out and act. Then the
answering program ends, and what the busy loops have is looked at until it is what it was. All other programs of the machine are
left alone, by a rule. Every figure is the median of the runs. It needs root and a machine with nothing else to do. Nothing
here fails because of a time; read the table.
"""
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
sys.path.insert(0, str(HERE.parent / "support"))
from effect import LOOPS, arguments, run_and_report  # noqa: E402
from programs import children_of, cpu_seconds, figures_in  # noqa: E402
from running import Daemon, wait_until  # noqa: E402

WITHIN = 6.0     # seconds, in which the guard is to help
BACK = 30.0      # seconds that are waited for all to be back
ANSWERING, BUSY = "guard-answering", "guard-busy"
RULES = f"""[class.left-alone]
description = "all that this benchmark has not started"
[[rule]]
name = "*"
not = {{ name = ["{ANSWERING}", "{BUSY}"] }}
class = "left-alone"
"""
# Without what goes by packages; and the guard alone, which then has nobody raised by the behaviour engine.
SETTINGS = {"both": "[engine.metadata]\nenabled = false\n",
            "guard": "[engine.metadata]\nenabled = false\n[engine.behaviour]\nenabled = false\n"}
SITUATIONS = {"idle": "idle machine", "untouched": f"{LOOPS} busy loops, untouched",
              "guard": f"{LOOPS} busy loops, the guard alone",
              "both": f"{LOOPS} busy loops, the guard and the behaviour engine"}


def autogroup_of(pid: int) -> str:
    try:
        return pathlib.Path(f"/proc/{pid}/autogroup").read_text().rpartition(" nice ")[2].strip()
    except OSError:
        return ""


def standing(pid: int) -> tuple:
    return os.getpriority(os.PRIO_PROCESS, pid), os.sched_getscheduler(pid), autogroup_of(pid)


class Loops:
    """Four busy loops, and the shell that has started them and waits."""

    def __init__(self, loop: pathlib.Path):
        one = f"{loop} -c 'while :; do :; done' & "
        self.leader = subprocess.Popen(["/bin/sh", "-c", one * LOOPS + "wait"],
                                       stdin=subprocess.DEVNULL, start_new_session=True)
        self.pids = []
        wait_until(self._are_running, 10)
        self.before = [standing(pid) for pid in self.pids]

    def _are_running(self) -> bool:
        self.pids = children_of(self.leader.pid)
        return len(self.pids) == LOOPS and all(os.readlink(f"/proc/{pid}/exe").endswith(BUSY) for pid in self.pids)

    def are_as_before(self) -> bool:
        return [standing(pid) for pid in self.pids] == self.before

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.killpg(self.leader.pid, signal.SIGKILL)
        self.leader.wait()


class Bench:
    def __init__(self, options, folder: pathlib.Path):
        self.options, self.folder = options, folder
        self.rules = folder / "rules.d"
        self.rules.mkdir()
        shutil.copy(options.classes, self.rules)
        (self.rules / "90-guard.toml").write_text(RULES, encoding="utf-8")
        self.wakers, self.loop = folder / ANSWERING, folder / BUSY
        shutil.copy(options.tools / "wakers", self.wakers)
        shutil.copy("/bin/sh", self.loop)
        self.environment = {}  # the same work in every situation, measured on the idle machine

    def answer(self, skipped: float, loops: Loops | None = None) -> dict[str, float]:
        options = self.options
        command = [self.wakers, options.threads, options.seconds, options.work_us, options.pause_us, skipped]
        process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True, start_new_session=True,
                                   env={**os.environ, **self.environment})
        figures = {}
        if loops:
            time.sleep(skipped)
            busy, own, begin = cpu_seconds(loops.pids), cpu_seconds([process.pid]), time.monotonic()
            time.sleep(max(0.5, options.seconds - 0.5))
            passed = time.monotonic() - begin
            left_over = passed * os.cpu_count() - (cpu_seconds([process.pid]) - own)
            figures["kept"] = (cpu_seconds(loops.pids) - busy) / left_over
        figures |= figures_in(process.communicate()[0])
        self.environment.setdefault("STEPS_PER_US", str(figures["steps_per_us"]))
        return figures

    def beside_loops(self) -> dict[str, float]:
        with Loops(self.loop) as loops:
            figures = self.answer(WITHIN, loops)
            begin = time.monotonic()
            wait_until(loops.are_as_before, BACK, 0.05)
            return figures | {"back_s": time.monotonic() - begin}

    def run(self) -> dict[str, dict[str, float]]:
        figures = {"idle": self.answer(0), "untouched": self.beside_loops()}
        for situation, settings in SETTINGS.items():
            with Daemon(self.options.priorityd, self.rules, tempfile.mkdtemp(dir=self.folder), log_level=self.options.log,
                        settings=settings) as daemon:
                before = cpu_seconds([daemon.pid])
                begin = time.monotonic()
                figures[situation] = self.beside_loops()
                figures[situation]["cost"] = (cpu_seconds([daemon.pid]) - before) / (time.monotonic() - begin)
                if self.options.log != "warning":
                    print(daemon.log(), file=sys.stderr)
        return figures


def table(runs: list[dict]) -> str:
    def median(situation: str, figure: str) -> float:
        return statistics.median(run[situation].get(figure, float("nan")) for run in runs)

    lines = ["|  | wake-up p50 | wake-up p99 | requests a second | busy loops keep, of what is left over | all back after "
             "| the daemon's CPU |",
             "| --- | --- | --- | --- | --- | --- | --- |"]
    for situation, name in SITUATIONS.items():
        cells = [f"{median(situation, 'wake_p50_us'):.0f} µs"]
        for figure, text in (("wake_p99_us", "{:.0f} µs"), ("requests_per_s", "{:.0f}")):
            ours, idle = median(situation, figure), median("idle", figure)
            cells.append(text.format(ours) + ("" if situation == "idle" else f": {ours / idle:.2f} × idle"))
        cells.append("" if situation == "idle" else f"{median(situation, 'kept'):.0%}")
        is_ours = situation in SETTINGS
        cells += [f"{median(situation, 'back_s'):.1f} s", f"{median(situation, 'cost'):.2%}"] if is_ours else ["", ""]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--log", default="warning", help="the daemon's log level; more than warnings are printed")
    sys.exit(run_and_report(parser.parse_args(), Bench, table))
