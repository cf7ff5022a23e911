#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Who may: a bus with the shipped bus policy, a mock of polkit, the service as root, and a real unprivileged user.
"""By hand, as root: FAKE_DAEMON=build/tests/bus/fake-daemon /usr/bin/python3 tests/bus/polkit_test.py"""
import json
import re
import signal
import subprocess
import sys
import unittest
import xml.etree.ElementTree

from polkit_support import (ACTIONS_XML, COMPILER, COMPILERS_PATH, INSPECT, LOWER_OWN, NOBODY, NOT_AUTHORIZED, OVERRIDE,
                            PATIENCE, TOP, PolkitTest, end_process, wait_until,
                            why_no_system_bus)

INTERFACE_XML = TOP / "src/bus/org.priorityd1.Manager.xml"
ACCESS_DENIED = "org.freedesktop.DBus.Error.AccessDenied"


class Written(unittest.TestCase):
    """What is written in several files says the same in all of them."""

    def test_polkits_actions_are_those_that_the_interface_names(self):
        named = set(re.findall(r"^\s+(org\.priorityd1\.[a-z-]+)  ", INTERFACE_XML.read_text("utf-8"), re.MULTILINE))
        actions = {action.get("id") for action in xml.etree.ElementTree.parse(ACTIONS_XML).iter("action")}
        self.assertEqual(len(actions), 7)
        self.assertEqual(actions, named)

    def test_every_action_says_what_it_is_about_and_what_holds_for_whom(self):
        for action in xml.etree.ElementTree.parse(ACTIONS_XML).iter("action"):
            for tag in ("description", "message", "defaults/allow_any", "defaults/allow_inactive",
                        "defaults/allow_active"):
                self.assertTrue(action.findtext(tag), (action.get("id"), tag))

    def test_who_comes_from_elsewhere_needs_an_administrator_for_all_but_lowering(self):
        for action in xml.etree.ElementTree.parse(ACTIONS_XML).iter("action"):
            allowed = action.findtext("defaults/allow_any")
            self.assertEqual(allowed == "yes", action.get("id") == LOWER_OWN, action.get("id"))
            self.assertIn(allowed, ("yes", "auth_admin", "auth_admin_keep"))


