/*
 * windowed.c - the node: takes batches until a window is over, gives its answers, goes on.
 *
 * Windows by arrival are ended by a timer and begin where the one before ended;
 * those by the time in records are ended by records. What is open when the input
 * ends is given, too.
 */
#include "aggregate/windowed.h"

#include <stdlib.h>
#include <string.h>
#include <weir/select.h>
#include <weir/time.h>

#include "aggregate/windows.h"
#include "run/checkpoint.h"
#include "run/record_time.h"

struct windowed {
    struct run_node *node;
    struct questions questions;
    struct windows windows;
    int64_t end_ns;  /* by arrival: of the window, by the clock of timers */
    int64_t wall_ns; /* and its beginning, by that of people */
};

static struct windowed *create(struct run_node *node)
{
    const struct setting *time = wp_plan_setting(node->plan, "time");
    struct windowed *self = calloc(1, sizeof *self);
    if (self == NULL)
        return NULL;
    self->node = node;
    if (wp_questions_init(&self->questions, node->plan, true) < 0) {
        wp_questions_fini(&self->questions);
        free(self);
        return NULL;
    }
    self->windows = (struct windows){
        .questions = &self->questions,
        .time = time != NULL ? time->expr->steps : NULL,
        .every_ns = wp_plan_number(node->plan, "every"),
        .late_ns = wp_plan_number(node->plan, "late"),
        .most = wp_plan_setting(node->plan, "many") != NULL ? (uint32_t)wp_plan_number(node->plan, "many") : 0,
        .bytes_max = wp_run_held_bytes(node),
        .node = node,
    };
    self->end_ns = weir_now_ns() + self->windows.every_ns;
    self->wall_ns = wp_wall_ns();
    return self;
}

static void destroy(struct windowed *self)
{
    if (self == NULL)
        return;
    wp_windows_fini(&self->windows);
    wp_questions_fini(&self->questions);
    free(self);
}

static int failed(const struct windowed *self, int error)
{
    if (error == -ENOMEM)
        return wp_run_fail(self->node, error, "no memory");
    if (error == -ENOBUFS)
        return wp_run_fail(self->node, error,
                           "too many windows, or groups of one, for --mem: a part of what is on disk has no room in "
                           "%zu bytes, their share: fewer windows that are open at once, or fields behind 'by'",
                           self->windows.bytes_max);
    return wp_run_fail(self->node, error, "windows to disk (%s): %s",
                       wp_checkpoint_is_on(self->node) ? "the state directory" : "$TMPDIR or /tmp", strerror(-error));
}

static int add(struct windowed *self, struct parcel *parcel)
{
    const int64_t began_ns = weir_now_ns();
    const int error = parcel->batch != NULL ? wp_windows_add(&self->windows, parcel->batch, self->wall_ns) : 0;
    wp_batch_free(parcel->batch);
    parcel->batch = NULL;
    wp_counter_add(&self->node->counters.busy_ns, (uint64_t)(weir_now_ns() - began_ns));
    return error < 0 ? failed(self, error) : 0;
}

/* The window by arrival is over. Its successor begins where it ended, whenever this was seen. */
static void begin_next(struct windowed *self)
{
    const int64_t every_ns = self->windows.every_ns, missed = (weir_now_ns() - self->end_ns) / every_ns;
    self->end_ns += (missed + 1) * every_ns;
    self->wall_ns += (missed + 1) * every_ns;
}

static int64_t due_until(const struct windowed *self, bool ended)
{
    if (ended)
        return INT64_MAX;
    return self->windows.time != NULL ? wp_windows_watermark(&self->windows) : self->wall_ns;
}

static void tell_left_out(struct windowed *self)
{
    const struct windows *windows = &self->windows;
    if (windows->too_late > 0)
        wp_run_trouble(self->node, "%s: %lu records came too late for their window: a longer late= takes them",
                       self->node->plan->name, (unsigned long)windows->too_late);
    if (windows->timeless > 0)
        wp_run_trouble(self->node, "%s: %lu records have no time that can be read in .%s", self->node->plan->name,
                       (unsigned long)windows->timeless, wp_plan_text(self->node->plan, "time"));
}

/* --- what outlives the run: the windows that are open. One by arrival ends with it, another begins with the next. --
 */

static int save(void *arg, struct wp_save *save)
{
    const struct windowed *self = arg;
    const int error = wp_windows_save(&self->windows, save);
    return error < 0 ? failed(self, error) : 0;
}

static int load(void *arg, struct wp_load *load)
{
    struct windowed *self = arg;
    const int error = wp_windows_load(&self->windows, load);
    if (error == -EBADMSG)
        return wp_run_fail(self->node, error, "the journal has windows of another version of weir");
    return error < 0 ? failed(self, error) : 0;
}

static const struct wp_kept kept = { save, load };

static struct wp_edge_send send_batch(struct run_node *node, struct parcel *parcel)
{
    struct batch *batch = parcel->batch;
    parcel->batch = NULL;
    return WEIR_CALL(wp_edge_send, .node = node, .parcel = { .batch = batch });
}

/* clang-format off */
WEIR_ASYNC(windowed_run, int, struct run_node *node; struct windowed *state; struct parcel parcel; bool ended;
           struct wp_edge_recv recv; weir_sleep end; weir_cancelled_future settled; weir_select_future which;
           struct wp_edge_send send;)
/* clang-format on */
{
    WEIR_BEGIN
    self->state = create(self->node);
    if (self->state == NULL)
        RETURN(wp_run_fail(self->node, -ENOMEM, "no memory"));
    self->output = wp_checkpoint_keep(self->node, &kept, self->state);
    if (self->output < 0)
        RETURN(self->output);
    self->output = 0;
    while (!self->ended) {
        self->recv = WEIR_CALL(wp_edge_recv, .node = self->node, .ret_parcel = &self->parcel);
        self->end = weir_sleep_until(self->state->end_ns);
        self->settled = wp_checkpoint_settled(self->node);
        if (self->state->windows.time != NULL || wp_checkpoint_holds(self->node))
            weir_drop(self->end);
        AWAIT(self->which, weir_select_biased(self->end, self->recv, self->settled));
        if (self->which.output == 2)
            continue;
        if (self->which.output == 0) {
            begin_next(self->state);
        } else {
            if (self->recv.output < 0)
                RETURN(self->recv.output);
            self->ended = self->parcel.last;
            self->output = add(self->state, &self->parcel);
        }
        while (self->output == 0) {
            self->output =
                wp_windows_give(&self->state->windows, due_until(self->state, self->ended), &self->parcel.batch);
            if (self->output < 0)
                RETURN(failed(self->state, self->output));
            if (self->parcel.batch == NULL)
                break;
            AWAIT(self->send, send_batch(self->node, &self->parcel));
            if (self->send.output < 0)
                RETURN(0);
        }
        if (self->output < 0)
            RETURN(self->output);
    }
    tell_left_out(self->state);
    AWAIT(self->send, WEIR_CALL(wp_edge_send, .node = self->node, .parcel = { .last = true }));
    WEIR_FINALLY
    weir_mpsc_receiver_drop(self->node->from);
    self->node->from = NULL;
    wp_parcel_put(&self->parcel);
    destroy(self->state);
    WEIR_END
}

int wp_windowed_spawn(struct run_node *node, weir_join_set *set)
{
    return weir_join_set_spawn(set, WEIR_CALL(windowed_run, .node = node));
}
