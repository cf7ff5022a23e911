#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Records what kinds of programs do, a line a second, for the tests of the behaviour engine.
"""Runs one workload, beside busy loops on every CPU when asked to, and prints what the kernel counts of it: the members of
UsageSample in their order, in nanoseconds, since the start. The output is a file of tests/scenarios/behaviour.

usage: tests/bench/record_behaviour.py [--busy] [--seconds N] WORKLOAD
"""
import argparse
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time

PERIOD = 0.010
BUSY_LOOP = "while True: pass"


def hog(_):
    while True:
        pass


def periodic(_):
    """A worker that has 2 ms to do every 10 ms, as a player of sound does."""
    due = time.monotonic()
    while True:
        end = time.monotonic() + 0.002
        while time.monotonic() < end:
            pass
        due += PERIOD
        time.sleep(max(0.0, due - time.monotonic()))


def editor(_):
    """Somebody types: a burst of a few ms for each key, at no even rate."""
    source = random.Random(1)
    while True:
        time.sleep(source.expovariate(6))
        end = time.monotonic() + source.uniform(0.001, 0.006)
        while time.monotonic() < end:
            pass


def writer(folder):
    block = os.urandom(1 << 20)
    with open(folder / "stream", "wb", buffering=0) as out:
        while True:
            for _ in range(16):
                out.write(block)
            os.fsync(out.fileno())
            out.seek(0)


def archiver(folder):
    data = folder / "data"
    data.write_bytes(os.urandom(8 << 20) + bytes(8 << 20))
    while True:
        subprocess.run(["gzip", "-kf", "-9", data], check=True)


def compress(folder):
    """The same in one process."""
    os.execvp("sh", ["sh", "-c", "exec gzip -c9 < /dev/urandom > /dev/null"])


def build(_):
    """Short children without end, two at a time."""
    def one():
        while True:
            subprocess.run([sys.executable, "-c", "sum(range(3_000_000))"], check=True)
    threads = [threading.Thread(target=one, daemon=True) for _ in range(2)]
    for thread in threads:
        thread.start()
    threads[0].join()


def server(_):
    """200 threads that each have a request of a fifth of a millisecond now and then."""
    def one(number):
        source = random.Random(number)
        while True:
            time.sleep(source.expovariate(4))
            end = time.monotonic() + 0.0002
            while time.monotonic() < end:
                pass
    for number in range(200):
        threading.Thread(target=one, args=(number,), daemon=True).start()
    signal.pause()


def mixture(folder):
    """A bit of everything, in turn."""
    while True:
        end = time.monotonic() + 0.7
        while time.monotonic() < end:
            pass
        for _ in range(20):
            time.sleep(0.05)
        (folder / "x").write_bytes(bytes(1 << 20))


def idle(_):
    while True:
        time.sleep(1)


WORKLOADS = {work.__name__: work for work in (hog, periodic, editor, writer, archiver, compress, build, server, mixture, idle)}


def fields(path: str) -> dict[str, int]:
    return {key: int(value.split()[0]) for key, value in
            (line.split(":", 1) for line in pathlib.Path(path).read_text().splitlines()) if value.split()[:1]
            and value.split()[0].isdigit()}


def sample(pid: int) -> list[int]:
    run = delay = turns = sleeps = preemptions = 0
    tasks = os.listdir(f"/proc/{pid}/task")
    for tid in tasks:
        try:
            numbers = pathlib.Path(f"/proc/{pid}/task/{tid}/schedstat").read_text().split()
            status = fields(f"/proc/{pid}/task/{tid}/status")
        except OSError:
            continue
        run, delay, turns = run + int(numbers[0]), delay + int(numbers[1]), turns + int(numbers[2])
        sleeps += status["voluntary_ctxt_switches"]
        preemptions += status["nonvoluntary_ctxt_switches"]
    io = fields(f"/proc/{pid}/io")
    stat = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    children_run = (int(stat[13]) + int(stat[14])) * 1_000_000_000 // os.sysconf("SC_CLK_TCK")
    return [time.monotonic_ns(), run, delay, turns, sleeps, preemptions, io["read_bytes"] + io["write_bytes"],
            children_run, len(tasks)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--busy", action="store_true")
    parser.add_argument("--seconds", type=int, default=12)
    parser.add_argument("workload", choices=sorted(WORKLOADS))
    options = parser.parse_args()
    loops = [subprocess.Popen([sys.executable, "-c", BUSY_LOOP]) for _ in range(os.cpu_count())] if options.busy else []
    with tempfile.TemporaryDirectory() as folder:
        pid = os.fork()
        if pid == 0:
            WORKLOADS[options.workload](pathlib.Path(folder))
            os._exit(0)
        try:
            begin = time.monotonic_ns()
            print("# " + " ".join(sys.argv[1:]))
            for _ in range(options.seconds + 1):
                when, *rest = sample(pid)
                print(when - begin, *rest, flush=True)
                time.sleep(1)
        finally:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            for loop in loops:
                loop.kill()
                loop.wait()


if __name__ == "__main__":
    main()
