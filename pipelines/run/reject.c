/* reject.c - records that a stage can't take: left out, or sent to a dead-letter stream. */
#include "run/reject.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "make_room.h"
#include "run/batch.h"
#include "run/bounds.h"
#include "run/row.h"

struct rejects {
    pthread_mutex_t lock;   /* of what follows */
    struct batch **batches; /* the last one may have room */
    size_t count, room;
    weir_mpsc_sender *to; /* the stream; NULL: the node has left it */
};

static int create(struct run_node *node, weir_mpsc_sender *to)
{
    node->rejects = calloc(1, sizeof *node->rejects);
    if (node->rejects == NULL)
        return -ENOMEM;
    (void)pthread_mutex_init(&node->rejects->lock, NULL);
    node->rejects->to = weir_mpsc_sender_ref(to);
    return 0;
}

void wp_reject_destroy(struct run_node *node)
{
    struct rejects *rejects = node->rejects;
    if (rejects == NULL)
        return;
    for (size_t i = 0; i < rejects->count; i++)
        wp_batch_free(rejects->batches[i]);
    free(rejects->batches);
    weir_mpsc_sender_unref(rejects->to);
    (void)pthread_mutex_destroy(&rejects->lock);
    free(rejects);
    node->rejects = NULL;
}

/* --- what waits ------------------------------------------------------------------------------------------ */

/* The batch that has room. NULL: no memory. */
static struct batch *open_batch(struct rejects *rejects)
{
    if (rejects->count > 0 && rejects->batches[rejects->count - 1]->count < BATCH_ROWS)
        return rejects->batches[rejects->count - 1];
    if (WP_MAKE_ROOM(rejects->batches, rejects->count, rejects->room, 4) < 0)
        return NULL;
    struct batch *batch = wp_batch_create();
    if (batch != NULL)
        rejects->batches[rejects->count++] = batch;
    return batch;
}

/* The line itself is that of the record: `to raw` gives it back. */
static int add(struct run_node *node, struct batch *batch, const char *raw, size_t size, const char *error)
{
    const char *line = wp_arena_copy(&batch->arena, raw, size), *words;
    words = wp_arena_copy(&batch->arena, error, strlen(error));
    if (line == NULL || words == NULL)
        return -ENOMEM;
    struct row *row = wp_batch_add_record(batch, line, size);
    row->flags |= ROW_FIELDS;
    const char *stage = node->plan->name;
    int failed = wp_row_set(batch, row, "error", NULL, datum_string(words, strlen(words)));
    if (failed == 0)
        failed = wp_row_set(batch, row, "stage", NULL, datum_string(stage, strlen(stage)));
    if (failed == 0)
        failed = wp_row_set(batch, row, "raw", NULL, datum_string(line, size));
    batch->count -= failed < 0;
    return failed;
}

bool wp_reject(struct run_node *node, const char *raw, size_t size, const char *format, ...)
{
    char words[512];
    if (node->plan->engine.onerror == ONERROR_FAIL)
        return false;
    struct rejects *rejects = node->rejects;
    int error = 0;
    if (rejects != NULL) {
        va_list args;
        va_start(args, format);
        (void)vsnprintf(words, sizeof words, format, args);
        va_end(args);
        (void)pthread_mutex_lock(&rejects->lock);
        struct batch *batch = open_batch(rejects);
        error = batch != NULL ? add(node, batch, raw, size, words) : -ENOMEM;
        (void)pthread_mutex_unlock(&rejects->lock);
    }
    if (error == 0)
        (void)__atomic_fetch_add(&node->counters.dropped_rows, 1, __ATOMIC_RELAXED);
    return error == 0;
}

int wp_reject_failed(struct run_node *node, int error, const char *format, ...)
{
    if (node->plan->engine.onerror != ONERROR_FAIL)
        return wp_run_fail(node, -ENOMEM, "no memory");
    va_list args;
    va_start(args, format);
    (void)wp_run_fail_by(node, error, format, args);
    va_end(args);
    return error;
}

/* Lines of what is compressed are the commonest reason why none can be taken. */
static const char *way_out(const struct row *row)
{
    static const char *const magic[] = { "\x1f\x8b", "\x28\xb5\x2f\xfd", "\x04\x22\x4d\x18" };
    for (size_t i = 0; i < sizeof magic / sizeof *magic; i++)
        if (row->raw_size >= strlen(magic[i]) && memcmp(row->raw, magic[i], strlen(magic[i])) == 0)
            return "this is compressed data: put 'decompress' before 'lines'";
    return "@onerror=drop leaves out such lines";
}

