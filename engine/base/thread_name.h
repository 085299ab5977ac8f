/* thread_name.h - what the threads of a runtime are called: by top(1), by a debugger, in a trace. */
#ifndef WI_THREAD_NAME_H
#define WI_THREAD_NAME_H

#include <stdint.h>

/* What the kernel keeps, with its NUL. */
#define THREAD_NAME_MAX 16

/* NULL: "weir". Cut to what the kernel keeps. */
void wi_thread_name_copy(char name[THREAD_NAME_MAX], const char *wanted);

/* This thread is NAME-KIND-INDEX, or NAME-INDEX if kind is NULL; of a long NAME the end is cut, never the number. */
void wi_thread_set_name(const char *name, const char *kind, uint32_t index);

#endif
