/* pausing.c - a run that is held. */
#include "run/pausing.h"

void wp_pause_set(struct run *run, bool on)
{
    __atomic_store_n(&run->paused, on, __ATOMIC_RELEASE);
    if (!on)
        weir_notify_waiters(&run->resumed);
}

bool wp_pause_is_on(const struct run_node *node)
{
    return __atomic_load_n(&wp_run_whole(node->run)->paused, __ATOMIC_ACQUIRE);
}

weir_notify_wait_future wp_pause_wait(const struct run_node *node)
{
    return weir_notify_wait(&wp_run_whole(node->run)->resumed);
}
