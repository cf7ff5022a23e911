#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Measures what asking a language model costs the other programs: nothing, however slow it is.
"""Two tables. "exec": from exec to the nice value of programs that a rule knows, while others that no rule knows start, with
priorityd-llm and servers that do well and badly; the ratios are those to the same daemon without it, in the same round. Like
everybody who fails, a server that fails is left alone for a while; so of the worst ones only the first seconds are there.

"effect": a program that answers, on the machine's CPUs, with the engine off, with all answers known, and with none known and a real
llama-server that reckons on all CPUs: as class "background" by a rule, and left as it is.

Neither model nor package data change anything: their weights are 0. It needs root, dbus-daemon, a mount namespace, and a
machine with nothing else to do; "effect" needs what tests/llm/server/tree.sh needs too. Nothing here fails because of a time;
read the tables.
"""
import contextlib
import dataclasses
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "support"))
import llama  # noqa: E402
from bench import Bench, Counts  # noqa: E402
from effect import ANSWERING, InSessions, arguments  # noqa: E402
from programs import PROGRAMS, figures_in  # noqa: E402
from run import SKIP, machine  # noqa: E402
from running import Daemon, PrivateBus, end_process, wait_until  # noqa: E402
from strangers import Strangers, hide_place  # noqa: E402

BUILT_IN_OFF = "".join(f"[engine.{name}]\nenabled = false\n"
                       for name in ("surroundings", "profiles", "behaviour", "guard"))
OFF = BUILT_IN_OFF + "[engine.metadata]\nweight = 0.0\n"
ON = OFF + '[engine.llm]\nbus_name = "org.priorityd1.Llm"\nweight = 0.0\n'
PLENTY = 'gather = "100ms"\nrequests_per_hour = 100000\ntokens_per_day = 1000000000\n'
NOBODY = "http://127.0.0.1:1/v1"
WARM_UP = 1.5    # seconds from the first stranger on: nothing is looked up in the first
PATIENCE = 120   # seconds until something that must happen counts as not happening

WITHOUT, AGAIN = "engine off", "engine off, once more"
SERVERS = {"answers after 216 ms": "quick", "answers after 3.4 s": "slow", "never answers": "never", "garbage": "garbage",
           "nobody listens": None, "leaves in mid-answer": "half", "sends 100 MB": "endless"}
SITUATIONS = {"off": "engine off", "cached": "all answers known", "cold": "none known, llama-server in the background",
              "untouched": "none known, llama-server untouched"}


@contextlib.contextmanager
def scripted(behaviour: str | None):
    """Yields the address of a server that does that; None: of nobody."""
    if behaviour is None:
        yield NOBODY
        return
    with subprocess.Popen([sys.executable, HERE / "scripted_model.py", behaviour], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, text=True) as process:
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}/v1"
        finally:
            process.kill()


