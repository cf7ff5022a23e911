#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Who may, as the real polkitd says with the shipped actions: on a bus of the test's own, with rules of the test's own.
"""By hand, as root: FAKE_DAEMON=build/tests/bus/fake-daemon PRIORITYCTL=build/src/cli/priorityctl
/usr/bin/python3 tests/bus/real_polkit_test.py

polkitd looks at its actions and rules in fixed places. The test gives it other folders there, in a mount namespace that
ends with it; nothing outside is touched."""
import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

from polkit_support import (ACTIONS_XML, AUTHORITY, COMPILER, COMPILERS_PATH, INSPECT, NOBODY, NOT_AUTHORIZED, PATIENCE,
                            POLKIT, PolkitTest, end_process, why_no_system_bus)

PRIORITYCTL = os.path.abspath(os.environ.get("PRIORITYCTL", "build/src/cli/priorityctl"))
POLKITD = next(filter(os.path.exists, ("/usr/lib/polkit-1/polkitd", "/usr/libexec/polkitd")), None)
ACTIONS_FOLDER = "/usr/share/polkit-1/actions"
RULES_FOLDER = "/etc/polkit-1/rules.d"
UNSHARE = ["unshare", "--mount", "--propagation", "private", "--"]
IN_OTHER_FOLDERS = (f'mount --bind "$0/actions" {ACTIONS_FOLDER} && mount --bind "$0/rules.d" {RULES_FOLDER} && '
                    'exec "$@"')
RELOAD = "org.priorityd1.reload"

# What shows the dialogs of the process with this number: it prints what polkit wants of it. With "dismiss" each dialog
# is closed at once by who sits there, else it stays open.
AGENT = """
import sys
import dbus, dbus.bus, dbus.service
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib

class Dismissed(dbus.DBusException):
    _dbus_error_name = "org.freedesktop.PolicyKit1.Error.Cancelled"

class Agent(dbus.service.Object):
    @dbus.service.method("org.freedesktop.PolicyKit1.AuthenticationAgent", "sssa{ss}sa(sa{sv})", "",
                         async_callbacks=("done", "failed"))
    def BeginAuthentication(self, action, message, icon, details, cookie, identities, done, failed):
        print("begin", action, message, flush=True)
        if how == "dismiss":
            failed(Dismissed())

    @dbus.service.method("org.freedesktop.PolicyKit1.AuthenticationAgent", "s", "")
    def CancelAuthentication(self, cookie):
        print("cancel", flush=True)

address, pid, how = sys.argv[1:]
with open(f"/proc/{pid}/stat") as stat:
    started = int(stat.read().rpartition(")")[2].split()[19])
bus = dbus.bus.BusConnection(address, mainloop=DBusGMainLoop())
agent = Agent(bus, "/agent")
subject = ("unix-process", {"pid": dbus.UInt32(pid), "start-time": dbus.UInt64(started)})
bus.call_blocking("org.freedesktop.PolicyKit1", "/org/freedesktop/PolicyKit1/Authority",
                  "org.freedesktop.PolicyKit1.Authority", "RegisterAuthenticationAgent", "(sa{sv})ss",
                  (subject, "C", "/agent"))
print("ready", flush=True)
GLib.MainLoop().run()
"""


def actions_of_file() -> dict:
    """From each action to what holds by default: for anybody, in an inactive session, in an active one. The numbers are
    those of PolkitImplicitAuthorization."""
    words = {"no": 0, "auth_self": 1, "auth_admin": 2, "auth_self_keep": 3, "auth_admin_keep": 4, "yes": 5}
    return {action.get("id"): tuple(words[action.findtext(f"defaults/allow_{who}")]
                                    for who in ("any", "inactive", "active"))
            for action in xml.etree.ElementTree.parse(ACTIONS_XML).iter("action")}


