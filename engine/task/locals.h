/* locals.h - the values of task-locals that are in scope in the poll or drop under way on this thread. */
#ifndef WI_LOCALS_H
#define WI_LOCALS_H

#include <weir/task_local.h>

struct locals {
    const weir_task_local *key;
    void *value;
    struct locals *outer;
};

/*
 * The innermost first; NULL outside of all scopes. Who polls tasks in the middle
 * of another poll, or lands after a panic, sets it to NULL and puts it back.
 */
extern _Thread_local struct locals *wi_locals __attribute__((tls_model("initial-exec")));

#endif
