#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Collects the results of test runs into one file, and sums them up in one line.
"""results.py collect TESTLOG.json RESULTS    appends the results of one `meson test` run; exit 1 when there are none
   results.py tap OUTPUT PREFIX RESULTS       appends the results that a program has printed in TAP form, with PREFIX before
                                              their names; exit 1 when there are none
   results.py note RESULTS NAME KIND [REASON] appends one result: KIND is passed, failed or skipped
   results.py summary RESULTS                 lists what failed and was skipped, then "N passed, N failed, N skipped";
                                              exit 1 when something failed

A test that was skipped gives its reason in its last line of output. A test that left out a part of itself says so
in lines "SKIP: what: why", each of which counts as skipped.
"""
import json
import pathlib
import re
import sys

KIND_OF_MESON_RESULT = {"OK": "passed", "EXPECTEDFAIL": "passed", "SKIP": "skipped"}
TAP_RESULT = re.compile(r"^(not )?ok \d+(?: - )?(.*?)(?: # SKIP (.*))?$", re.MULTILINE)
TAP_PLAN = re.compile(r"^1\.\.(\d+)$", re.MULTILINE)
TAP_END = re.compile(r"^Bail out!\s*(.*)$", re.MULTILINE)
PARTIAL_SKIP = re.compile(r"^\s*SKIP: (.+)$", re.MULTILINE)


def last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return re.sub(r"^SKIP:\s*", "", lines[-1]) if lines else "no reason given"


def results_of(test: dict) -> list[dict]:
    """The results of one line of meson's testlog.json: the test's own, then its parts that were left out."""
    kind = KIND_OF_MESON_RESULT.get(test["result"], "failed")
    output = (test.get("stdout") or "") + "\n" + (test.get("stderr") or "")
    name = test["name"].split(" / ")[-1]  # without "PROJECT:SUITE / "
    if kind == "skipped":
        return [{"name": name, "kind": kind, "reason": last_line(output)}]
    rows = [{"name": name, "kind": kind, "reason": "" if kind == "passed" else test["result"].lower()}]
    rows += [{"name": name, "kind": "skipped", "reason": part.strip()} for part in PARTIAL_SKIP.findall(output)]
    return rows


def append(results: pathlib.Path, rows: list[dict]) -> None:
    with results.open("a", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row) + "\n")


def collect(testlog: pathlib.Path, results: pathlib.Path) -> int:
    if not testlog.exists():
        return 1
    lines = testlog.read_text(encoding="utf-8", errors="replace").splitlines()
    rows = [row for line in lines if line.strip() for row in results_of(json.loads(line))]
    append(results, rows)
    return 0 if rows else 1


def results_of_tap(output: str) -> list[dict]:
    """Each line of results, and one more that has failed when they are not as many as the plan says."""
    rows = [{"name": name, "kind": "failed" if has_failed else "passed" if reason is None else "skipped",
             "reason": reason or ""}
            for has_failed, name, reason in (match.groups() for match in TAP_RESULT.finditer(output))]
    planned = [int(match[1]) for match in TAP_PLAN.finditer(output)]
    if end := TAP_END.search(output):
        rows.append({"name": "bail out", "kind": "failed", "reason": end[1]})
    elif rows and planned != [len(rows)]:
        rows.append({"name": "plan", "kind": "failed", "reason": f"{len(rows)} results, planned: {planned}"})
    return rows


def collect_tap(output: pathlib.Path, prefix: str, results: pathlib.Path) -> int:
    rows = results_of_tap(output.read_text(encoding="utf-8", errors="replace").replace("\r\n", "\n"))
    append(results, [row | {"name": f"{prefix}: {row['name']}"} for row in rows])
    return 0 if rows else 1


def summary(results: pathlib.Path) -> int:
    rows = [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()] if results.exists() else []
    for kind in ("skipped", "failed"):
        for row in rows:
            if row["kind"] == kind:
                print(f"{kind}: {row['name']}" + (f": {row['reason']}" if row["reason"] else ""))
    counts = {kind: sum(row["kind"] == kind for row in rows) for kind in ("passed", "failed", "skipped")}
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    return 1 if counts["failed"] or not rows else 0


def main(arguments: list[str]) -> int:
    match arguments:
        case ["collect", testlog, results]:
            return collect(pathlib.Path(testlog), pathlib.Path(results))
        case ["tap", output, prefix, results]:
            return collect_tap(pathlib.Path(output), prefix, pathlib.Path(results))
        case ["note", results, name, ("passed" | "failed" | "skipped") as kind, *reason]:
            append(pathlib.Path(results), [{"name": name, "kind": kind, "reason": " ".join(reason)}])
            return 0
        case ["summary", results]:
            return summary(pathlib.Path(results))
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
