/* SPDX-License-Identifier: GPL-3.0-or-later */
/* floor.c - the least that a daemon must do: the baseline to compare with.
 *
 *   floor NAME NICE [rr]
 *
 * Listens to the proc connector for EXEC events alone (filtered in the kernel), reads the link
 * /proc/PID/exe, and when its base name is NAME gives the process the nice value NICE. No rules, no
 * threads, no identity check, no D-Bus, no memory. With "rr" it runs under SCHED_RR 1.
 * Prints "ready" once it listens. Needs root.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* struct proc_input of Linux 6.6, which older headers lack. */
struct input { uint32_t op, events; };
enum { kListen = 1, kExec = 2 };

static int open_connector(void)
{
    int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_CONNECTOR), size = 8 << 20;
    struct sockaddr_nl self = { .nl_family = AF_NETLINK, .nl_groups = CN_IDX_PROC };
    struct {
        struct nlmsghdr header;
        struct cn_msg message;
        struct input input;
    } __attribute__((packed)) request = {
        .header = { .nlmsg_len = sizeof request, .nlmsg_type = NLMSG_DONE },
        .message = { .id = { CN_IDX_PROC, CN_VAL_PROC }, .len = sizeof(struct input) },
        .input = { kListen, kExec },
    };
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
    if (fd < 0 || bind(fd, (struct sockaddr *)&self, sizeof self) || send(fd, &request, sizeof request, 0) < 0) {
        perror("floor: proc connector");
        exit(1);
    }
    return fd;
}

int main(int argc, char **argv)
{
    char buffer[4096] __attribute__((aligned(8))), path[64], exe[4096];
    if (argc < 3)
        return 2;
    int nice_value = atoi(argv[2]), fd = open_connector();
    if (argc > 3 && sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &(struct sched_param){ 1 }))
        perror("floor: SCHED_RR");
    puts("ready");
    fflush(stdout);
    for (;;) {
        if (recv(fd, buffer, sizeof buffer, 0) < 0) {
            if (errno == ENOBUFS || errno == EINTR)
                continue;
            return 1;
        }
        const struct proc_event *event = (const void *)((struct cn_msg *)NLMSG_DATA(buffer))->data;
        if (event->what != PROC_EVENT_EXEC)
            continue;
        pid_t pid = event->event_data.exec.process_tgid;
        snprintf(path, sizeof path, "/proc/%d/exe", pid);
        ssize_t n = readlink(path, exe, sizeof exe - 1);
        if (n < 0)
            continue;
        exe[n] = 0;
        if (!strcmp(strrchr(exe, '/') + 1, argv[1]))
            setpriority(PRIO_PROCESS, pid, nice_value);
    }
}
