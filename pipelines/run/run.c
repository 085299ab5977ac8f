/* run.c - a plan becomes tasks and channels; the first failure ends them all. */
#include "run/rows.h"
#include "run/run.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/time.h>
#include <weir/trace.h>

#include "nodes/node.h"
#include "run/batch.h"
#include "run/bounds.h"
#include "run/bundle.h"
#include "run/checkpoints.h"
#include "run/fork.h"
#include "run/gate.h"
#include "run/pieces.h"
#include "run/reject.h"
#include "run/tap.h"
#include "run/whole_job.h"
#include "lang/secrets.h"

static struct run_node *node_of(struct run *run, const struct plan_node *plan)
{
    return &run->nodes[plan->index - run->base];
}

/* The nodes of blocks, which are only counted here. */
static void enter_inner(struct run *run, const struct plan_node *outer)
{
    for (const struct setting *setting = outer->settings; setting != NULL; setting = setting->next)
        for (const struct plan_node *plan = setting->block != NULL ? setting->block->nodes : NULL; plan != NULL;
             plan = plan->next) {
            *node_of(run, plan) =
                (struct run_node){ .plan = plan, .run = run, .inner = true, .outer = node_of(run, outer) };
            enter_inner(run, plan);
        }
}

static int connect_chain(struct run *run, const struct plan_chain *chain);

/* An edge to each of its branches, whose nodes are the run's like all others. */
static int connect_branches(struct run *run, struct run_node *node)
{
    int error = wp_fork_create(node);
    const struct plan_chain *branch;
    for (unsigned i = 0; error == 0 && (branch = wp_plan_block(node->plan, i)) != NULL; i++) {
        error = weir_mpsc_create(sizeof(struct parcel), wp_run_whole(run)->bounds[branch->nodes->index].feed,
                                 wp_parcel_drop, &node->branches[i], &node_of(run, branch->nodes)->from);
        if (error == 0)
            error = connect_chain(run, branch);
    }
    return error;
}

static int connect_node(struct run *run, struct run_node *node)
{
    const struct plan_node *plan = node->plan;
    const struct run_bounds *bounds = &wp_run_whole(run)->bounds[plan->index];
    int error = plan->forks ? connect_branches(run, node) : 0;
    if (!plan->forks && run->parent == NULL)
        enter_inner(run, plan);
    if (error == 0 && run->parent != NULL)
        error = wp_reject_join(wp_run_whole(run), node_of(wp_run_whole(run), plan), node);
    if (plan->merges != NULL)
        error = wp_merge_create(node, wp_run_whole(run)->bounds);
    if (error == 0 && wp_pieces_par(plan) > 0)
        error = wp_pieces_create(node, bounds->lane_in, bounds->lane_out, &node->pieces);
    if (error == 0 && plan->next != NULL)
        error = weir_mpsc_create(sizeof(struct parcel), bounds->edge, wp_parcel_drop, &node->to,
                                 &node_of(run, plan->next)->from);
    return error;
}

static int connect_chain(struct run *run, const struct plan_chain *chain)
{
    int error = wp_plan_forks(chain) && run->gate == NULL ? wp_gate_create(&run->gate) : 0;
    for (const struct plan_node *plan = chain->nodes; error == 0 && plan != NULL; plan = plan->next) {
        struct run_node *node = node_of(run, plan);
        node->plan = plan;
        node->run = run;
        error = connect_node(run, node);
    }
    return error;
}

static struct run *create(unsigned base, unsigned count)
{
    struct run *run = calloc(1, sizeof *run);
    if (run == NULL)
        return NULL;
    (void)pthread_mutex_init(&run->lock, NULL);
    weir_notify_init(&run->resumed);
    run->base = base;
    run->count = count;
    run->nodes = calloc(count, sizeof *run->nodes);
    if (run->nodes != NULL)
        return run;
    wp_run_destroy(run);
    return NULL;
}

static int find_bounds(struct run *run, const struct plan *plan, size_t *ret_needed)
{
    weir_chunk_stats stats;
    run->bounds = calloc(plan->nodes, sizeof *run->bounds);
    if (run->bounds == NULL)
        return -ENOMEM;
    weir_chunk_stats_get(&stats);
    return wp_bounds(plan, stats.budget, run->bounds, &run->held_bytes, ret_needed);
}

size_t wp_run_held_bytes(const struct run_node *node)
{
    return wp_run_whole(node->run)->held_bytes;
}

