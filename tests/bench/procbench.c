/* SPDX-License-Identifier: GPL-3.0-or-later */
/* procbench.c - black-box benchmark for "auto-nice" daemons (ananicy & successors).
 *
 * It knows nothing about the daemon under test: it starts processes under a name
 * which the daemon's rules match, watches their nice value with getpriority(2), and
 * reads the daemon's cost from the kernel (process CPU clock, /proc/PID).
 *
 *   procbench latency -m NAME -e NICE [-n 500] [-k CAPMS] [-g GAPMS] [-d US] [-V] [-c CPU] [-o CSV] [-P PID]
 *   procbench storm   -m NAME -e NICE [-n 20000] [-w 2] [-r 100] [-R RATE] [-l LIFEMS] [-d US] [-F] [-P PID] [-o CSV]
 *   procbench forks   [-n 20000] [-w 2] [-P PID]
 *   procbench idle    -P PID [-s SECONDS]
 *   procbench mem     -P PID
 *   procbench startup -m NAME -e NICE [-k CAPMS] -- DAEMON ARGS...
 *
 * Modes
 *   latency  N times: fork (or vfork: -V), wait -d us in the child, take the time, execve a
 *            copy of tiny called NAME; the parent polls getpriority(PRIO_PROCESS, pid) in a
 *            tight loop (pinned to -c CPU when given) until it reads NICE, at most CAPMS.
 *            Reports min/p50/p90/p99/max ns-resolution latencies and the share never applied.
 *            Between samples it sleeps GAPMS/2 .. 3*GAPMS/2, random, so as not to beat with
 *            poll timers of the daemon.
 *   storm    WORKERS processes do N vfork+exec of a non-matching tiny (-F: fork+exec), each
 *            waited for; every RATIOth exec is a NAME that lives LIFEMS. A watcher looks at
 *            the living NAMEs about every 0.2 ms. Reports the share of NAMEs that got NICE
 *            within their life, latencies, exec/s, and (with -P) daemon CPU per exec until
 *            the daemon is quiet again. With -R the execs are spread evenly; a worker that falls
 *            behind catches up.
 *   forks    N forks whose children _exit at once: cost per fork-only event.
 *   idle     CPU, context switches and wakeups of the daemon over SECONDS.
 *   mem      VmRSS, RssAnon, Pss, threads, fds.
 *   startup  starts a NAME first, then the daemon, and reports the time from just before the
 *            daemon's execve until that NAME has NICE (rules loaded + first scan done). Then
 *            it ends the daemon with SIGTERM and reports the time that took.
 *
 * Options
 *   -m NAME   file name the rules match       -e NICE  nice value expected (must differ from ours)
 *   -n N      samples / events                -k MS    give up after MS (default 2000)
 *   -g MS     mean gap between samples (20)   -d US    delay between fork and execve (0)
 *   -V        vfork instead of fork           -c CPU   pin the polling loop (children are not pinned)
 *   -w N      parallel workers (2)            -r N     one NAME per N execs (100)
 *   -R N      execs a second in a storm, all workers together (as fast as it goes)
 *   -l MS     life of a storm NAME (3000)     -F       fork instead of vfork in storm
 *   -P PID    daemon; adds its CPU use        -o FILE  raw samples (ns, -1 = never)
 *   -T DIR    where the copies of tiny go (default: directory "run" next to procbench)
 *   -s SEC    idle window (60)                -A NAME  name of the non-matching binary (zzpb-other)
 * Exit status 0 unless the harness itself failed. Needs no privileges of its own, except that
 * reading another user's /proc/PID/smaps_rollup and CPU clock wants root.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static const char *o_match, *o_other = "zzpb-other", *o_csv;
static char o_dir[PATH_MAX];
static int o_expect = INT_MIN, o_n, o_cap_ms = 2000, o_gap_ms = 20, o_delay_us, o_vfork, o_cpu = -1;
static int o_workers = 2, o_ratio = 100, o_rate, o_life_ms = 3000, o_fork, o_secs = 60;
static pid_t o_pid;

static void die(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fprintf(stderr, "procbench: ");
    vfprintf(stderr, fmt, ap);
    if (errno)
        fprintf(stderr, ": %s", strerror(errno));
    fputc('\n', stderr);
    va_end(ap);
    exit(2);
}

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void sleep_ns(int64_t ns)
{
    struct timespec t = { ns / 1000000000, ns % 1000000000 };
    while (nanosleep(&t, &t) < 0 && errno == EINTR)
        ;
}

static void spin_until(int64_t t)
{
    while (now_ns() < t)
        ;
}

/* ---- the daemon under test, seen from outside ---- */

