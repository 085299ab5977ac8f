/* to.c - stage "to": records into bytes, in a format. */
#include <stdlib.h>
#include <string.h>
#include <weir/select.h>
#include <weir/time.h>

#include "nodes/node.h"
#include "run/bounds.h"
#include "run/checkpoint.h"
#include "run/format.h"
#include "run/record_time.h"
#include "run/rotation.h"

static const weir_opt to_opts[] = {
    { "format", "raw is the line, without fields", WEIR_OPT_CHOICE, 0, .choices = wp_format_names, .positional = true,
      .required = true },
    { "header", "csv, tsv: the first line has the names of the columns", WEIR_OPT_BOOL, 0, .def = 1 },
    { "delimiter", "csv, tsv: the byte between columns", WEIR_OPT_STRING, 0, .def_text = NULL },
    { 0 },
};

struct writer {
    struct run_node *node;
    const struct record_format *format;
    struct format_state state;
    uint64_t records; /* that were written */
    struct batch *batch;
    uint32_t next;  /* row of the batch */
    weir_text text; /* of rows, not all of it in chunks yet */
    size_t done;    /* of the text */
    weir_chunk *chunk;
    struct rotation rotation;
    bool ends, begins; /* behind the text the file does, before more text the next one */
    int64_t now_ns, time_ns;
    struct arena arena; /* of what finding a record's time makes */
};

/* --- files, if what is written makes several -------------------------------------------------------------- */

/* Whether this record may be written now. 0 or 1; or -ENOMEM. Else `ends` or `begins` says what is to be done first. */
static int admit(struct writer *self, const struct row *row)
{
    struct rotation *rotation = &self->rotation;
    if (rotation->write == NULL)
        return 1;
    self->time_ns = wp_rotation_time(rotation, row, self->now_ns, &self->arena);
    if (self->arena.failed)
        return -ENOMEM;
    const int turns = wp_rotation_is_full(rotation) ? 1 : wp_rotation_turns(rotation, self->time_ns);
    if (turns < 0)
        return turns;
    self->ends = turns > 0;
    self->begins = turns > 0 || !rotation->is_open;
    return !self->begins;
}

/* The record that was appended last, at `from`, is more than its file takes: it waits for the next. */
static bool overflows(struct writer *self, size_t from)
{
    struct rotation *rotation = &self->rotation;
    const uint64_t bytes = self->text.size - from, limit = rotation->bytes_max;
    if (limit == 0 || rotation->bytes == 0 || rotation->bytes + bytes <= limit) {
        rotation->bytes += bytes;
        return false;
    }
    self->text.size = from;
    self->ends = self->begins = true;
    return true;
}

static bool has_seam(const struct writer *self)
{
    return self->ends || self->begins;
}

/* The seam that is due goes on. */
static int take_seam(struct writer *self, struct parcel *ret_seam)
{
    if (self->ends) {
        self->ends = false;
        wp_rotation_end(&self->rotation);
        *ret_seam = (struct parcel){ .seam = SEAM_END };
        return 0;
    }
    self->begins = false;
    self->state.has_header = false;
    *ret_seam = (struct parcel){ .seam = SEAM_BEGIN, .time_ns = self->time_ns };
    return wp_rotation_begin(&self->rotation, self->time_ns) < 0 ? wp_run_fail(self->node, -ENOMEM, "no memory") : 0;
}

static struct wp_edge_send send_begin(const struct writer *self)
{
    return WEIR_CALL(wp_edge_send, .node = self->node,
                     .parcel = { .seam = SEAM_BEGIN, .time_ns = self->rotation.time_ns });
}

/* Nothing came: is the open file over by the clock? */
static int look_at_clock(struct writer *self)
{
    const int turns = wp_rotation_turns(&self->rotation, wp_wall_ns());
    self->ends = turns > 0;
    return turns < 0 ? wp_run_fail(self->node, -ENOMEM, "no memory") : 0;
}

/* --- text ---------------------------------------------------------------------------------------------------- */

/* One more row, if it may be written now. */
static int append_row(struct writer *self)
{
    const struct row *row = &self->batch->rows[self->next];
    const size_t from = self->text.size;
    int error = admit(self, row);
    if (error <= 0)
        return error;
    error = self->format->append(&self->state, &self->text, row);
    if (error == 0 && !overflows(self, from)) {
        self->next++;
        self->records++;
    }
    return error;
}

/* Rows become text until that is a chunk or the batch has no more. */
static int append_rows(struct writer *self)
{
    int error = 0;
    while (error == 0 && !has_seam(self) && self->batch != NULL && self->text.size < RUN_CHUNK_BYTES) {
        if (self->next < self->batch->count) {
            error = append_row(self);
        } else {
            wp_batch_free(self->batch);
            self->batch = NULL;
        }
    }
    if (error == -EBADMSG)
        return wp_run_fail(self->node, error, "record %lu: %s", (unsigned long)self->records + 1, self->state.reason);
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
    wp_node_worked(self->node, began_ns);
    return error;
}

