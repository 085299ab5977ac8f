/*
 * rows.c - the loops of nodes that take files a batch at a time: one after the other, or up to @par of them at once.
 */
#include "run/rows.h"

#include <stdlib.h>
#include <string.h>
#include <weir/join_set.h>
#include <weir/select.h>
#include <weir/time.h>
#include <weir/trace.h>

#include "run/bounds.h"
#include "run/deal.h"
#include "run/gate.h"
#include "run/reject.h"
#include "run/patience.h"
#include "run/stop.h"

/* What the batches share: counted, since a job outlives a node that was dropped. */
struct rows_shared {
    uint32_t refs;
    const struct rows_ops *ops;
    struct run_node *node;
    const char *name; /* the node's, which the plan has */
    void *state;
};

struct work {
    uint32_t refs;
    struct rows_shared *shared;
    struct batch *batch;
    bool commits; /* it is the last, and no batch */
    int error;
    int64_t took_ns;
};

void wp_rows_unref(struct rows_shared *shared)
{
    if (shared == NULL || __atomic_fetch_sub(&shared->refs, 1, __ATOMIC_ACQ_REL) != 1)
        return;
    if (shared->ops->close != NULL && shared->state != NULL)
        shared->ops->close(shared->state);
    free(shared);
}

static void work_unref(void *arg)
{
    struct work *work = arg;
    if (work == NULL || __atomic_fetch_sub(&work->refs, 1, __ATOMIC_ACQ_REL) != 1)
        return;
    wp_batch_free(work->batch);
    wp_rows_unref(work->shared);
    free(work);
}

static void do_work(struct work *work, const weir_job *job)
{
    const int64_t began_ns = weir_now_ns();
    const struct rows_ops *ops = work->shared->ops;
    work->error = work->commits ? ops->commit(work->shared->state) : ops->batch(work->shared->state, &work->batch, job);
    work->took_ns = weir_now_ns() - began_ns;
    weir_trace_step(work->shared->name, work->took_ns);
}

static int64_t work_job(void *arg, weir_job *job)
{
    struct work *work = arg;
    if (!weir_job_cancelled(job))
        do_work(work, job);
    return (int64_t)(intptr_t)work;
}

/* With two references, the node's and the job's. NULL: no memory; the batch is gone. */
static struct work *work_create(struct rows_shared *shared, struct batch *batch)
{
    struct work *work = malloc(sizeof *work);
    if (work == NULL) {
        wp_batch_free(batch);
        return NULL;
    }
    *work = (struct work){ .refs = 2, .shared = wp_rows_ref(shared), .batch = batch };
    return work;
}

int wp_rows_open(struct run_node *node, const struct rows_ops *ops, struct rows_shared **ret_shared)
{
    struct rows_shared *shared = calloc(1, sizeof *shared);
    if (shared == NULL)
        return wp_run_fail(node, -ENOMEM, "no memory");
    *shared = (struct rows_shared){ .refs = 1, .ops = ops, .node = node, .name = node->plan->name };
    *ret_shared = shared;
    int error = ops->open != NULL ? ops->open(node, &shared->state) : 0;
    if (error == 0 && ops->kept.save != NULL)
        error = wp_checkpoint_keep(node, &ops->kept, shared->state);
    return error < 0 ? error : 0;
}

struct rows_shared *wp_rows_ref(struct rows_shared *shared)
{
    (void)__atomic_fetch_add(&shared->refs, 1, __ATOMIC_RELAXED);
    return shared;
}

int wp_rows_work(struct rows_shared *shared, struct batch **batch)
{
    return shared->ops->batch(shared->state, batch, NULL);
}

static struct batch *take_batch(struct work *work)
{
    struct batch *batch = work->batch;
    work->batch = NULL;
    if (batch != NULL && batch->count > 0)
        return batch;
    wp_batch_free(batch);
    return NULL;
}

/* The batch goes on; it isn't the loop's any more. */
static struct wp_edge_send send_batch(struct run_node *node, struct parcel *parcel)
{
    struct batch *batch = parcel->batch;
    parcel->batch = NULL;
    return WEIR_CALL(wp_edge_send, .node = node, .parcel = { .batch = batch });
}

static int job_failed(struct run_node *node, int64_t error)
{
    return wp_run_fail(node, (int)error, "a batch %s", wp_patience_words(node, error));
}

/* Of the node's own, unless @pool says which. */
static weir_lane lane_of(const struct run_node *node, const struct rows_ops *ops)
{
    switch (node->plan->engine.pool) {
    case POOL_CPU:
        return WEIR_LANE_CPU;
    case POOL_IO:
        return WEIR_LANE_IO;
    default:
        return ops->lane;
    }
}