struct cost {
    int64_t cpu_ns;                 /* whole process, live and dead threads */
    int64_t child_ns;               /* its reaped children (10 ms ticks) */
    long vol, invol;                /* context switches, live threads */
    long minflt;
};

static int64_t proc_cpu_ns(pid_t pid)
{
    clockid_t clk;
    struct timespec t;
    if (clock_getcpuclockid(pid, &clk) || clock_gettime(clk, &t))
        return -1;
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void add_ctxt(const char *path, struct cost *c)
{
    FILE *f = fopen(path, "r");
    char line[256];
    long v;
    if (!f)
        return;
    while (fgets(line, sizeof line, f)) {
        if (sscanf(line, "voluntary_ctxt_switches: %ld", &v) == 1)
            c->vol += v;
        else if (sscanf(line, "nonvoluntary_ctxt_switches: %ld", &v) == 1)
            c->invol += v;
    }
    fclose(f);
}

static struct cost read_cost(pid_t pid)
{
    struct cost c = { 0 };
    char path[320], buf[1024];
    struct dirent *e;
    if (pid <= 0)
        return c;
    c.cpu_ns = proc_cpu_ns(pid);
    if (c.cpu_ns < 0)
        die("cannot read the CPU clock of pid %d", (int)pid);
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *f = fopen(path, "r");
    if (f && fgets(buf, sizeof buf, f)) {
        char *p = strrchr(buf, ')');
        unsigned long minflt, cu, cs;
        if (p && sscanf(p + 2, "%*c %*d %*d %*d %*d %*d %*u %lu %*u %*u %*u %*u %*u %lu %lu", &minflt, &cu, &cs) == 3) {
            c.minflt = (long)minflt;
            c.child_ns = (int64_t)(cu + cs) * 1000000000 / sysconf(_SC_CLK_TCK);
        }
    }
    if (f)
        fclose(f);
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *d = opendir(path);
    while (d && (e = readdir(d))) {
        if (e->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "/proc/%d/task/%s/status", (int)pid, e->d_name);
        add_ctxt(path, &c);
    }
    if (d)
        closedir(d);
    return c;
}

/* Wait until the daemon uses < 1 ms CPU in each of three 200 ms windows; at most 60 s. */
static int64_t wait_quiet(pid_t pid)
{
    int64_t t0 = now_ns(), last_busy = t0;
    int calm = 0;
    if (pid <= 0)
        return 0;
    for (int i = 0; i < 300 && calm < 3; i++) {
        int64_t a = proc_cpu_ns(pid);
        sleep_ns(200000000);
        int64_t b = proc_cpu_ns(pid);
        if (b - a < 1000000) {
            calm++;
        } else {
            calm = 0;
            last_busy = now_ns();
        }
    }
    return last_busy - t0;
}

static void print_cost(const struct cost *a, const struct cost *b, long events, const char *what)
{
    int64_t cpu = b->cpu_ns - a->cpu_ns, ch = b->child_ns - a->child_ns;
    printf("daemon_cpu_ms=%.3f daemon_children_cpu_ms=%.0f per_%s_us=%.3f ctxt_vol=%ld ctxt_invol=%ld minflt=%ld\n",
           cpu / 1e6, ch / 1e6, what, events ? (double)(cpu + ch) / 1e3 / (double)events : 0.0,
           b->vol - a->vol, b->invol - a->invol, b->minflt - a->minflt);
}

static void print_mem(pid_t pid)
{
    char path[64], line[256];
    long v, threads = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *f = fopen(path, "r");
    if (!f)
        die("no such pid %d", (int)pid);
    while (fgets(line, sizeof line, f)) {
        if (sscanf(line, "VmRSS: %ld", &v) == 1) printf("VmRSS_kB=%ld ", v);
        if (sscanf(line, "VmHWM: %ld", &v) == 1) printf("VmHWM_kB=%ld ", v);
        if (sscanf(line, "RssAnon: %ld", &v) == 1) printf("RssAnon_kB=%ld ", v);
        if (sscanf(line, "Threads: %ld", &v) == 1) threads = v;
    }
    fclose(f);
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
    if ((f = fopen(path, "r"))) {
        while (fgets(line, sizeof line, f)) {
            if (sscanf(line, "Pss: %ld", &v) == 1) printf("Pss_kB=%ld ", v);
            if (sscanf(line, "Private_Dirty: %ld", &v) == 1) printf("PrivateDirty_kB=%ld ", v);
        }
        fclose(f);
    }
    int fds = 0;
    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *d = opendir(path);
    if (d) {
        while (readdir(d))
            fds++;
        closedir(d);
    }
    printf("threads=%ld fds=%d\n", threads, fds ? fds - 2 : 0);
}

/* ---- exec targets ---- */

static char p_match[PATH_MAX + 300], p_other[PATH_MAX + 300];

static void copy_tiny(const char *to)
{
    char self[PATH_MAX], from[PATH_MAX + 16], buf[65536];
    ssize_t k = readlink("/proc/self/exe", self, sizeof self - 1);
    if (k < 0)
        die("readlink");
    self[k] = 0;
    *strrchr(self, '/') = 0;
    snprintf(from, sizeof from, "%s/tiny", self);
    if (!o_dir[0]) {
        snprintf(o_dir, sizeof o_dir, "%.*s/run", (int)sizeof o_dir - 8, self);
    }
    mkdir(o_dir, 0755);
    char path[PATH_MAX + 300];
    snprintf(path, sizeof path, "%s/%s", o_dir, to);
    int in = open(from, O_RDONLY), out = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0755);
    if (in < 0 || out < 0)
        die("copy %s -> %s", from, path);
    while ((k = read(in, buf, sizeof buf)) > 0)
        if (write(out, buf, (size_t)k) != k)
            die("write %s", path);
    fchmod(out, 0755);
    close(in);
    close(out);
}

