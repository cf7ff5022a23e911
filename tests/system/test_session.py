#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# priorityd-session beside the real daemon, on a bus with the shipped policy: an ordinary user's rules, and who is heard.
import os
import pathlib
import shutil
import subprocess

import harness
from controlled import AS_NOBODY, ControlTest
from harness import PATIENCE, PrivateBus, nice_of
from system_bus import NOBODY, dbus

PRIORITYD_SESSION = pathlib.Path(os.environ.get("PRIORITYD_SESSION", harness.TOP / "build/src/session/priorityd-session"))
SESSION = "org.priorityd1.Session"
ACCESS_DENIED = "org.freedesktop.DBus.Error.AccessDenied"


class SessionTest(ControlTest):
    def setUp(self):
        super().setUp()
        if not PRIORITYD_SESSION.exists():
            self.skipTest(f"{PRIORITYD_SESSION} is not built")
        self.own_rules = self.folder / "own/priorityd/rules.d"
        self.own_state = self.folder / "own-state"
        self.own_state.mkdir()
        os.chown(self.own_state, NOBODY, NOBODY)
        self.user_bus = PrivateBus()
        self.addCleanup(self.user_bus.end)

    def session(self) -> subprocess.Popen:
        """Nobody's, with a log in self.session_log."""
        program = shutil.copy(PRIORITYD_SESSION, self.folder)
        self.session_log = self.folder / "session.log"
        with open(self.session_log, "wb") as log:
            process = subprocess.Popen([program, "--system-bus", self.private_bus.address, "--user-bus",
                                        self.user_bus.address, "--state", self.own_state / "state"],
                                       stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", **AS_NOBODY,
                                       env={"XDG_CONFIG_HOME": str(self.folder / "own")})
        self.addCleanup(harness.end_process, process)
        return process

    def write_own_rule(self, text: str):
        self.own_rules.mkdir(parents=True, exist_ok=True)
        fresh = self.own_rules / "new"
        fresh.write_text(text, encoding="utf-8")
        fresh.rename(self.own_rules / "50-own.toml")

    def name_of(self, pid: int) -> str:
        """Of its connection to the system's bus, once it has one."""
        driver = self.connection().get_object("org.freedesktop.DBus", "/org/freedesktop/DBus")
        return next((name for name in driver.ListNames()
                     if name.startswith(":") and driver.GetConnectionUnixProcessID(name) == pid), "")

    def test_rules_of_an_ordinary_user_come_into_force_by_themselves(self):
        self.polkit("lower-own")
        daemon = self.daemon()
        name = self.unique()
        target = self.start_as(AS_NOBODY, name)
        rule = f'[[rule]]\nname = "{name}"\n[rule.set]\nnice = '
        self.write_own_rule(rule + "7\n")
        self.session()
        self.eventually(lambda: nice_of(target.pid), 7, "nice value by a rule that was there at the start")
        self.write_own_rule(rule + "9\n")
        self.eventually(lambda: nice_of(target.pid), 9, "nice value by the changed rule")
        self.write_own_rule(rule + '"much"\n')
        self.eventually(lambda: "50-own.toml:4" in self.session_log.read_text(), True, "what is wrong, and where, in the log")
        self.stays(lambda: nice_of(target.pid), 9, "nice value by the rules before")
        self.write_own_rule(rule + "11\n")
        self.eventually(lambda: nice_of(target.pid), 11, "nice value by the mended rule")
        daemon.end()
        self.eventually(lambda: nice_of(target.pid), 0, "nice value without a daemon")
        self.daemon()
        self.eventually(lambda: nice_of(target.pid), 11, "nice value by another daemon")
        (self.own_rules / "50-own.toml").unlink()
        self.eventually(lambda: nice_of(target.pid), 0, "nice value without rules")

    def test_rules_that_a_user_may_not_have_are_told_in_the_log(self):
        self.polkit()
        self.daemon()
        self.write_own_rule('[[rule]]\nname = "x"\n[rule.set]\nnice = 7\n')
        self.session()
        self.eventually(lambda: "not allowed to this user" in self.session_log.read_text(), True, "a line in the log")

    def test_a_session_hears_nobody_but_the_daemon(self):
        self.daemon()
        session = self.session()
        self.eventually(lambda: self.name_of(session.pid) != "", True, "a connection of the session")
        name = self.name_of(session.pid)
        answer = self.as_nobody(f"""
try:
    bus.call_blocking({name!r}, "/org/priorityd1/session", "{SESSION}", "SetUnitWeights", "sa{{sv}}",
                      ["a.service", sv(cpu_weight=1)])
    print(json.dumps("heard"))
except dbus.DBusException as error:
    print(json.dumps(error.get_dbus_name()))
""")
        self.assertEqual(answer, ACCESS_DENIED, "the user's own programs are stopped by the bus")
        with self.assertRaises(dbus.DBusException) as raised:
            self.connection().call_blocking(name, "/org/priorityd1/session", SESSION, "GetUnitWeights", "s", ["a.service"],
                                            timeout=PATIENCE)
        self.assertEqual(raised.exception.get_dbus_name(), "org.priorityd1.Error.NotAuthorized",
                         "root may send it, and is not heard")


if __name__ == "__main__":
    harness.main()
