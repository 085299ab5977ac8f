/* checkpoints.c - what a run has saved, and the marks that its sources hold. */
#include "run/checkpoints.h"

#include <stdlib.h>

int wp_checkpoints_create(struct run *run)
{
    struct checkpoints *checkpoints = calloc(1, sizeof *checkpoints);
    if (checkpoints == NULL)
        return -ENOMEM;
    (void)pthread_mutex_init(&checkpoints->lock, NULL);
    run->checkpoints = checkpoints;
    checkpoints->now = wp_mark_create(1);
    checkpoints->next = wp_mark_create(2);
    return checkpoints->now != NULL && checkpoints->next != NULL ? 0 : -ENOMEM;
}

static void put_mark(struct mark *mark)
{
    if (mark != NULL && !weir_cancel_is_cancelled(mark->wanted))
        wp_mark_put(mark);
    wp_mark_unhold(mark);
}

void wp_checkpoints_destroy(struct run *run)
{
    struct checkpoints *checkpoints = run->checkpoints;
    if (checkpoints == NULL)
        return;
    put_mark(checkpoints->now);
    put_mark(checkpoints->next);
    while (checkpoints->kept != NULL) {
        struct kept *kept = checkpoints->kept;
        checkpoints->kept = kept->next;
        wp_saved_fini(&kept->saved);
        wp_saved_fini(&kept->last);
        free(kept);
    }
    free(checkpoints->loaded);
    (void)pthread_mutex_destroy(&checkpoints->lock);
    free(checkpoints);
    run->checkpoints = NULL;
}

void wp_checkpoints_seat(struct run *run)
{
    for (unsigned i = 0; run->checkpoints != NULL && i < run->count; i++)
        if (run->nodes[i].is_source && !run->nodes[i].inner)
            run->nodes[i].seat.next = wp_mark_ref(run->checkpoints->now);
}

const struct entry *wp_checkpoints_entry(const struct checkpoints *checkpoints, const struct run_node *node)
{
    for (size_t i = 0; i < checkpoints->loaded_count; i++)
        if (checkpoints->loaded[i].plan == node->plan)
            return &checkpoints->loaded[i];
    return NULL;
}
