/* SPDX-License-Identifier: GPL-3.0-or-later */
/* target.c - a process that does what a test tells it to.
 *
 * Copied under the name that a rule matches. Prints "ready", then reads one command a line from standard input and
 * answers each with one line, "ok ..." or "error ..."; ends when its input ends.
 *
 *   threads N           starts N threads that sleep                     -> ok TID...
 *   churn               starts threads that start threads, for ever     -> ok
 *   rename HEX          names the main thread, bytes in hexadecimal     -> ok
 *   rename-thread HEX   the same from a thread that is not the leader   -> ok
 *   setsid              becomes the leader of a session of its own      -> ok
 *   fork                a child that sleeps until the target ends       -> ok PID
 *   fork-exec PATH      a child that runs PATH, which has to sleep      -> ok PID
 *   orphan PATH         the same, whose parent is a child that has ended -> ok PID
 *   heir PATH           the same, but runs PATH once the target has ended -> ok PID
 *   fork-as PID         a child with this process id, which sleeps      -> ok PID
 *   open PATH           opens a file and keeps it open                  -> ok
 *   reap                waits for a child that has ended                -> ok PID
 *   uid N               becomes user N for good                         -> ok
 *   exec PATH           runs another program in place, as a new target  -> ready (from that one)
 *   thread-exec PATH    the same from a thread that is not the leader   -> ready (from that one)
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void answer(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vdprintf(STDOUT_FILENO, format, arguments);
    va_end(arguments);
}

static void answer_result(int failed)
{
    if (failed)
        answer("error %s\n", strerror(errno));
    else
        answer("ok\n");
}

/* One byte at a time: what follows belongs to the program that exec may put in place of this one. */
static int read_line(char *line, size_t size)
{
    size_t used = 0;
    char c;
    while (read(STDIN_FILENO, &c, 1) == 1) {
        if (c == '\n') {
            line[used] = 0;
            return 1;
        }
        if (used + 1 < size)
            line[used++] = c;
    }
    return 0;
}

static void unhex(char *text)
{
    size_t n = strlen(text) / 2;
    for (size_t i = 0; i < n; i++) {
        unsigned byte = 0;
        sscanf(text + 2 * i, "%2x", &byte);
        text[i] = (char)byte;
    }
    text[n] = 0;
}

static void start_thread(void *(*body)(void *), void *argument)
{
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, 64 * 1024);
    errno = pthread_create(&thread, &attributes, body, argument);
    pthread_attr_destroy(&attributes);
    if (errno)
        answer("error %s\n", strerror(errno));
}

static int tid_pipe[2];

static void *sleep_for_ever(void *unused)
{
    (void)unused;
    int tid = (int)syscall(SYS_gettid);
    if (write(tid_pipe[1], &tid, sizeof tid) != sizeof tid)
        return NULL;
    for (;;)
        pause();
}

static void start_sleepers(int count)
{
    char text[8192];
    int used = 0;
    for (int i = 0; i < count; i++) {
        int tid = 0;
        start_thread(sleep_for_ever, NULL);
        if (read(tid_pipe[0], &tid, sizeof tid) == sizeof tid)
            used += snprintf(text + used, sizeof text - (size_t)used, " %d", tid);
    }
    answer("ok%s\n", text);
}

/* Each thread starts the next one and ends soon after: at any moment a few dozen are alive. */
static void *churn(void *unused)
{
    (void)unused;
    usleep(1000);
    start_thread(churn, NULL);
    usleep(20000);
    return NULL;
}

static void *rename_thread(void *name)
{
    answer_result(prctl(PR_SET_NAME, name));
    return NULL;
}

static void run(char *path)
{
    char *argv[] = { path, NULL };
    execve(path, argv, environ);
    answer("error %s\n", strerror(errno));
}

static void *run_from_thread(void *path)
{
    run(path);
    return NULL;
}

static void answer_pid(int pid)
{
    if (pid < 0)
        answer("error %s\n", strerror(errno));
    else
        answer("ok %d\n", pid);
}

static void close_standard(void)
{
    close(STDIN_FILENO);
    close(STDOUT_FILENO);
}

