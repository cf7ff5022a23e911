#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Tests that the man pages leave nothing out that the programs know, and that they can be read everywhere.
"""What there is to tell, the programs say: --help lists verbs and options, and `priorityctl check` names the keys that it
knows when it meets one that it does not."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

PAGES = pathlib.Path(os.environ.get("MAN_PAGES", "build/docs/man"))
PRIORITYD = os.environ.get("PRIORITYD", "build/src/daemon/priorityd")
PRIORITYD_SESSION = os.environ.get("PRIORITYD_SESSION", "build/src/session/priorityd-session")
PRIORITYD_LLM = os.environ.get("PRIORITYD_LLM", "build/src/engines/llm/priorityd-llm")
PRIORITYCTL = os.environ.get("PRIORITYCTL", "build/src/cli/priorityctl")
NAMES = ["org.priorityd1.5", "priorityctl.1", "priorityd-llm.8", "priorityd-session.8", "priorityd.8", "priorityd.rules.5", "priorityd.toml.5"]
PATIENCE = 20
WIDTH = 80  # of the smallest usual terminal
UNKNOWN_KEY = "zzzzzzzzzzzzzzzzzzzz"  # so unlike all others that all of them are suggested
BOLD = re.compile(r"\\fB(.*?)\\fR")
# scdoc puts a paragraph in front of every heading, which harms nobody.
LINT_OF_SCDOC = "skipping paragraph macro: PP"


def run(*command: str, status: int = 0, **environment: str) -> str:
    """What it prints, on both channels."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          encoding="utf-8", timeout=PATIENCE, env={**os.environ, "LC_ALL": "C.UTF-8", **environment})
    if done.returncode != status:
        raise AssertionError(f"{command} ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


def roff(page: str) -> str:
    """Without what keeps dots and quotes from being taken for requests."""
    return (PAGES / page).read_text(encoding="utf-8").replace("\\&", "")


def section(text: str, title: str) -> str:
    """A section or subsection of a page."""
    found = re.search(rf"^\.S[HS] \"?{re.escape(title)}[^\n]*\n(.*?)(?=^\.S[HS] |\Z)", text, re.MULTILINE | re.DOTALL)
    if not found:
        raise AssertionError(f"there is no section {title}")
    return found[1]


def terms(text: str) -> set[str]:
    """The bold words of lines that begin with one: what is explained there."""
    return {word for line in text.splitlines() if line.startswith("\\fB") for word in BOLD.findall(line)}


def entry(text: str, term: str) -> str:
    """What a section says below one of its terms, up to the next one at the left edge."""
    depth, is_it, found = 0, False, []
    for line in text.splitlines():
        if depth == 0 and line.startswith("\\fB"):
            is_it = BOLD.match(line)[1] == term
        if is_it:
            found.append(line)
        depth += line.startswith(".RS") - line.startswith(".RE")
    return "\n".join(found)


def verbs() -> list[str]:
    listed = run(PRIORITYCTL, "--help").split("\nVerbs:\n")[1].split("\n\n")[0]
    return re.findall(r"^  ([a-z-]+) ", listed, re.MULTILINE)


def options(*command: str) -> list[str]:
    """The first long name of each."""
    return re.findall(r"^  (?:-\w,)?(--[a-z-]+)", run(*command, "--help"), re.MULTILINE)


class Complete(unittest.TestCase):
    def known_keys(self, file: str, text: str) -> list[str]:
        """Those suggested instead of the unknown one, which is the only mistake in this file."""
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, file)
            path.write_text(text, encoding="utf-8")
            shown = run(PRIORITYCTL, "check", str(path), status=1)
        keys = re.search(r"known here: (.*)$", shown, re.MULTILINE)
        self.assertTrue(keys, shown)
        return keys[1].split(", ")

    def assert_all_in(self, wanted: list[str], found: set[str]):
        self.assertGreater(len(wanted), 2, "the program itself has not told what there is")
        self.assertEqual([word for word in wanted if word not in found], [])

    def test_every_verb_of_priorityctl_and_every_option_of_it_is_explained(self):
        text = section(roff("priorityctl.1"), "VERBS")
        self.assert_all_in(verbs(), terms(text))
        settings = run(PRIORITYCTL, "set", "--help").split("\nSettings:\n")[1]
        for verb in verbs():
            told = {"--help", *BOLD.findall(entry(text, verb))}
            missing = [option for option in options(PRIORITYCTL, verb)
                       if option not in told and (verb != "set" or f"  {option}" not in settings)]
            self.assertEqual(missing, [], verb)

    def test_every_option_of_priorityctl_itself_is_explained(self):
        self.assert_all_in(options(PRIORITYCTL), {word for term in terms(section(roff("priorityctl.1"), "OPTIONS"))
                                                  for word in term.split(", ")})

    def test_every_option_of_priorityd_is_explained(self):
        self.assert_all_in(options(PRIORITYD), {word for term in terms(section(roff("priorityd.8"), "OPTIONS"))
                                                for word in term.split(", ")})

    def test_every_option_of_priorityd_session_is_explained(self):
        self.assert_all_in(options(PRIORITYD_SESSION), {
            word for term in terms(section(roff("priorityd-session.8"), "OPTIONS")) for word in term.split(", ")})

    def test_every_option_and_every_setting_of_priorityd_llm_is_explained(self):
        page = roff("priorityd-llm.8")
        self.assert_all_in(options(PRIORITYD_LLM), {
            word for term in terms(section(page, "OPTIONS")) for word in term.split(", ")})
        with tempfile.TemporaryDirectory() as folder:
            settings = pathlib.Path(folder, "llm.toml")
            settings.write_text(f"{UNKNOWN_KEY} = 1\n", encoding="utf-8")
            shown = run(PRIORITYD_LLM, "--settings", str(settings), "--state", folder, status=1)
        keys = re.search(r"known here: (.*)$", shown, re.MULTILINE)
        self.assertTrue(keys, shown)
        self.assert_all_in(keys[1].split(", "), terms(section(page, "SETTINGS")))

    def test_no_option_is_explained_that_does_not_exist(self):
        known = set(options(PRIORITYCTL)).union(*(options(PRIORITYCTL, verb) for verb in verbs()))
        told = set(re.findall(r"--[a-z][a-z-]*", " ".join(BOLD.findall(roff("priorityctl.1")))))
        self.assertEqual(told - known, set())
        told = set(re.findall(r"--[a-z][a-z-]*", " ".join(BOLD.findall(roff("priorityd.8")))))
        self.assertEqual(told - set(options(PRIORITYD)), set())
        told = set(re.findall(r"--[a-z][a-z-]*", " ".join(BOLD.findall(roff("priorityd-session.8")))))
        self.assertEqual(told - set(options(PRIORITYD_SESSION)) - {"--user", "--now"}, set())
        told = set(re.findall(r"--[a-z][a-z-]*", " ".join(BOLD.findall(roff("priorityd-llm.8")))))
        self.assertEqual(told - set(options(PRIORITYD_LLM)), set())

    def test_every_setting_that_priorityctl_can_set_is_explained(self):
        listed = run(PRIORITYCTL, "set", "--help").split("\nSettings:\n")[1].split("\n\n")[0]
        settings = [option.replace("-", "_") for option in re.findall(r"^  --([a-z-]+)", listed, re.MULTILINE)]
        settings.remove("class")
        self.assert_all_in(settings, terms(section(roff("priorityd.rules.5"), "SETTINGS")))
        self.assert_all_in(settings, terms(section(roff("org.priorityd1.5"), "Settings")))

    def test_every_setting_of_a_class_is_explained(self):
        settings = self.known_keys("rules.toml", f"[class.a]\n{UNKNOWN_KEY} = 1\n")
        self.assert_all_in(settings, terms(section(roff("priorityd.rules.5"), "SETTINGS")))

    def test_every_matching_key_is_explained(self):
        keys = self.known_keys("rules.toml", f'[class.a]\n[[rule]]\nclass = "a"\nname = "b"\n{UNKNOWN_KEY} = "c"\n')
        own = ["class", "set", "origin"]
        self.assert_all_in([key for key in keys if key not in own],
                           terms(section(roff("priorityd.rules.5"), "MATCHING KEYS")))
        facts = [option.removeprefix("--") for option in options(PRIORITYCTL, "classify")]
        self.assert_all_in([fact for fact in facts if fact not in ("help", "json", "bus", "rules")], set(keys))

    def test_every_setting_of_the_daemon_is_explained(self):
        told = terms(section(roff("priorityd.toml.5"), "SETTINGS"))
        tables = {name.split(".")[0] for name in told if "." in name}
        for key in self.known_keys("priorityd.toml", f"{UNKNOWN_KEY} = 1\n"):
            if key in tables:
                inner = [f"{key}.{name}" for name in self.known_keys("priorityd.toml", f"[{key}]\n{UNKNOWN_KEY} = 1\n")]
                if key == "engine":  # a table of tables
                    inner = [f"{table}.{name}" for table in inner
                             for name in self.known_keys("priorityd.toml", f"[{table}]\n{UNKNOWN_KEY} = 1\n")]
                self.assertEqual([name for name in inner if name not in told], [], key)
            else:
                self.assertIn(key, told)

    def test_every_member_on_the_bus_is_explained(self):
        xml = (pathlib.Path(__file__).resolve().parents[2] / "src/bus/org.priorityd1.Manager.xml").read_text(encoding="utf-8")
        members = re.findall(r'<(?:method|signal|property) name="(\w+)"', xml)
        self.assert_all_in(members, terms(roff("org.priorityd1.5")))


