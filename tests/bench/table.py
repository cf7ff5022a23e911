# SPDX-License-Identifier: GPL-3.0-or-later
# The runs of the benchmark, folded to medians, as rows of what must be and what was measured.
import os
import statistics

from bench import STORM_RATE, SUBSCRIBERS, Counts


class Table:
    def __init__(self, runs: list[dict], counts: Counts):
        self.runs = runs
        self.counts = counts

    def median(self, *path) -> float:
        return statistics.median(self.values(*path))

    def values(self, *path) -> list:
        found = []
        for run in self.runs:
            for key in path:
                run = run[key]
            found.append(run)
        return found

    def ratio(self, ours: float, other: float) -> str:
        return f"{ours / other:.2f} ×" if other else "too small to compare"

    def against_floor(self, who: str, mode: str, figure: str, unit: str) -> str:
        ours, floor = self.median(who, mode, figure), self.median("floor", mode, figure)
        return f"{ours:.1f} against {floor:.1f} {unit}: {self.ratio(ours, floor)}"

    def latency(self, mode: str, who: str = "priorityd") -> str:
        never = int(sum(self.values(who, mode, "never")))
        total = int(sum(self.values(who, mode, "samples")))
        return (f"p50 {self.against_floor(who, mode, 'p50_us', 'µs')}; p99 {self.against_floor(who, mode, 'p99_us', 'µs')}; "
                f"never applied: {never} of {total}")

    def crowded_latency(self, mode: str) -> str:
        p50, p99 = (self.ratio(self.median("crowded", mode, figure), self.median("priorityd", mode, figure))
                    for figure in ("p50_us", "p99_us"))
        return f"{self.latency(mode, 'crowded')}; against priorityd without them: p50 {p50}, p99 {p99}"

    def storm(self, who: str = "priorityd") -> str:
        applied = int(min(self.values(who, "storm", "applied")))
        samples = int(self.median(who, "storm", "samples"))
        return (f"{applied} of {samples} applied (worst run), max {self.median(who, 'storm', 'max_us') / 1000:.1f} ms; "
                f"CPU per exec {self.against_floor(who, 'storm', 'per_exec_us', 'µs')}")

    def overrun(self) -> str:
        worst = max(self.values("overrun", "all_after_ms"))
        classified, alive = min(self.values("overrun", "classified")), self.runs[0]["overrun"]["alive"]
        return f"{classified} of {alive} classified (worst run), all after {self.median('overrun', 'all_after_ms'):.0f} ms (worst run {worst:.0f} ms)"

    def idle(self) -> str:
        events = [sum(run["idle"]["events"].values()) for run in self.runs]
        return (f"{self.median('idle', 'wakeups'):.0f} wake-ups, {self.median('idle', 'cpu_ms'):.2f} ms CPU, with "
                f"{statistics.median(events):.0f} events from other programs in that time")

    def scored_storm(self) -> str:
        ours, without = self.median("scored", "all", "per_exec_us"), self.median("scored", "none", "per_exec_us")
        return f"CPU per exec {ours:.1f} µs: {self.ratio(ours, self.median('floor', 'storm', 'per_exec_us'))}; without engines {without:.1f} µs"

    def scored_idle(self) -> str:
        events = statistics.median(sum(run["scored"]["all"]["events"].values()) for run in self.runs)
        return (f"{self.median('scored', 'all', 'wakeups'):.0f} wake-ups, {self.median('scored', 'all', 'cpu_ms'):.2f} ms CPU, with "
                f"{events:.0f} events from other programs in that time")

    def stop(self) -> str:
        restored, changed = min(self.values("stop", "restored")), min(self.values("stop", "changed"))
        return f"stop {self.median('stop', 'stop_ms'):.1f} ms, {restored} of {changed} put back (worst run)"

    def memory(self, *path) -> str:
        bus = "with" if self.runs[0]["shipped"]["bus"] else "without"
        return (f"RSS {self.median(*path, 'rss_kb') / 1024:.1f} MiB, private dirty "
                f"{self.median(*path, 'private_dirty_kb') / 1024:.1f} MiB ({bus} D-Bus)")

    def changes(self, why: str) -> str:
        signals = max(self.values("changes", why, "signals"))
        told = sorted({int(run["changes"][why]["rows"] + run["changes"][why]["left_out"]) for run in self.runs})
        return (f"{' or '.join(map(str, told))} told in {signals:.0f} signals (worst run): {self.median('changes', why, 'rows'):.0f} "
                f"rows, {self.median('changes', why, 'left_out'):.0f} left out")

    def asked(self, who: str) -> str:
        p50, p99 = self.median("asked", who, "p50_us"), self.median("asked", who, "p99_us")
        return (f"p50 {p50:.0f} µs, p99 {p99:.0f} µs, max {self.median('asked', who, 'max_us') / 1000:.1f} ms at "
                f"{self.median('asked', who, 'exec_per_s'):.0f} exec/s")

    def bus_rows(self) -> list[tuple[str, str, str]]:
        if "crowded" not in self.runs[0]:
            return [("on a private bus", "", "there is no dbus-daemon here")]
        counts = self.counts
        must = "p50 ≤ 1.25 × floor, p99 ≤ 1.5 × floor"
        crowd = f"with {self.runs[0]['crowded']['overrides']} overrides and {SUBSCRIBERS} subscribers"
        burst = f"burst of {counts.changes:,} changes"
        overridden = self.runs[0]["shipped"]["overridden"]["overrides"]
        return [
            (f"exec → nice {crowd}, quiet", must, self.crowded_latency("quiet")),
            (f"exec → nice {crowd}, {os.cpu_count()} busy loops", must, self.crowded_latency("busy")),
            (f"storm {crowd}", f"{counts.matching} applied, max ≤ 50 ms; CPU per exec ≤ 2 × floor", self.storm("crowded")),
            (f"{burst}, by new rules", "all told in ≤ 20 signals", self.changes("reload")),
            (f"{burst}, by programs that start", "all told in ≤ 20 signals", self.changes("starts")),
            (f"GetProcess in a storm of {STORM_RATE:,} exec/s", "p99 ≤ 2 ms",
             f"{self.asked('priorityd')} (the bus alone: {self.asked('floor')})"),
            (f"memory with the shipped rules and {overridden:,} overrides", "RSS ≤ 8 MB", self.memory("shipped", "overridden")),
        ]

    def rows(self) -> list[tuple[str, str, str]]:
        counts = self.counts
        alive = f"exec → nice applied, {counts.samples} samples"
        must = f"p50 ≤ 1.25 × floor, p99 ≤ 1.5 × floor; all {counts.samples} applied"
        return [
            (f"{alive}, quiet", must, self.latency("quiet")),
            (f"{alive}, {os.cpu_count()} busy loops", must, self.latency("busy")),
            (f"storm of {counts.execs:,} execs, {counts.matching} matching",
             f"{counts.matching} applied, max ≤ 50 ms; CPU per exec ≤ 2 × floor", self.storm()),
            (f"{counts.forks:,} forks without exec", "≤ 0.2 µs a fork",
             f"{self.median('priorityd', 'forks', 'per_fork_us'):.3f} µs a fork (floor {self.median('floor', 'forks', 'per_fork_us'):.3f})"),
            (f"forced overrun, {counts.burst:,} execs, {counts.burst_alive} of them alive",
             "nothing alive unclassified after 200 ms", self.overrun()),
            (f"idle, {counts.idle_seconds} s", "0 wake-ups", self.idle()),
            ("the same storm with the shipped rules and all engines", "CPU per exec ≤ 2 × floor", self.scored_storm()),
            (f"idle with the shipped rules and all engines, {counts.idle_seconds} s", "0 wake-ups", self.scored_idle()),
            ("memory with the shipped rules", "RSS ≤ 8 MB, private dirty ≤ 3 MB", self.memory("shipped")),
            (f"start → ready · stop with {counts.stopped} changed processes", "≤ 60 ms · ≤ 100 ms",
             f"ready {self.median('shipped', 'ready_ms'):.1f} ms; {self.stop()}"),
            *self.bus_rows(),
        ]

    def to_markdown(self) -> str:
        rows = [("", "must", "measured"), ("---", "---", "---"), *self.rows()]
        return "\n".join("| " + " | ".join(row) + " |" for row in rows)
