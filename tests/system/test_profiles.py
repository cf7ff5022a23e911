#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Profiles: what runs follows a person's choice, the power profile and the battery, and goes back; a choice outlives the daemon.
"""power-profiles-daemon and UPower are mocks of python-dbusmock, on a bus of the test's own."""
import pathlib
import signal
import subprocess
import sys

import harness
from harness import nice_of
from outside import Absent, Served

RULES = """
[class.test]
nice = 7
[programs]
{name} = "test"
[profile.low]
description = "Further back"
[profile.low.class.test]
nice = 12
[profile.lowest.class.test]
nice = 17
"""
OWN, LOW, LOWEST = 7, 12, 17
MOCK = "org.freedesktop.DBus.Mock"


class Mock(Served):
    """A template of python-dbusmock."""

    def __init__(self, bus, template: str, name: str, path: str):
        super().__init__(bus, name, [sys.executable, "-m", "dbusmock", "--template", template, "--system"])
        self.name, self.path = name, path

    def set(self, **properties):
        """Says so by PropertiesChanged."""
        self.call(self.name, self.path, MOCK, "UpdateProperties", self.name, properties)


class Profiles(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.private_bus = self.bus()
        self.name = self.unique()
        self.write_rules(RULES.format(name=self.name))
        self.target = self.start(self.name)

    def write_settings(self, text: str) -> pathlib.Path:
        """In them no program gets anything that no rule names."""
        path = self.folder / "priorityd.toml"
        path.write_text(f"[scoring]\nenabled = false\n{text}", encoding="utf-8")
        return path

    def daemon(self, settings: str = "", **options):
        return super().daemon(bus=self.private_bus.address, arguments=["--config", str(self.write_settings(settings))],
                              **options)

    def mock(self, *arguments) -> Mock:
        try:
            mock = Mock(self.private_bus, *arguments)
        except Absent as why:
            self.skipTest(str(why))
        self.addCleanup(lambda: mock.process.poll() is None and mock.end())
        return mock

    def power_profiles(self) -> Mock:
        return self.mock("power_profiles_daemon", "net.hadess.PowerProfiles", "/net/hadess/PowerProfiles")

    def upower(self) -> Mock:
        return self.mock("upower", "org.freedesktop.UPower", "/org/freedesktop/UPower")

    def choose(self, name: str) -> subprocess.CompletedProcess:
        return self.client(self.private_bus, "profile", name)

    def comes_to(self, wanted: int):
        self.eventually(lambda: nice_of(self.target.pid), wanted, "nice value")

    def shown(self) -> dict:
        return self.json_of(self.private_bus, "profile")

    def row_of_nice(self) -> dict:
        rows = self.json_of(self.private_bus, "explain", str(self.target.pid))["contributions"]
        return next(row for row in rows if row["setting"] == "nice" and row["effective"])

    def test_what_runs_follows_a_choice_and_goes_back(self):
        self.daemon()
        self.assertEqual(nice_of(self.target.pid), OWN)
        self.assertEqual(self.choose("low").returncode, 0)
        self.comes_to(LOW)
        self.assertIn("profile low (", self.row_of_nice()["because"])
        later = self.start(self.name)
        self.eventually(lambda: nice_of(later.pid), LOW, "nice value of what starts meanwhile")
        self.assertEqual(self.choose("lowest").returncode, 0)
        self.comes_to(LOWEST)
        self.assertEqual(self.choose("auto").returncode, 0)
        self.comes_to(OWN)
        self.assertNotIn("profile", self.row_of_nice()["because"])
        self.eventually(lambda: nice_of(later.pid), OWN, "nice value of what started meanwhile")

    def test_a_choice_outlives_the_daemon_and_the_kill_of_it_until_it_is_given_back(self):
        daemon = self.daemon()
        self.choose("low")
        daemon.kill()
        daemon = self.daemon()
        self.comes_to(LOW)
        self.assertEqual(daemon.end(), 0)
        self.assertEqual(nice_of(self.target.pid), 0)
        daemon = self.daemon()
        self.comes_to(LOW)
        self.assertEqual(self.shown()["choice"], "low")
        self.choose("auto")
        daemon.kill()
        self.daemon()
        self.comes_to(OWN)

    def test_a_chosen_profile_that_vanishes_falls_back_with_a_warning_and_comes_back(self):
        daemon = self.daemon()
        self.choose("low")
        self.comes_to(LOW)
        self.write_rules(RULES.format(name=self.name).replace("profile.low]", "profile.other]")
                         .replace("profile.low.", "profile.other."))
        self.comes_to(OWN)
        self.assertIn("profile low is chosen, but no file defines it", daemon.log())
        self.assertEqual((self.shown()["profile"], self.shown()["choice"]), ("", "low"))
        self.write_rules(RULES.format(name=self.name))
        self.comes_to(LOW)

    def test_what_runs_follows_the_power_profile_where_the_settings_name_it(self):
        power = self.power_profiles()
        self.daemon('[profiles]\npower-saver = "low"\n')
        self.comes_to(OWN)
        power.set(ActiveProfile="power-saver")
        self.comes_to(LOW)
        self.assertEqual(self.shown()["because"], "the power profile is power-saver")
        power.set(ActiveProfile="performance")
        self.comes_to(OWN)
        power.set(ActiveProfile="power-saver")
        self.comes_to(LOW)
        power.end()
        self.comes_to(OWN)

    def test_a_power_service_that_comes_later_is_followed_too(self):
        self.daemon('[profiles]\nbalanced = "low"\n')
        self.comes_to(OWN)
        self.power_profiles()
        self.comes_to(LOW)

    def test_the_power_profile_goes_over_the_battery_and_a_choice_over_both(self):
        power, battery = self.power_profiles(), self.upower()
        self.daemon('[profiles]\npower-saver = "low"\non-battery = "lowest"\n')
        battery.set(OnBattery=True)
        self.comes_to(LOWEST)
        power.set(ActiveProfile="power-saver")
        self.comes_to(LOW)
        self.choose("none")
        self.comes_to(OWN)
        battery.set(OnBattery=False)
        self.choose("auto")
        self.comes_to(LOW)
        power.set(ActiveProfile="balanced")
        self.comes_to(OWN)

    def test_changed_settings_are_followed_and_a_name_that_no_file_defines_is_told_and_passed_over(self):
        self.power_profiles()
        daemon = self.daemon('[profiles]\ndefault = "low"\n')
        self.comes_to(LOW)
        self.write_settings('[profiles]\ndefault = "lwo"\nbalanced = "lowest"\n')
        daemon.signal(signal.SIGHUP)
        self.comes_to(LOWEST)
        told = self.json_of(self.private_bus, "status")["diagnostics"]
        self.assertEqual(len(told), 1)
        self.assertRegex(told[0], r'priorityd\.toml:4:11: warning: profiles\.default: .*did you mean "low"\?')

    def test_the_client_shows_the_profiles_and_refuses_names_that_there_are_not(self):
        self.daemon('[profiles]\ndefault = "low"\n')
        shown = self.shown()
        self.assertEqual((shown["profile"], shown["choice"], shown["because"]),
                         ("low", "auto", "the default of the settings"))
        self.assertEqual([(one["name"], one["effective"]) for one in shown["profiles"]], [("low", True), ("lowest", False)])
        self.assertEqual(shown["profiles"][0]["description"], "Further back")
        self.assertTrue(shown["profiles"][0]["source"].endswith("50-test.toml:6"))
        refused = self.choose("lwo")
        self.assertEqual(refused.returncode, 1)
        self.assertIn(b'did you mean "low"?', refused.stderr)
        self.assertEqual(self.json_of(self.private_bus, "status")["profile"], "low")
        self.assertIn(b"low: the default of the settings", self.client(self.private_bus, "status").stdout)
        classes = {row["name"]: row["settings"] for row in self.json_of(self.private_bus, "classes")}
        self.assertEqual(classes["test"]["nice"], LOW)

    def test_a_user_s_own_rules_may_have_none(self):
        self.daemon()
        own = self.folder / "own"
        own.mkdir()
        (own / "10-mine.toml").write_text("[profile.mine]\n", encoding="utf-8")
        refused = self.client(self.private_bus, "user-rules", str(own))
        self.assertEqual(refused.returncode, 1)
        self.assertIn(b"10-mine.toml:1: a profile is for the whole machine", refused.stderr)

    def test_a_profile_that_cannot_be_read_leaves_the_old_rules_in_force(self):
        daemon = self.daemon()
        self.choose("low")
        self.comes_to(LOW)
        self.write_rules(RULES.format(name=self.name) + "[profile.low.class.tset]\nnice = 3\n")
        self.eventually(lambda: "unknown class" in daemon.log(), True)
        self.assertEqual(self.shown()["profile"], "low")
        self.stays(lambda: nice_of(self.target.pid), LOW)


if __name__ == "__main__":
    harness.main()
