/*
 * system_calls.h - a seccomp filter: the system calls that a pipeline may make once it runs. See seccomp(2).
 */
#ifndef SYSTEM_CALLS_H
#define SYSTEM_CALLS_H

#include <stdbool.h>

struct system_calls {
    bool datagrams; /* of the network, with or without a connection */
    bool sockets;   /* of any kind, also to connect */
    bool serves;    /* connections to sockets that are there are answered with sendmsg(2) */
    bool anew;      /* the program begins anew, by execve(2): it starts itself, and opens sockets that listen */
};

/*
 * Others fail with EPERM from now on, in every thread of the process; calls younger than this table with ENOSYS, as if
 * the kernel hadn't them. There is no way back. 0 or a negative errno.
 */
int system_calls_confine(const struct system_calls *calls);
/* Is a filter of somebody's in force here? */
bool system_calls_are_confined(void);

#endif
