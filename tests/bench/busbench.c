/* SPDX-License-Identifier: GPL-3.0-or-later */
/* busbench.c - what others do on the bus while the daemon works.
 *
 *   busbench subscribe BUS            receives ProcessesChanged; prints what it has got at each line of input
 *   busbench ask BUS NAME PID MS      calls GetProcess(PID) of NAME in a loop for MS milliseconds
 *   busbench override BUS             calls AddOverride for each line "KEY VALUE" of input
 *   busbench answer BUS NAME          answers GetProcess with nothing but the pid: the baseline for ask
 *
 * BUS is an address. subscribe and answer print "ready" first and end with their input.
 *
 * subscribe  signals, rows in them, and how many rows were left out; ms from the first signal to the last.
 * ask        one call after the other, each waited for: calls and their times, from just before a call until its
 *            answer is there. Reports p50/p99/max.
 * override   KEY is name, exe, unit or pid; each gets a nice value of 3. What is refused because it comes too fast is
 *            tried again, so they come at the rate that is allowed. Reports how many there are.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#define SERVICE "org.priorityd1"
#define OBJECT "/org/priorityd1"
#define INTERFACE "org.priorityd1.Manager"

static void check(int r, const char *what)
{
    if (r >= 0)
        return;
    fprintf(stderr, "busbench: %s: %s\n", what, strerror(-r));
    exit(2);
}

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static sd_bus *connect_to(const char *address)
{
    sd_bus *bus = NULL;
    check(sd_bus_new(&bus), "sd_bus_new");
    check(sd_bus_set_address(bus, address), "sd_bus_set_address");
    check(sd_bus_set_bus_client(bus, 1), "sd_bus_set_bus_client");
    check(sd_bus_start(bus), address);
    return bus;
}

/* ---- subscribe, answer: driven by the bus until the input ends ---- */

struct counts {
    unsigned long signals, rows, left_out;
    int64_t first_ns, last_ns;
};

static int on_changes(sd_bus_message *m, void *data, sd_bus_error *error)
{
    struct counts *counts = data;
    uint32_t left_out = 0;
    (void)error;
    counts->last_ns = now_ns();
    if (!counts->signals++)
        counts->first_ns = counts->last_ns;
    check(sd_bus_message_enter_container(m, 'a', "a{sv}"), "ProcessesChanged");
    for (; !sd_bus_message_at_end(m, 0); counts->rows++)
        check(sd_bus_message_skip(m, "a{sv}"), "ProcessesChanged");
    check(sd_bus_message_exit_container(m), "ProcessesChanged");
    check(sd_bus_message_read(m, "u", &left_out), "ProcessesChanged");
    counts->left_out += left_out;
    return 0;
}

static int on_call(sd_bus_message *m, void *data, sd_bus_error *error)
{
    uint32_t pid = 0;
    (void)data;
    (void)error;
    if (!sd_bus_message_is_method_call(m, INTERFACE, "GetProcess"))
        return 0;
    check(sd_bus_message_read(m, "u", &pid), "GetProcess");
    return sd_bus_reply_method_return(m, "a{sv}", 1, "pid", "u", pid);
}

static int on_input(sd_event_source *source, int fd, uint32_t events, void *data)
{
    const struct counts *counts = data;
    char buffer[256];
    ssize_t n = read(fd, buffer, sizeof buffer);
    (void)events;
    if (n <= 0)
        return sd_event_exit(sd_event_source_get_event(source), 0);
    for (ssize_t i = 0; i < n; i++)
        if (buffer[i] == '\n')
            printf("signals=%lu rows=%lu left_out=%lu within_ms=%.1f\n", counts->signals, counts->rows,
                   counts->left_out, (double)(counts->last_ns - counts->first_ns) / 1e6);
    return 0;
}

static int serve(sd_bus *bus, struct counts *counts)
{
    sd_event *event = NULL;
    check(sd_event_new(&event), "sd_event_new");
    check(sd_bus_attach_event(bus, event, 0), "sd_bus_attach_event");
    check(sd_event_add_io(event, NULL, STDIN_FILENO, 1 /* EPOLLIN */, on_input, counts), "sd_event_add_io");
    puts("ready");
    return sd_event_loop(event);
}

