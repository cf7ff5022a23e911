#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Measures a server of language models beside batch work: llama-server, with a thread for every CPU, and one client.
"""In each run the tokens of its answers are measured alone; beside a parallel build in one session and four busy loops in
another; with build and loops at nice 19, as people do it by hand; with priorityd and its shipped classes "inference",
"build" and "batch"; and with the shipped profile "inference" over these. The build is make with cc1, on C that was generated; all of these are copies, so that nothing else on the
machine is touched. The situations come in another order in each run, and every figure is the median of the runs.

It needs root, what tests/llm/server/tree.sh needs, make and gcc, and a machine with nothing else to do. The model has random weights:
what it costs is real, what it says has no sense. --check fails where priorityd with that profile does not keep what it must.
"""
import contextlib
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
import llama  # noqa: E402
from effect import LOOPS, SETTLED, InSessions, busy_command, common_arguments, measured, report  # noqa: E402
from programs import children_of, cpu_seconds, figures_in  # noqa: E402
from run import SKIP  # noqa: E402
from running import NO_SCORING  # noqa: E402

JOBS = os.cpu_count() + 2
FUNCTIONS = 10  # in the C that is compiled: a tenth of a second, so that files are a fine measure
LEAST_TOKENS, LONGEST_GAP = 0.9, 2.0  # of what there is alone
SITUATIONS = {"alone": "alone", "untouched": "build and loops, untouched", "nice": "build and loops at nice 19",
              "priorityd": "build and loops, priorityd", "profile": "build and loops, priorityd with the profile"}
PROFILES, PROFILE = "02-profiles.toml", NO_SCORING + '\n[profiles]\ndefault = "inference"\n'
COLUMNS = {"tokens_per_s": ("tokens a second", "{:.0f}"), "gap_p50_ms": ("to the next token, p50", "{:.1f} ms"),
           "gap_p99_ms": ("p99", "{:.1f} ms"), "first_ms": ("to the first token", "{:.0f} ms")}


def generated_c() -> str:
    """Something for each part of a compiler: loops, branches, tables, calls."""
    one = """
struct node_{n} {{ struct node_{n} *next; double weight; int kind; char name[{n} + 8]; }};
double walk_{n}(struct node_{n} *first, double *out, int count)
{{
    double sum = 0;
    for (struct node_{n} *at = first; at; at = at->next) {{
        switch (at->kind % 7) {{
        case 0: sum += at->weight * {n}; break;
        case 1: sum -= at->name[at->kind & 7]; break;
        case 2: for (int i = 0; i < count; ++i) out[i] = out[i] * at->weight + i; break;
        case 3: sum = sum > {n} ? sum / 3 : sum * 5; break;
        default: at->kind ^= (int)sum & {n};
        }}
    }}
    for (int i = 1; i < count; ++i)
        for (int j = i; j > 0 && out[j - 1] > out[j]; --j) {{
            double swap = out[j]; out[j] = out[j - 1]; out[j - 1] = swap;
        }}
    return sum;
}}
"""
    return "".join(one.format(n=number) for number in range(FUNCTIONS))


def compiler() -> pathlib.Path:
    """The compiler proper, which gcc starts."""
    done = subprocess.run(["gcc", "-print-prog-name=cc1"], stdout=subprocess.PIPE, text=True, check=True)
    return pathlib.Path(done.stdout.strip())


class Build:
    """make without an end, in a folder of its own; copies of make and cc1 that only this benchmark has."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self.make, self.cc1 = folder / "make", folder / "cc1"
        shutil.copy(shutil.which("make"), self.make)
        shutil.copy(compiler(), self.cc1)
        (folder / "source.c").write_text(generated_c(), encoding="utf-8")
        (folder / "Makefile").write_text(f"%.s: source.c\n\t@{self.cc1} -quiet -O2 source.c -o $@\n", encoding="utf-8")

    def command(self, nice: int) -> list[str]:
        goals = [f"{number}.s" for number in range(5000)]
        return ["nice", "-n", str(nice), str(self.make), "-C", str(self.folder), "-j", str(JOBS), "-s", *goals]

    def clean(self):
        for made in self.folder.glob("*.s"):
            made.unlink()

    def compiled(self) -> int:
        return sum(1 for _ in self.folder.glob("*.s"))


class Batch:
    """Build and loops while they run."""

    def __init__(self, build: Build, make: subprocess.Popen, loops: subprocess.Popen):
        self.build, self.make, self.loops = build, make, loops

    def done(self) -> dict[str, float]:
        """Since they have begun."""
        if self.make.poll() is not None:
            raise RuntimeError(f"make has ended with status {self.make.returncode}")
        make, loops = (cpu_seconds([leader.pid, *children_of(leader.pid)]) for leader in (self.make, self.loops))
        return {"files": self.build.compiled(), "build_s": make, "loops_s": loops}


class Inference:
    def __init__(self, options, folder: pathlib.Path):
        self.options, self.folder, self.number = options, folder, 0
        folder.chmod(0o755)
        self.build = Build(pathlib.Path(tempfile.mkdtemp(dir=folder)))
        self.loop = folder / "inference-loop"
        shutil.copy("/bin/sh", self.loop)
        server = llama.root_tree("slow") / llama.PROGRAM
        self.place = InSessions(options, folder, f"""