int wp_run_create(const struct plan *plan, struct run **ret_run, size_t *ret_needed)
{
    struct run *run = create(0, plan->nodes);
    int error = run == NULL ? -ENOMEM : find_bounds(run, plan, ret_needed);
    if (run != NULL)
        run->chains = plan->pipelines;
    if (run != NULL && plan->syntax != NULL)
        run->secrets = plan->syntax->secrets;
    if (error == 0)
        error = weir_cancel_create(&run->stop);
    for (const struct plan_chain *chain = plan->pipelines; error == 0 && chain != NULL; chain = chain->next)
        error = connect_chain(run, chain);
    for (const struct plan_chain *dead = plan->deads; error == 0 && dead != NULL; dead = dead->next)
        error = connect_chain(run, dead);
    if (error == 0)
        error = wp_reject_connect(run, plan);
    if (error == 0 && plan->deads != NULL && run->gate == NULL)
        error = wp_gate_create(&run->gate);
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
    while (run->ended != NULL) {
        struct run *ended = run->ended;
        run->ended = ended->next_ended;
        wp_run_destroy(ended);
    }
    for (unsigned i = 0; run->nodes != NULL && i < run->count; i++) {
        weir_mpsc_sender_unref(run->nodes[i].to);
        weir_mpsc_receiver_drop(run->nodes[i].from);
        wp_parcel_put(&run->nodes[i].rest);
        wp_mark_leave(&run->nodes[i]);
        wp_mark_unhold(run->nodes[i].seat.passed);
        for (unsigned form = 0; form < WEIR_PIPELINE_TAP_FORMS; form++)
            wp_tap_destroy(run->nodes[i].taps[form]);
        wp_fork_destroy(&run->nodes[i]);
        wp_merge_destroy(&run->nodes[i]);
        wp_reject_destroy(&run->nodes[i]);
        wp_pieces_destroy(run->nodes[i].pieces);
        wp_bundle_destroy(run->nodes[i].bundle);
        wp_hash_job_free(run->nodes[i].job);
    }
    wp_checkpoints_destroy(run);
    weir_cancel_unref(run->stop);
    free(run->nodes);
    wp_gate_destroy(run->gate);
    free(run->bounds);
    free(run->error_text);
    wp_batch_free(run->file);
    (void)pthread_mutex_destroy(&run->lock);
    free(run);
}

/* --- blocks -------------------------------------------------------------------------------------------- */

/* The file as a batch of its own, and the end, in the edge to the first node. */
static int feed_file(struct run_node *first, const struct row *file)
{
    weir_mpsc_sender *to;
    struct parcel parcels[] = { { .batch = wp_batch_create() }, { .last = true } };
    int error = weir_mpsc_create(sizeof(struct parcel), 2, wp_parcel_drop, &to, &first->from);
    if (error < 0 || parcels[0].batch == NULL || wp_batch_copy(parcels[0].batch, file) < 0) {
        wp_parcel_put(&parcels[0]);
        if (error == 0)
            weir_mpsc_sender_unref(to);
        return -ENOMEM;
    }
    for (unsigned i = 0; error == 0 && i < 2; i++)
        error = weir_mpsc_try_send(to, &parcels[i]);
    weir_mpsc_sender_unref(to);
    return error;
}

int wp_run_create_block(const struct plan_chain *block, struct run_node *parent, const struct row *file,
                        weir_mpsc_sender *to, struct run **ret_run)
{
    struct run *run = create(block->nodes->index, wp_plan_end(block) - block->nodes->index);
    if (run == NULL) {
        weir_mpsc_sender_unref(to);
        return -ENOMEM;
    }
    run->parent = parent;
    int error = connect_chain(run, block);
    node_of(run, wp_plan_last(block))->to = to;
    for (unsigned i = 0; i < run->count; i++)
        run->nodes[i].file = file;
    if (error == 0 && !block->nodes->stage->source)
        error = feed_file(&run->nodes[0], file);
    if (error < 0)
        wp_run_destroy(run);
    else
        *ret_run = run;
    return error;
}

/* Of a block that is dropped some tasks may still count: they end when they are next run. */
static void add(uint64_t *to, const uint64_t *from)
{
    wp_counter_add(to, __atomic_load_n(from, __ATOMIC_RELAXED));
}

