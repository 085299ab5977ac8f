/*
 * transform.c - runs a stage of windows: bytes in, bytes out, inline or on the cpu lane by what a step is going to
 * cost.
 *
 * The prediction is a moving estimate of ns a KiB of input, which begins with
 * what the stage's table, or its open(), says. A step that is predicted to take
 * longer than 100 us leaves the worker to others.
 */
#include <stdlib.h>
#include <string.h>
#include <weir/blocking.h>
#include <weir/time.h>

#include "run/run.h"

#define OFFLOAD_ABOVE_NS 100000

/* What a step works on. Counted: a step on the lane outlives a node that was dropped meanwhile. */
struct stepper {
    uint32_t refs;
    const weir_stage *stage;
    void *state;
    bool opened;
    weir_flow flow;
    weir_chunk *in, *out;
    bool in_last;
    int want;        /* of the last step */
    int64_t took_ns; /* so did it */
};

static void unref(void *arg)
{
    struct stepper *self = arg;
    if (self == NULL || __atomic_fetch_sub(&self->refs, 1, __ATOMIC_ACQ_REL) != 1)
        return;
    if (self->opened && self->stage->close != NULL)
        self->stage->close(self->state);
    weir_chunk_put(self->in);
    weir_chunk_put(self->out);
    free(self->state);
    free(self);
}

static struct stepper *ref(struct stepper *self)
{
    (void)__atomic_fetch_add(&self->refs, 1, __ATOMIC_RELAXED);
    return self;
}

/* --- the stage's options ----------------------------------------------------------------------- */

/* All items of a LIST. The array is the stepper's state's, behind it. */
static int set_list(struct stepper *self, const struct plan_node *plan, const weir_opt *opt, const char **items)
{
    weir_opt_list list = { .items = items };
    size_t index;
    for (const struct setting *setting = plan->settings; setting != NULL; setting = setting->next)
        if (setting->opt == opt)
            items[list.count++] = setting->text;
    return weir_opt_set_list(opt, self->state, list, &index);
}

static int set_options(struct stepper *self, const struct plan_node *plan, const char **items)
{
    int error = 0;
    weir_stage_set_defaults(plan->stage, self->state);
    for (const struct setting *setting = plan->settings; error == 0 && setting != NULL; setting = setting->next) {
        const weir_opt *opt = setting->opt;
        if (opt->type == WEIR_OPT_LIST) {
            if (wp_plan_setting(plan, opt->name) == setting) { /* the first of its items sets them all */
                error = set_list(self, plan, opt, items);
                while (*items != NULL)
                    items++;
            }
        } else if (setting->text != NULL) {
            error = weir_opt_set_text(opt, self->state, setting->text);
        } else {
            error = weir_opt_set_int(opt, self->state, setting->number);
        }
    }
    return error;
}

static size_t count_settings(const struct plan_node *plan)
{
    size_t count = 0;
    for (const struct setting *setting = plan->settings; setting != NULL; setting = setting->next)
        count++;
    return count;
}

static int fail(struct run_node *node, const struct stepper *self)
{
    const weir_flow *flow = &self->flow;
    if (flow->error_text[0] == '\0')
        return wp_run_fail(node, self->want, "%s", strerror(-self->want));
    if (flow->error_offset == 0)
        return wp_run_fail(node, flow->error, "%s", flow->error_text);
    return wp_run_fail(node, flow->error, "failed at byte %lu: %s", (unsigned long)flow->error_offset,
                       flow->error_text);
}

static int create(struct run_node *node, struct stepper **ret_stepper)
{
    const weir_stage *stage = node->plan->stage;
    const size_t state_size = (stage->state_size + 15) & ~(size_t)15;
    struct stepper *self = calloc(1, sizeof *self);
    if (self == NULL)
        return -ENOMEM;
    *self = (struct stepper){ .refs = 1, .stage = stage, .want = WEIR_WANT_INPUT };
    *ret_stepper = self;
    self->state = calloc(1, state_size + (2 * count_settings(node->plan) + 1) * sizeof(char *));
    if (self->state == NULL)
        return -ENOMEM;
    const int error = set_options(self, node->plan, (const char **)(void *)((char *)self->state + state_size));
    if (error < 0)
        return error;
    self->opened = true; /* close() follows a failed open(), too */
    self->flow.ns_per_kib = weir_cost_ns_per_kib(stage->cost);
    self->want = stage->open != NULL ? stage->open(self->state, &self->flow) : 0;
    if (self->want < 0)
        return fail(node, self);
    self->want = WEIR_WANT_INPUT;
    return 0;
}

/* --- steps ------------------------------------------------------------------------------------------ */

static void set_windows(struct stepper *self)
{
    weir_flow *flow = &self->flow;
    flow->in = self->in != NULL ? self->in->data : NULL;
    flow->in_size = self->in != NULL ? self->in->size : 0;
    flow->in_last = self->in_last;
    flow->out = self->out->data;
    flow->out_size = self->out->capacity;
    flow->out_pos = self->out->size;
}