class WhoMay(PolkitTest):
    def start_polkit(self, *allowed: str):
        """A mock that allows these actions and refuses all others."""
        self.start_authority([sys.executable, "-m", "dbusmock", "--template", "polkitd"])
        self.tell_polkit("SetAllowed", "as", [list(allowed)])

    def tell_polkit(self, member: str, signature: str = "", arguments=()):
        return self.root.call_blocking("org.freedesktop.PolicyKit1", "/org/freedesktop/PolicyKit1/Authority",
                                       "org.freedesktop.DBus.Mock", member, signature, arguments)

    def test_whom_polkit_allows_it_gets_an_override_of_their_own(self):
        self.start_polkit(LOWER_OWN)
        self.assertEqual(self.add_as_nobody(), {"value": "1"})
        row, = self.overrides()
        self.assertEqual((row["owner"], row["name"], row["settings"]["nice"]), (NOBODY, "firefox*", 5))
        self.assertEqual(self.call_as_nobody("RemoveOverride", "s", ["1"]), {"value": None})
        self.assertNothingChanged()

    def test_whom_polkit_refuses_it_is_not_authorised_and_told_the_action(self):
        self.start_polkit("org.priorityd1.reload")
        answer = self.add_as_nobody()
        self.assertEqual(answer["error"], NOT_AUTHORIZED)
        self.assertIn(LOWER_OWN, answer["text"])
        self.assertEqual(self.call_as_nobody("SetUserRules", "a(ss)", [[["a.toml", ""]]])["error"], NOT_AUTHORIZED)
        self.assertNothingChanged()

    def test_what_is_allowed_for_one_thing_is_not_for_another(self):
        self.start_polkit("org.priorityd1.reload")
        self.assertEqual(self.call_as_nobody("Reload"), {"value": [513, []]})
        self.tell_polkit("SetAllowed", "as", [[LOWER_OWN]])
        self.assertEqual(self.call_as_nobody("Reload")["error"], NOT_AUTHORIZED)

    def test_whom_polkit_lets_inspect_sees_the_programs_of_others(self):
        self.start_polkit(INSPECT)
        self.assertEqual(self.call_as_nobody("GetProcess", "u", [COMPILER])["value"]["exe"], COMPILERS_PATH)
        self.assertEqual(self.call_as_nobody("Explain", "u", [COMPILER])["value"][0]["exe"], COMPILERS_PATH)
        self.assertTrue(all(self.paths_for_nobody().values()))

    def test_whom_polkit_does_not_let_inspect_sees_the_own_programs_alone(self):
        self.start_polkit(LOWER_OWN)
        process = self.call_as_nobody("GetProcess", "u", [COMPILER])["value"]
        self.assertEqual((process["exe"], process["name"], process["class"]), ("", "cc1plus", "build"))
        self.assertEqual(self.call_as_nobody("Explain", "u", [COMPILER])["value"][0]["exe"], "")
        paths = self.paths_for_nobody()
        self.assertEqual(paths.pop(COMPILER), "")
        self.assertTrue(paths and all(paths.values()), paths)

    def test_without_polkit_everybody_reads_and_only_root_sees_all(self):
        self.assertEqual(self.call_as_nobody("GetProcess", "u", [COMPILER])["value"]["exe"], "")
        process = self.root.call_blocking("org.priorityd1", "/org/priorityd1", "org.priorityd1.Manager", "GetProcess",
                                          "u", [COMPILER])
        self.assertEqual(process["exe"], COMPILERS_PATH)

    def test_without_polkit_only_root_may(self):
        self.assertEqual(self.add_as_nobody()["error"], NOT_AUTHORIZED)
        self.assertEqual(self.call_as_nobody("Reload")["error"], NOT_AUTHORIZED)
        self.assertNothingChanged()
        self.root.call_blocking("org.priorityd1", "/org/priorityd1", "org.priorityd1.Manager", "AddOverride",
                                "a{sv}a{sv}a{sv}", OVERRIDE)
        self.assertEqual(len(self.overrides()), 1)

    def test_a_polkit_that_dies_while_it_thinks_is_a_no(self):
        self.start_polkit(LOWER_OWN)
        self.tell_polkit("SimulateHang", "b", [True])
        caller = self.start_caller("AddOverride", "a{sv}a{sv}a{sv}", OVERRIDE)
        self.assertTrue(wait_until(lambda: self.tell_polkit("HaveHangingCalls"), PATIENCE))
        self.polkit.send_signal(signal.SIGKILL)
        self.assertEqual(json.loads(caller.stdout.read())["error"], NOT_AUTHORIZED)
        self.assertNothingChanged()

    def test_a_yes_for_a_caller_who_has_been_killed_changes_nothing(self):
        self.start_polkit(LOWER_OWN)
        self.tell_polkit("SimulateHang", "b", [True])
        caller = self.start_caller("AddOverride", "a{sv}a{sv}a{sv}", OVERRIDE)
        self.assertTrue(wait_until(lambda: self.tell_polkit("HaveHangingCalls"), PATIENCE))
        caller.send_signal(signal.SIGKILL)
        caller.wait(PATIENCE)
        self.tell_polkit("ReleaseHangingCalls")
        self.tell_polkit("SimulateHang", "b", [False])
        # Somebody else's call takes the same way, and is through only after the one before it.
        self.assertEqual(self.add_as_nobody(), {"value": "1"})
        self.assertEqual([row["id"] for row in self.overrides()], ["1"])

    def test_the_bus_lets_everybody_call_every_member_of_the_interface(self):
        self.start_polkit()
        for method in xml.etree.ElementTree.parse(INTERFACE_XML).iter("method"):
            answer = self.call_as_nobody(method.get("name"), "", [])
            self.assertNotEqual(answer.get("error"), ACCESS_DENIED, method.get("name"))

    def test_the_bus_denies_what_is_not_named(self):
        for interface, member, signature, arguments in (
                ("org.priorityd1.Manager", "NoSuchMember", "", []),
                ("org.freedesktop.DBus.ObjectManager", "GetManagedObjects", "", []),
                ("org.freedesktop.DBus.Properties", "Set", "ssv", ["org.priorityd1.Manager", "Generation", 9])):
            answer = self.call_as_nobody(member, signature, arguments, interface=interface)
            self.assertEqual(answer.get("error"), ACCESS_DENIED, member)

    def test_the_bus_lets_everybody_read(self):
        properties = self.call_as_nobody("GetAll", "s", ["org.priorityd1.Manager"],
                                         interface="org.freedesktop.DBus.Properties")
        self.assertEqual(properties["value"]["Version"], "9.8.7")
        self.assertEqual(self.call_as_nobody("ListOverrides"), {"value": []})

    def test_nobody_but_root_can_be_priorityd(self):
        end_process(self.daemon)
        program = ("import dbus.bus, sys\n"
                   "try: dbus.bus.BusConnection(sys.argv[1]).request_name('org.priorityd1')\n"
                   "except Exception as error: print(error.get_dbus_name())")
        shown = subprocess.run([sys.executable, "-c", program, self.bus.address], user=NOBODY, group=NOBODY,
                               extra_groups=[], cwd="/", stdout=subprocess.PIPE, timeout=PATIENCE, encoding="utf-8")
        self.assertEqual(shown.stdout.strip(), ACCESS_DENIED)


if __name__ == "__main__":
    if reason := why_no_system_bus("dbus", "dbusmock"):
        print(f"SKIP: polkit and another user: {reason}")
        del WhoMay
    unittest.main(verbosity=2)
