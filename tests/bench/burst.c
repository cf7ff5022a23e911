/* SPDX-License-Identifier: GPL-3.0-or-later */
/* burst.c - many execs, of which a few live on: what a reader that stood still has to catch up with.
 *
 *   burst OTHER COUNT NAME ALIVE
 *
 * OTHER and NAME are paths of copies of tiny. Runs COUNT execs one after the other; ALIVE of them, spread
 * evenly and the last one among them, are NAME and live on; the rest are OTHER and are waited for. Then prints
 * the pids of the living ones, one a line, and "done"; ends them when its standard input ends.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static pid_t spawn(char *path, char *lifetime_ms)
{
    char *argv[] = { path, lifetime_ms, NULL };
    pid_t pid = vfork();
    if (pid == 0) {
        execve(path, argv, environ);
        _exit(127);
    }
    if (pid < 0) {
        perror("burst: vfork");
        exit(2);
    }
    return pid;
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fputs("usage: burst OTHER COUNT NAME ALIVE\n", stderr);
        return 2;
    }
    long count = atol(argv[2]), alive = atol(argv[4]), started = 0;
    if (count < 1 || alive < 1 || alive > count) {
        fputs("burst: 1 <= ALIVE <= COUNT\n", stderr);
        return 2;
    }
    pid_t *pids = calloc((size_t)alive, sizeof *pids);
    for (long i = 1; i <= count; i++) {
        if (i * alive / count > started) {
            pids[started++] = spawn(argv[3], "600000");
            continue;
        }
        pid_t pid = spawn(argv[1], NULL);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    for (long i = 0; i < started; i++)
        printf("%d\n", (int)pids[i]);
    puts("done");
    fflush(stdout);
    while (getchar() != EOF)
        ;
    for (long i = 0; i < started; i++)
        kill(pids[i], SIGKILL);
    while (waitpid(-1, NULL, 0) > 0)
        ;
    free(pids);
    return 0;
}