static void prepare(void)
{
    if (!o_match || o_expect == INT_MIN)
        die("-m NAME and -e NICE are needed");
    if (getpriority(PRIO_PROCESS, 0) == o_expect)
        die("our own nice is already %d", o_expect);
    copy_tiny(o_match);
    copy_tiny(o_other);
    snprintf(p_match, sizeof p_match, "%s/%s", o_dir, o_match);
    snprintf(p_other, sizeof p_other, "%s/%s", o_dir, o_other);
}

static cpu_set_t orig_mask;

static void pin(int cpu)
{
    sched_getaffinity(0, sizeof orig_mask, &orig_mask);
    if (cpu >= 0) {
        cpu_set_t s;
        CPU_ZERO(&s);
        CPU_SET(cpu, &s);
        if (sched_setaffinity(0, sizeof s, &s))
            die("cannot pin to cpu %d", cpu);
    }
}

/* Start PATH; *t_exec (shared memory) gets the time just before execve. */
static pid_t spawn(const char *path, const char *arg, int use_vfork, volatile int64_t *t_exec, int unpin)
{
    char *argv[] = { (char *)path, (char *)arg, NULL };
    pid_t pid = use_vfork ? vfork() : fork();
    if (pid == 0) {
        if (unpin)
            sched_setaffinity(0, sizeof orig_mask, &orig_mask);
        if (o_delay_us)
            spin_until(now_ns() + (int64_t)o_delay_us * 1000);
        if (t_exec)
            *t_exec = now_ns();
        execve(path, argv, environ);
        _exit(127);
    }
    if (pid < 0)
        die("fork");
    return pid;
}