static bool has_more(const struct writer *self)
{
    return has_seam(self) || self->batch != NULL || self->done < self->text.size;
}

/* A chunk goes on when it is full, or when there is nothing to fill it with now. */
static bool is_worth_sending(const struct writer *self)
{
    return self->chunk->size > 0 &&
           (self->chunk->size == self->chunk->capacity || has_seam(self) ||
            self->chunk->size >= wp_bounds_file_part(self->node->plan) || weir_mpsc_len(self->node->from) == 0);
}

/* All that stands before the seam has gone on. */
static bool is_seam_due(const struct writer *self)
{
    return has_seam(self) && self->done == self->text.size && (self->chunk == NULL || self->chunk->size == 0);
}

/* Who feeds the node with records of the same fields that it gets: what leaves out fields is looked for. */
static const struct plan_node *find_keep(const struct run_node *node)
{
    static const char *const passes[] = { "dedupe", "head", "last", "sample", "sort", "where", NULL };
    const struct plan_node *plan = node->plan;
    for (const struct run_node *before = node; before > node->run->nodes; plan = before->plan) {
        before--;
        if (before->plan == NULL || before->plan->next != plan)
            return NULL;
        if (strcmp(before->plan->stage->name, "keep") == 0)
            return before->plan;
        size_t i = 0;
        while (passes[i] != NULL && strcmp(passes[i], before->plan->stage->name) != 0)
            i++;
        if (passes[i] == NULL)
            return NULL;
    }
    return NULL;
}

/* Records need not have all fields that are kept. */
static int set_columns(struct writer *self)
{
    const struct plan_node *keep = self->format->has_columns ? find_keep(self->node) : NULL;
    unsigned count = 0;
    if (keep == NULL)
        return 0;
    for (const struct setting *setting = keep->settings; setting != NULL; setting = setting->next)
        count++;
    self->state.columns = wp_arena_alloc(&self->state.arena, (count + 1) * sizeof *self->state.columns);
    if (self->state.columns == NULL)
        return wp_run_fail(self->node, -ENOMEM, "no memory");
    for (const struct setting *setting = keep->settings; setting != NULL; setting = setting->next)
        if (setting->expr != NULL)
            self->state.columns[self->state.column_count++] = setting->text;
    self->state.has_columns = true;
    return 0;
}

static int set_format(struct writer *self)
{
    const struct plan_node *plan = self->node->plan;
    const char *delimiter = wp_plan_text(plan, "delimiter");
    const bool speaks_of_columns = delimiter != NULL || wp_plan_setting(plan, "header") != NULL;
    self->format = wp_format_at(wp_plan_number(plan, "format"));
    if (speaks_of_columns && !self->format->has_columns)
        return wp_run_fail(self->node, -EINVAL, "header= and delimiter= are for csv and tsv: %s has no columns",
                           self->format->name);
    if (delimiter != NULL && (strlen(delimiter) != 1 || strchr("\"\r\n\\", *delimiter) != NULL))
        return wp_run_fail(self->node, -EINVAL, "delimiter= is one byte, and no quote, backslash or newline");
    self->state.header = wp_plan_number(plan, "header") != 0;
    self->state.delimiter = delimiter != NULL ? *delimiter : self->format->delimiter;
    return set_columns(self);
}

/* 0, or a negative errno that has been told. */
static int create(struct run_node *node, struct writer **ret_writer)
{
    struct writer *self = calloc(1, sizeof *self);
    if (self == NULL)
        return wp_run_fail(node, -ENOMEM, "no memory");
    self->node = node;
    wp_rotation_init(&self->rotation, node);
    *ret_writer = self;
    return set_format(self);
}

static void destroy(struct writer *self)
{
    if (self == NULL)
        return;
    wp_batch_free(self->batch);
    wp_format_fini(&self->state);
    weir_text_fini(&self->text);
    weir_chunk_put(self->chunk);
    wp_rotation_fini(&self->rotation);
    wp_arena_fini(&self->arena);
    free(self);
}

