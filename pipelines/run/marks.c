/* marks.c - a checkpoint's mark on its way through the run. */
#include "run/marks.h"

#include <stdlib.h>

#include "run/checkpoints.h"
#include "run/fork.h"
#include "run/reject.h"

struct mark *wp_mark_create(uint64_t number)
{
    struct mark *mark = calloc(1, sizeof *mark);
    if (mark == NULL)
        return NULL;
    mark->refs = 1;
    mark->holds = 2;
    mark->number = number;
    if (weir_cancel_create(&mark->full) == 0 && weir_cancel_create(&mark->wanted) == 0 &&
        weir_cancel_create(&mark->through) == 0 && weir_cancel_create(&mark->settled) == 0)
        return mark;
    mark->holds = 1;
    wp_mark_unhold(mark);
    return NULL;
}

struct mark *wp_mark_ref(struct mark *mark)
{
    (void)__atomic_fetch_add(&mark->refs, 1, __ATOMIC_RELAXED);
    return mark;
}

void wp_mark_put(struct mark *mark)
{
    if (mark == NULL || __atomic_fetch_sub(&mark->refs, 1, __ATOMIC_ACQ_REL) != 1)
        return;
    weir_cancel(mark->through);
    wp_mark_unhold(mark);
}

struct mark *wp_mark_hold(struct mark *mark)
{
    (void)__atomic_fetch_add(&mark->holds, 1, __ATOMIC_RELAXED);
    return mark;
}

void wp_mark_unhold(struct mark *mark)
{
    if (mark == NULL || __atomic_fetch_sub(&mark->holds, 1, __ATOMIC_ACQ_REL) != 1)
        return;
    weir_cancel_unref(mark->full);
    weir_cancel_unref(mark->wanted);
    weir_cancel_unref(mark->through);
    weir_cancel_unref(mark->settled);
    free(mark);
}

/* --- at a node --------------------------------------------------------------------------------------------- */

void wp_mark_begin(struct run_node *node, struct mark *mark)
{
    node->seat.due = mark;
    node->seat.way = 0;
    node->seat.saved = false;
}

bool wp_mark_take(struct run_node *node, struct parcel *parcel)
{
    if (parcel->mark == NULL || node->takes_marks)
        return false;
    wp_mark_begin(node, parcel->mark);
    parcel->mark = NULL;
    return true;
}

bool wp_mark_last(struct run_node *node)
{
    if (node->seat.next == NULL)
        return false;
    wp_mark_begin(node, node->seat.next);
    node->seat.next = NULL;
    return true;
}

void wp_mark_weigh(struct run_node *node, const struct parcel *parcel)
{
    struct run_seat *seat = &node->seat;
    if (seat->next == NULL)
        return;
    const uint64_t of_run = node->run->checkpoints->bytes_max, before = seat->given;
    const uint64_t bytes_max = seat->bytes_max > 0 && seat->bytes_max < of_run ? seat->bytes_max : of_run;
    seat->given += wp_parcel_bytes(parcel);
    if (before < bytes_max && seat->given >= bytes_max)
        weir_cancel(seat->next->full);
}

void wp_mark_leave(struct run_node *node)
{
    wp_mark_put(node->seat.due);
    wp_mark_put(node->seat.next);
    node->seat.due = node->seat.next = NULL;
}

/* The edge to where it goes next: branches, what follows in the chain, the dead-letter stream; NULL: nowhere. */
static weir_mpsc_sender *next_way(struct run_node *node)
{
    const unsigned ways = wp_fork_ways(node);
    while (node->seat.way <= ways) {
        const unsigned way = node->seat.way++;
        weir_mpsc_sender *to = way < ways ? wp_fork_way(node, way) : node->rejects != NULL ? wp_reject_way(node) : NULL;
        if (to != NULL)
            return to;
    }
    return NULL;
}

static void end(struct run_node *node)
{
    wp_mark_unhold(node->seat.passed);
    node->seat.passed = wp_mark_hold(node->seat.due);
    wp_mark_put(node->seat.due);
    node->seat.due = NULL;
}

WEIR_ASYNC_DEFINE(wp_mark_hand_on)
{
    WEIR_BEGIN
    if (!self->node->seat.saved)
        self->output = wp_checkpoints_save(self->node);
    if (self->output < 0)
        RETURN(self->output);
    self->node->seat.saved = true;
    while ((self->to = next_way(self->node)) != NULL) {
        self->out.mark = wp_mark_ref(self->node->seat.due);
        AWAIT(self->send, weir_mpsc_send(self->to, &self->out));
        if (self->send.output == 0)
            self->out.mark = NULL; /* the channel's now */
        wp_parcel_put(&self->out);
    }
    end(self->node);
    WEIR_FINALLY
    if (self->out.mark != NULL)
        self->node->seat.way--; /* it was dropped on its way there */
    wp_parcel_put(&self->out);
    WEIR_END
}