int wp_reject_line(struct run_node *node, const struct row *row, uint64_t record, size_t at, const char *reason,
                   int error)
{
    if (wp_reject(node, row->raw, row->raw_size, "record %lu, byte %zu: %s", (unsigned long)record, at, reason))
        return 0;
    return wp_reject_failed(node, error, "record %lu, byte %zu: %s: %s", (unsigned long)record, at, reason,
                            way_out(row));
}

int wp_reject_row(struct run_node *node, const struct batch *batch, const struct row *row, const char *reason)
{
    if ((row->flags & ROW_RECORD) == 0) {
        wp_run_trouble(node, "%s: %.*s: %s", node->plan->stage->name, wp_row_shown(row), row->path, reason);
        return 0;
    }
    const unsigned long record = (unsigned long)wp_batch_number(batch, (uint32_t)(row - batch->rows));
    if (wp_reject(node, row->raw, row->raw_size, "record %lu: %s", record, reason))
        return 0;
    return wp_reject_failed(node, -EINVAL, "record %lu: %s: @onerror=drop leaves out such records", record, reason);
}

struct batch *wp_reject_take(struct run_node *node)
{
    struct rejects *rejects = node->rejects;
    if (rejects == NULL)
        return NULL;
    (void)pthread_mutex_lock(&rejects->lock);
    struct batch *batch = rejects->count > 0 ? rejects->batches[0] : NULL;
    if (batch != NULL)
        memmove(rejects->batches, rejects->batches + 1, --rejects->count * sizeof(struct batch *));
    (void)pthread_mutex_unlock(&rejects->lock);
    return batch != NULL && batch->count > 0 ? wp_batch_shrink(batch) : batch;
}

bool wp_reject_waits(const struct run_node *node)
{
    struct rejects *rejects = node->rejects;
    if (rejects == NULL)
        return false;
    (void)pthread_mutex_lock(&rejects->lock);
    const bool waits = rejects->count > 0;
    (void)pthread_mutex_unlock(&rejects->lock);
    return waits;
}

weir_mpsc_sender *wp_reject_way(const struct run_node *node)
{
    return node->rejects->to;
}

/* --- the streams -------------------------------------------------------------------------------------------- */

/* Every node that names the stream, those that are only counted here as well, holds a sender of it. */
static int connect(struct run *run, const struct plan_chain *dead)
{
    weir_mpsc_sender *to;
    struct run_node *first = &run->nodes[dead->nodes->index - run->base];
    int error = weir_mpsc_create(sizeof(struct parcel), run->bounds[dead->nodes->index].feed, wp_parcel_drop, &to,
                                 &first->from);
    if (error < 0)
        return error;
    first->ends_with_senders = true;
    for (unsigned i = 0; error == 0 && i < run->count; i++) {
        const struct plan_node *plan = run->nodes[i].plan;
        if (plan != NULL && plan->engine.dead != NULL && strcmp(plan->engine.dead, dead->name) == 0)
            error = create(&run->nodes[i], to);
    }
    weir_mpsc_sender_unref(to);
    return error;
}

int wp_reject_connect(struct run *run, const struct plan *plan)
{
    int error = 0;
    for (const struct plan_chain *dead = plan->deads; error == 0 && dead != NULL; dead = dead->next)
        error = connect(run, dead);
    return error;
}

int wp_reject_join(struct run *top, const struct run_node *counted, struct run_node *node)
{
    if (counted->rejects == NULL)
        return 0;
    (void)pthread_mutex_lock(&top->lock); /* against the leave of who starts blocks */
    const int error = counted->rejects->to != NULL ? create(node, counted->rejects->to) : 0;
    (void)pthread_mutex_unlock(&top->lock);
    return error;
}

static void leave(struct run_node *node)
{
    if (node->rejects == NULL)
        return;
    weir_mpsc_sender_unref(node->rejects->to);
    node->rejects->to = NULL;
}

/* The nodes in its blocks, which are counted in the same run. */
static void leave_inner(struct run *run, const struct plan_node *outer)
{
    const struct plan_chain *block;
    for (unsigned i = 0; (block = wp_plan_block(outer, i)) != NULL; i++)
        for (const struct plan_node *plan = block->nodes; plan != NULL; plan = plan->next) {
            leave(&run->nodes[plan->index - run->base]);
            leave_inner(run, plan);
        }
}

void wp_reject_leave(struct run_node *node)
{
    struct run *run = node->run;
    leave(node);
    if (node->plan->forks || run->parent != NULL || wp_plan_block(node->plan, 0) == NULL)
        return;
    (void)pthread_mutex_lock(&run->lock);
    leave_inner(run, node->plan);
    (void)pthread_mutex_unlock(&run->lock);
}
