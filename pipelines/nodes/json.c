/* json.c - stage "json": the line of each record is JSON, and its fields are the record's. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "json/json_shape.h"
#include "nodes/json_glance.h"
#include "nodes/json_record.h"
#include "nodes/node.h"
#include "run/batch.h"
#include "run/reject.h"
#include "run/rows.h"

static const weir_opt json_opts[] = {
    { "depth", "how deep arrays and objects may nest", WEIR_OPT_INT, 0, .def = JSON_DEPTH, .min = 1,
      .max = JSON_DEPTH_MAX - 1 },
    { 0 },
};

/* What one thread at a time works with, on one batch after another. */
struct parser {
    struct parser *next; /* of those that are idle */
    struct json_index index;
    struct json_shapes *shapes;
    weir_text copy; /* of a line behind which no bytes may be read */
};

struct json {
    struct run_node *node;
    unsigned depth_max;
    bool glances;
    struct json_glance glance;
    pthread_mutex_t lock; /* of what follows */
    struct parser *idle;
};

/* --- the stage ------------------------------------------------------------------------------------------ */

static int open_json(struct run_node *node, void **ret_state)
{
    struct json *self = calloc(1, sizeof *self);
    if (self == NULL)
        return wp_run_fail(node, -ENOMEM, "no memory");
    self->node = node;
    self->depth_max = (unsigned)wp_plan_number(node->plan, "depth");
    struct push_number filter;
    self->glances = wp_push_to_json(node->plan, &filter) && wp_json_glance_init(&self->glance, &filter);
    (void)pthread_mutex_init(&self->lock, NULL);
    *ret_state = self;
    return 0;
}

static void destroy_parser(struct parser *parser)
{
    if (parser == NULL)
        return;
    wp_json_index_fini(&parser->index);
    wp_json_shapes_destroy(parser->shapes);
    weir_text_fini(&parser->copy);
    free(parser);
}

static void close_json(void *state)
{
    struct json *self = state;
    while (self->idle != NULL) {
        struct parser *parser = self->idle;
        self->idle = parser->next;
        destroy_parser(parser);
    }
    (void)pthread_mutex_destroy(&self->lock);
    free(self);
}

static struct parser *create_parser(const struct json *self)
{
    struct parser *parser = calloc(1, sizeof *parser);
    if (parser == NULL)
        return NULL;
    parser->index.depth_max = self->depth_max;
    parser->shapes = wp_json_shapes_create(0);
    if (parser->shapes != NULL)
        return parser;
    free(parser);
    return NULL;
}

/* With @par several threads are at it. NULL: no memory. */
static struct parser *take_parser(struct json *self)
{
    (void)pthread_mutex_lock(&self->lock);
    struct parser *parser = self->idle;
    if (parser != NULL)
        self->idle = parser->next;
    (void)pthread_mutex_unlock(&self->lock);
    return parser != NULL ? parser : create_parser(self);
}

static void give_parser(struct json *self, struct parser *parser)
{
    (void)pthread_mutex_lock(&self->lock);
    parser->next = self->idle;
    self->idle = parser;
    (void)pthread_mutex_unlock(&self->lock);
}

static bool is_blank(const struct row *row)
{
    for (uint32_t i = 0; i < row->raw_size; i++)
        if (row->raw[i] != ' ' && row->raw[i] != '\t' && row->raw[i] != '\r')
            return false;
    return true;
}

/* The line itself, or a copy, where bytes behind the line may not be read. NULL: no memory. */
static const char *with_slack(struct parser *parser, const struct batch *batch, const struct row *row)
{
    const char *begin = batch->chunk != NULL ? (const char *)batch->chunk->data : NULL;
    if (begin != NULL && row->raw >= begin && row->raw < begin + batch->chunk->size &&
        row->raw + row->raw_size + SHAPE_SLACK <= begin + batch->chunk->size)
        return row->raw;
    static const char behind[SHAPE_SLACK];
    parser->copy.size = 0;
    if (weir_text_append(&parser->copy, row->raw, row->raw_size) < 0 ||
        weir_text_append(&parser->copy, behind, sizeof behind) < 0)
        return NULL;
    return parser->copy.data;
}