[[rule]]
exe = "{server}"
class = "inference"
[[rule]]
exe = ["{self.build.make}", "{self.build.cc1}"]
class = "build"
[[rule]]
exe = "{self.loop}"
class = "batch"
""")
        shutil.copy(options.classes.parent / PROFILES, self.place.rules)

    def stream(self, server: llama.LlamaServer, seconds: float) -> dict[str, float]:
        return figures_in(self.place.answering([sys.executable, str(HERE / "tokens.py"), server.url, str(seconds)], {}))

    @contextlib.contextmanager
    def batch(self, nice: int):
        self.build.clean()
        with self.place.busy(self.build.command(nice)) as build, self.place.busy(busy_command(self.loop, nice)) as loops:
            time.sleep(SETTLED)
            yield Batch(self.build, build, loops)

    def beside(self, server: llama.LlamaServer, batch: Batch) -> dict[str, float]:
        before, served, begin = batch.done(), cpu_seconds([server.process.pid]), time.monotonic()
        figures = self.stream(server, self.options.seconds)
        passed = time.monotonic() - begin
        served, after = cpu_seconds([server.process.pid]) - served, batch.done()
        done = {name: after[name] - before[name] for name in before}
        left_over = passed * os.cpu_count() - served
        return figures | {"files_per_s": done["files"] / passed, "loops_cpus": done["loops_s"] / passed,
                          "kept": (done["build_s"] + done["loops_s"]) / left_over}

    def daemon(self, situation: str):
        if situation == "profile":
            return self.place.daemon(settings=PROFILE)
        return self.place.daemon() if situation == "priorityd" else contextlib.nullcontext()

    def one(self, server: llama.LlamaServer, situation: str) -> dict[str, float]:
        if situation == "alone":
            return self.stream(server, self.options.seconds)
        with self.daemon(situation):
            with self.batch(19 if situation == "nice" else 0) as batch:
                return self.beside(server, batch)

    def run(self) -> dict[str, dict[str, float]]:
        names = list(SITUATIONS)
        self.number += 1
        turn = self.number % len(names)
        with llama.ready_server(self.folder, model="slow", threads=self.options.threads, context=4096) as server:
            self.stream(server, 0.5)  # what is read once is read now
            return {name: self.one(server, name) for name in names[turn:] + names[:turn]}


def ratio(runs: list[dict], situation: str, figure: str) -> float:
    return statistics.median(run[situation][figure] / run["alone"][figure] for run in runs)


def table(runs: list[dict]) -> str:
    def median(situation: str, figure: str) -> float:
        return statistics.median(run[situation][figure] for run in runs)

    heads = ["", *(head for head, _ in COLUMNS.values()), "files compiled a second", "CPUs of the loops",
             "both keep, of what is left over"]
    lines = [f"| {' | '.join(heads)} |", "| --- " * len(heads) + "|"]
    for situation, name in SITUATIONS.items():
        is_alone = situation == "alone"
        cells = [text.format(median(situation, figure)) + ("" if is_alone else f": {ratio(runs, situation, figure):.2f} × alone")
                 for figure, (_, text) in COLUMNS.items()]
        cells += ["", "", ""] if is_alone else [f"{median(situation, 'files_per_s'):.1f}",
                                                f"{median(situation, 'loops_cpus'):.2f}", f"{median(situation, 'kept'):.0%}"]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def what_is_missed(runs: list[dict]) -> list[str]:
    """In words, what must be and is not."""
    tokens, gap = ratio(runs, "profile", "tokens_per_s"), ratio(runs, "profile", "gap_p99_ms")
    missed = [f"tokens a second {tokens:.2f} × alone: must be {LEAST_TOKENS} or more"] if tokens < LEAST_TOKENS else []
    return missed + ([f"p99 to the next token {gap:.2f} × alone: must be {LONGEST_GAP} or less"] if gap > LONGEST_GAP else [])


def reason_to_skip(options) -> str | None:
    if os.geteuid() != 0:
        return "not root: priorityd cannot listen to the proc connector"
    if not options.priorityd.exists():
        return f"{options.priorityd} is not there: build it first (ninja -C build)"
    missing = [name for name in ("make", "gcc", "nice") if not shutil.which(name)]
    if missing or not compiler().is_absolute():
        return f"{' '.join(missing) or 'the compiler of gcc'}: not installed"
    try:
        llama.root_tree("slow")
    except llama.NotHere as why:
        return str(why)
    return None


def main() -> int:
    parser = common_arguments(__doc__)
    parser.set_defaults(seconds=10)
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of llama-server; default one for every CPU")
    parser.add_argument("--check", action="store_true", help="exit status 1 where a bound is missed")
    options = parser.parse_args()
    if why := reason_to_skip(options):
        print(why)
        return SKIP
    runs = measured(options, Inference)
    report(options, runs, f"{options.threads} threads of llama-server, make -j {JOBS} and {LOOPS} busy loops", table(runs))
    missed = what_is_missed(runs) if options.check else []
    for line in missed:
        print(line)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
