/* enter.c - whose thread this is: a runtime's own, or one that entered it. */
#include "worker.h"

_Thread_local struct weir_runtime *wi_runtime_here __attribute__((tls_model("initial-exec")));

/* The guard entered last on this thread, and not left yet. */
static _Thread_local weir_enter_guard *top;

weir_runtime *weir_runtime_current(void)
{
    return wi_runtime_here;
}

void weir_runtime_enter(weir_runtime *runtime, weir_enter_guard *guard)
{
    *guard = (weir_enter_guard){
        .runtime = weir_runtime_hold(runtime),
        .outer = wi_runtime_here,
        .outer_clock = wi_clock_current,
        .below = top,
    };
    top = guard;
    wi_runtime_here = runtime;
    wi_clock_current = &runtime->clock;
}

int weir_runtime_leave(weir_enter_guard *guard)
{
    if (guard != top)
        return -EINVAL;
    top = guard->below;
    wi_runtime_here = guard->outer;
    wi_clock_current = guard->outer_clock;
    weir_runtime_release(guard->runtime);
    return 0;
}
