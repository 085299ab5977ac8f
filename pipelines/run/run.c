/* run.c - a plan becomes tasks and channels; the first failure ends them all. */
#include "run/run.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nodes/node.h"
#include "run/bounds.h"

static void drop_parcel(void *item)
{
    wp_parcel_put(item);
}

static int connect_chain(struct run *run, const struct plan_chain *chain, const size_t *capacity)
{
    for (const struct plan_node *plan = chain->nodes; plan != NULL; plan = plan->next) {
        struct run_node *node = &run->nodes[plan->index];
        node->plan = plan;
        node->run = run;
        if (plan->next == NULL)
            break;
        struct run_node *next = &run->nodes[plan->next->index];
        const int error =
            weir_mpsc_create(sizeof(struct parcel), capacity[plan->index], drop_parcel, &node->to, &next->from);
        if (error < 0)
            return error;
    }
    return 0;
}

static int connect_all(struct run *run, size_t *ret_needed)
{
    weir_chunk_stats stats;
    size_t *capacity = calloc(run->plan->nodes, sizeof *capacity);
    if (capacity == NULL)
        return -ENOMEM;
    weir_chunk_stats_get(&stats);
    int error = wp_bounds(run->plan, stats.budget, capacity, ret_needed);
    for (const struct plan_chain *chain = run->plan->pipelines; error == 0 && chain != NULL; chain = chain->next)
        error = connect_chain(run, chain, capacity);
    free(capacity);
    return error;
}

int wp_run_create(const struct plan *plan, struct run **ret_run, size_t *ret_needed)
{
    struct run *run = calloc(1, sizeof *run);
    if (run == NULL)
        return -ENOMEM;
    run->plan = plan;
    (void)pthread_mutex_init(&run->lock, NULL);
    run->nodes = calloc(plan->nodes, sizeof *run->nodes);
    const int error = run->nodes == NULL ? -ENOMEM : connect_all(run, ret_needed);
    if (error < 0)
        wp_run_destroy(run);
    else
        *ret_run = run;
    return error;
}

void wp_run_destroy(struct run *run)
{
    if (run == NULL)
        return;
    for (unsigned i = 0; run->nodes != NULL && i < run->plan->nodes; i++) {
        weir_mpsc_sender_unref(run->nodes[i].to);
        weir_mpsc_receiver_drop(run->nodes[i].from);
    }
    free(run->nodes);
    free(run->error_text);
    (void)pthread_mutex_destroy(&run->lock);
    free(run);
}

int wp_run_fail(struct run_node *node, int error, const char *format, ...)
{
    struct run *run = node->run;
    char *text = NULL;
    va_list args;
    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        text = NULL;
    va_end(args);
    (void)pthread_mutex_lock(&run->lock);
    if (run->error == 0) {
        run->error = error;
        run->error_text = text;
        run->failed = node;
        text = NULL;
    }
    (void)pthread_mutex_unlock(&run->lock);
    free(text);
    return error;
}

void wp_run_trouble(struct run_node *node, const char *format, ...)
{
    struct run *run = node->run;
    char *text = NULL;
    va_list args;
    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        text = NULL;
    va_end(args);
    (void)pthread_mutex_lock(&run->lock);
    run->troubles++;
    if (run->on_trouble != NULL)
        run->on_trouble(run->trouble_arg, text != NULL ? text : strerror(ENOMEM));
    (void)pthread_mutex_unlock(&run->lock);
    free(text);
}

static int spawn_all(struct run *run, weir_join_set *set)
{
    for (unsigned i = 0; i < run->plan->nodes; i++) {
        struct run_node *node = &run->nodes[i];
        const struct node_type *type = wp_node_type_of(node->plan->stage, node->plan->in);
        const int error = type != NULL ? type->spawn(node, set) : wp_transform_spawn(node, set);
        if (error < 0)
            return error;
    }
    return 0;
}

WEIR_ASYNC_DEFINE(wp_run_all)
{
    WEIR_BEGIN
    self->output = weir_join_set_create(self->run->plan->nodes, &self->nodes);
    if (self->output == 0)
        self->output = spawn_all(self->run, self->nodes);
    while (self->output == 0) {
        AWAIT(self->next, weir_join_next(self->nodes, &self->status));
        if (self->next.output == 0)
            break;
        self->output = self->next.status < 0 ? self->next.status : self->status;
    }
    /* One failed: the others are dropped where they stand, and this waits until they are. */
    weir_join_set_abort_all(self->nodes);
    for (;;) {
        AWAIT(self->next, weir_join_next(self->nodes, &self->status));
        if (self->next.output == 0)
            break;
    }
    if (self->run->error != 0)
        self->output = self->run->error; /* what came first, not who was joined first */
    WEIR_FINALLY
    weir_join_set_destroy(self->nodes);
    WEIR_END
}