static void step(struct stepper *self)
{
    weir_flow *flow = &self->flow;
    const size_t in_before = flow->in_pos, out_before = flow->out_pos;
    const int64_t began_ns = weir_now_ns();
    self->want = self->stage->step(self->state, flow);
    self->took_ns = weir_now_ns() - began_ns;
    self->out->size = flow->out_pos;
    const bool moved = flow->in_pos != in_before || flow->out_pos != out_before;
    if (self->want == WEIR_WANT_OUTPUT && !moved)
        self->want = weir_flow_fail(flow, -EPROTO, "the stage makes no progress");
    if (self->want == WEIR_WANT_INPUT && self->in_last)
        self->want = weir_flow_fail(flow, -EPROTO, "the stage wants more than there is");
    /* Outliers (the thread lost its core) move the estimate by an eighth of twice its value, no more. */
    const size_t taken = flow->in_pos - in_before + (flow->out_pos - out_before) / 8;
    if (taken >= 1024) {
        const uint64_t old = flow->ns_per_kib, measured = ((uint64_t)self->took_ns << 10) / taken;
        flow->ns_per_kib = (uint32_t)(old + (measured > 2 * old + 8 ? 2 * old + 8 : measured) / 8 - old / 8);
    }
}

static int64_t step_job(void *arg, weir_job *job)
{
    (void)job;
    step(arg);
    return 0;
}

static bool is_offloaded(const struct run_node *node, const struct stepper *self)
{
    switch (node->plan->engine.pool) {
    case POOL_INLINE:
        return false;
    case POOL_CPU:
    case POOL_IO:
        return true;
    case POOL_AUTO:
        break;
    }
    const uint64_t left = self->flow.in_size - self->flow.in_pos;
    return (left * self->flow.ns_per_kib) >> 10 > OFFLOAD_ABOVE_NS;
}

static weir_lane lane_of(const struct run_node *node)
{
    return node->plan->engine.pool == POOL_IO ? WEIR_LANE_IO : WEIR_LANE_CPU;
}

/* The parcel is the stepper's now. */
static void take_input(struct stepper *self, struct parcel *parcel)
{
    self->flow.in_offset += self->in != NULL ? self->in->size : 0;
    weir_chunk_put(self->in);
    self->in = parcel->chunk;
    self->in_last = parcel->last;
    self->flow.in_pos = 0;
    *parcel = (struct parcel){ 0 };
}

static weir_chunk *take_output(struct stepper *self)
{
    weir_chunk *out = self->out;
    self->out = NULL;
    return out;
}

/* A chunk goes on when it is full, when all is done, or when there is nothing to fill it with now. */
static bool is_worth_sending(const struct run_node *node, const struct stepper *self)
{
    if (self->out->size == 0)
        return false;
    return self->want != WEIR_WANT_INPUT || self->out->size == self->out->capacity || weir_mpsc_len(node->from) == 0;
}

WEIR_ASYNC(transform_run, int, struct run_node *node; struct stepper *stepper; struct parcel parcel;
           struct wp_edge_recv recv; weir_chunk_get_future get; weir_offload_future job; struct wp_edge_send send;)
{
    WEIR_BEGIN
    self->output = create(self->node, &self->stepper);
    if (self->output < 0)
        RETURN(wp_run_fail(self->node, self->output, "%s", strerror(-self->output)));
    while (self->stepper->want != WEIR_WANT_NOTHING) {
        if (self->stepper->want == WEIR_WANT_INPUT) {
            AWAIT(self->recv, WEIR_CALL(wp_edge_recv, .node = self->node, .ret_parcel = &self->parcel));
            if (self->recv.output < 0)
                RETURN(self->recv.output);
            take_input(self->stepper, &self->parcel);
        }
        if (self->stepper->out == NULL) {
            AWAIT(self->get, weir_chunk_get(RUN_CHUNK_BYTES));
            self->stepper->out = self->get.output;
            if (self->stepper->out == NULL)
                RETURN(wp_run_fail(self->node, -ENOMEM, "no memory for a chunk"));
        }
        set_windows(self->stepper);
        if (is_offloaded(self->node, self->stepper)) {
            wp_counter_add(&self->node->counters.offloaded, 1);
            AWAIT(self->job, weir_offload(lane_of(self->node), step_job, ref(self->stepper), unref));
            if (self->job.output < 0)
                RETURN(wp_run_fail(self->node, (int)self->job.output, "%s", strerror((int)-self->job.output)));
        } else {
            wp_counter_add(&self->node->counters.inlined, 1);
            step(self->stepper);
        }
        wp_counter_add(&self->node->counters.busy_ns, (uint64_t)self->stepper->took_ns);
        if (self->stepper->want < 0)
            RETURN(fail(self->node, self->stepper));
        if (is_worth_sending(self->node, self->stepper)) {
            AWAIT(self->send, WEIR_CALL(wp_edge_send, .node = self->node, .parcel = { take_output(self->stepper) }));
            if (self->send.output < 0)
                RETURN(0);
        }
    }
    AWAIT(self->send, WEIR_CALL(wp_edge_send, .node = self->node, .parcel = { .last = true }));
    WEIR_FINALLY
    /* It may have ended before its input did: who feeds it is told, and gets the memory of what lies in the edge. */
    weir_mpsc_receiver_drop(self->node->from);
    self->node->from = NULL;
    weir_chunk_put(self->parcel.chunk);
    unref(self->stepper);
    WEIR_END
}

int wp_transform_spawn(struct run_node *node, weir_join_set *set)
{
    return weir_join_set_spawn(set, WEIR_CALL(transform_run, .node = node));
}
