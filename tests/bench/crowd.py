# SPDX-License-Identifier: GPL-3.0-or-later
# Those on the bus while the daemon works: who receives its signals, and who asks it for overrides.
import contextlib
import subprocess

from programs import Tools, figures_in
from running import end_process


class Peer:
    """One running busbench that serves the bus until it is ended."""

    def __init__(self, tools: Tools, mode: str, *arguments: str):
        self.process = subprocess.Popen([tools.build / "busbench", mode, *arguments], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != "ready\n":
            raise RuntimeError(f"busbench {mode} cannot use the bus")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        end_process(self.process)
        self.process.stdin.close()
        self.process.stdout.close()


class Subscriber(Peer):
    """Counts what ProcessesChanged brings."""

    def __init__(self, tools: Tools, bus: str):
        super().__init__(tools, "subscribe", bus)

    def counts(self) -> dict[str, float]:
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return figures_in(self.process.stdout.readline())

    def told(self) -> int:
        """Changes that it knows of, in rows or as left out."""
        counts = self.counts()
        return int(counts["rows"] + counts["left_out"])


@contextlib.contextmanager
def subscribers(tools: Tools, bus: str, count: int):
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            stack.enter_context(Subscriber(tools, bus))
        yield


class Answerer(Peer):
    """The least that a service on the bus must do."""
    NAME = "org.priorityd1.Floor"

    def __init__(self, tools: Tools, bus: str):
        super().__init__(tools, "answer", bus, self.NAME)


# Of nine, six are names, two paths of programs and one is a unit.
FAR_PATTERNS = [("name", "{mark}-{i}"), ("exe", "/opt/{mark}/{i}/bin/tool"), ("name", "{mark}-{i}-*"),
                ("name", "*-{mark}-{i}"), ("unit", "{mark}-{i}@*.service"), ("name", "[xyz]{mark}-{i}"),
                ("name", "{mark}{i}"), ("exe", "/opt/{mark}/*/bin/{i}*"), ("name", "{mark}-{i}.exe")]


def far_targets(tools: Tools, count: int, pids: list[int]) -> list[tuple[str, str]]:
    """Targets of overrides, exact ones and globs, that fit no program but the processes `pids`."""
    mark = f"{tools.match}-far"  # begins like the names of the benchmark's programs, which is the harder case
    targets = [("pid", str(pid)) for pid in pids]
    for i in range(count - len(pids)):
        key, pattern = FAR_PATTERNS[i % len(FAR_PATTERNS)]
        targets.append((key, pattern.format(mark=mark, i=i)))
    return targets


def add_overrides(tools: Tools, bus: str, targets: list[tuple[str, str]]) -> int:
    """At the rate that the daemon allows. Returns how many there are."""
    return int(tools.busbench("override", bus, lines="".join(f"{key} {value}\n" for key, value in targets))["added"])
