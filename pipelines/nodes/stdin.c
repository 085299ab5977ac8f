/* stdin.c - stage "stdin": the bytes of standard input, as they come. */
#include <string.h>
#include <weir/select.h>
#include <weir/stdio.h>
#include <weir/time.h>

#include "nodes/node.h"
#include "run/checkpoint.h"
#include "run/patience.h"
#include "run/stop.h"

static struct wp_edge_send send_chunk(struct run_node *node, weir_chunk **chunk)
{
    const struct parcel parcel = { .chunk = *chunk };
    *chunk = NULL;
    return WEIR_CALL(wp_edge_send, .node = node, .parcel = parcel);
}

/* clang-format off */
WEIR_ASYNC(stdin_run, int, struct run_node *node; weir_stream *stream; weir_chunk *chunk; weir_chunk_get_future get;
           weir_stream_io read; weir_cancelled_future stopped; weir_closed_future closed; weir_sleep limit;
           weir_cancelled_future wanted; weir_select_future which; struct wp_checkpoint_pass pass;
           struct wp_edge_send send;)
/* clang-format on */
{
    WEIR_BEGIN
    self->output = weir_stdin(&self->stream);
    if (self->output < 0)
        RETURN(wp_run_fail(self->node, self->output, "standard input: %s", strerror(-self->output)));
    for (;;) {
        AWAIT(self->pass, WEIR_CALL(wp_checkpoint_pass, .node = self->node));
        if (self->pass.output < 0)
            RETURN(self->pass.output);
        if (self->chunk == NULL) {
            AWAIT(self->get, weir_chunk_get(RUN_CHUNK_BYTES));
            self->chunk = self->get.output;
        }
        if (self->chunk == NULL)
            RETURN(wp_run_fail(self->node, -ENOMEM, "no memory for a chunk"));
        self->stopped = wp_stop_wait(self->node);
        self->read = weir_stream_read(self->stream, self->chunk->data, self->chunk->capacity);
        self->closed = wp_edge_closed(self->node);
        self->limit = wp_patience_limit(self->node);
        self->wanted = wp_checkpoint_wait(self->node);
        AWAIT(self->which, weir_select_biased(self->stopped, self->closed, self->read, self->limit, self->wanted));
        if (self->which.output == 4)
            continue;
        if (self->which.output == 1)
            RETURN(wp_checkpoint_ended(self->node));
        if (self->which.output == 0) {
            wp_stop_end(self->node);
            break;
        }
        if (self->which.output == 3)
            RETURN(wp_run_fail(self->node, -ETIMEDOUT, "standard input: the next bytes: %s",
                               wp_patience_words(self->node, -ETIMEDOUT)));
        if (self->read.output < 0)
            RETURN(wp_run_fail(self->node, (int)self->read.output, "standard input: %s",
                               strerror((int)-self->read.output)));
        if (self->read.output == 0)
            break;
        self->chunk->size = (size_t)self->read.output;
        AWAIT(self->send, send_chunk(self->node, &self->chunk));
        if (self->send.output < 0)
            RETURN(0);
    }
    AWAIT(self->send, WEIR_CALL(wp_edge_send, .node = self->node, .parcel = { .last = true }));
    WEIR_FINALLY
    weir_chunk_put(self->chunk);
    weir_stream_put(self->stream);
    WEIR_END
}

static int spawn(struct run_node *node, weir_join_set *set)
{
    return weir_join_set_spawn(set, WEIR_CALL(stdin_run, .node = node));
}

const struct node_type wp_node_stdin = {
    .stage = { .name = "stdin",
               .summary = "the bytes of standard input",
               .in = WEIR_NONE,
               .out = WEIR_BYTES,
               .source = true },
    .runs = "waits for the kernel; no thread is held meanwhile",
    .spawn = spawn,
    .touches = TOUCHES_NOTHING,
    .keeps = KEEPS_NO_POSITION,
    .times = NODE_FED_BY(WEIR_NONE),
};
