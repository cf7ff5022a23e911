#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Rules of ananicy, read where they lie and after their import, on real processes.
import json
import subprocess

import harness
from harness import io_of, nice_of, sched_of, threads_of


class Ananicy(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.name = self.unique("an-ananicy-rule-for-")  # longer than comm
        self.tree = self.folder / "ananicy.d"
        self.write("00.types", '{ "type": "Low", "nice": 7, "sched": "batch", "ioclass": "best-effort" } # for the test\n')
        self.write("games/a b.rules", f'# a comment\n{{ "name": "{self.name}", "type": "Low" }}\n')
        self.settings = self.folder / "priorityd.toml"
        self.settings.write_text(f'ananicy_dirs = ["{self.tree}"]\n', encoding="utf-8")

    def write(self, file: str, text: str):
        path = self.tree / file
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.folder / "new"
        fresh.write_text(text, encoding="utf-8")
        fresh.rename(path)

    def ananicy_daemon(self, **options):
        return self.daemon(arguments=["--config", str(self.settings)], **options)

    def ctl(self, *arguments, status: int = 0) -> str:
        done = subprocess.run([harness.PRIORITYCTL, "--bus", "unix:path=/nonexistent", *arguments], encoding="utf-8",
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=harness.PATIENCE)
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stdout

    def classify(self, name: str, *rules) -> dict:
        options = [word for place in rules for word in ("--rules", str(place))]
        return json.loads(self.ctl("--json", "classify", "--name", name, *options))

    def test_all_threads_of_a_program_get_what_its_rule_says(self):
        target = self.start(self.name)
        target.ask("threads 3")
        self.ananicy_daemon()
        for read, wanted in ((nice_of, 7), (sched_of, "batch"), (io_of, "best-effort/4")):
            self.eventually(lambda read=read: {read(tid) for tid in threads_of(target.pid)}, {wanted})

    def test_a_changed_file_is_taken_over_by_itself_and_so_is_one_in_a_new_folder(self):
        self.ananicy_daemon()
        target, other = self.start(self.name), self.start(self.unique())
        self.eventually(lambda: nice_of(target.pid), 7)
        self.write("00.types", '{ "type": "Low", "nice": 4 }\n')
        self.eventually(lambda: nice_of(target.pid), 4)
        name = other.process.args[0].rsplit("/", 1)[1]
        self.write("new/deeper/b.rules", f'{{"name":"{name}","nice":3}}')
        self.eventually(lambda: nice_of(other.pid), 3)

    def test_rules_of_priorityd_win_over_them(self):
        self.write_rules(f'[class.own]\nnice = 2\n\n[programs]\n{self.name} = "own"\n')
        self.ananicy_daemon()
        target = self.start(self.name)
        self.eventually(lambda: nice_of(target.pid), 2)

    def test_explain_names_the_line(self):
        bus = self.bus()
        self.ananicy_daemon(bus=bus.address)
        target = self.start(self.name)
        self.eventually(lambda: nice_of(target.pid), 7)
        shown = self.client(bus, "explain", str(target.pid))
        self.assertIn(f"{self.tree}/games/a b.rules:2", shown.stdout.decode())

    def test_a_line_that_cannot_be_kept_harms_no_other(self):
        self.write("games/bad.rules", '{"name":"x", nice}\n{"name":"y","nice":99}\n\0\xff{"\n')
        daemon = self.ananicy_daemon()
        target = self.start(self.name)
        self.eventually(lambda: nice_of(target.pid), 7)
        self.assertIn("bad.rules:1:14: warning: not kept: ", daemon.log())
        self.assertIn("bad.rules:2:13: warning: not kept: nice = 99", daemon.log())

    def test_import_writes_rules_that_give_the_same_and_keep_their_origin(self):
        self.write("games/more.rules", f'{{"name":"x{self.name}","nice":9,"ionic":1}}\n')
        file = self.rules_folder / "90-ananicy.toml"
        report = self.ctl("import", "ananicy", str(self.tree), "-o", str(file))
        self.assertIn("3 files: 2 rules, 1 type; 1 thing could not be kept, 0 warnings", report)
        self.assertIn('more.rules:1:', report)
        self.assertIn('did you mean "ionice"?', report)
        self.assertIn('did you mean "ionice"?', file.read_text(encoding="utf-8").splitlines()[-1])
        for name, place in ((self.name, "games/a b.rules:2"), ("x" + self.name, "games/more.rules:1")):
            before, after = self.classify(name, self.tree), self.classify(name, file)
            self.assertEqual(before["process"]["settings"], after["process"]["settings"])
            self.assertTrue(before["process"]["settings"])
            for row in after["contributions"]:
                self.assertIn(f"{self.tree}/{place}", row["source"])
        self.daemon()
        target = self.start(self.name)
        self.eventually(lambda: nice_of(target.pid), 7)

    def test_import_without_a_file_prints_what_it_would_write(self):
        shown = self.ctl("import", "ananicy", str(self.tree))
        self.assertIn(f'{self.name} = {{ class = "Low", origin = "{self.tree}/games/a b.rules:2" }}\n', shown)
        document = json.loads(self.ctl("--json", "import", "ananicy", str(self.tree)))
        self.assertEqual(document["toml"], shown)
        self.assertEqual((document["files"], document["rules"], document["not_kept"]), (2, 1, []))

    def test_import_of_no_folder_is_refused(self):
        self.ctl("import", "ananicy", str(self.folder / "nothing"), status=1)
        self.ctl("import", "other", str(self.tree), status=2)
        self.ctl("import", "ananicy", str(self.tree), "-o", str(self.folder / "no/such/folder.toml"), status=1)

    def test_check_warns_of_what_is_probably_not_meant(self):
        self.write("games/odd.rules", '{"name":"A.exe","nice":1}\n{"name":"a.exe","nice":2}\n{"name":"x","type":"No"}\n'
                                      '{"name":"/usr/bin/some-program","nice":1}\n')
        shown = self.ctl("check", str(self.tree))
        self.assertIn("differ in case alone", shown)
        self.assertIn("is defined nowhere", shown)
        self.assertIn("can never match", shown)
        self.assertRegex(shown, r"odd\.rules:2: warning: ")


if __name__ == "__main__":
    harness.main()
