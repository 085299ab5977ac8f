/* pausing.c - a run that is held. */
#include "run/pausing.h"

static struct run *whole(const struct run_node *node)
{
    struct run *run = node->run;
    while (run->parent != NULL)
        run = run->parent->run;
    return run;
}

void wp_pause_set(struct run *run, bool on)
{
    __atomic_store_n(&run->paused, on, __ATOMIC_RELEASE);
    if (!on)
        weir_notify_waiters(&run->resumed);
}

bool wp_pause_is_on(const struct run_node *node)
{
    return __atomic_load_n(&whole(node)->paused, __ATOMIC_ACQUIRE);
}

weir_notify_wait_future wp_pause_wait(const struct run_node *node)
{
    return weir_notify_wait(&whole(node)->resumed);
}
