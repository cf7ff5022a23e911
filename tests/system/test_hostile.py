#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Hostile names and messages: shown escaped, never mistaken for something else, valid UTF-8 on the bus.
import json
import os
import pathlib
import re
import socket
import struct
import unicodedata

import harness
from harness import nice_of

try:
    import dbus
    import dbus.bus
except ImportError:
    dbus = None

# Names of programs. No "/" and no NUL is all that the kernel asks for.
HOSTILE_NAMES = [
    b"foo) Z 1",
    b") R 1 1 1 0 -1 4194304 0 0",
    b"two\nlines",
    b"\x1b[31mred\x1b[0m\x07",
    b"\xff\xfe\x80 no utf-8",
    b"half \xc3",
    b"\xed\xa0\x80 surrogate",
    "ü → 日本".encode(),
    "\u202egnp.exe right to left".encode(),
    "c1 \u009b31m".encode(),
    b"back\\slash\\",
    b'"quotes\' and %s%n {} {0}',
    b"*[a-z]?",
    b"-rf",
    b" ",
    b"n" * 255,
    b"tab\tand\rreturn\x7f",
]
INTERFACE = "org.priorityd1.Manager"


def is_safe(text: str) -> bool:
    """No control characters and nothing that is not UTF-8."""
    text.encode("utf-8")
    return not any(unicodedata.category(c) in ("Cc", "Cs") for c in text)