/* --- one after the other --------------------------------------------------------------------------- */

static bool goes_to_lane(const struct rows_shared *shared)
{
    const struct rows_ops *ops = shared->ops;
    return shared->node->plan->engine.pool == POOL_CPU || shared->node->plan->engine.pool == POOL_IO || ops->offloads ||
           (ops->blocks != NULL && ops->blocks(shared->state));
}

static struct work *next_work(struct rows_shared *shared, struct parcel *parcel)
{
    if (parcel->batch != NULL)
        wp_batch_came(parcel->batch, shared->node->counters.in_rows);
    struct work *work = work_create(shared, parcel->batch);
    parcel->batch = NULL;
    return work;
}

/* The last of a sink: once it may. */
WEIR_ASYNC(rows_commit, int, struct run_node *node; struct rows_shared *shared; struct work *work;
           struct wp_gate_pass gate; weir_offload_future job;)
{
    WEIR_BEGIN
    AWAIT(self->gate, WEIR_CALL(wp_gate_pass, .run = self->node->run));
    self->work = work_create(self->shared, NULL);
    if (self->work == NULL)
        RETURN(wp_run_fail(self->node, -ENOMEM, "no memory"));
    self->work->commits = true;
    AWAIT(self->job, weir_offload_mandatory(lane_of(self->node, self->shared->ops), work_job, self->work, work_unref));
    if (self->job.output < 0 && self->job.output > -4096)
        RETURN(wp_run_fail(self->node, (int)self->job.output, "%s", strerror((int)-self->job.output)));
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): this node has a reference of its own */
    self->output = self->work->error;
    WEIR_FINALLY
    work_unref(self->work);
    WEIR_END
}

/* `shared` is NULL, or it has been opened (a reference); `ended`: all input has been read, what is left is to drain. */
/* clang-format off */
WEIR_ASYNC(rows_run, int, struct run_node *node; const struct rows_ops *ops; struct rows_shared *shared;
           struct parcel parcel; struct work *work; bool ended; bool enough; struct wp_edge_recv recv;
           weir_offload_future job; weir_sleep limit; weir_select_future which; struct wp_edge_send send;
           struct rows_commit commit;)
/* clang-format on */
{
    WEIR_BEGIN
    if (self->shared == NULL)
        self->output = wp_rows_open(self->node, self->ops, &self->shared);
    self->ended = self->ended || self->node->from == NULL;
    self->enough = self->output == 0 && self->shared != NULL && self->ops->has_enough != NULL &&
                   self->ops->has_enough(self->shared->state);
    while (self->output == 0 && self->shared != NULL && !self->enough) {
        if (!self->ended) {
            AWAIT(self->recv, WEIR_CALL(wp_edge_recv, .node = self->node, .ret_parcel = &self->parcel));
            if (self->recv.output < 0)
                RETURN(self->recv.output);
            self->ended = self->parcel.last;
            if (self->ended && !self->ops->drains)
                break;
        } else if (self->node->from == NULL && wp_stop_is_asked(self->node)) {
            wp_stop_cut(self->node);
            break;
        }
        self->work = next_work(self->shared, &self->parcel);
        if (self->work == NULL)
            RETURN(wp_run_fail(self->node, -ENOMEM, "no memory"));
        if (goes_to_lane(self->shared)) {
            wp_counter_add(&self->node->counters.offloaded, 1);
            self->job = weir_offload(lane_of(self->node, self->ops), work_job, self->work, work_unref);
            self->limit = wp_patience_limit(self->node);
            AWAIT(self->which, weir_select_biased(self->job, self->limit));
            if (self->which.output == 1)
                RETURN(job_failed(self->node, -ETIMEDOUT));
            if (self->job.output < 0 && self->job.output > -4096)
                RETURN(job_failed(self->node, self->job.output));
        } else {
            wp_counter_add(&self->node->counters.inlined, 1);
            do_work(self->work, NULL);
            work_unref(self->work);
        }
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): this node has a reference of its own */
        wp_counter_busy(&self->node->counters, (uint64_t)self->work->took_ns);
        if (self->work->error < 0)
            RETURN(self->work->error);
        self->enough = self->work->error > 0;
        if (self->ended && self->work->batch == NULL)
            break;
        self->parcel.batch = take_batch(self->work);
        work_unref(self->work);
        self->work = NULL;
        if (self->parcel.batch != NULL || wp_reject_waits(self->node)) {
            AWAIT(self->send, send_batch(self->node, &self->parcel));
            if (self->send.output < 0)
                RETURN(0);
        }
    }
    if (self->output == 0 && self->ops->commit != NULL) {
        AWAIT(self->commit, WEIR_CALL(rows_commit, .node = self->node, .shared = self->shared));
        self->output = self->commit.output;
    }
    if (self->output == 0)
        AWAIT(self->send, WEIR_CALL(wp_edge_send, .node = self->node, .parcel = { .last = true }));
    WEIR_FINALLY
    weir_mpsc_receiver_drop(self->node->from);
    self->node->from = NULL;
    wp_parcel_put(&self->parcel);
    work_unref(self->work);
    wp_rows_unref(self->shared);
    WEIR_END
}

