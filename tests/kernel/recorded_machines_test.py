#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Machines that others have recorded, as `priorityctl topology` shows them.
"""What `priorityctl topology` makes of machines that others have recorded: NUMA nodes without memory, caches of unlike
sizes, offline CPUs, hybrid cores, GPUs with memory of their own, and two whose firmware was wrong.

usage: recorded_machines_test.py PRIORITYCTL FOLDER

FOLDER holds the recordings of hwloc's tests (NAME.tar.bz2), which are not part of this project: without it the test is
skipped."""

import json
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import unittest

PRIORITYCTL, FOLDER = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
SKIPPED = 77
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # a recording has thousands of small files

# CPUs, NUMA nodes and L3 caches as hwloc counts them; some sets.
MACHINES = {
    "16amd64-8n2c-cpusets": (15, 8, 0, {"all": "0-3,5-15", "numa:2": "5", "llc:0": "0"}),
    "16em64t-4s2c2t-offlines": (12, 1, 4, {"all": "0-1,3-4,6-12,15", "llc:0": "0,4,8,12", "llc:3": "6,10"}),
    "20em64t-hybrid-1p6c2t+2ca4co1t": (20, 1, 1, {"performance": "0-11", "efficiency": "12-19", "llc:0": "0-19"}),
    "2arm-2c": (2, 1, 0, {"all": "0-1", "performance": "0-1"}),
    "32amd64-4s2n4c-cgroup2": (32, 8, 8, {"numa:7": "28-31", "llc:7": "28-31"}),
    "40intel64-2g2n4c+pcilocality": (40, 4, 4, {"numa:1": "1,5,9,13,17,21,25,29,33,37", "gpu-local": "0-39"}),
    "4fake-4gr1nu1pu": (4, 4, 0, {"numa:3": "3"}),
    "64amd64-4s2n4ca2co": (64, 8, 8, {"numa:5": "40-47", "llc:5": "40-47"}),
    "8em64t-2s2ca2c-buggynuma": (8, 1, 0, {"numa:0": "0-7", "llc:3": "5,7"}),
    "8em64t-2s4c-asymcaches": (8, 1, 0, {"all": "0-7"}),
    "fakeheterocpunuma": (24, 4, 0, {"numa:1": "8-11", "numa:3": "20-23"}),
    "nvidiagpunumanodes": (32, 2, 4, {"numa:8": "88-103", "llc:2": "88-95", "gpu-local": "0-15,88-103"}),
}


def cpus(text):
    """The CPUs of a list in the kernel's format."""
    numbers = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        numbers.update(range(int(first), int(last or first) + 1))
    return numbers


class RecordedMachines(unittest.TestCase):
    def document(self, name, folder):
        with tarfile.open(FOLDER / f"{name}.tar.bz2") as recording:
            recording.extractall(folder)
        (root,) = pathlib.Path(folder).iterdir()
        run = subprocess.run([PRIORITYCTL, "--json", "topology"], env=os.environ | {"HWLOC_FSROOT": str(root)},
                             capture_output=True, text=True, check=False)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        return json.loads(run.stdout)

    def check_sets(self, document):
        """What holds of every machine."""
        everything = cpus(document["sets"]["all"])
        self.assertEqual(len(everything), document["cpus"])
        taken = set()
        for name, text in document["sets"].items():
            self.assertLessEqual(cpus(text), everything, name)
            if name.startswith("llc:"):
                self.assertFalse(cpus(text) & taken, f"{name} overlaps another one")
                taken |= cpus(text)

    def test_each(self):
        for name, (count, nodes, caches, sets) in MACHINES.items():
            with self.subTest(machine=name), tempfile.TemporaryDirectory(dir=MEMORY) as folder:
                document = self.document(name, folder)
                self.assertEqual((document["cpus"], document["numa_nodes"], document["l3"]), (count, nodes, caches))
                self.assertEqual({key: document["sets"].get(key) for key in sets}, sets)
                self.check_sets(document)


if __name__ == "__main__":
    if not FOLDER.is_dir():
        print(f"{FOLDER} is not there")
        sys.exit(SKIPPED)
    unittest.main(argv=sys.argv[:1])
