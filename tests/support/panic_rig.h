/* panic_rig.h - what must panic in a task, and be caught there. */
#ifndef PANIC_RIG_H
#define PANIC_RIG_H

#include "check.h"
#include "task/panic.h"
#include "task/task_core.h"

/* In a task the call doesn't come back, and its message names `what`. */
#define CHECK_PANICS_IN_TASK(what, ...)                  \
    do {                                                 \
        static struct weir_task running_ = { .id = 1 };  \
        static struct panic_landing landing_;            \
        wi_panic_landing = &landing_;                    \
        wi_task_current = &running_;                     \
        if (wi_panic_land(&landing_) == 0) {             \
            (void)!(__VA_ARGS__);                        \
            CHECK(false); /* it came back */             \
        }                                                \
        wi_panic_landing = NULL;                         \
        wi_task_current = NULL;                          \
        CHECK(strstr(landing_.message, (what)) != NULL); \
    } while (0)

#endif
