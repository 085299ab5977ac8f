/* stepper.c - a stage's state, its windows, and what a step is going to cost. */
#include "run/stepper.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <weir/runtime.h>
#include <weir/time.h>
#include <weir/trace.h>

void wp_stepper_unref(void *arg)
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

struct stepper *wp_stepper_ref(struct stepper *self)
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

int wp_stepper_fail(struct run_node *node, const struct stepper *self)
{
    const weir_flow *flow = &self->flow;
    if (flow->error_text[0] == '\0')
        return wp_run_fail(node, self->want, "%s", strerror(-self->want));
    if (flow->error_offset == 0)
        return wp_run_fail(node, flow->error, "%s", flow->error_text);
    return wp_run_fail(node, flow->error, "failed at byte %lu: %s", (unsigned long)flow->error_offset,
                       flow->error_text);
}

/*
 * Those of its own that a stage may have: as many as there are cores, or a few. None where the run has several states
 * of it side by side anyway, in a block for many files or in pieces.
 */
static uint8_t threads_of(const struct run_node *node)
{
    if (node->run->parent != NULL || node->pieces != NULL || node->plan->engine.pool == POOL_INLINE)
        return 0;
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return (uint8_t)(cores < 1 ? 1 : cores < STAGE_THREADS_MAX ? cores : STAGE_THREADS_MAX);
}

int wp_stepper_create(struct run_node *node, bool is_piece, struct stepper **ret_stepper)
{
    const weir_stage *stage = node->plan->stage;
    const size_t state_size = (stage->state_size + 15) & ~(size_t)15;
    struct stepper *self = calloc(1, sizeof *self);
    if (self == NULL)
        return -ENOMEM;
    *self = (struct stepper){ .refs = 1, .stage = stage, .name = node->plan->name, .want = WEIR_WANT_INPUT };
    *ret_stepper = self;
    self->state = calloc(1, state_size + (2 * count_settings(node->plan) + 1) * sizeof(char *));
    if (self->state == NULL)
        return -ENOMEM;
    const int error = set_options(self, node->plan, (const char **)(void *)((char *)self->state + state_size));
    if (error < 0)
        return error;
    self->opened = true; /* close() follows a failed open(), too */
    self->flow.ns_per_kib = weir_cost_ns_per_kib(stage->cost);
    self->flow.threads = threads_of(node);
    self->flow.is_piece = is_piece;
    self->want = stage->open != NULL ? stage->open(self->state, &self->flow) : 0;
    if (self->want < 0)
        return wp_stepper_fail(node, self);
    self->want = WEIR_WANT_INPUT;
    return 0;
}

/* --- steps ------------------------------------------------------------------------------------------ */

void wp_stepper_set_windows(struct stepper *self)
{
    weir_flow *flow = &self->flow;
    flow->in = self->in != NULL ? self->in->data : NULL;
    flow->in_size = self->in_end;
    flow->in_last = self->in_last;
    flow->out = self->out->data;
    flow->out_size = self->out->capacity;
    flow->out_pos = self->out->size;
}

static bool is_cut(const struct run_node *node, const struct stepper *self)
{
    return node->plan->engine.pool == POOL_AUTO && self->stage->cost != WEIR_CPU_HEAVY;
}

static size_t slice_of(const struct stepper *self)
{
    const size_t slice =
        self->flow.ns_per_kib == 0 ? SIZE_MAX : ((size_t)OFFLOAD_ABOVE_NS << 10) / self->flow.ns_per_kib;
    return slice > SLICE_BYTES_MIN ? slice : SLICE_BYTES_MIN;
}

/* The same, with less input where a step of all of it would take too long. */
static void set_slice(const struct run_node *node, struct stepper *self)
{
    weir_flow *flow = &self->flow;
    wp_stepper_set_windows(self);
    const size_t slice = is_cut(node, self) ? slice_of(self) : SIZE_MAX;
    if (flow->in_size - flow->in_pos <= slice)
        return;
    flow->in_size = flow->in_pos + slice;
    flow->in_last = false;
}

/* What is written without taking input counts for the input it comes from. */
static void estimate(struct stepper *self, size_t taken)
{
    self->sample_ns += (uint64_t)self->took_ns;
    self->sample_in += taken;
    if (self->sample_in < 1024)
        return;
    /* Outliers (the thread lost its core) move the estimate by an eighth of twice its value, no more. */
    const uint64_t old = self->flow.ns_per_kib, measured = (self->sample_ns << 10) / self->sample_in;
    self->flow.ns_per_kib = (uint32_t)(old + (measured > 2 * old + 8 ? 2 * old + 8 : measured) / 8 - old / 8);
    self->sample_ns = self->sample_in = 0;
}

static void step(struct stepper *self)
{
    weir_flow *flow = &self->flow;
    const size_t in_before = flow->in_pos, out_before = flow->out_pos;
    const int64_t began_ns = weir_now_ns();
    self->want = self->stage->step(self->state, flow);
    self->took_ns = weir_now_ns() - began_ns;
    weir_trace_step(self->name, self->took_ns);
    self->out->size = flow->out_pos;
    const bool moved = flow->in_pos != in_before || flow->out_pos != out_before;
    if (self->want == WEIR_WANT_OUTPUT && !moved)
        self->want = weir_flow_fail(flow, -EPROTO, "the stage makes no progress");
    if (self->want == WEIR_WANT_INPUT && flow->in_last)
        self->want = weir_flow_fail(flow, -EPROTO, "the stage wants more than there is");
    estimate(self, flow->in_pos - in_before);
}

static int64_t step_job(void *arg, weir_job *job)
{
    (void)job;
    step(arg);
    return 0;
}

/* The worker has been this stage's for long enough; asked once after each inline step. */
static bool yields(struct stepper *self)
{
    self->kept_ns += (uint64_t)self->took_ns;
    if (self->kept_ns < OFFLOAD_ABOVE_NS || (self->kept_ns < KEEP_MAX_NS && !weir_worker_is_wanted()))
        return false;
    self->kept_ns = 0;
    return true;
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
    if (self->flow.waits)
        return true;
    const uint64_t left = self->flow.in_size - self->flow.in_pos;
    return (left * self->flow.ns_per_kib) >> 10 > OFFLOAD_ABOVE_NS;
}

static void count(struct run_node *node, const struct stepper *self, uint64_t *counter)
{
    (void)__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
    wp_counter_busy_shared(&node->counters, (uint64_t)self->took_ns);
}

static weir_lane lane_of(const struct run_node *node)
{
    return node->plan->engine.pool == POOL_IO ? WEIR_LANE_IO : WEIR_LANE_CPU;
}

WEIR_ASYNC_DEFINE(wp_stepper_run)
{
    WEIR_BEGIN
    set_slice(self->node, self->stepper);
    if (is_offloaded(self->node, self->stepper)) {
        AWAIT(self->job, weir_offload(lane_of(self->node), step_job, wp_stepper_ref(self->stepper), wp_stepper_unref));
        if (self->job.output < 0)
            RETURN(wp_run_fail(self->node, (int)self->job.output, "%s", strerror((int)-self->job.output)));
        count(self->node, self->stepper, &self->node->counters.offloaded);
    } else {
        step(self->stepper);
        count(self->node, self->stepper, &self->node->counters.inlined);
        if (yields(self->stepper))
            AWAIT(self->yield, weir_yield_now());
    }
    RETURN(0);
    WEIR_FINALLY
    WEIR_END
}
