#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# When more happens than the socket's buffer holds, nothing that lives stays unclassified.
import contextlib
import os
import pathlib
import shutil
import signal
import subprocess

import harness
from harness import nice_of

BENCH = pathlib.Path(os.environ.get("BENCH", harness.TOP / "build/tests/bench"))
EXECS = 30_000  # a buffer of 8 MiB holds some 20,000 events
ALIVE = 100


def drops_of(pid: int) -> int:
    """Messages that the kernel has dropped on the connector sockets of a process. Source: /proc/net/netlink."""
    inodes = set()
    for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            inodes.add(os.readlink(fd).removeprefix("socket:[").removesuffix("]"))
    rows = [line.split() for line in pathlib.Path("/proc/net/netlink").read_text().splitlines()[1:]]
    return sum(int(row[8]) for row in rows if row[1] == "11" and row[9] in inodes)


class Overrun(harness.SystemTest):
    def setUp(self):
        super().setUp()
        if not os.access(BENCH / "burst", os.X_OK):
            self.skipTest(f"{BENCH}/burst is not built")
        self.name, self.other = self.unique(), self.unique("other")
        for name in (self.name, self.other):
            shutil.copy(BENCH / "tiny", self.programs / name)
        self.write_rules(self.program_rule(self.name, nice=7))

    @contextlib.contextmanager
    def burst(self, execs: int, alive: int):
        command = [BENCH / "burst", self.programs / self.other, str(execs), self.programs / self.name, str(alive)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            pids = []
            for line in process.stdout:
                if line == "done\n":
                    break
                pids.append(int(line))
            try:
                yield pids
            finally:
                process.stdin.close()

    def test_nothing_alive_stays_unclassified_after_an_overrun(self):
        daemon = self.daemon()
        daemon.signal(signal.SIGSTOP)
        with self.burst(EXECS, ALIVE) as pids:
            self.assertEqual(len(pids), ALIVE)
            self.assertGreater(drops_of(daemon.pid), 0, "the buffer took it all: EXECS is too small for this test")
            daemon.signal(signal.SIGCONT)
            self.eventually(lambda: sum(nice_of(pid) == 7 for pid in pids), ALIVE, "classified processes")
            # And life goes on as before.
            target = self.start_command([self.program(self.name, self.folder)])
            self.eventually(lambda: nice_of(target.pid), 7)
            self.assertEqual(daemon.end(), 0)
            self.assertEqual(sum(nice_of(pid) == 0 for pid in pids), ALIVE, "put back")

    def test_a_burst_without_overrun_is_classified_in_the_end(self):
        daemon = self.daemon()
        with self.burst(2000, 200) as pids:
            self.eventually(lambda: sum(nice_of(pid) == 7 for pid in pids), 200, "classified processes")
        self.assertIsNone(daemon.process.poll())


if __name__ == "__main__":
    harness.main()
