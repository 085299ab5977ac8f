/*
 * landlock.h - Landlock rules, by system calls: what this thread, and what it starts from then on, may do with files
 * and with TCP. See landlock(7) and the kernel's Documentation/userspace-api/landlock.rst.
 */
#ifndef LANDLOCK_H
#define LANDLOCK_H

#include <stdbool.h>

/* What may be done with a file, or with a directory and all below it. */
enum landlock_right {
    LANDLOCK_READ = 1,
    LANDLOCK_WRITE = 2,  /* what is there */
    LANDLOCK_NAMES = 4,  /* names are made and removed: files, directories, sockets */
    LANDLOCK_MOVE = 8,   /* also from one directory into another */
    LANDLOCK_RUN = 16,   /* a program is started */
    LANDLOCK_DEVICE = 32 /* its ioctls */
};

/* What the kernel has: 1 and more; or a negative errno: nothing. */
int landlock_abi(void);

/*
 * Rules that are being collected: an fd, or a negative errno. TCP is forbidden but for landlock_allow_port(); below ABI
 * 4 the kernel can't. `abstract_sockets`: those of others may be connected to, which is forbidden from ABI 6 on
 * otherwise.
 */
int landlock_create(bool abstract_sockets);
/* 0; or a negative errno: there is no such file, say. What the kernel has no rule for is allowed, or forbidden, by it.
 */
int landlock_allow(int rules, const char *path, unsigned rights);
/* The port may be listened at; `connects`: be connected to. */
int landlock_allow_port(int rules, unsigned port, bool connects);
/* From now on, for this thread and what it starts. Privileges are given up for good. */
int landlock_enforce(int rules);

#endif
