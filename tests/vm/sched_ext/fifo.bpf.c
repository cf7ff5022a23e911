// SPDX-License-Identifier: GPL-3.0-or-later
/// A sched_ext scheduler that heeds no priority at all: one queue for the machine, first come, first served.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

/// The few names of the kernel that are used here; the loader finds them in the kernel that runs. Source: its BTF.
struct task_struct {};
enum { SCX_SLICE_DFL = 20000000 };            // 20 ms
#define SCX_DSQ_GLOBAL 0x8000000000000001ULL  // of all built-in queues the one of the whole machine

struct sched_ext_ops {
    void (*enqueue)(struct task_struct *, __u64);
    char name[128];
};

extern void scx_bpf_dsq_insert(struct task_struct *task, __u64 queue, __u64 slice, __u64 flags) __ksym;

/// Its arguments: the task, and with what flags it comes.
SEC("struct_ops/enqueue")
int enqueue(unsigned long long *arguments)
{
    scx_bpf_dsq_insert((struct task_struct *)arguments[0], SCX_DSQ_GLOBAL, SCX_SLICE_DFL, arguments[1]);
    return 0;
}

SEC(".struct_ops")
struct sched_ext_ops fifo = {
    .enqueue = (void *)enqueue,
    .name = "priorityd_test_fifo",
};

/// Which licences the verifier lets call such functions; this one is compatible with "GPL" in its sense.
char _license[] SEC("license") = "GPL";