static void take_batch(struct writer *self, struct parcel *parcel)
{
    wp_arena_fini(&self->arena);
    if (self->rotation.write != NULL)
        self->now_ns = wp_wall_ns();
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

/* --- what outlives the run: the open file, whether its header was written, and of which columns ----------------- */

static int save(void *arg, struct wp_save *save)
{
    const struct writer *self = arg;
    const struct format_state *state = &self->state;
    char head[1 + ROTATION_SAVED_BYTES] = { (char)state->has_header };
    wp_rotation_save(&self->rotation, head + 1);
    int error = wp_save_bytes(save, head, sizeof head);
    for (unsigned i = 0; error == 0 && state->has_columns && i < state->column_count; i++)
        error = wp_save_bytes(save, state->columns[i], strlen(state->columns[i]));
    return error < 0 ? wp_run_fail(self->node, error, "no memory") : 0;
}

/* Those of the first record that ever came. */
static int load_columns(struct format_state *state, struct wp_load *load)
{
    const void *name;
    size_t size;
    while (!state->has_columns && wp_load_bytes(load, &name, &size) == 1) {
        const char **columns = wp_arena_alloc(&state->arena, (state->column_count + 1) * sizeof *columns);
        const char *copy = wp_arena_copy(&state->arena, name, size);
        if (columns == NULL || copy == NULL)
            return -ENOMEM;
        if (state->column_count > 0)
            memcpy(columns, state->columns, state->column_count * sizeof *columns);
        columns[state->column_count++] = copy;
        state->columns = columns;
    }
    state->has_columns |= state->column_count > 0;
    return 0;
}

static int load(void *arg, struct wp_load *load)
{
    struct writer *self = arg;
    const void *head;
    size_t size;
    if (wp_load_bytes(load, &head, &size) != 1 || size != 1 + ROTATION_SAVED_BYTES)
        return 0;
    self->state.has_header = *(const char *)head != 0;
    int error = self->rotation.write != NULL ? wp_rotation_load(&self->rotation, (const char *)head + 1) : 0;
    if (error == 0)
        error = load_columns(&self->state, load);
    return error < 0 ? wp_run_fail(self->node, -ENOMEM, "no memory") : 0;
}

static const struct wp_kept kept = { save, load };

/*
 * The next batch, or none: the open file may be over by the clock. Resolves as wp_edge_recv().
 */
/* clang-format off */
WEIR_ASYNC(to_recv, int, struct run_node *node; struct writer *writer; struct parcel *ret_parcel; int64_t wait_ns;
           struct wp_edge_recv recv; weir_sleep turn; weir_cancelled_future settled; weir_select_future which;)
/* clang-format on */
{
    WEIR_BEGIN
    self->recv = WEIR_CALL(wp_edge_recv, .node = self->node, .ret_parcel = self->ret_parcel);
    self->wait_ns = wp_rotation_wait_ns(&self->writer->rotation);
    if (self->wait_ns == INT64_MAX) {
        AWAIT_SLOT(self->recv);
        RETURN(self->recv.output);
    }
    self->settled = wp_checkpoint_settled(self->node);
    self->turn = weir_sleep_until(weir_now_ns() + self->wait_ns);
    if (wp_checkpoint_holds(self->node))
        weir_drop(self->turn);
    AWAIT(self->which, weir_select_biased(self->recv, self->settled, self->turn));
    RETURN(self->which.output == 0 ? self->recv.output : self->which.output == 2 ? look_at_clock(self->writer) : 0);
    WEIR_FINALLY
    WEIR_END
}

WEIR_ASYNC(to_run, int, struct run_node *node; struct writer *writer; struct parcel parcel; bool ended;
           struct to_recv recv; weir_chunk_get_future get; struct wp_edge_send send; struct wp_mark_hand_on mark;)
{
    WEIR_BEGIN
    self->output = create(self->node, &self->writer);
    if (self->output < 0)
        RETURN(self->output);
    self->node->takes_marks = true; /* a chunk may wait for more */
    self->output = wp_checkpoint_keep(self->node, &kept, self->writer);
    if (self->output < 0)
        RETURN(self->output);
    if (self->writer->rotation.is_open) { /* since before this run: whoever stands behind begins anew */
        AWAIT(self->send, send_begin(self->writer));
        self->output = 0;
    }
    while (!self->ended) {
        AWAIT(self->recv, WEIR_CALL(to_recv, .node = self->node, .writer = self->writer, .ret_parcel = &self->parcel));
        if (self->recv.output < 0)
            RETURN(self->recv.output);
        if (self->parcel.mark != NULL) {
            AWAIT(self->send, send_chunk(self->writer));
            AWAIT(self->mark, wp_checkpoint_hand_on(self->node, &self->parcel));
            if (self->mark.output < 0)
                RETURN(self->mark.output);
            continue;
        }
        self->ended = self->parcel.last;
        take_batch(self->writer, &self->parcel);
        while (has_more(self->writer)) {
            if (is_seam_due(self->writer)) {
                self->output = take_seam(self->writer, &self->parcel);
                if (self->output < 0)
                    RETURN(self->output);
                AWAIT(self->send, WEIR_CALL(wp_edge_send, .node = self->node, .parcel = self->parcel));
                if (self->send.output < 0)
                    RETURN(0);
                continue;
            }
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
    .keeps = KEEPS_STATE,
};