class RealPolkit(PolkitTest):
    def start_polkit(self, *allowed: str):
        """polkitd with the shipped actions alone, and an administrator's rule that allows these to nobody."""
        folder = pathlib.Path(tempfile.mkdtemp(prefix="priorityd-polkit-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        folder.chmod(0o755)
        for name in ("actions", "rules.d"):
            folder.joinpath(name).mkdir()
        shutil.copy(ACTIONS_XML, folder / "actions")
        rule = "polkit.addRule(function(action, subject) {\n" \
               f"    if ({list(allowed)}.indexOf(action.id) >= 0 && subject.user == 'nobody') return polkit.Result.YES;\n" \
               "});\n"
        folder.joinpath("rules.d", "10-test.rules").write_text(rule, encoding="utf-8")
        self.start_authority([*UNSHARE, "sh", "-c", IN_OTHER_FOLDERS, str(folder), POLKITD, "--no-debug"])

    def start_client(self, *arguments: str) -> subprocess.Popen:
        """priorityctl as nobody, once a line comes on its standard input."""
        client = subprocess.Popen(["sh", "-c", 'read line; exec "$@"', "sh", PRIORITYCTL, "--bus", self.bus.address,
                                   *arguments], user=NOBODY, group=NOBODY, extra_groups=[], cwd="/",
                                  stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                  encoding="utf-8")
        self.addCleanup(end_process, client)
        self.addCleanup(client.stderr.close)
        return client

    def start_agent(self, client: subprocess.Popen, how: str) -> subprocess.Popen:
        """The dialogs of this client; returns once polkit knows of it, and then has the client go on."""
        agent = subprocess.Popen([sys.executable, "-c", AGENT, self.bus.address, str(client.pid), how], user=NOBODY,
                                 group=NOBODY, extra_groups=[], cwd="/", stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, encoding="utf-8")
        self.addCleanup(end_process, agent)
        self.addCleanup(agent.stdout.close)
        self.assertEqual(agent.stdout.readline(), "ready\n")
        with contextlib.closing(client.stdin):
            client.stdin.write("go\n")
        return agent

    def test_it_reads_the_shipped_actions_as_they_are_written(self):
        self.start_polkit()
        listed = self.root.call_blocking(POLKIT, AUTHORITY, "org.freedesktop.PolicyKit1.Authority", "EnumerateActions",
                                         "s", ["C"])
        self.assertEqual({str(row[0]): tuple(int(word) for word in row[6:9]) for row in listed}, actions_of_file())

    def test_who_comes_from_elsewhere_may_lower_the_own_processes_and_read(self):
        self.start_polkit()
        self.assertEqual(self.add_as_nobody(), {"value": "1"})
        self.assertEqual([row["owner"] for row in self.overrides()], [NOBODY])
        self.assertEqual(self.call_as_nobody("RemoveOverride", "s", ["1"]), {"value": None})
        self.assertEqual(self.call_as_nobody("GetProcess", "u", [COMPILER])["value"]["exe"], "")

    def test_for_the_rest_it_takes_a_password_and_without_a_dialog_the_answer_is_no(self):
        self.start_polkit()
        answer = self.call_as_nobody("Reload")
        self.assertEqual(answer["error"], NOT_AUTHORIZED)
        self.assertIn(RELOAD, answer["text"])
        self.assertIn("password", answer["text"])

    def test_an_administrators_rule_allows_what_it_names_and_no_more(self):
        self.start_polkit(INSPECT)
        self.assertEqual(self.call_as_nobody("GetProcess", "u", [COMPILER])["value"]["exe"], COMPILERS_PATH)
        self.assertTrue(all(self.paths_for_nobody().values()))
        self.assertEqual(self.call_as_nobody("Reload")["error"], NOT_AUTHORIZED)

    def test_where_nobody_can_show_a_dialog_the_client_is_told_no(self):
        self.start_polkit()
        client = self.start_client("reload")
        _, told = client.communicate("go\n", timeout=PATIENCE)
        self.assertEqual(client.returncode, 4, told)
        self.assertIn(RELOAD, told)

    def test_a_dialog_says_what_the_action_says_and_may_be_dismissed(self):
        self.start_polkit()
        client = self.start_client("reload")
        agent = self.start_agent(client, "dismiss")
        message = next(action.findtext("message") for action in xml.etree.ElementTree.parse(ACTIONS_XML).iter("action")
                       if action.get("id") == RELOAD)
        self.assertEqual(agent.stdout.readline(), f"begin {RELOAD} {message}\n")
        self.assertEqual(client.wait(PATIENCE), 4)
        self.assertIn(RELOAD, client.stderr.read())

    def test_a_dialog_is_closed_when_its_caller_has_gone(self):
        self.start_polkit()
        client = self.start_client("reload")
        agent = self.start_agent(client, "wait")
        self.assertIn("begin", agent.stdout.readline())
        client.kill()
        self.assertEqual(agent.stdout.readline(), "cancel\n")


def why_not_real() -> str | None:
    if reason := why_no_system_bus("dbus", "gi"):
        return reason
    if POLKITD is None:
        return "polkitd is not installed"
    for folder in (ACTIONS_FOLDER, RULES_FOLDER):
        if not os.path.isdir(folder):
            return f"there is no {folder}"
    probe = subprocess.run([*UNSHARE, "mount", "--bind", ACTIONS_FOLDER, RULES_FOLDER], stderr=subprocess.PIPE,
                           encoding="utf-8")
    return f"no mounts of its own: {probe.stderr.strip()}" if probe.returncode != 0 else None


if __name__ == "__main__":
    if why := why_not_real():
        print(f"SKIP: {why}")
        sys.exit(77)
    unittest.main(verbosity=2)