/* --- several at once ----------------------------------------------------------------------------------- */

/* clang-format off */
WEIR_ASYNC_FRAME_(rows_run_par, int, weir_future, struct run_node *node; const struct rows_ops *ops;
                  struct rows_shared *shared; weir_join_set *set; struct work **slots; struct batch **parts;
                  unsigned par; unsigned busy; unsigned waiting; bool ended; struct parcel parcel; struct parcel mark;
                  struct work *work; int64_t done; struct wp_edge_recv recv; weir_join_next_future next;
                  weir_select_future which; struct wp_edge_send send; struct wp_mark_hand_on hand_on;
                  struct rows_run rest;);
/* clang-format on */

static int start_par(struct rows_run_par *self)
{
    const struct plan_engine *engine = &self->node->plan->engine;
    self->node->takes_marks = true; /* it receives while others are at work */
    self->par = wp_bounds_par(self->node->plan);
    self->slots = calloc(self->par, sizeof(struct work *));
    if (engine->order == ORDER_KEY)
        self->parts = calloc(self->par, sizeof(struct batch *));
    int error = self->slots == NULL || (engine->order == ORDER_KEY && self->parts == NULL) ? -ENOMEM
                : engine->order == ORDER_IN ? weir_join_set_create_ordered(self->par, &self->set)
                                            : weir_join_set_create(self->par, &self->set);
    if (error == 0)
        weir_join_set_name(self->set, self->node->plan->name);
    return error < 0 ? wp_run_fail(self->node, error, "no memory") : wp_rows_open(self->node, self->ops, &self->shared);
}

/* A job that may take only so long. */
WEIR_ASYNC(timed_job, int64_t, struct run_node *node; weir_offload_future job; weir_sleep limit;
           weir_select_future which;)
{
    WEIR_BEGIN
    self->limit = wp_patience_limit(self->node);
    AWAIT(self->which, weir_select_biased(self->job, self->limit));
    RETURN(self->which.output == 0 ? self->job.output : -ETIMEDOUT);
    WEIR_FINALLY
    WEIR_END
}

/* The batch is gone in any case. */
static int start(struct rows_run_par *self, unsigned slot, struct batch *batch)
{
    struct work *work = work_create(self->shared, batch);
    if (work == NULL)
        return wp_run_fail(self->node, -ENOMEM, "no memory");
    self->slots[slot] = work;
    self->busy++;
    wp_counter_add(&self->node->counters.offloaded, 1);
    const weir_offload_future job = weir_offload(lane_of(self->node, self->ops), work_job, work, work_unref);
    const int error = self->node->plan->engine.timeout_ns == 0
                          ? weir_join_set_spawn(self->set, job)
                          : weir_join_set_spawn(self->set, WEIR_CALL(timed_job, .node = self->node, .job = job));
    return error < 0 ? wp_run_fail(self->node, error, "%s", strerror(-error)) : 0;
}

/*
 * With @order=key a slot is a lane: what it is dealt waits until what it was dealt before is done and has gone on, so
 * what is of one key stays in its order.
 */
static int start_parts(struct rows_run_par *self)
{
    int error = 0;
    for (unsigned slot = 0; error == 0 && self->waiting > 0 && slot < self->par; slot++) {
        struct batch *part = self->parts[slot];
        if (part == NULL || self->slots[slot] != NULL)
            continue;
        self->parts[slot] = NULL;
        self->waiting--;
        error = start(self, slot, part);
    }
    return error;
}

static int put_to_work(struct rows_run_par *self)
{
    struct batch *batch = self->parcel.batch;
    self->parcel.batch = NULL;
    wp_batch_came(batch, self->node->counters.in_rows);
    if (self->parts != NULL) {
        const int parts = wp_deal(batch, self->node->plan->engine.key, self->par, self->parts);
        if (parts < 0)
            return wp_run_fail(self->node, parts, "no memory");
        self->waiting = (unsigned)parts;
        return start_parts(self);
    }
    unsigned slot = 0;
    while (self->slots[slot] != NULL)
        slot++;
    return start(self, slot, batch);
}

