/* stop.c - a run that is asked to end. */
#include "run/stop.h"

bool wp_stop_is_asked(const struct run_node *node)
{
    return node->run->parent == NULL && node->run->checkpoints == NULL && weir_cancel_is_cancelled(node->run->stop);
}

weir_cancelled_future wp_stop_wait(const struct run_node *node)
{
    if (node->run->parent != NULL || node->run->checkpoints != NULL)
        return (weir_cancelled_future){ 0 }; /* a branch that select leaves out */
    return weir_cancelled(node->run->stop);
}

void wp_stop_end(const struct run_node *node)
{
    enum run_stopped none = RUN_NOT_STOPPED;
    (void)__atomic_compare_exchange_n(&node->run->stopped, &none, RUN_ENDED, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED);
}

void wp_stop_cut(const struct run_node *node)
{
    __atomic_store_n(&node->run->stopped, RUN_CUT, __ATOMIC_RELEASE);
}

bool wp_stop_was_cut(const struct run_node *node)
{
    return node->run->parent == NULL && __atomic_load_n(&node->run->stopped, __ATOMIC_ACQUIRE) == RUN_CUT;
}

int wp_stop_refuse(struct run_node *node, const char *path)
{
    return wp_run_fail(node, -ECANCELED, "%s: not written, since its input was cut short", path);
}
