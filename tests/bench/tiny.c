/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tiny.c - smallest useful exec target for procbench.
 *
 *   tiny            exit(0) at once
 *   tiny MS         sleep MS milliseconds, then exit(0)
 *
 * Freestanding on x86-64 and aarch64 (no libc, so exec is as cheap as the kernel
 * allows); elsewhere it falls back to libc.  Build: see Makefile.
 */
#include <time.h>
#if defined(__x86_64__) || defined(__aarch64__)
static long sys2(long n, long a, long b)
{
#if defined(__x86_64__)
    long r;
    __asm__ volatile("syscall" : "=a"(r) : "a"(n), "D"(a), "S"(b) : "rcx", "r11", "memory");
    return r;
#else
    register long x8 __asm__("x8") = n, x0 __asm__("x0") = a, x1 __asm__("x1") = b;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1) : "memory");
    return x0;
#endif
}
#if defined(__x86_64__)
enum { NR_nanosleep = 35, NR_exit_group = 231 };
#else
enum { NR_nanosleep = 101, NR_exit_group = 94 };
#endif
__attribute__((noreturn, used)) void start_c(long *sp)
{
    long argc = sp[0];
    char **argv = (char **)(sp + 1);
    if (argc > 1) {
        long ms = 0;
        for (char *p = argv[1]; *p >= '0' && *p <= '9'; p++)
            ms = ms * 10 + (*p - '0');
        struct timespec ts = { ms / 1000, (ms % 1000) * 1000000 };
        sys2(NR_nanosleep, (long)&ts, 0);
    }
    for (;;)
        sys2(NR_exit_group, 0, 0);
}
#if defined(__x86_64__)
__asm__(".globl _start\n_start:\n\txor %ebp,%ebp\n\tmov %rsp,%rdi\n\tand $-16,%rsp\n\tcall start_c\n");
#else
__asm__(".globl _start\n_start:\n\tmov x0,sp\n\tbl start_c\n");
#endif
#else
#include <stdlib.h>
int main(int argc, char **argv)
{
    if (argc > 1) {
        long ms = atol(argv[1]);
        struct timespec ts = { ms / 1000, (ms % 1000) * 1000000 };
        nanosleep(&ts, 0);
    }
    return 0;
}
#endif
