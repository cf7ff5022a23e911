# SPDX-License-Identifier: GPL-3.0-or-later
# Shells with the completions of this tree, asked what they offer at TAB.
"""bash and zsh run on a terminal, and get keys; what they have made of the line, they write to a file. fish can be asked."""
import os
import pathlib
import pty
import select
import shlex
import shutil
import signal
import subprocess
import tempfile
import time

COMPLETIONS = pathlib.Path(__file__).resolve().parents[2] / "packaging" / "completions"
PATIENCE = 60  # seconds, enough for zsh to load all its completions on a busy machine
CLEAR_LINE = "\x01\x0b"  # to its beginning, and away with the rest
WRITE_LINE = "\x18d"


class Shell:
    """Has `priorityctl` at hand, and its completions loaded."""

    name = ""

    def __init__(self, priorityctl: str, bus: str):
        self.folder = tempfile.TemporaryDirectory(prefix="priorityd-shell-")
        self.home = pathlib.Path(self.folder.name)
        (self.home / "bin").mkdir()
        (self.home / "bin" / "priorityctl").symlink_to(pathlib.Path(priorityctl).resolve())
        self.environment = {"HOME": self.folder.name, "PATH": f"{self.home}/bin:{os.environ['PATH']}", "TERM": "dumb",
                            "LC_ALL": "C.UTF-8", "PRIORITYD_BUS": bus}

    @classmethod
    def is_installed(cls) -> bool:
        return shutil.which(cls.name) is not None

    def end(self):
        self.folder.cleanup()

    def offered(self, line: str) -> list[str]:
        """The words that are offered at the end of the line, without quotes."""
        raise NotImplementedError

    def descriptions(self, line: str) -> str:
        """A text that has the descriptions of what is offered there."""
        raise NotImplementedError


class Terminal(Shell):
    """A shell that gets keys. Its configuration binds WRITE_LINE to writing the line to the file $LINE."""

    command: list[str] = []
    configuration_file = "rc"
    configuration = ""

    def __init__(self, priorityctl: str, bus: str):
        super().__init__(priorityctl, bus)
        self.line_file = self.home / "line"
        self.environment |= {"LINE": str(self.line_file), "COMPLETIONS": str(COMPLETIONS)}
        (self.home / self.configuration_file).write_text(self.configuration, encoding="utf-8")
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.chdir(self.home)
            os.execvpe(self.command[0], self.command, self.environment)
        self.wait_for(self.line_file.exists, keys=WRITE_LINE)
        # Keys that it got before it could read them have been read when it has read further ones.
        os.write(self.terminal, f"{CLEAR_LINE}ready{WRITE_LINE}".encode())
        self.wait_for(lambda: self.line_file.read_text(encoding="utf-8") == "ready\n")

    def wait_for(self, is_so, keys: str = ""):
        """Takes in what the terminal shows, so that the shell is never held up. Keys are pressed until it is so."""
        end = time.monotonic() + PATIENCE
        self.shown = ""
        while not is_so():
            if keys:
                os.write(self.terminal, keys.encode())
            if select.select([self.terminal], [], [], 0.05)[0]:
                try:
                    self.shown += os.read(self.terminal, 65536).decode("utf-8", "replace")
                except OSError as error:  # the shell has ended
                    raise AssertionError(f"{self.name} has ended: {self.shown}") from error
            if time.monotonic() > end:
                raise AssertionError(f"{self.name} does not answer: {self.shown}")

    def pressed(self, keys: str) -> str:
        """The line after these keys on an empty one."""
        self.line_file.unlink()
        os.write(self.terminal, f"{CLEAR_LINE}{keys}{WRITE_LINE}".encode())
        self.wait_for(self.line_file.exists)
        return self.line_file.read_text(encoding="utf-8")[:-1]

    def completed(self, line: str) -> str:
        """What becomes of the line."""
        return self.pressed(line + "\t")

    def end(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.terminal)
        super().end()


class Bash(Terminal):
    name = "bash"
    command = ["bash", "--noprofile", "--rcfile", "rc", "-i"]
    configuration = """
        for file in "$COMPLETIONS"/bash/*; do source "$file"; done
        unset HISTFILE
        bind 'set bell-style none'
        bind '"\\C-xa": insert-completions'
        write_line() { printf '%s\\n' "$READLINE_LINE" >"$LINE.new" && mv "$LINE.new" "$LINE"; }
        bind -x '"\\C-xd": write_line'
    """

    def offered(self, line: str) -> list[str]:
        """All candidates are put in place of the last word, or of what stands behind = or : in it."""
        changed = self.pressed(line + "\x18a")
        start = line.rfind(" ") + 1
        if changed.rstrip() == line.rstrip():
            return []
        return shlex.split(changed[start:])


class Zsh(Terminal):
    name = "zsh"
    command = ["zsh", "-d", "-i"]  # with .zshrc, and without the files of the machine
    configuration_file = ".zshrc"
    configuration = """
        fpath=("$COMPLETIONS/zsh" $fpath)
        autoload -U compinit && compinit -u -D
        bindkey -e
        setopt no_beep no_always_last_prompt
        # Called for all that is offered: -O gives the words that fit.
        compadd() {
            local -a fitting
            builtin compadd -O fitting "$@"
            (( $#fitting )) && print -rl -- $fitting >>"$LINE.offered"
            builtin compadd "$@"
        }
        write_line() { print -r -- "$BUFFER" >"$LINE.new" && mv "$LINE.new" "$LINE" }
        zle -N write_line
        bindkey '^Xd' write_line
    """

    def offered(self, line: str) -> list[str]:
        offered = self.home / "line.offered"
        offered.unlink(missing_ok=True)
        self.completed(line)
        return offered.read_text(encoding="utf-8").splitlines() if offered.exists() else []

    def descriptions(self, line: str) -> str:
        self.completed(line)
        return self.shown


class Fish(Shell):
    name = "fish"

    def candidates(self, line: str) -> list[str]:
        """Each with a tab and its description, where it has one."""
        script = 'for file in $argv[2]/fish/*; source $file; end; complete --do-complete=$argv[1]'
        done = subprocess.run(["fish", "--no-config", "-c", script, line, COMPLETIONS], env=self.environment, cwd=self.home,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE,
                              encoding="utf-8")
        if done.returncode != 0 or done.stderr:
            raise AssertionError(f"fish: {done.returncode}, {done.stderr}")
        return done.stdout.splitlines()

    def offered(self, line: str) -> list[str]:
        return [candidate.split("\t")[0] for candidate in self.candidates(line)]

    def descriptions(self, line: str) -> str:
        return "\n".join(self.candidates(line))
