/* gate.c - all of a run or nothing: sinks commit once all else has ended well. */
#include "run/gate.h"

#include <stdlib.h>

struct gate {
    pthread_mutex_t lock; /* of the counts */
    size_t tasks;         /* that haven't ended */
    size_t waiting;       /* of them, at the gate */
    bool counted;         /* `tasks` is known */
    weir_cancel_token *opened;
};

int wp_gate_create(struct gate **ret_gate)
{
    struct gate *gate = calloc(1, sizeof *gate);
    if (gate == NULL || weir_cancel_create(&gate->opened) < 0) {
        free(gate);
        return -ENOMEM;
    }
    (void)pthread_mutex_init(&gate->lock, NULL);
    *ret_gate = gate;
    return 0;
}

void wp_gate_destroy(struct gate *gate)
{
    if (gate == NULL)
        return;
    weir_cancel_unref(gate->opened);
    (void)pthread_mutex_destroy(&gate->lock);
    free(gate);
}

/* One count changes; who finds that all wait who are left opens the gate. */
static void change(struct gate *gate, size_t come, size_t left, size_t waiting)
{
    (void)pthread_mutex_lock(&gate->lock);
    gate->counted |= come > 0;
    gate->tasks += come - left;
    gate->waiting += waiting;
    const bool opens = gate->counted && gate->waiting == gate->tasks;
    (void)pthread_mutex_unlock(&gate->lock);
    if (opens)
        weir_cancel(gate->opened);
}

void wp_gate_expect(struct gate *gate, size_t tasks)
{
    if (gate != NULL)
        change(gate, tasks, 0, 0);
}

void wp_gate_left(struct gate *gate)
{
    if (gate != NULL)
        change(gate, 0, 1, 0);
}

WEIR_ASYNC_DEFINE(wp_gate_pass)
{
    WEIR_BEGIN
    if (self->run->gate != NULL) {
        change(self->run->gate, 0, 0, 1);
        AWAIT(self->opened, weir_cancelled(self->run->gate->opened));
    }
    WEIR_FINALLY
    WEIR_END
}