/* ---- statistics ---- */

static int cmp64(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void report(const char *tag, int64_t *v, int n)
{
    int64_t *s = malloc(sizeof *s * (size_t)(n + 1)), sum = 0;
    int k = 0;
    FILE *f = o_csv ? fopen(o_csv, "w") : NULL;
    for (int i = 0; i < n; i++) {
        if (f)
            fprintf(f, "%lld\n", (long long)v[i]);
        if (v[i] >= 0) {
            s[k++] = v[i];
            sum += v[i];
        }
    }
    if (f)
        fclose(f);
    qsort(s, (size_t)k, sizeof *s, cmp64);
    printf("%s samples=%d applied=%d never=%d never_share=%.4f", tag, n, k, n - k, n ? (double)(n - k) / n : 0);
    if (k) {
#define Q(q) (s[(int)((q) * (k - 1) + 0.5)] / 1e3)
        printf(" min_us=%.1f p50_us=%.1f p90_us=%.1f p99_us=%.1f max_us=%.1f mean_us=%.1f",
               s[0] / 1e3, Q(0.5), Q(0.9), Q(0.99), s[k - 1] / 1e3, (double)sum / k / 1e3);
    }
    putchar('\n');
    free(s);
}

static void *shared(size_t n)
{
    void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        die("mmap");
    return p;
}

/* ---- modes ---- */

static int mode_latency(void)
{
    if (!o_n)
        o_n = 500;
    prepare();
    pin(o_cpu);
    volatile int64_t *t0 = shared(4096);
    int64_t *lat = calloc((size_t)o_n, sizeof *lat);
    struct cost a = read_cost(o_pid);
    srand(12345);
    for (int i = 0; i < o_n; i++) {
        char life[32];
        snprintf(life, sizeof life, "%d", o_cap_ms + 10000);
        *t0 = 0;
        pid_t pid = spawn(p_match, life, o_vfork, t0, 1);
        int64_t t, end = now_ns() + (int64_t)o_cap_ms * 1000000;
        lat[i] = -1;
        do {
            int p = getpriority(PRIO_PROCESS, (id_t)pid);
            t = now_ns();
            if (p == o_expect) {
                lat[i] = *t0 ? t - *t0 : 0;
                break;
            }
        } while (t < end);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        sleep_ns((int64_t)o_gap_ms * 500000 + (int64_t)(rand() % (o_gap_ms * 1000 + 1)) * 1000);
    }
    report("latency", lat, o_n);
    if (o_pid) {
        wait_quiet(o_pid);
        struct cost b = read_cost(o_pid);
        print_cost(&a, &b, o_n, "exec");
    }
    return 0;
}

struct slot {
    volatile pid_t pid;
    volatile int64_t t_exec, t_applied;
};

static int mode_storm(void)
{
    if (!o_n)
        o_n = 20000;
    prepare();
    pin(-1);
    int per = o_n / o_workers, maxm = per / o_ratio + 1;
    struct slot *tab = shared(sizeof *tab * (size_t)(maxm * o_workers));
    volatile int *done = shared(4096);
    volatile int64_t *t_end = shared(4096);
    struct cost a = read_cost(o_pid);
    int64_t t0 = now_ns();
    for (int w = 0; w < o_workers; w++) {
        pid_t wp = fork();
        if (wp < 0)
            die("fork");
        if (wp)
            continue;
        struct slot *my = tab + w * maxm;
        int m = 0;
        char life[32];
        snprintf(life, sizeof life, "%d", o_life_ms);
        for (int i = 0; i < per; i++) {
            if (o_rate) {
                int64_t early = t0 + (int64_t)i * o_workers * 1000000000 / o_rate - now_ns();
                if (early > 0)
                    sleep_ns(early);
            }
            if (i % o_ratio == o_ratio / 2 && m < maxm) {
                my[m].pid = spawn(p_match, life, !o_fork, &my[m].t_exec, 0);
                m++;
            } else {
                pid_t p = spawn(p_other, NULL, !o_fork, NULL, 0);
                waitpid(p, NULL, 0);
            }
        }
        t_end[w] = now_ns();
        __sync_fetch_and_add(done, 1);
        /* The NAMEs stay zombies until here, so no pid in the table is ever reused. */
        while (waitpid(-1, NULL, 0) > 0)
            ;
        _exit(0);
    }
    /* watcher */
    int total = maxm * o_workers;
    int64_t grace = 0;
    for (;;) {
        int open = 0;
        for (int i = 0; i < total; i++) {
            struct slot *s = &tab[i];
            if (!s->pid || s->t_applied)
                continue;
            if (!s->t_exec) {           /* forked, not yet at its execve */
                open++;
                continue;
            }
            int64_t t = now_ns();
            errno = 0;
            if (getpriority(PRIO_PROCESS, (id_t)s->pid) == o_expect && !errno)
                s->t_applied = t;
            else if (t > s->t_exec + (int64_t)o_life_ms * 1000000)
                s->t_applied = -1;
            else
                open++;
        }
        if (*done == o_workers && !open) {
            if (!grace)
                grace = now_ns();
            break;
        }
        sleep_ns(200000);
    }
    int64_t last = 0;
    for (int w = 0; w < o_workers; w++)
        if (t_end[w] > last)
            last = t_end[w];
    while (waitpid(-1, NULL, 0) > 0)
        ;
    int64_t *lat = calloc((size_t)total, sizeof *lat);
    int n = 0;
    for (int i = 0; i < total; i++)
        if (tab[i].pid)
            lat[n++] = tab[i].t_applied > 0 ? tab[i].t_applied - tab[i].t_exec : -1;
    report("storm", lat, n);
    printf("storm_wall_ms=%.1f execs=%d exec_per_s=%.0f\n", (last - t0) / 1e6, per * o_workers,
           per * o_workers / ((last - t0) / 1e9));
    if (o_pid) {
        int64_t q = wait_quiet(o_pid);
        struct cost b = read_cost(o_pid);
        print_cost(&a, &b, (long)per * o_workers, "exec");
        printf("daemon_busy_after_ms=%.0f\n", q / 1e6);
    }
    return 0;
}

static int mode_forks(void)
{
    if (!o_n)
        o_n = 20000;
    int per = o_n / o_workers;
    struct cost a = read_cost(o_pid);
    int64_t t0 = now_ns();
    for (int w = 0; w < o_workers; w++) {
        pid_t wp = fork();
        if (wp < 0)
            die("fork");
        if (wp)
            continue;
        for (int i = 0; i < per; i++) {
            pid_t p = fork();
            if (p == 0)
                _exit(0);
            if (p > 0)
                waitpid(p, NULL, 0);
        }
        _exit(0);
    }
    while (waitpid(-1, NULL, 0) > 0)
        ;
    int64_t t1 = now_ns();
    printf("forks=%d wall_ms=%.1f fork_per_s=%.0f\n", per * o_workers, (t1 - t0) / 1e6, per * o_workers / ((t1 - t0) / 1e9));
    if (o_pid) {
        int64_t q = wait_quiet(o_pid);
        struct cost b = read_cost(o_pid);
        print_cost(&a, &b, (long)per * o_workers, "fork");
        printf("daemon_busy_after_ms=%.0f\n", q / 1e6);
    }
    return 0;
}

static int mode_idle(void)
{
    if (!o_pid)
        die("-P PID is needed");
    struct cost a = read_cost(o_pid);
    sleep_ns((int64_t)o_secs * 1000000000);
    struct cost b = read_cost(o_pid);
    printf("idle_s=%d cpu_ms=%.3f cpu_percent=%.4f wakeups_per_s=%.2f ", o_secs, (b.cpu_ns - a.cpu_ns) / 1e6,
           (b.cpu_ns - a.cpu_ns) / 1e7 / o_secs, (double)(b.vol - a.vol) / o_secs);
    print_cost(&a, &b, 0, "none");
    return 0;
}

static int mode_startup(char **argv)
{
    prepare();
    pid_t canary = spawn(p_match, "600000", 0, NULL, 0);
    sleep_ns(50000000);
    volatile int64_t *t0 = shared(4096);
    pid_t d = fork();
    if (d == 0) {
        int fd = open("/dev/null", O_RDWR);
        dup2(fd, 0);
        dup2(fd, 1);
        dup2(fd, 2);
        *t0 = now_ns();
        execvp(argv[0], argv);
        _exit(127);
    }
    int64_t end = now_ns() + (int64_t)o_cap_ms * 1000000, t, res = -1;
    do {
        int p = getpriority(PRIO_PROCESS, (id_t)canary);
        t = now_ns();
        if (p == o_expect) {
            res = t - *t0;
            break;
        }
        sleep_ns(50000);
    } while (t < end);
    printf("startup_ms=%.2f", res < 0 ? -1.0 : res / 1e6);
    int64_t cpu = proc_cpu_ns(d);
    printf(" cpu_ms_until_then=%.2f ", cpu / 1e6);
    print_mem(d);
    t = now_ns();
    kill(d, SIGTERM);
    for (int i = 0; i < 10000 && waitpid(d, NULL, WNOHANG) == 0; i++) {
        if (i == 9000)
            kill(d, SIGKILL);
        sleep_ns(1000000);
    }
    printf("stop_ms=%.1f\n", (now_ns() - t) / 1e6);
    kill(canary, SIGKILL);
    waitpid(canary, NULL, 0);
    return 0;
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";
    int c;
    optind = 2;
    while (argc > 1 && (c = getopt(argc, argv, "+m:e:n:k:g:d:Vc:w:r:R:l:FP:o:T:s:A:")) != -1)
        switch (c) {
        case 'm': o_match = optarg; break;
        case 'e': o_expect = atoi(optarg); break;
        case 'n': o_n = atoi(optarg); break;
        case 'k': o_cap_ms = atoi(optarg); break;
        case 'g': o_gap_ms = atoi(optarg); break;
        case 'd': o_delay_us = atoi(optarg); break;
        case 'V': o_vfork = 1; break;
        case 'c': o_cpu = atoi(optarg); break;
        case 'w': o_workers = atoi(optarg); break;
        case 'r': o_ratio = atoi(optarg); break;
        case 'R': o_rate = atoi(optarg); break;
        case 'l': o_life_ms = atoi(optarg); break;
        case 'F': o_fork = 1; break;
        case 'P': o_pid = atoi(optarg); break;
        case 'o': o_csv = optarg; break;
        case 'T': snprintf(o_dir, sizeof o_dir, "%s", optarg); break;
        case 's': o_secs = atoi(optarg); break;
        case 'A': o_other = optarg; break;
        default: return 2;
        }
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (!strcmp(mode, "latency")) return mode_latency();
    if (!strcmp(mode, "storm")) return mode_storm();
    if (!strcmp(mode, "forks")) return mode_forks();
    if (!strcmp(mode, "idle")) return mode_idle();
    if (!strcmp(mode, "mem")) { if (!o_pid) { errno = 0; die("-P PID is needed"); } print_mem(o_pid); return 0; }
    if (!strcmp(mode, "startup")) { if (optind >= argc) { errno = 0; die("no daemon command"); } return mode_startup(argv + optind); }
    fprintf(stderr, "usage: procbench latency|storm|forks|idle|mem|startup [options]; see the head of procbench.c\n");
    return 2;
}
