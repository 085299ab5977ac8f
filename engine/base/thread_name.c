/* thread_name.c - names of threads. */
#include "thread_name.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

void wi_thread_name_copy(char name[THREAD_NAME_MAX], const char *wanted)
{
    (void)snprintf(name, THREAD_NAME_MAX, "%s", wanted == NULL ? "weir" : wanted);
}

void wi_thread_set_name(const char *name, const char *kind, uint32_t index)
{
    char tail[THREAD_NAME_MAX + 16];
    const int length =
        kind == NULL ? snprintf(tail, sizeof tail, "-%u", index) : snprintf(tail, sizeof tail, "-%s-%u", kind, index);
    char whole[THREAD_NAME_MAX + sizeof tail];
    (void)snprintf(whole, sizeof whole, "%.*s%s", THREAD_NAME_MAX - 1 - length, name, tail);
    (void)pthread_setname_np(pthread_self(), whole); /* a name is a convenience */
}