/* Dealt to lanes, the next batch may wait; else it comes when there is somebody for it. */
static bool has_enough(const struct rows_run_par *self)
{
    return self->ended || self->mark.mark != NULL ||
           (self->parts != NULL ? self->waiting > 0 : self->busy == self->par);
}

/* What is done: out of its slot. */
static int take_done(struct rows_run_par *self)
{
    const int64_t status = self->next.status < 0 ? self->next.status : self->done;
    if (status < 0 && status > -4096)
        return job_failed(self->node, status);
    struct work *work = (struct work *)(intptr_t)status;
    for (unsigned slot = 0; slot < self->par; slot++)
        if (self->slots[slot] == work)
            self->slots[slot] = NULL;
    self->busy--;
    const int error = work->error;
    wp_counter_busy(&self->node->counters, (uint64_t)work->took_ns);
    self->parcel.batch = take_batch(work);
    work_unref(work);
    return error;
}

/* What drains, drains in turn. */
static struct rows_run drain(const struct rows_run_par *self)
{
    return WEIR_CALL(rows_run, .node = self->node, .ops = self->ops, .shared = wp_rows_ref(self->shared),
                     .ended = true);
}

static void free_slots(struct rows_run_par *self)
{
    for (unsigned slot = 0; self->slots != NULL && slot < self->par; slot++)
        work_unref(self->slots[slot]);
    for (unsigned slot = 0; self->parts != NULL && slot < self->par; slot++)
        wp_batch_free(self->parts[slot]);
    free(self->slots);
    free(self->parts);
}

WEIR_ASYNC_BODY_(rows_run_par, static)
{
    WEIR_BEGIN
    self->output = start_par(self);
    while (self->output == 0) {
        if (self->mark.mark != NULL && self->busy == 0) {
            AWAIT(self->hand_on, wp_checkpoint_hand_on(self->node, &self->mark));
            self->output = self->hand_on.output;
            continue;
        }
        self->recv = WEIR_CALL(wp_edge_recv, .node = self->node, .ret_parcel = &self->parcel);
        if (has_enough(self))
            weir_drop(self->recv);
        self->next = weir_join_next(self->set, &self->done);
        if (self->busy == 0)
            weir_drop(self->next);
        AWAIT(self->which, weir_select(self->recv, self->next));
        if (self->which.output < 0)
            break; /* nothing comes any more, and nothing is at work */
        if (self->which.output == 0) {
            if (self->recv.output < 0)
                RETURN(self->recv.output);
            if (self->parcel.mark != NULL) {
                self->mark = self->parcel;
                self->parcel = (struct parcel){ 0 };
                continue;
            }
            self->ended = self->parcel.last;
            if (!self->ended)
                self->output = put_to_work(self);
            continue;
        }
        self->output = take_done(self);
        if (self->output == 0)
            self->output = start_parts(self);
        if (self->output == 0 && (self->parcel.batch != NULL || wp_reject_waits(self->node))) {
            AWAIT(self->send, send_batch(self->node, &self->parcel));
            if (self->send.output < 0)
                RETURN(0);
        }
    }
    if (self->output == 0 && self->ops->drains) {
        AWAIT(self->rest, drain(self));
        RETURN(self->rest.output);
    }
    if (self->output == 0)
        AWAIT(self->send, WEIR_CALL(wp_edge_send, .node = self->node, .parcel = { .last = true }));
    WEIR_FINALLY
    weir_join_set_destroy(self->set);
    weir_mpsc_receiver_drop(self->node->from);
    self->node->from = NULL;
    wp_parcel_put(&self->parcel);
    wp_parcel_put(&self->mark);
    free_slots(self);
    wp_rows_unref(self->shared);
    WEIR_END
}

int wp_rows_spawn(struct run_node *node, const struct rows_ops *ops, weir_join_set *set)
{
    if ((ops->offloads || ops->spreads) && node->from != NULL && wp_bounds_par(node->plan) > 1)
        return weir_join_set_spawn(set, WEIR_CALL(rows_run_par, .node = node, .ops = ops));
    return weir_join_set_spawn(set, WEIR_CALL(rows_run, .node = node, .ops = ops));
}

int wp_rows_spawn_opened(struct rows_shared *shared, weir_join_set *set)
{
    return weir_join_set_spawn(
        set, WEIR_CALL(rows_run, .node = shared->node, .ops = shared->ops, .shared = wp_rows_ref(shared)));
}
