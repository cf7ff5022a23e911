#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Tests of completion: what priorityctl offers for a command line, and that bash, zsh and fish make of it what they should.
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import unittest

import client_support
from client_support import PATIENCE, PRIORITYCTL, ClientTest, FakeDaemon
from running import BUS_CONFIGURATION, PrivateBus, end_process
from shells import Bash, Fish, Zsh

PRIORITYD = os.environ.get("PRIORITYD", "build/src/daemon/priorityd")
RULES = """[class.build]
description = "Compilers: nobody waits for one of them"
nice = 10

[class.media]
description = "Players"
nice = -4

[programs]
mpv = "media"
"Baldurs Gate 3.exe" = "media"
"$(touch pwned)" = "build"

[[rule]]
name = ["cc1plus", "cc1*"]
class = "build"
"""
NOT_OFFERED = ["$", "(", ")", ";", "`", "&", "|", "<", ">", "\\", "'", '"', "!", "~", "#", "{", "}", "\x1b"]


def listed(text: str, title: str) -> list[str]:
    """The names in a section of --help."""
    section = text.split(f"\n{title}:\n")[1].split("\n\n")[0]
    return re.findall(r"^  (?:-\w,)?((?:--)?[a-z-]+)", section, re.MULTILINE)


def help_of(*command: str) -> str:
    return subprocess.run([*command, "--help"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, encoding="utf-8",
                          timeout=PATIENCE, check=True).stdout


def all_verbs() -> list[str]:
    return listed(help_of(PRIORITYCTL), "Verbs")


def all_options(verb: str) -> set[str]:
    shown = help_of(PRIORITYCTL, verb)
    own = listed(shown, "Options") + (listed(shown, "Settings") if verb == "set" else [])
    return {*own, *listed(help_of(PRIORITYCTL), "Options")}


class CompletionTest(ClientTest):
    def rules(self) -> str:
        return self.write("50-test.toml", RULES)

    def offered(self, *words: str, **options) -> dict[str, str]:
        """Each word with its description."""
        done = self.run_client("complete", *words, **options)
        self.assertEqual((done.returncode, done.stderr), (0, ""), words)
        return dict(line.split("\t") if "\t" in line else (line, "") for line in done.stdout.splitlines())

    def run_client(self, *arguments: str, address: str | None = None, **environment: str):
        """`complete` comes first, so the bus is told by the environment."""
        if arguments[0] != "complete":
            return super().run_client(*arguments, address=address, **environment)
        return subprocess.run([PRIORITYCTL, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=PATIENCE, encoding="utf-8",
                              env={**os.environ, "PRIORITYD_BUS": address or self.bus.address, **environment})


    def start(self, name: str) -> subprocess.Popen:
        """A process that goes by this name until the test ends."""
        program = pathlib.Path(self.folder.name, name)
        shutil.copy(shutil.which("sleep"), program)
        process = subprocess.Popen([program, "1000"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        self.addCleanup(end_process, process)
        return process


class Words(CompletionTest):
    def test_verbs_are_those_of_help_with_what_they_do(self):
        self.assertEqual(list(self.offered("")), all_verbs())
        self.assertEqual(self.offered("classes"), {"classes": "Show the classes"})
        self.assertEqual(list(self.offered("--json", "")), all_verbs())

    def test_options_are_those_of_help(self):
        for verb in all_verbs():
            self.assertEqual(set(self.offered(verb, "--")), all_options(verb), verb)
        self.assertEqual(set(self.offered("--")), set(listed(help_of(PRIORITYCTL), "Options")))

    def test_what_has_been_given_is_not_offered_again_unless_it_may_be_repeated(self):
        again = self.offered("set", "1", "--nice", "5", "--for=2h", "--")
        self.assertNotIn("--nice", again)
        self.assertNotIn("--for", again)
        self.assertNotIn("--permanent", again, "it cannot go with --for")
        self.assertIn("--class", again)
        self.assertIn("--arg", self.offered("classify", "--arg", "-x", "--arg=y", "--"))

    def test_where_no_argument_is_left_options_are_offered(self):
        self.assertIn("--json", self.offered("status", ""))
        self.assertIn("--class", self.offered("set", "1", ""))
        self.assertEqual(self.offered("set", "1", "--reason", ""), {}, "any text")

    def test_nothing_is_offered_behind_what_is_no_verb(self):
        for words in (["no-such-verb", ""], ["no-such-verb", "--json", "x"], ["--no-such-option", "x", "y"],
                      ["set", "--no-such-option="]):
            self.assertEqual(self.offered(*words), {}, words)

    def test_classes_come_with_their_descriptions_from_the_files_that_the_daemon_has_read(self):
        self.daemon(policy_files=[self.rules()])
        classes = {"build": "Compilers: nobody waits for one of them", "media": "Players"}
        self.assertEqual(self.offered("list", "--class", ""), classes)
        self.assertEqual(self.offered("set", "1", "--class", "MED"), {"media": "Players"})
        self.assertEqual(self.offered("list", "--class=b"), {"--class=build": classes["build"]})

    def test_where_the_files_cannot_be_read_the_daemon_tells_the_classes(self):
        self.daemon(policy_files=[str(pathlib.Path(self.folder.name, "gone.toml"))])
        self.assertEqual(self.offered("list", "--class", ""), {"build": "", "media": ""})

    def test_names_in_rules_are_offered_with_their_class(self):
        self.daemon(policy_files=[self.rules()])
        names = {"mpv": "media", "Baldurs Gate 3.exe": "media", "cc1plus": "build"}
        self.assertEqual(self.offered("rules", ""), names, "globs, and what a shell would run, are not")
        self.assertEqual(self.offered("classify", "--name", "M"), {"mpv": "media"})
        self.assertEqual(self.offered("list", "--source", "50-"), {str(pathlib.Path(self.folder.name, "50-test.toml")): ""})

    def test_processes_are_offered_by_number_with_their_names(self):
        self.daemon()
        child = self.start("a-name")
        for words in (["explain", ""], ["set", ""], ["explain", str(child.pid)]):
            self.assertEqual(self.offered(*words)[str(child.pid)], "a-name", words)
        self.assertIn("4242", self.offered("set", ""), "the daemon sees it")
        self.assertNotIn("4242", self.offered("set", "", address="unix:path=/nonexistent"))

    def test_explain_offers_names_that_something_was_decided_for(self):
        self.daemon()
        self.assertEqual(self.offered("explain", "cc1"), {"cc1plus": "build"})
        self.assertEqual(self.offered("explain", "foo)"), {}, "a name that is meant to do harm")

    def test_patterns_are_offered_and_then_what_runs(self):
        child = self.start("a-name")
        offered = self.offered("set", "")
        self.assertEqual([word for word in offered if word.endswith(":")], ["name:", "exe:", "unit:"])
        self.assertIn("name:a-name", self.offered("set", "name:a-"))
        self.assertIn(f"exe:{self.folder.name}/a-name", self.offered("set", f"exe:{self.folder.name}"))
        self.assertIsNone(child.poll())

    def test_what_a_program_is_called_cannot_become_a_command(self):
        for name in ("a-$(touch pwned)", "a-;touch pwned", "a-`touch pwned`", "a-\ntouch pwned", "a-\x1b[31m", "--all-users"):
            self.start(name)
        offered = self.offered("set", "name:")
        self.assertIn("name:bash", {**offered, "name:bash": ""})
        for word in [*offered, *self.offered("set", "exe:"), *self.offered("explain", "")]:
            self.assertEqual([sign for sign in NOT_OFFERED if sign in word], [], word)
        for description in self.offered("set", "").values():
            self.assertTrue(description.isprintable(), repr(description))

    def test_overrides_are_offered_by_id_and_by_target(self):
        self.daemon(first_id=17)
        self.assertEqual(self.done("set", "name:cc1*", "--nice", "5", "--class", "build"), "17\n")
        self.assertEqual(self.done("set", "4194305", "--nice", "15"), "18\n")
        self.assertEqual(self.offered("unset", ""), {"17": "name:cc1*: class build, nice 5", "18": "pid:4194305: nice 15"})
        self.assertEqual(list(self.offered("unset", "8")), ["18"])
        self.assertEqual(self.offered("unset", "n"), {"name:cc1*": "class build, nice 5"})

    def test_suggestions_are_offered_by_id_behind_what_can_be_done_with_them(self):
        self.daemon()
        self.assertEqual(set(self.offered("suggestions", "")), {"accept", "reject"})
        self.assertEqual(self.offered("suggestions", "accept", ""),
                         {"3": "/home/alice/bin/mold: build", "4": "/tmp/a\\n\\x1b[2J\\xff: media"})
        self.assertEqual(set(self.offered("suggestions", "reject", "3", "")), {"3", "4"})
        self.assertEqual(set(self.offered("engines", "")), {"forget"})
        self.assertEqual(set(self.offered("evaluate", "--engine", "")), {"metadata", "llm"})

    def test_profiles_are_offered_by_name_and_without_a_daemon_only_the_two_words(self):
        daemon = self.daemon()
        self.assertEqual(self.offered("profile", ""), {
            "auto": "leave it to the power state and the settings", "none": "no profile", "battery": "On the road", "desk": ""})
        self.assertEqual(list(self.offered("profile", "d")), ["desk"])
        daemon.end()
        self.assertEqual(set(self.offered("profile", "")), {"auto", "none"})

    def test_words_for_a_setting_are_values_that_it_takes(self):
        self.daemon()
        for option in ("--sched", "--io", "--cpus", "--children", "--cpu-weight"):
            words = list(self.offered("set", "name:x", option, ""))
            self.assertTrue(words, option)
            for word in words:
                whole = re.sub(r"([:/])$", r"\g<1>1", word)
                self.assertTrue(self.done("set", "name:x", option, whole), whole)
        self.assertEqual(self.offered("set", "name:x", "--nice", ""), {})
        for word in self.offered("classify", "--uses", ""):
            self.done("classify", "--name", "x", "--uses", word)
        for word in self.offered("evaluate", "--engine", ""):
            self.done("evaluate", "/dev/null", "--engine", word)

    def test_the_bus_on_the_command_line_counts(self):
        self.daemon(policy_files=[self.rules()])
        for words in (["--bus", self.bus.address, "list"], ["list", f"--bus={self.bus.address}"]):
            self.assertIn("build", self.offered(*words, "--class", "", address="unix:path=/nonexistent"))

    def test_what_the_shell_knows_itself_is_left_to_it(self):
        for words, line in ((["check", ""], ":files"), (["user-rules", "x"], ":folders"), (["list", "--user", ""], ":users"),
                            (["classify", "--group=x"], ":groups"), (["rules", "--rules=/e"], ":files")):
            self.assertEqual(self.offered(*words), {line: ""}, words)

    def test_any_words_are_answered_in_silence(self):
        for words in ([], ["--bus"], ["--bus", "nonsense", "list", "--class", ""], ["--", "", "--"], ["\xff\n", "\x1b"],
                      ["set", "=", "--=", "-", "---", "=="], ["check", *["x"] * 500, ""], ["complete", ""]):
            self.offered(*words, address="unix:path=/nonexistent")


class Silence(CompletionTest):
    def test_a_daemon_that_does_not_answer_costs_its_words_alone(self):
        daemon = self.daemon()
        daemon.signal(signal.SIGSTOP)
        child = self.start("a-name")
        self.assertEqual(self.offered("set", str(child.pid)), {str(child.pid): "a-name"})
        self.assertEqual(self.offered("unset", ""), {})
        self.assertEqual(self.offered("list", "--class", ""), {})

    def test_asking_starts_no_daemon(self):
        services = pathlib.Path(self.folder.name)
        started = services / "started"
        (services / "org.priorityd1.service").write_text(
            f'[D-BUS Service]\nName=org.priorityd1\nExec=/bin/sh -c "touch {started}; exit 1"\n', encoding="utf-8")
        bus = PrivateBus(BUS_CONFIGURATION.replace("<auth>", f"<servicedir>{services}</servicedir><auth>"))
        self.addCleanup(bus.end)
        for words in (["list", "--class", ""], ["unset", ""], ["explain", ""], ["rules", ""], ["list", "--source", ""]):
            self.offered(*words, address=bus.address)
        self.run_client("classes", address=bus.address)
        self.run_client("classify", "--name", "x", address=bus.address)
        self.assertFalse(started.exists())
        self.run_client("list", address=bus.address)
        self.assertTrue(started.exists(), "the bus would have started it")


class InShells:
    """What every shell has to do. The subclass says which."""

    kind = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.shell = cls.kind(PRIORITYCTL, cls.bus.address)
        cls.addClassCleanup(cls.shell.end)

    def test_verbs_and_options_are_offered(self):
        self.assertEqual(set(self.shell.offered("priorityctl ")), set(all_verbs()))
        self.assertEqual(set(self.shell.offered("priorityctl set 1 --")), all_options("set"))

    def test_classes_pids_ids_and_names_in_rules_are_offered(self):
        self.daemon(policy_files=[self.rules()], first_id=17)
        child = self.start("a-name")
        self.done("set", "name:cc1*", "--nice", "5")
        self.assertEqual(set(self.shell.offered("priorityctl list --class ")), {"build", "media"})
        self.assertIn(str(child.pid), self.shell.offered("priorityctl explain "))
        self.assertEqual(set(self.shell.offered("priorityctl unset 1")), {"17"})
        self.assertEqual(set(self.shell.offered("priorityctl rules B")), {"Baldurs Gate 3.exe"})

    def test_files_folders_users_and_groups_are_offered(self):
        (self.shell.home / "dark.toml").touch()
        (self.shell.home / "dawn").mkdir()
        self.assertEqual({word.strip("/") for word in self.shell.offered("priorityctl check da")}, {"dark.toml", "dawn"})
        self.assertEqual({word.strip("/") for word in self.shell.offered("priorityctl user-rules da")}, {"dawn"})
        self.assertIn("root", self.shell.offered("priorityctl list --user ro"))
        self.assertIn("root", self.shell.offered("priorityctl classify --group ro"))

    def test_a_program_that_is_missing_or_fails_is_silent(self):
        program = self.shell.home / "bin" / "priorityctl"
        program.rename(program.with_name("real"))
        self.addCleanup(program.with_name("real").rename, program)
        self.assertEqual(self.shell.offered("priorityctl se"), [])
        program.symlink_to(shutil.which("false"))
        self.assertEqual(self.shell.offered("priorityctl se"), [])

    def test_options_of_priorityd_are_offered_as_help_has_them(self):
        self.assertEqual(set(self.shell.offered("priorityd --")), set(listed(help_of(PRIORITYD), "Options")))
        levels = re.search(r"--log-level (\S+)", help_of(PRIORITYD))[1].split("|")
        self.assertEqual(set(self.shell.offered("priorityd --log-level ")), set(levels))
        self.assertEqual(set(self.shell.offered("priorityd --bus ")), {"system", "session", "none"})
        (self.shell.home / "dark.toml").touch()
        self.assertIn("dark.toml", self.shell.offered("priorityd --config dar"))


class OnATerminal(InShells):
    """bash and zsh change the line."""

    def test_a_whole_word_is_followed_by_a_blank_and_one_that_goes_on_is_not(self):
        self.daemon(policy_files=[self.rules()])
        for line, completed in (("priorityctl lis", "priorityctl list "),
                                ("priorityctl set na", "priorityctl set name:"),
                                ("priorityctl set 1 --sched fi", "priorityctl set 1 --sched fifo/"),
                                ("priorityctl list --class=me", "priorityctl list --class=media "),
                                ("priorityctl --bus uni", "priorityctl --bus unix:path="),
                                ("priorityctl rules Bal", "priorityctl rules Baldurs\\ Gate\\ 3.exe "),
                                ("priorityctl rules 'Bal", "priorityctl rules 'Baldurs Gate 3.exe' ")):
            self.assertEqual(self.shell.completed(line), completed)

    def test_a_word_is_completed_behind_a_colon(self):
        self.start("a-name-with-a-tail")
        self.assertEqual(self.shell.completed("priorityctl set name:a-name-w"), "priorityctl set name:a-name-with-a-tail ")
        self.assertEqual(self.shell.completed('priorityctl set "name:a-name-w'), 'priorityctl set "name:a-name-with-a-tail" ')

    def test_files_are_completed_behind_an_option(self):
        (self.shell.home / "dark.toml").touch()
        self.assertEqual(self.shell.completed("priorityctl rules --rules=da"), "priorityctl rules --rules=dark.toml ")


class WithDescriptions(InShells):
    def test_descriptions_are_shown(self):
        self.daemon(policy_files=[self.rules()])
        self.assertIn("Only processes of this class", self.shell.descriptions("priorityctl list --"))
        self.assertIn("nobody waits for one of them", self.shell.descriptions("priorityctl list --class "))


class InBash(OnATerminal, CompletionTest):
    kind = Bash


class InZsh(OnATerminal, WithDescriptions, CompletionTest):
    kind = Zsh


class InFish(WithDescriptions, CompletionTest):
    kind = Fish


def main():
    for test in ("InBash", "InZsh", "InFish"):
        kind = globals()[test].kind
        if not kind.is_installed():
            print(f"SKIP: completion in {kind.name}: it is not installed", flush=True)
            del globals()[test]
    client_support.main()


if __name__ == "__main__":
    main()