def texts_in(value):
    """All text in an answer, keys too."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from texts_in(key)
            yield from texts_in(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from texts_in(item)
    elif isinstance(value, str):
        yield str(value)


class Hostile(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.write_rules(f'[class.low]\nnice = 3\n\n[[rule]]\nexe = "{self.programs}/*"\nclass = "low"\n')

    def manager(self, bus: harness.PrivateBus):
        if dbus is None:
            self.skipTest("python3-dbus is not installed")
        connection = dbus.bus.BusConnection(bus.address)
        self.addCleanup(connection.close)
        return dbus.Interface(connection.get_object("org.priorityd1", "/org/priorityd1"), INTERFACE)

    def assert_daemon_works(self, daemon: harness.Daemon):
        self.assertIsNone(daemon.process.poll(), daemon.log())
        target = self.start(self.unique())
        self.eventually(lambda: nice_of(target.pid), 3)

    def test_programs_with_hostile_names_are_matched_and_put_back(self):
        daemon = self.daemon()
        targets = [self.start(name) for name in HOSTILE_NAMES]
        for name, target in zip(HOSTILE_NAMES, targets):
            self.eventually(lambda t=target: nice_of(t.pid), 3, f"nice of {name!r}")
        self.assert_daemon_works(daemon)
        self.assertEqual(daemon.end(), 0)
        for name, target in zip(HOSTILE_NAMES, targets):
            self.assertEqual(nice_of(target.pid), 0, f"nice of {name!r}")

    def test_threads_named_like_fields_of_stat_confuse_nobody(self):
        name = self.unique()
        daemon = self.daemon()
        target = self.start(name)
        for comm in (b") Z 1 1 1", b"x) S 1\nx", b"\xff\xff\xff", b"((((", b"))))", b""):
            target.rename(comm)
            self.stays(lambda: nice_of(target.pid), 3, f"nice as {comm!r}")
        daemon.end()
        self.assertEqual(nice_of(target.pid), 0)

    def test_rules_match_hostile_names_exactly(self):
        name = f"{self.unique()}) Z 1"
        self.write_rules(self.program_rule(name, nice=6), "60-name.toml")
        self.daemon()
        target = self.start(name)
        self.eventually(lambda: nice_of(target.pid), 6)

    def test_what_is_on_the_bus_is_valid_and_escaped(self):
        bus = self.bus()
        daemon = self.daemon(bus=bus.address)
        manager = self.manager(bus)
        targets = [self.start(name, b"--\xff\n\x1b[2J") for name in HOSTILE_NAMES]
        pids = {target.pid for target in targets}
        self.eventually(lambda: pids <= {int(row["pid"]) for row in manager.ListProcesses({})}, True, "all are listed")
        for target in targets:
            answers = [manager.GetProcess(dbus.UInt32(target.pid)), manager.Explain(dbus.UInt32(target.pid))]
            for text in texts_in(answers):
                self.assertTrue(is_safe(text), ascii(text))
        for text in texts_in(manager.ListProcesses({})):
            self.assertTrue(is_safe(text), ascii(text))
        self.assertTrue(is_safe(daemon.log().replace("\n", "")), ascii(daemon.log()))
        self.assert_daemon_works(daemon)

    def test_what_the_client_prints_is_safe_for_a_terminal(self):
        bus = self.bus()
        self.daemon(bus=bus.address)
        targets = [self.start(name) for name in HOSTILE_NAMES]
        for target in targets:
            self.eventually(lambda t=target: nice_of(t.pid), 3)
        for arguments in (["list"], *(["explain", str(target.pid)] for target in targets)):
            with self.subTest(arguments):
                plain, as_json = self.client(bus, *arguments), self.client(bus, "--json", *arguments)
                self.assertEqual((plain.returncode, as_json.returncode), (0, 0), plain.stderr)
                self.assertTrue(is_safe(plain.stdout.decode("utf-8").replace("\n", "")), ascii(plain.stdout))
                for text in texts_in(json.loads(as_json.stdout.decode("utf-8"))):
                    self.assertTrue(is_safe(text), ascii(text))

    def test_long_command_lines_are_no_trouble(self):
        name = self.unique()
        self.write_rules(f'[class.arg]\nnice = 5\n\n[[rule]]\nname = "{name}"\narg = "--wanted"\nclass = "arg"\n',
                         "60-arg.toml")
        daemon = self.daemon()
        wanted = self.start(name, "--wanted", "x" * 4096, *["y" * 1000] * 100)
        self.eventually(lambda: nice_of(wanted.pid), 5)
        for arguments in (["z" * 100_000], ["\xff" * 4096], [""] * 5000, ["\n" * 4096]):
            target = self.start(name, *arguments)
            self.eventually(lambda t=target: nice_of(t.pid), 3)
        self.assert_daemon_works(daemon)

    def test_garbled_and_truncated_messages_are_ignored(self):
        daemon = self.daemon()
        port = self.netlink_port(daemon.pid)
        bystander = self.start_command([self.program(self.unique(), self.folder)])
        exec_event = struct.pack("=IIQ", 2, 0, 0) + struct.pack("=II", bystander.pid, bystander.pid)
        connector = struct.pack("=IIIIHH", 1, 1, 0, 0, len(exec_event), 0) + exec_event
        whole = struct.pack("=IHHII", 16 + len(connector), 3, 0, 0, 0) + connector
        messages = [os.urandom(64), os.urandom(4000), b"\0" * 16, struct.pack("=IHHII", 0xffffffff, 3, 0, 0, 0) + connector,
                    *(whole[:length] for length in range(1, len(whole), 7)), whole]
        with socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, 11) as sender:  # NETLINK_CONNECTOR
            sender.bind((0, 0))
            refused = 0
            for message in messages:
                try:
                    sender.sendto(message, (port, 0))
                except OSError:
                    refused += 1
        self.assert_daemon_works(daemon)
        if refused == len(messages):
            self.skipTest("this kernel lets no process send to another's connector socket")

    def netlink_port(self, pid: int) -> int:
        """The port of its connector socket. Source: /proc/net/netlink."""
        inodes = {match[1] for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir()
                  if (match := re.fullmatch(r"socket:\[(\d+)\]", os.readlink(fd)))}
        for line in pathlib.Path("/proc/net/netlink").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[1] == "11" and fields[-1] in inodes:
                return int(fields[2])
        self.fail("the daemon has no connector socket")


if __name__ == "__main__":
    harness.main()
