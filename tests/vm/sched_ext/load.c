// SPDX-License-Identifier: GPL-3.0-or-later
/// Has the kernel use the sched_ext scheduler in a BPF object until it is told to end: load FILE.
#include <signal.h>
#include <stdio.h>

#include <bpf/libbpf.h>

int main(int argc, char **argv)
{
    sigset_t end;
    sigemptyset(&end);
    sigaddset(&end, SIGTERM);
    sigaddset(&end, SIGINT);
    sigprocmask(SIG_BLOCK, &end, NULL);

    if (argc != 2) {
        fputs("usage: load FILE\n", stderr);
        return 2;
    }
    struct bpf_object *object = bpf_object__open_file(argv[1], NULL);
    if (!object || bpf_object__load(object) != 0)
        return 1;
    struct bpf_link *scheduler = bpf_map__attach_struct_ops(bpf_object__next_map(object, NULL));
    if (!scheduler)
        return 1;
    int signal = 0;
    sigwait(&end, &signal);
    const int status = bpf_link__destroy(scheduler);
    bpf_object__close(object);
    return status == 0 ? 0 : 1;
}
