/*
 * deny_main.c - deny_run CALL=ERRNO... COMMAND...: runs a program that is refused these system calls.
 *
 * Exit code 77: this machine has no seccomp filters. 126: it could not be run.
 */
#include "deny_syscall.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_openat2
#define SYS_openat2 437
#endif

struct number {
    const char *name;
    long number;
};

static const struct number calls[] = {
    { "io_uring_setup", 425 },  { "openat2", SYS_openat2 },
    { "preadv2", SYS_preadv2 }, { "pwritev2", SYS_pwritev2 },
    { "epoll_pwait2", 441 },    { "lseek", SYS_lseek },
    { "statx", SYS_statx },     { "landlock_create_ruleset", 444 },
    { "seccomp", SYS_seccomp },
};
static const struct number errors[] = {
    { "EPERM", EPERM }, { "ENOSYS", ENOSYS }, { "EOPNOTSUPP", EOPNOTSUPP }, { "EAGAIN", EAGAIN }
};
#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

/* -1: there is no such name. */
static long number_of(const struct number *numbers, size_t count, const char *name, size_t length)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(numbers[i].name) == length && memcmp(numbers[i].name, name, length) == 0)
            return numbers[i].number;
    return -1;
}

int main(int argc, char **argv)
{
    int at = 1;
    for (; at < argc && strchr(argv[at], '=') != NULL; at++) {
        const char *sign = strchr(argv[at], '=');
        const long call = number_of(calls, COUNT_OF(calls), argv[at], (size_t)(sign - argv[at]));
        const long error = number_of(errors, COUNT_OF(errors), sign + 1, strlen(sign + 1));
        if (call < 0 || error < 0) {
            fprintf(stderr, "deny_run: %s: no such call, or no such error\n", argv[at]);
            return 126;
        }
        if (!deny_syscall(call, (int)error))
            return 77;
    }
    if (at < argc)
        (void)execvp(argv[at], argv + at);
    fprintf(stderr, "usage: deny_run CALL=ERRNO... COMMAND [ARGUMENT...]\n");
    return 126;
}