static void add_counters(struct run_counters *to, const struct run_counters *from)
{
    add(&to->in_bytes, &from->in_bytes);
    add(&to->out_bytes, &from->out_bytes);
    add(&to->busy_ns, &from->busy_ns);
    add(&to->blocked_ns, &from->blocked_ns);
    add(&to->starved_ns, &from->starved_ns);
    add(&to->inlined, &from->inlined);
    add(&to->offloaded, &from->offloaded);
    add(&to->in_rows, &from->in_rows);
    add(&to->out_rows, &from->out_rows);
    add(&to->queue_sum, &from->queue_sum);
    add(&to->taken, &from->taken);
    const uint64_t queue_max = __atomic_load_n(&from->queue_max, __ATOMIC_RELAXED);
    if (queue_max > 0)
        __atomic_store_n(&to->queue_max, queue_max, __ATOMIC_RELAXED);
    add(&to->dropped_rows, &from->dropped_rows);
    for (unsigned i = 0; i < WEIR_PIPELINE_STEPS; i++)
        add(&to->steps[i], &from->steps[i]);
}

bool wp_run_end_block(struct run *run, struct batch *file)
{
    if (run == NULL)
        return false;
    struct run *top = wp_run_whole(run);
    const bool well = run->error == 0 && run->finished;
    for (unsigned i = 0; i < run->count; i++)
        if (run->nodes[i].plan != NULL)
            wp_reject_leave(&run->nodes[i]);
    (void)pthread_mutex_lock(&top->lock);
    for (unsigned i = 0; i < run->count; i++)
        if (run->nodes[i].plan != NULL)
            add_counters(&node_of(top, run->nodes[i].plan)->counters, &run->nodes[i].counters);
    if (!well) {
        run->file = file;
        run->next_ended = top->ended;
        top->ended = run;
    }
    (void)pthread_mutex_unlock(&top->lock);
    if (well)
        wp_run_destroy(run);
    return !well;
}

/* --- what they do --------------------------------------------------------------------------------------- */

void wp_node_worked(struct run_node *node, int64_t began_ns)
{
    const int64_t took_ns = weir_now_ns() - began_ns;
    wp_counter_busy(&node->counters, (uint64_t)took_ns);
    weir_trace_step(node->plan->name, took_ns);
}

void wp_node_did_io(struct run_node *node, int64_t began_ns)
{
    const int64_t took_ns = weir_now_ns() - began_ns;
    wp_counter_busy(&node->counters, (uint64_t)took_ns);
    weir_trace_wait(node->plan->name, node, WEIR_TRACE_FOR_IO, took_ns);
}

/* --- failures ------------------------------------------------------------------------------------------- */

/* The caller's, or NULL. */
static char *words_of(struct run *run, const char *format, va_list args)
{
    char *text = NULL;
    if (vasprintf(&text, format, args) < 0)
        return NULL;
    return wp_secrets_mask(wp_run_whole(run)->secrets, text);
}

/* Takes the text, which may be NULL. */
static int keep_failure(struct run *run, const struct run_node *node, int error, char *text)
{
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

int wp_run_fail_by(struct run_node *node, int error, const char *format, va_list args)
{
    return keep_failure(node->run, node, error, words_of(node->run, format, args));
}

int wp_run_fail(struct run_node *node, int error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)wp_run_fail_by(node, error, format, args);
    va_end(args);
    return error;
}

int wp_run_fail_whole(struct run *run, int error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = words_of(run, format, args);
    va_end(args);
    return keep_failure(run, NULL, error, text);
}

void wp_run_trouble(struct run_node *node, const char *format, ...)
{
    struct run *run = wp_run_whole(node->run);
    va_list args;
    va_start(args, format);
    char *text = words_of(run, format, args);
    va_end(args);
    (void)pthread_mutex_lock(&run->lock);
    run->troubles++;
    if (run->on_trouble != NULL)
        run->on_trouble(run->trouble_arg, text != NULL ? text : strerror(ENOMEM));
    (void)pthread_mutex_unlock(&run->lock);
    free(text);
}

/* Chains that are a job of their own, or begin with one; the nodes that it stands for don't run. */
static int spawn_whole(struct run *run, weir_join_set *set)
{
    int error = 0;
    for (const struct plan_chain *chain = run->chains; error == 0 && chain != NULL; chain = chain->next) {
        const struct plan_node *plan = chain->nodes;
        for (unsigned left = wp_hash_job_nodes(chain); left > 0; left--, plan = plan->next) {
            node_of(run, plan)->whole = true;
            weir_join_set_name(set, plan->name);
            if (left == 1)
                error = wp_hash_job_spawn(node_of(run, plan), chain, set);
        }
    }
    return error;
}

/* The stages behind the first are its bundle's, too. *ret_spawned: there is one. */
static int spawn_bundle(struct run *run, struct run_node *first, weir_join_set *set, bool *ret_spawned)
{
    const unsigned count = run->parent == NULL ? wp_bundle_nodes(first->plan) : 0;
    for (unsigned i = 0; i < count; i++)
        first[i].whole = true;
    *ret_spawned = count > 0;
    return count > 0 ? wp_bundle_spawn(first, set) : 0;
}

