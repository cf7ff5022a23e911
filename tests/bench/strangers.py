# SPDX-License-Identifier: GPL-3.0-or-later
# Programs that no rule knows, and that engines are asked about: files where packages put theirs.
import ctypes
import pathlib
import shutil
import subprocess
import tempfile
import threading

PLACE = "/opt"
LIVES_MS = 20  # long enough to be looked at
CLONE_NEWNS = 0x20000


def hide_place():
    """For this process and all that it starts from now on, the place is an empty folder of their own. Errors: OSError and
    CalledProcessError where there is no mount namespace to be had."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), "unshare(CLONE_NEWNS)")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", PLACE], check=True)


class Strangers:
    """So many programs, started one after the other for as long as this is entered, and from the first one again after the
    last."""

    def __init__(self, tiny: pathlib.Path, count: int):
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=PLACE))
        self.programs = [self.folder / f"stranger-{number}" for number in range(count)]
        for program in self.programs:
            shutil.copy(tiny, program)
        self.started = 0

    def __enter__(self):
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self._start)
        self.thread.start()
        return self

    def _start(self):
        while not self.is_over.is_set():
            program = self.programs[self.started % len(self.programs)]
            subprocess.run([program, str(LIVES_MS)], check=False, stdin=subprocess.DEVNULL)
            self.started += 1

    def __exit__(self, *_):
        self.is_over.set()
        self.thread.join()

    def end(self):
        shutil.rmtree(self.folder)