class Engine:
    """priorityd-llm on this bus, with this server."""

    def __init__(self, program: pathlib.Path, bus: PrivateBus, state: pathlib.Path, url: str):
        settings = state / "llm.toml"
        settings.write_text(f'base_url = "{url}"\n{PLENTY}', encoding="utf-8")
        self.process = subprocess.Popen([program, "--bus", bus.address, "--state", state, "--settings", settings,
                                         "--log-level", "error"], stdin=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        end_process(self.process)


def row_of_engine(options, bus: PrivateBus) -> dict:
    """What the daemon says of it."""
    done = subprocess.run([options.priorityctl, "--bus", bus.address, "--json", "engines"], check=True,
                          stdout=subprocess.PIPE, text=True)
    return next(row for row in json.loads(done.stdout) if row["name"] == "llm")


class ExecPath:
    def __init__(self, options, folder: pathlib.Path):
        self.options, self.folder, self.round = options, folder, 0
        self.bench = Bench(options, folder, dataclasses.replace(Counts(), samples=options.samples))

    def measure(self, name: str) -> dict[str, float]:
        is_on = name in SERVERS
        strangers = Strangers(self.bench.tools.build / "tiny", 2000)
        with contextlib.ExitStack() as stack:
            stack.callback(strangers.end)
            bus = stack.enter_context(PrivateBus())
            if is_on:
                url = stack.enter_context(scripted(SERVERS[name]))
                state = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
                stack.enter_context(Engine(self.options.priorityd_llm, bus, state, url))
            stack.enter_context(self.bench.daemon(bus=bus.address, settings=ON if is_on else OFF))
            stack.enter_context(strangers)
            time.sleep(WARM_UP)
            figures = self.bench.tools.procbench("latency", "-n", self.options.samples, *self.bench.tools.matching())
            return {**figures, "asked": row_of_engine(self.options, bus)["calls"] if is_on else 0}

    def run(self) -> dict[str, dict[str, float]]:
        """Each in its turn, and each round begins with another one."""
        names = [WITHOUT, AGAIN, *SERVERS]
        self.round += 1
        return {name: self.measure(name) for name in names[self.round % len(names):] + names[:self.round % len(names)]}


def exec_table(runs: list[dict]) -> str:
    lines = ["| server | p50 | p99 | never applied | asked about |", "| --- | --- | --- | --- | --- |"]
    for name in [WITHOUT, AGAIN, *SERVERS]:
        cells = []
        for figure in ("p50_us", "p99_us"):
            ours = statistics.median(run[name][figure] for run in runs)
            ratio = statistics.median(run[name][figure] / run[WITHOUT][figure] for run in runs)
            cells.append(f"{ours:.0f} µs" + ("" if name == WITHOUT else f": {ratio:.2f} ×"))
        never = sum(int(run[name]["never"]) for run in runs)
        total = sum(int(run[name]["samples"]) for run in runs)
        lines.append(f"| {name} | {' | '.join(cells)} | {never} of {total} | "
                     f"{statistics.median(run[name]['asked'] for run in runs):.0f} programs |")
    return "\n".join(lines)


class Effect:
    def __init__(self, options, folder: pathlib.Path):
        self.options, self.folder = options, folder
        folder.chmod(0o755)
        self.place = InSessions(options, folder)
        self.wakers = folder / ANSWERING
        shutil.copy(options.tools / "wakers", self.wakers)
        self.strangers = Strangers(options.tools / "tiny", options.strangers)
        self.environment = {}  # the same work in every situation
        try:
            self.known = self.all_answers()
        except BaseException:
            self.close()
            raise

    def close(self):
        self.strangers.end()

    def rules(self, lowered: pathlib.Path | None) -> pathlib.Path:
        """The shipped classes, for the answering program and the one at this path alone."""
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        shutil.copy(self.options.classes, folder)
        rule = f'[[rule]]\nexe = "{lowered}"\nclass = "background"\n' if lowered else ""
        (folder / "90-effect.toml").write_text(f'[programs]\n{ANSWERING} = "interactive"\n{rule}', encoding="utf-8")
        return folder

    @contextlib.contextmanager
    def asking(self, url: str | None, state: pathlib.Path, lowered: pathlib.Path | None = None):
        """A daemon, and the engine unless `url` is None, beside the strangers. Yields the bus."""
        with contextlib.ExitStack() as stack:
            bus = stack.enter_context(PrivateBus())
            if url:
                stack.enter_context(Engine(self.options.priorityd_llm, bus, state, url))
            stack.enter_context(Daemon(self.options.priorityd, self.rules(lowered), tempfile.mkdtemp(dir=self.folder),
                                       bus=bus.address, log_level="warning", settings=ON if url else OFF))
            stack.enter_context(self.strangers)
            yield bus

    def fresh(self) -> pathlib.Path:
        return pathlib.Path(tempfile.mkdtemp(dir=self.folder))

    def all_answers(self) -> pathlib.Path:
        """The state of an engine that knows all strangers: which server has told it is not kept."""
        state = self.fresh()
        count = len(self.strangers.programs)
        with scripted("at-once") as url, self.asking(url, state) as bus:
            # Three rounds: one that has ended before it was looked at comes again.
            if not wait_until(lambda: self.strangers.started >= 3 * count and
                              row_of_engine(self.options, bus)["programs"] >= count, PATIENCE, 0.5):
                raise RuntimeError(f"not all {count} programs are known: {row_of_engine(self.options, bus)}")
        return state

    def measure(self) -> dict[str, float]:
        options = self.options
        command = [self.wakers, options.threads, options.seconds, options.work_us, options.pause_us]
        figures = figures_in(self.place.answering(list(map(str, command)), self.environment))
        self.environment.setdefault("STEPS_PER_US", str(figures["steps_per_us"]))
        return figures

    def one(self, situation: str) -> dict[str, float]:
        is_cold = situation in ("cold", "untouched")
        with llama.ready_server(self.fresh(), model="slow", threads=os.cpu_count()) as server:
            url = {"off": None, "cached": NOBODY}.get(situation, server.url)
            lowered = None if situation == "untouched" else server.program
            with self.asking(url, self.fresh() if is_cold else self.known, lowered):
                if is_cold and not wait_until(server.is_answering, PATIENCE, 0.01):
                    raise RuntimeError("nobody asks llama-server")
                time.sleep(WARM_UP)
                figures = self.measure()
                return {**figures, "is_answering": server.is_answering()}

    def run(self) -> dict[str, dict[str, float]]:
        if not self.environment:
            self.measure()  # how quick the CPU is, while nothing else runs
        return {situation: self.one(situation) for situation in SITUATIONS}


def effect_table(runs: list[dict]) -> str:
    lines = ["|  | wake-up p50 | wake-up p99 | requests a second | llama-server at work, at the end |",
             "| --- | --- | --- | --- | --- |"]
    for situation, name in SITUATIONS.items():
        cells = []
        for figure, text in (("wake_p50_us", "{:.0f} µs"), ("wake_p99_us", "{:.0f} µs"), ("requests_per_s", "{:.1f}")):
            ours = statistics.median(run[situation][figure] for run in runs)
            ratio = statistics.median(run[situation][figure] / run["off"][figure] for run in runs)
            cells.append(text.format(ours) + ("" if situation == "off" else f": {ratio:.2f} × off"))
        busy = sum(run[situation]["is_answering"] for run in runs)
        lines.append(f"| {name} | {' | '.join(cells)} | in {busy} of {len(runs)} runs |")
    return "\n".join(lines)


def reason_to_skip(options) -> str | None:
    if os.geteuid() != 0:
        return "not root: priorityd cannot listen to the proc connector"
    for program in [options.priorityd, options.priorityd_llm, options.priorityctl, options.classes,
                    *(options.tools / name for name in (*PROGRAMS, "wakers"))]:
        if not program.exists():
            return f"{program} is not there: build it first (ninja -C build)"
    if not PrivateBus.is_possible():
        return "there is no dbus-daemon here"
    try:
        if "effect" in options.tables:
            llama.root_tree("slow")
        hide_place()
    except llama.NotHere as why:
        return str(why)
    except (OSError, subprocess.CalledProcessError) as error:
        return f"no mount namespace here: {error}"
    return None


def parse_options():
    parser = arguments(__doc__)
    parser.add_argument("--priorityd-llm", type=pathlib.Path, default=TOP / "build/src/engines/llm/priorityd-llm")
    parser.add_argument("--priorityctl", type=pathlib.Path, default=TOP / "build/src/cli/priorityctl")
    parser.add_argument("--samples", type=int, default=150, help='of each measurement of "exec"; default 150')
    parser.add_argument("--strangers", type=int, default=200, help='programs that nobody knows, in "effect"; default 200')
    parser.add_argument("tables", nargs="*", choices=["exec", "effect", []], help="default both")
    options = parser.parse_args()
    options.tables = options.tables or ["exec", "effect"]
    options.shipped_rules = TOP / "rules.d"
    return options


def main() -> int:
    options = parse_options()
    if why := reason_to_skip(options):
        print(why)
        return SKIP
    print(f"{machine()}; medians of {options.runs} interleaved runs")
    figures = {}
    with tempfile.TemporaryDirectory(prefix="priorityd-bench-") as folder:
        if "exec" in options.tables:
            path = ExecPath(options, pathlib.Path(folder))
            figures["exec"] = [path.run() for _ in range(options.runs)]
            print(f"\n{exec_table(figures['exec'])}", flush=True)
    with tempfile.TemporaryDirectory(prefix="priorityd-bench-") as folder:
        if "effect" in options.tables:
            with contextlib.closing(Effect(options, pathlib.Path(folder))) as effect:
                figures["effect"] = [effect.run() for _ in range(options.runs)]
            print(f"\n{options.threads} answering threads\n\n{effect_table(figures['effect'])}")
    if options.json:
        options.json.write_text(json.dumps({"machine": machine(), **figures}, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
