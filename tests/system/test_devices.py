#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Rules on what a program has open: GPUs that are device files in a folder of the target's own, and no GPUs.
import harness
from harness import nice_of

# The target sees another /dev than everybody else, in which the devices are the null device under other names.
IN_OWN_DEV = """mount -t tmpfs none /dev && mkdir /dev/dri && mknod /dev/dri/renderD250 c 1 3 && mknod /dev/kfd c 1 3 &&
mknod /dev/nvidia0 c 1 3 && mknod /dev/nvidiactl c 1 3 && exec "$1" """


class Devices(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.name = self.unique()
        self.write_rules(f'[[rule]]\nname = "{self.name}"\nuses = "gpu"\nset = {{ nice = 3 }}\n')

    def client_of_devices(self):
        return self.start_command(["unshare", "--mount", "--propagation", "private", "sh", "-c", IN_OWN_DEV, "sh",
                                   self.program(self.name)])

    def test_a_program_that_opens_a_gpu_after_its_start_gets_what_the_rule_says(self):
        self.daemon()
        for device in ("/dev/dri/renderD250", "/dev/kfd", "/dev/nvidia0"):
            with self.subTest(device=device):
                target = self.client_of_devices()
                target.ask(f"open {device}")
                self.eventually(lambda: nice_of(target.pid), 3)

    def test_another_device_is_no_gpu(self):
        self.daemon()
        target = self.client_of_devices()
        target.ask("open /dev/nvidiactl")
        gpu = self.client_of_devices()
        gpu.ask("open /dev/nvidia0")
        self.eventually(lambda: nice_of(gpu.pid), 3)  # so by now both have been looked at
        self.assertEqual(nice_of(target.pid), 0)

    def test_one_that_runs_already_is_found(self):
        target = self.client_of_devices()
        target.ask("open /dev/dri/renderD250")
        self.daemon()
        self.eventually(lambda: nice_of(target.pid), 3)

    def test_all_is_put_back_at_the_end(self):
        daemon = self.daemon()
        target = self.client_of_devices()
        target.ask("open /dev/dri/renderD250")
        self.eventually(lambda: nice_of(target.pid), 3)
        daemon.end()
        self.assertEqual(nice_of(target.pid), 0)


if __name__ == "__main__":
    harness.main()