static void sleep_as(char *path)
{
    char *argv[] = { path, (char *)"600000", NULL };
    execve(path, argv, environ);
    _exit(127);
}

static void fork_child(char *path)
{
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close_standard();
        if (path)
            sleep_as(path);
        for (;;)
            pause();
    }
    answer_pid((int)pid);
}

/* Nobody waits for the one in between for long, and the last one is for the test to end. */
static void fork_orphan(char *path)
{
    int ends[2];
    pid_t pid = -1;
    if (pipe(ends) == 0 && (pid = fork()) == 0) {
        pid = fork();
        if (pid == 0) {
            close_standard();
            sleep_as(path);
        }
        _exit(write(ends[1], &pid, sizeof pid) != sizeof pid);
    }
    waitpid(pid, NULL, 0);
    if (read(ends[0], &pid, sizeof pid) != sizeof pid)
        pid = -1;
    answer_pid((int)pid);
}

/* The end of the pipe that this process has is closed by its end. */
static void fork_heir(char *path)
{
    int ends[2];
    pid_t pid = -1;
    if (pipe(ends) == 0 && (pid = fork()) == 0) {
        char c;
        close_standard();
        close(ends[1]);
        while (read(ends[0], &c, 1) < 0)
            ;
        sleep_as(path);
    }
    answer_pid((int)pid);
}

/* Source: clone(2), "set_tid". */
static void fork_as(pid_t wanted)
{
    struct clone_args arguments = { .exit_signal = SIGCHLD,
                                    .set_tid = (uint64_t)(uintptr_t)&wanted,
                                    .set_tid_size = 1 };
    int pid = (int)syscall(SYS_clone3, &arguments, sizeof arguments);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close_standard();
        for (;;)
            pause();
    }
    answer_pid(pid);
}

static void obey(char *line)
{
    char *argument = strchr(line, ' ');
    argument = argument ? (*argument = 0, argument + 1) : line + strlen(line);
    if (!strcmp(line, "threads")) {
        start_sleepers(atoi(argument));
    } else if (!strcmp(line, "churn")) {
        start_thread(churn, NULL);
        answer("ok\n");
    } else if (!strcmp(line, "rename")) {
        unhex(argument);
        answer_result(prctl(PR_SET_NAME, argument));
    } else if (!strcmp(line, "rename-thread")) {
        static char name[64];
        unhex(argument);
        snprintf(name, sizeof name, "%s", argument);
        start_thread(rename_thread, name);
    } else if (!strcmp(line, "setsid")) {
        answer_result(setsid() < 0);
    } else if (!strcmp(line, "fork")) {
        fork_child(NULL);
    } else if (!strcmp(line, "fork-exec")) {
        fork_child(argument);
    } else if (!strcmp(line, "orphan")) {
        fork_orphan(argument);
    } else if (!strcmp(line, "heir")) {
        fork_heir(argument);
    } else if (!strcmp(line, "fork-as")) {
        fork_as(atoi(argument));
    } else if (!strcmp(line, "open")) {
        answer_result(open(argument, O_RDWR) < 0);
    } else if (!strcmp(line, "reap")) {
        answer_pid((int)wait(NULL));
    } else if (!strcmp(line, "uid")) {
        uid_t uid = (uid_t)atoi(argument);
        answer_result(setresuid(uid, uid, uid));
    } else if (!strcmp(line, "exec")) {
        run(argument);
    } else if (!strcmp(line, "thread-exec")) {
        static char path[4096];
        snprintf(path, sizeof path, "%s", argument);
        start_thread(run_from_thread, path);
    } else {
        answer("error unknown command %s\n", line);
    }
}

int main(int argc, char **argv)
{
    static char line[8192];
    /* As the child of fork-exec it has no input: it sleeps as long as it is told, and is ended with its parent. */
    if (argc > 1 && atoi(argv[1]) > 0) {
        usleep((useconds_t)atoi(argv[1]) * 1000u);
        return 0;
    }
    if (pipe(tid_pipe))
        return 2;
    answer("ready\n");
    while (read_line(line, sizeof line))
        obey(line);
    return 0;
}
