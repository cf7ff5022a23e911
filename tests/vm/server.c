/* SPDX-License-Identifier: GPL-3.0-or-later */
/* server.c - a program with threads that all have work to do, to be copied under the name that a rule matches.
 *
 *   server THREADS
 *
 * Each thread works for a millisecond, five times a second: 16 emulated CPUs share one real one. Runs until it is killed.
 */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void *work(void *nothing)
{
    (void)nothing;
    for (;;) {
        const double end = cpu_seconds() + 0.001;
        while (cpu_seconds() < end) {
        }
        usleep(200000);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t thread;
    for (int more = argc > 1 ? atoi(argv[1]) : 1; more > 1; --more)
        pthread_create(&thread, NULL, work, NULL);
    work(NULL);
}
