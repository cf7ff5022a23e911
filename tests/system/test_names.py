#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# The names that a process goes by, and what happens when it comes to go by another.
import os
import pathlib
import shutil

import harness
from harness import nice_of

SCRIPT = "print('ready', flush=True)\nimport sys\nsys.stdin.read()\n"


class Names(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.name = self.unique()
        self.write_rules(self.program_rule(self.name, nice=7))

    def test_a_process_that_renames_itself_is_matched_again(self):
        self.daemon()
        target = self.start(self.unique("other"))
        self.stays(lambda: nice_of(target.pid), 0)
        target.rename(self.name.encode())
        self.eventually(lambda: nice_of(target.pid), 7)

    def test_a_name_that_is_taken_off_again_is_taken_back(self):
        self.daemon()
        target = self.start(self.unique("other"))
        target.rename(self.name.encode())
        self.eventually(lambda: nice_of(target.pid), 7)
        target.rename(b"something-else")
        self.eventually(lambda: nice_of(target.pid), 0)

    def test_the_name_of_a_mere_thread_is_not_the_process_s(self):
        self.daemon()
        target = self.start(self.unique("other"))
        target.ask(f"rename-thread {self.name.encode().hex()}")
        self.stays(lambda: nice_of(target.pid), 0)

    def test_exec_in_place_of_another_program_is_matched(self):
        self.daemon()
        target = self.start(self.unique("other"))
        target.exec(self.program(self.name))
        self.eventually(lambda: nice_of(target.pid), 7)

    def test_exec_in_place_of_an_unmatched_program_puts_a_raised_process_back(self):
        self.write_rules(self.program_rule(self.name, nice=-3))
        self.daemon()
        target = self.start(self.name)
        self.eventually(lambda: nice_of(target.pid), -3)
        target.exec(self.program(self.unique("other")))
        self.eventually(lambda: nice_of(target.pid), 0)

    def test_exec_in_place_of_an_unmatched_program_leaves_a_lowered_process_lowered(self):
        daemon = self.daemon()
        target = self.start(self.name)
        self.eventually(lambda: nice_of(target.pid), 7)
        target.exec(self.program(self.unique("other")))
        self.stays(lambda: nice_of(target.pid), 7)
        daemon.end()
        self.assertEqual(nice_of(target.pid), 0)

    def test_exec_from_one_matched_program_to_another_takes_the_other_s(self):
        second = self.unique()
        self.write_rules(self.program_rule(self.name, nice=7, io="idle") + self.program_rule(second, nice=4))
        self.daemon()
        target = self.start(self.name)
        io_before = harness.io_of(os.getpid())
        self.eventually(lambda: (nice_of(target.pid), harness.io_of(target.pid)), (7, "idle"))
        target.exec(self.program(second))
        self.eventually(lambda: (nice_of(target.pid), harness.io_of(target.pid)), (4, io_before))

    def test_exec_from_a_thread_that_is_not_the_leader_is_matched(self):
        self.daemon()
        target = self.start(self.unique("other"))
        target.ask("threads 3")
        target.exec(self.program(self.name), "thread-exec")
        self.eventually(lambda: nice_of(target.pid), 7)

    def test_exec_from_such_a_thread_to_an_unmatched_program_puts_back(self):
        self.write_rules(self.program_rule(self.name, nice=-3))
        self.daemon()
        target = self.start(self.name)
        self.eventually(lambda: nice_of(target.pid), -3)
        target.exec(self.program(self.unique("other")), "thread-exec")
        self.eventually(lambda: nice_of(target.pid), 0)

    def test_a_script_is_known_by_its_own_name(self):
        script = self.programs / self.name
        script.write_text("#!/usr/bin/python3\n" + SCRIPT, encoding="ascii")
        script.chmod(0o755)
        self.daemon()
        self.eventually(lambda t=self.start_command([script]): nice_of(t.pid), 7, "nice of ./script")
        self.eventually(lambda t=self.start_command(["/usr/bin/python3", "-u", script]): nice_of(t.pid), 7,
                        "nice of python3 -u script")

    def test_a_shell_script_is_known_by_its_own_name(self):
        script = self.programs / self.name
        script.write_text("#!/bin/sh\necho ready\nread line\n", encoding="ascii")
        script.chmod(0o755)
        self.daemon()
        self.eventually(lambda t=self.start_command([script]): nice_of(t.pid), 7)

    def test_a_module_is_known_by_its_name(self):
        module = self.name.replace("-", "_")
        (self.programs / f"{module}.py").write_text(SCRIPT, encoding="ascii")
        self.daemon()
        target = self.start_command(["/usr/bin/python3", "-m", module], cwd=self.programs)
        self.eventually(lambda: nice_of(target.pid), 7)

    def test_a_windows_program_is_known_by_its_path_with_backslashes_in_any_case(self):
        name = f"{self.name} Game.exe"
        self.write_rules(self.program_rule(name, nice=7))
        loader = self.program("wine64-preloader")
        self.daemon()
        target = self.start_command([f"C:\\Games\\Of Mine\\{name.upper()}"], executable=loader)
        self.eventually(lambda: nice_of(target.pid), 7)

    def test_argv0_with_slashes_counts_by_its_base_name(self):
        other = self.program(self.unique("other"))
        self.daemon()
        target = self.start_command([f"/opt/somewhere/{self.name}"], executable=other)
        self.eventually(lambda: nice_of(target.pid), 7)

    def test_a_name_longer_than_comm_matches_whole(self):
        long = self.name + "-whose-name-does-not-fit-in-fifteen-bytes"
        self.write_rules(self.program_rule(long, nice=7))
        self.daemon()
        whole = self.start(long)
        self.eventually(lambda: nice_of(whole.pid), 7)
        cut = self.start(long[:-1])
        self.stays(lambda: nice_of(cut.pid), 0)

    def test_a_program_that_was_deleted_keeps_its_name(self):
        path = self.program(self.name)
        target = self.start_command([path])
        os.unlink(path)
        self.daemon()
        self.eventually(lambda: nice_of(target.pid), 7)

    def test_a_link_counts_by_its_target_and_by_its_own_name(self):
        real = pathlib.Path(self.program(self.unique("other")))
        link = self.programs / self.name
        link.symlink_to(real)
        self.daemon()
        target = self.start_command([link])
        self.eventually(lambda: nice_of(target.pid), 7)

    def test_a_rule_on_the_path_matches(self):
        folder = self.folder / "special"
        folder.mkdir()
        self.write_rules(f'[class.low]\nnice = 7\n\n[[rule]]\nexe = "{folder}/*"\nclass = "low"\n')
        inside = shutil.copy(harness.TARGET, folder / self.unique("other"))
        outside = self.program(self.unique("other"))
        self.daemon()
        self.eventually(lambda t=self.start_command([inside]): nice_of(t.pid), 7)
        self.stays(lambda t=self.start_command([outside]): nice_of(t.pid), 0)

    def test_a_rule_on_arguments_matches(self):
        self.write_rules(f'[class.low]\nnice = 7\n\n[[rule]]\nname = "{self.name}"\narg = "serve*"\nclass = "low"\n')
        self.daemon()
        self.eventually(lambda t=self.start(self.name, "--fast", "server"): nice_of(t.pid), 7)
        self.stays(lambda t=self.start(self.name, "--fast"): nice_of(t.pid), 0)

    def test_a_rule_on_the_parent_matches(self):
        child = self.unique("child")
        self.write_rules(f'[class.low]\nnice = 7\n\n[[rule]]\nname = "{child}"\nparent = "{self.name}"\nclass = "low"\n')
        path = self.program(child)
        self.daemon()
        (pid,) = self.start(self.name).ask(f"fork-exec {path}")
        self.eventually(lambda: nice_of(pid), 7)
        (pid,) = self.start(self.unique("other")).ask(f"fork-exec {path}")
        self.stays(lambda: nice_of(pid), 0)

    def test_a_change_of_user_is_matched_again(self):
        self.write_rules(f'[class.low]\nnice = 7\n\n[[rule]]\nname = "{self.name}"\nuser = "nobody"\nclass = "low"\n')
        self.daemon()
        target = self.start(self.name)
        self.stays(lambda: nice_of(target.pid), 0)
        target.ask("uid 65534")
        self.eventually(lambda: nice_of(target.pid), 7)


if __name__ == "__main__":
    harness.main()