/* 1: it has a shape that is known; 0: it may be anything; or -ENOMEM. */
static int take_shaped(struct parser *parser, struct batch *batch, struct row *row)
{
    const char *text = with_slack(parser, batch, row);
    if (text == NULL)
        return -ENOMEM;
    const struct json_shaped *shaped = wp_json_shapes_match(parser->shapes, text, row->raw_size, &batch->arena);
    if (shaped == NULL)
        return batch->arena.failed ? -ENOMEM : 0;
    return wp_json_record_set_shaped(batch, row, shaped) < 0 ? -ENOMEM : 1;
}

/* Checks the line, whatever it is. 0; -ENOMEM; or -EINVAL, and the index knows why. */
static int take_indexed(struct parser *parser, struct batch *batch, struct row *row)
{
    struct json_index *index = &parser->index;
    const int error = wp_json_index(index, row->raw, row->raw_size);
    if (error < 0)
        return error;
    if (!wp_json_is_object(index)) {
        index->offset = index->root.at;
        index->reason = "JSON, but no object";
        return -EINVAL;
    }
    wp_json_shapes_learn(parser->shapes, index, row->raw_size);
    return wp_json_record_set(batch, row, index);
}

/* 1: it goes on; 0: it is left out; or a negative errno. */
static int take_record(const struct json *self, struct parser *parser, struct batch *batch, struct row *row,
                       uint64_t record)
{
    const struct json_index *index = &parser->index;
    if (self->glances && wp_json_glance_rules_out(&self->glance, row->raw, row->raw_size))
        return 0;
    int result = take_shaped(parser, batch, row);
    if (result == 0 && (result = take_indexed(parser, batch, row)) == 0)
        result = 1;
    if (result > 0)
        return 1;
    if (result == -ENOMEM)
        return wp_run_fail(self->node, result, "no memory");
    if (is_blank(row))
        return 0;
    return wp_reject_line(self->node, row, record, index->offset + 1, index->reason, result);
}

static int take_records(const struct json *self, struct parser *parser, struct batch *all)
{
    uint32_t kept = 0;
    int result = 0;
    for (uint32_t i = 0; result >= 0 && i < all->count; i++) {
        result = take_record(self, parser, all, &all->rows[i], wp_batch_number(all, i));
        if (result > 0 && kept != i)
            all->rows[kept] = all->rows[i];
        kept += result > 0 ? 1 : 0;
    }
    all->count = kept;
    return result < 0 ? result : 0;
}

static int parse(void *state, struct batch **batch, const weir_job *job)
{
    (void)job;
    struct json *self = state;
    struct parser *parser = take_parser(self);
    if (parser == NULL || wp_json_shapes_keep(parser->shapes, &(*batch)->arena) < 0) {
        destroy_parser(parser);
        return wp_run_fail(self->node, -ENOMEM, "no memory");
    }
    const int error = take_records(self, parser, *batch);
    give_parser(self, parser);
    return error;
}

static const struct rows_ops ops = {
    .open = open_json, .batch = parse, .close = close_json, .spreads = true, .lane = WEIR_LANE_CPU
};

const struct node_type wp_node_json = {
    .stage = { .name = "json",
               .summary = "reads each record's line as a JSON object: its fields; blank lines are left out",
               .in = WEIR_RECORDS,
               .out = WEIR_RECORDS,
               .opts = json_opts },
    .runs = "checks and indexes each batch inline, with @par on the cpu lane",
    .keeps = KEEPS_NOTHING,
    .rows = &ops,
    .parallel = true,
    .drops = true,
    .rejects = true,
};
