/* run.c - a plan becomes tasks and channels; the first failure ends them all. */
#include "run/run.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nodes/node.h"

static void drop_parcel(void *item)
{
    wp_parcel_put(item);
}

/* How many chunks an edge may hold: its bound in bytes. */
static size_t edge_capacity(const struct plan_node *node)
{
    const int64_t bytes = node->engine.queue_bytes != 0 ? node->engine.queue_bytes : PLAN_QUEUE_BYTES_DEFAULT;
    const int64_t chunks = bytes / (int64_t)RUN_CHUNK_BYTES;
    return chunks < 1 ? 1 : (size_t)chunks;
}

static int connect_chain(struct run *run, const struct plan_chain *chain)
{
    for (const struct plan_node *plan = chain->nodes; plan != NULL; plan = plan->next) {
        struct run_node *node = &run->nodes[plan->index];
        node->plan = plan;
        node->run = run;
        if (plan->next == NULL)
            break;
        struct run_node *next = &run->nodes[plan->next->index];
        const int error =
            weir_mpsc_create(sizeof(struct parcel), edge_capacity(plan->next), drop_parcel, &node->to, &next->from);
        if (error < 0)
            return error;
    }
    return 0;
}

int wp_run_create(const struct plan *plan, struct run **ret_run)
{
    struct run *run = calloc(1, sizeof *run);
    if (run == NULL)
        return -ENOMEM;
    run->plan = plan;
    (void)pthread_mutex_init(&run->lock, NULL);
    run->nodes = calloc(plan->nodes, sizeof *run->nodes);
    int error = run->nodes == NULL ? -ENOMEM : 0;
    for (const struct plan_chain *chain = plan->pipelines; error == 0 && chain != NULL; chain = chain->next)
        error = connect_chain(run, chain);
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
        const struct node_type *type = wp_node_type_of(node->plan->stage);
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
