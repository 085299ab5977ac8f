/* current.h - the task whose poll or drop runs on this thread. */
#ifndef WI_CURRENT_H
#define WI_CURRENT_H

/* NULL outside of one. Read in hot paths: a fixed place of the thread, not a call. */
extern _Thread_local struct weir_task *wi_task_current __attribute__((tls_model("initial-exec")));

#endif
