/*
 * deny_syscall.h - a kernel, or a sandbox, that refuses a system call.
 *
 * From now on `number` fails with `error` on this thread and on those it
 * starts; others go on as before. It can't be undone: fork() first where later
 * tests need it. False: this machine has no seccomp filters, skip the test.
 */
#ifndef DENY_SYSCALL_H
#define DENY_SYSCALL_H

#include <stdbool.h>
#include <stdint.h>

bool deny_syscall(long number, int error);
/* Only calls whose argument `index` (0..5) has a bit of `mask` set, in its lower half. */
bool deny_syscall_if(long number, unsigned index, uint32_t mask, int error);

#endif
