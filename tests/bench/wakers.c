/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wakers.c - how late a thread runs that somebody has woken, and how much it gets done: what a person feels of a
 * program that answers keys, frames or requests.
 *
 *   wakers THREADS SECONDS WORK_US PAUSE_US [SKIP_SECONDS]
 *
 * One thread gives requests to THREADS others: it wakes each by a futex, the woken one works for WORK_US of its own CPU
 * time on an idle machine, and PAUSE_US after it has finished it is given the next. The lateness of a request is the
 * time from just before the wake-up until the woken thread has noticed it. The work is a number of steps that is the
 * same in every run (given by STEPS_PER_US in the environment, else measured at the start and printed), so that what is
 * lost to others shows in the throughput.
 *
 * What happens in the first SKIP_SECONDS does not count.
 *
 * Prints steps_per_us=, requests_per_s=, wake_p50_us=, wake_p99_us=, wake_max_us=.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { MOST_THREADS = 64, MOST_SAMPLES = 1 << 20 };

struct worker {
    _Atomic uint32_t request;   /* grows by one with each; a futex */
    _Atomic int64_t woken_ns;   /* just before the wake-up */
    _Atomic int64_t done_ns;    /* when the last one was finished; 0 while it works */
    uint32_t *late_ns;
    uint32_t samples;
    pthread_t thread;
};

static struct worker workers[MOST_THREADS];
static _Atomic int is_over, is_counting;
static int64_t steps;

static int64_t now_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void work(int64_t count)
{
    volatile uint64_t x = 88172645463325252ULL;
    for (int64_t i = 0; i < count; ++i) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
    }
}

static void *serve(void *argument)
{
    struct worker *self = argument;
    for (uint32_t served = 0;; ++served) {
        while (atomic_load(&self->request) == served)
            syscall(SYS_futex, &self->request, FUTEX_WAIT_PRIVATE, served, NULL, NULL, 0);
        const int64_t late = now_ns(CLOCK_MONOTONIC) - atomic_load(&self->woken_ns);
        if (atomic_load(&is_over))
            return NULL;
        if (atomic_load(&is_counting) && self->samples < MOST_SAMPLES)
            self->late_ns[self->samples++] = late > UINT32_MAX ? UINT32_MAX : (uint32_t)late;
        work(steps);
        atomic_store(&self->done_ns, now_ns(CLOCK_MONOTONIC));
    }
}

static void wake(struct worker *one)
{
    atomic_store(&one->done_ns, 0);
    atomic_store(&one->woken_ns, now_ns(CLOCK_MONOTONIC));
    atomic_fetch_add(&one->request, 1);
    syscall(SYS_futex, &one->request, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

/* The least of some measurements: others on the machine only ever make it longer. */
static double steps_per_us(void)
{
    enum { STEPS = 200000 };
    double best = 0;
    for (int i = 0; i < 20; ++i) {
        const int64_t begin = now_ns(CLOCK_THREAD_CPUTIME_ID);
        work(STEPS);
        const double rate = STEPS * 1000.0 / (double)(now_ns(CLOCK_THREAD_CPUTIME_ID) - begin);
        best = rate > best ? rate : best;
    }
    return best;
}

/* Sleeps until the next one is due, at most a millisecond. */
static void give_requests(int threads, int64_t pause_ns, int64_t end_ns)
{
    for (int64_t now = now_ns(CLOCK_MONOTONIC); now < end_ns; now = now_ns(CLOCK_MONOTONIC)) {
        int64_t next = now + 1000000;
        for (int i = 0; i < threads; ++i) {
            const int64_t done = atomic_load(&workers[i].done_ns);
            if (done && done + pause_ns <= now)
                wake(&workers[i]);
            else if (done && done + pause_ns < next)
                next = done + pause_ns;
        }
        const struct timespec until = { next / 1000000000, next % 1000000000 };
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
    }
}

static int compare(const void *left, const void *right)
{
    const uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

static void print_figures(int threads, double seconds, double rate)
{
    uint32_t count = 0;
    for (int i = 0; i < threads; ++i)
        count += workers[i].samples;
    uint32_t *all = malloc(sizeof *all * (count + 1)), *into = all;
    if (!all || !count) {
        fputs("wakers: no request was served\n", stderr);
        exit(1);
    }
    for (int i = 0; i < threads; ++i)
        for (uint32_t j = 0; j < workers[i].samples; ++j)
            *into++ = workers[i].late_ns[j];
    qsort(all, count, sizeof *all, compare);
    printf("steps_per_us=%.3f requests_per_s=%.1f wake_p50_us=%.1f wake_p99_us=%.1f wake_max_us=%.1f\n", rate,
           count / seconds, all[count / 2] / 1e3, all[(uint64_t)count * 99 / 100] / 1e3, all[count - 1] / 1e3);
}

int main(int argc, char **argv)
{
    const bool is_usage = argc == 5 || argc == 6;
    const int threads = is_usage ? atoi(argv[1]) : 0;
    const double seconds = is_usage ? atof(argv[2]) : 0;
    const double skipped = argc == 6 ? atof(argv[5]) : 0;
    if (threads < 1 || threads > MOST_THREADS || seconds <= 0 || skipped < 0) {
        fputs("usage: wakers THREADS SECONDS WORK_US PAUSE_US [SKIP_SECONDS]\n", stderr);
        return 2;
    }
    const char *given = getenv("STEPS_PER_US");
    const double rate = given ? atof(given) : steps_per_us();
    steps = (int64_t)(atof(argv[3]) * rate);
    prctl(PR_SET_TIMERSLACK, 1UL);
    for (int i = 0; i < threads; ++i) {
        workers[i].done_ns = 1;
        workers[i].late_ns = malloc(sizeof *workers[i].late_ns * MOST_SAMPLES);
        if (!workers[i].late_ns || pthread_create(&workers[i].thread, NULL, serve, &workers[i]) != 0) {
            fputs("wakers: no memory\n", stderr);
            return 1;
        }
    }
    const int64_t pause_ns = (int64_t)(atof(argv[4]) * 1000), begin_ns = now_ns(CLOCK_MONOTONIC);
    const int64_t counted_from_ns = begin_ns + (int64_t)(skipped * 1e9);
    give_requests(threads, pause_ns, counted_from_ns);
    atomic_store(&is_counting, 1);
    give_requests(threads, pause_ns, counted_from_ns + (int64_t)(seconds * 1e9));
    atomic_store(&is_over, 1);
    for (int i = 0; i < threads; ++i)
        wake(&workers[i]);
    for (int i = 0; i < threads; ++i)
        pthread_join(workers[i].thread, NULL);
    print_figures(threads, seconds, rate);
    return 0;
}
