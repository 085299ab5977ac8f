/* current.c - a file of its own, so that whoever asks for the current task needs no more of tasks than this. */
#include "current.h"

#include <stddef.h>

_Thread_local struct weir_task *wi_task_current __attribute__((tls_model("initial-exec")));