def needs(tool: str):
    """Skips a test, and says so as tests/run.sh wants it, where the tool is not installed."""
    if not shutil.which(tool):
        print(f"SKIP: {tool} on man pages: it is not installed", flush=True)
    return unittest.skipUnless(shutil.which(tool), f"{tool} is not installed")


class Readable(unittest.TestCase):
    def test_no_gap_is_left(self):
        for page in NAMES:
            self.assertNotRegex(roff(page), r"; from ", page)

    def test_pages_refer_to_pages_that_are_there(self):
        for page in NAMES:
            for name, chapter in re.findall(r"\\fB((?:priority|org\.priority)[\w.-]*)\\fR\((\d)\)", roff(page)):
                self.assertIn(f"{name}.{chapter}", NAMES, page)

    @needs("mandoc")
    def test_mandoc_finds_nothing_to_warn_of(self):
        for page in NAMES:
            done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", PAGES / page], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, encoding="utf-8", timeout=PATIENCE)
            self.assertEqual([line for line in done.stdout.splitlines() if LINT_OF_SCDOC not in line], [])

    @needs("man")
    def test_man_warns_of_nothing_and_shows_no_line_that_is_too_wide(self):
        for page in NAMES:
            shown = run("man", "--warnings", "--local-file", str(PAGES / page), MANWIDTH=str(WIDTH), MANPAGER="cat")
            self.assertGreater(len(shown.splitlines()), 30, page)
            self.assertEqual([line for line in shown.splitlines() if len(re.sub(".\b", "", line)) > WIDTH], [], page)

    @needs("lexgrog")
    def test_whatis_and_apropos_will_find_every_page_under_its_name(self):
        for page in NAMES:
            name = page.rpartition(".")[0]
            self.assertRegex(run("lexgrog", str(PAGES / page)), rf': "{re.escape(name)} - .{{20,}}"', page)


if __name__ == "__main__":
    if not (PAGES / NAMES[0]).exists():
        print("SKIP: they are not built: scdoc was not installed when the build was set up")
        sys.exit(77)
    unittest.main(verbosity=2)
