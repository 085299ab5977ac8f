/* to.c - stage "to": records into bytes, in a format. */
#include <stdlib.h>
#include <string.h>
#include <weir/time.h>

#include "nodes/node.h"
#include "run/format.h"

static const weir_opt to_opts[] = {
    { "format", "raw: the line and a newline; tsv: a column for each field of the first record", WEIR_OPT_CHOICE, 0,
      .choices = wp_format_names, .positional = true, .required = true },
    { "header", "tsv: the names of the columns go first", WEIR_OPT_BOOL, 0, .def = 1 },
    { 0 },
};

struct writer {
    struct run_node *node;
    const struct record_format *format;
    struct columns columns;
    struct batch *batch;
    uint64_t records; /* that became text */
    uint32_t next;    /* row of the batch */
    weir_text text;   /* of rows, not all of it in chunks yet */
    size_t done;      /* of the text */
    weir_chunk *chunk;
};

static int append_row(struct writer *self, const struct row *row)
{
    self->records++;
    if (self->format->append_columns != NULL)
        return self->format->append_columns(&self->text, &self->columns, row);
    return self->format->append(&self->text, row);
}

/* Rows become text until that is a chunk or the batch has no more. */
static int append_rows(struct writer *self)
{
    int error = 0;
    while (error == 0 && self->batch != NULL && self->text.size < RUN_CHUNK_BYTES) {
        if (self->next < self->batch->count) {
            error = append_row(self, &self->batch->rows[self->next++]);
        } else {
            wp_batch_free(self->batch);
            self->batch = NULL;
        }
    }
    if (error == -EINVAL)
        return wp_run_fail(self->node, error,
                           "record %lu has a field .%s, for which the first had none and so there is no column: "
                           "'keep .a,.b' before it says which there are",
                           (unsigned long)self->records, self->columns.odd);
    return error < 0 ? wp_run_fail(self->node, error, "no memory") : 0;
}

/* Into the chunk, as much as there is room for. */
static int fill(struct writer *self)
{
    const int64_t began_ns = weir_now_ns();
    int error = 0;
    while (error == 0 && self->chunk->size < self->chunk->capacity) {
        if (self->done == self->text.size) {
            self->done = self->text.size = 0;
            error = append_rows(self);
            if (self->text.size == 0)
                break;
        }
        const size_t room = self->chunk->capacity - self->chunk->size, left = self->text.size - self->done,
                     size = left < room ? left : room;
        memcpy(self->chunk->data + self->chunk->size, self->text.data + self->done, size);
        self->chunk->size += size;
        self->done += size;
    }
    wp_counter_add(&self->node->counters.busy_ns, (uint64_t)(weir_now_ns() - began_ns));
    return error;
}

static bool has_more(const struct writer *self)
{
    return self->batch != NULL || self->done < self->text.size;
}

/* A chunk goes on when it is full, or when there is nothing to fill it with now. */
static bool is_worth_sending(const struct writer *self)
{
    return self->chunk->size > 0 &&
           (self->chunk->size == self->chunk->capacity || weir_mpsc_len(self->node->from) == 0);
}

static struct writer *create(struct run_node *node)
{
    struct writer *self = calloc(1, sizeof *self);
    if (self == NULL)
        return NULL;
    self->node = node;
    self->format = wp_format_at(wp_plan_number(node->plan, "format"));
    self->columns.header = wp_plan_number(node->plan, "header") != 0;
    return self;
}

static void destroy(struct writer *self)
{
    if (self == NULL)
        return;
    wp_batch_free(self->batch);
    weir_text_fini(&self->text);
    wp_columns_fini(&self->columns);
    weir_chunk_put(self->chunk);
    free(self);
}

static void take_batch(struct writer *self, struct parcel *parcel)
{
    self->batch = parcel->batch;
    self->next = 0;
    parcel->batch = NULL;
}

static struct wp_edge_send send_chunk(struct writer *self)
{
    const struct parcel parcel = { .chunk = self->chunk };
    self->chunk = NULL;
    return WEIR_CALL(wp_edge_send, .node = self->node, .parcel = parcel);
}

WEIR_ASYNC(to_run, int, struct run_node *node; struct writer *writer; struct parcel parcel; bool ended;
           struct wp_edge_recv recv; weir_chunk_get_future get; struct wp_edge_send send;)
{
    WEIR_BEGIN
    self->writer = create(self->node);
    if (self->writer == NULL)
        RETURN(wp_run_fail(self->node, -ENOMEM, "no memory"));
    while (!self->ended) {
        AWAIT(self->recv, WEIR_CALL(wp_edge_recv, .node = self->node, .ret_parcel = &self->parcel));
        if (self->recv.output < 0)
            RETURN(self->recv.output);
        self->ended = self->parcel.last;
        take_batch(self->writer, &self->parcel);
        while (has_more(self->writer)) {
            if (self->writer->chunk == NULL) {
                AWAIT(self->get, weir_chunk_get(RUN_CHUNK_BYTES));
                self->writer->chunk = self->get.output;
                if (self->writer->chunk == NULL)
                    RETURN(wp_run_fail(self->node, -ENOMEM, "no memory for a chunk"));
            }
            self->output = fill(self->writer);
            if (self->output < 0)
                RETURN(self->output);
            if (is_worth_sending(self->writer)) {
                AWAIT(self->send, send_chunk(self->writer));
                if (self->send.output < 0)
                    RETURN(0);
            }
        }
    }
    if (self->writer->chunk != NULL && self->writer->chunk->size > 0) {
        AWAIT(self->send, send_chunk(self->writer));
        if (self->send.output < 0)
            RETURN(0);
    }
    AWAIT(self->send, WEIR_CALL(wp_edge_send, .node = self->node, .parcel = { .last = true }));
    WEIR_FINALLY
    weir_mpsc_receiver_drop(self->node->from);
    self->node->from = NULL;
    wp_parcel_put(&self->parcel);
    destroy(self->writer);
    WEIR_END
}

static int spawn(struct run_node *node, weir_join_set *set)
{
    return weir_join_set_spawn(set, WEIR_CALL(to_run, .node = node));
}

const struct node_type wp_node_to = {
    .stage = { .name = "to",
               .summary = "records as bytes, in a format",
               .in = WEIR_RECORDS,
               .out = WEIR_BYTES,
               .opts = to_opts },
    .runs = "writes records one behind the other inline",
    .spawn = spawn,
};