static int spawn_node(struct run_node *node, weir_join_set *set)
{
    const struct node_type *type = wp_node_type_of(node->plan->stage, node->plan->in);
    if (type != NULL)
        return type->spawn != NULL ? type->spawn(node, set) : wp_rows_spawn(node, type->rows, set);
    return node->pieces != NULL ? wp_pieces_spawn(node->pieces, set) : wp_transform_spawn(node, set);
}

static int spawn_all(struct run *run, weir_join_set *set)
{
    bool bundled;
    for (unsigned i = 0; i < run->count; i++) { /* edges go as their ends do, so later nobody else may look */
        struct run_node *node = &run->nodes[i];
        node->is_source = node->from == NULL && node->plan != NULL && node->plan->merges == NULL;
        node->taps_input = !node->is_source && (node->to == NULL || node->branch_count > 0);
    }
    wp_checkpoints_seat(run);
    const int whole = spawn_whole(run, set);
    if (whole < 0)
        return whole;
    for (unsigned i = 0; i < run->count; i++) {
        struct run_node *node = &run->nodes[i];
        if (node->plan == NULL || node->inner || node->whole)
            continue;
        weir_join_set_name(set, node->plan->name);
        const int failed = spawn_bundle(run, node, set, &bundled);
        if (failed < 0)
            return failed;
        if (bundled)
            continue;
        const int error = spawn_node(node, set);
        if (error < 0)
            return error;
    }
    weir_join_set_name(set, NULL);
    return 0;
}

/*
 * One a node, and for a stage that is cut one for each lane, one that cuts and one that joins; for a bundle one for
 * each lane, one that deals and one that collects.
 */
static size_t count_tasks(const struct run *run)
{
    size_t tasks = run->count;
    for (unsigned i = 0; i < run->count; i++)
        if (run->nodes[i].pieces != NULL)
            tasks += wp_pieces_par(run->nodes[i].plan) + 1;
        else if (run->nodes[i].plan != NULL && wp_bundle_nodes(run->nodes[i].plan) > 0)
            tasks += wp_bundle_lanes(run->nodes[i].plan) + 2;
    return tasks;
}

/* All nodes have ended. A block's run may be kept for long; what its nodes left lying is memory of the budget. */
static void let_go(struct run *run)
{
    for (unsigned i = 0; i < run->count; i++) {
        wp_parcel_put(&run->nodes[i].rest);
        weir_mpsc_receiver_drop(run->nodes[i].from);
        run->nodes[i].from = NULL;
    }
}

WEIR_ASYNC_DEFINE(wp_run_all)
{
    WEIR_BEGIN
    self->output = weir_join_set_create(count_tasks(self->run) + 1, &self->nodes);
    if (self->output == 0)
        self->output = spawn_all(self->run, self->nodes);
    if (self->output == 0)
        wp_gate_expect(self->run->gate, weir_join_set_len(self->nodes));
    if (self->output == 0 && self->run->checkpoints != NULL)
        /* cppcheck-suppress nullPointer ; nothing is read there, it is asked for its type */
        self->output = weir_join_set_spawn(self->nodes, WEIR_CALL(wp_checkpointer, .run = self->run));
    while (self->output == 0) {
        AWAIT(self->next, weir_join_next(self->nodes, &self->status));
        if (self->next.output == 0)
            break;
        self->output = self->next.status < 0 ? self->next.status : self->status;
        if (self->next.status >= 0 && self->status == -EPIPE)
            self->output = 0;                    /* nobody wanted more of it */
        if (self->output == CHECKPOINTER_DONE) { /* all is in the journal */
            self->output = 0;
            break;
        }
        if (self->output > 0)
            self->output = 0; /* of a node: it has ended well */
        if (self->output == 0)
            wp_gate_left(self->run->gate);
        if (self->run->checkpoints != NULL && weir_join_set_len(self->nodes) == 1)
            weir_cancel(self->run->checkpoints->over);
    }
    /* One failed: the others are dropped where they stand, and this waits until they are. */
    if (self->nodes != NULL)
        weir_join_set_abort_all(self->nodes);
    while (self->nodes != NULL) {
        AWAIT(self->next, weir_join_next(self->nodes, &self->status));
        if (self->next.output == 0)
            break;
    }
    let_go(self->run);
    self->run->finished = true;
    if (self->run->error != 0)
        self->output = self->run->error; /* what came first, not who was joined first */
    WEIR_FINALLY
    weir_join_set_destroy(self->nodes);
    WEIR_END
}