static int subscribe(sd_bus *bus)
{
    static struct counts counts;
    check(sd_bus_match_signal(bus, NULL, NULL, OBJECT, INTERFACE, "ProcessesChanged", on_changes, &counts), "AddMatch");
    return serve(bus, &counts);
}

static int answer(sd_bus *bus, const char *name)
{
    static struct counts none;
    check(sd_bus_add_object(bus, NULL, OBJECT, on_call, NULL), "sd_bus_add_object");
    check(sd_bus_request_name(bus, name, 0), name);
    return serve(bus, &none);
}

/* ---- ask ---- */

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int64_t ask_once(sd_bus *bus, const char *name, uint32_t pid)
{
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message *reply = NULL;
    int64_t begin = now_ns();
    int r = sd_bus_call_method(bus, name, OBJECT, INTERFACE, "GetProcess", &error, &reply, "u", pid);
    int64_t end = now_ns();
    check(r, error.message ? error.message : "GetProcess");
    sd_bus_message_unref(reply);
    return end - begin;
}

static int ask(sd_bus *bus, const char *name, uint32_t pid, int ms)
{
    size_t n = 0, room = 1 << 16;
    int64_t *times = malloc(room * sizeof *times), end = now_ns() + (int64_t)ms * 1000000;
    do {
        if (n == room)
            times = realloc(times, (room *= 2) * sizeof *times);
        times[n++] = ask_once(bus, name, pid);
    } while (now_ns() < end);
    qsort(times, n, sizeof *times, compare);
#define Q(q) ((double)times[(size_t)((q) * (double)(n - 1) + 0.5)] / 1e3)
    printf("ask calls=%zu p50_us=%.1f p99_us=%.1f max_us=%.1f\n", n, Q(0.5), Q(0.99), Q(1));
    free(times);
    return 0;
}

/* ---- override ---- */

static int add_override(sd_bus *bus, const char *key, const char *value)
{
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message *m = NULL;
    check(sd_bus_message_new_method_call(bus, &m, SERVICE, OBJECT, INTERFACE, "AddOverride"), "AddOverride");
    if (!strcmp(key, "pid"))
        check(sd_bus_message_append(m, "a{sv}", 1, key, "u", (uint32_t)atoi(value)), "AddOverride");
    else
        check(sd_bus_message_append(m, "a{sv}", 1, key, "s", value), "AddOverride");
    check(sd_bus_message_append(m, "a{sv}a{sv}", 1, "nice", "i", 3, 0), "AddOverride");
    int r = sd_bus_call(bus, m, 0, &error, NULL);
    int is_too_fast = r < 0 && sd_bus_error_has_name(&error, "org.priorityd1.Error.LimitReached");
    if (!is_too_fast)
        check(r, error.message ? error.message : "AddOverride");
    sd_bus_error_free(&error);
    sd_bus_message_unref(m);
    return !is_too_fast;
}

static int override(sd_bus *bus)
{
    const struct timespec pause = { 0, 10000000 };
    char key[16], value[512];
    int added = 0;
    while (scanf("%15s %511s", key, value) == 2) {
        int tries = 0;
        while (!add_override(bus, key, value)) {
            if (++tries > 500)
                check(-EDQUOT, value);
            nanosleep(&pause, NULL);
        }
        added++;
    }
    printf("override added=%d\n", added);
    return 0;
}

int main(int argc, char **argv)
{
    const char *mode = argc > 2 ? argv[1] : "";
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (!strcmp(mode, "subscribe")) return subscribe(connect_to(argv[2]));
    if (!strcmp(mode, "override")) return override(connect_to(argv[2]));
    if (!strcmp(mode, "answer") && argc == 4) return answer(connect_to(argv[2]), argv[3]);
    if (!strcmp(mode, "ask") && argc == 6)
        return ask(connect_to(argv[2]), argv[3], (uint32_t)atoi(argv[4]), atoi(argv[5]));
    fputs("usage: busbench subscribe|ask|override|answer BUS ...; see the head of busbench.c\n", stderr);
    return 2;
}
