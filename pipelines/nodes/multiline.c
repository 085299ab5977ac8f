/* multiline.c - stage "multiline": a record for each event of several lines, such as a stack trace. */
#include <stdlib.h>
#include <string.h>
#include <weir/select.h>
#include <weir/time.h>

#include "line/event_joiner.h"
#include "nodes/node.h"
#include "run/checkpoint.h"

static const weir_opt multiline_opts[] = {
    { "start", "a line that matches begins an event; lines before the first are one, too", WEIR_OPT_REGEX, 0,
      .required = true },
    { "join", "what stands between two lines of an event", WEIR_OPT_STRING, 0, .def_text = "\n" },
    { "max", "the longest event", WEIR_OPT_SIZE, 0, .def = 1 << 20, .min = 1, .max = 1 << 30 },
    { "timeout", "an event is whole when no line came for so long; 0ms: only when the next one begins",
      WEIR_OPT_DURATION, 0, .def = 0, .min = 0, .max = INT64_C(3600) * 1000000000 },
    { 0 },
};

struct multiline {
    struct run_node *node;
    struct event_joiner joiner;
    bool drops;
    int64_t timeout_ns;
};

static struct multiline *create(struct run_node *node)
{
    struct multiline *self = calloc(1, sizeof *self);
    if (self == NULL)
        return NULL;
    self->node = node;
    self->drops = node->plan->engine.onerror == ONERROR_DROP;
    self->timeout_ns = wp_plan_number(node->plan, "timeout");
    self->joiner.start = wp_plan_setting(node->plan, "start")->regex;
    self->joiner.join = wp_plan_text(node->plan, "join");
    self->joiner.join_size = strlen(self->joiner.join);
    self->joiner.max = (size_t)wp_plan_number(node->plan, "max");
    return self;
}

static void destroy(struct multiline *self)
{
    if (self == NULL)
        return;
    wp_join_fini(&self->joiner);
    free(self);
}

static int failed(struct multiline *self, int error, uint64_t line)
{
    if (error == -EMSGSIZE)
        return wp_run_fail(self->node, error,
                           "the event that ends before record %lu is longer than max=%zu: a larger max= takes it, "
                           "@onerror=drop leaves it out",
                           (unsigned long)line + 1, self->joiner.max);
    if (error == -ELOOP)
        return wp_run_fail(self->node, error, "record %lu: start= takes too long on this line",
                           (unsigned long)line + 1);
    return wp_run_fail(self->node, error, "no memory");
}

/* The batch of the parcel becomes one of events; none: it has become empty. */
static int join(struct multiline *self, struct parcel *parcel)
{
    const int64_t began_ns = weir_now_ns();
    const uint64_t before = self->node->counters.in_rows - parcel->batch->count, dropped = self->joiner.dropped;
    uint32_t row = 0;
    const int error = wp_join_events(&self->joiner, parcel->batch, self->drops, &row);
    (void)__atomic_fetch_add(&self->node->counters.dropped_rows, self->joiner.dropped - dropped, __ATOMIC_RELAXED);
    wp_node_worked(self->node, began_ns);
    if (error < 0)
        return failed(self, error, before + row);
    if (parcel->batch->count == 0)
        wp_parcel_put(parcel);
    return 0;
}

/* The event that is open, if there is one, in a batch of its own. */
static int flush(struct multiline *self, struct parcel *parcel)
{
    if (!self->joiner.open)
        return 0;
    parcel->batch = wp_batch_create();
    if (parcel->batch == NULL || wp_join_rest(&self->joiner, parcel->batch) < 0)
        return wp_run_fail(self->node, -ENOMEM, "no memory");
    if (parcel->batch->count == 0)
        wp_parcel_put(parcel);
    return 0;
}

/* --- what outlives the run: the event that is open ----------------------------------------------------------- */

static int save(void *arg, struct wp_save *save)
{
    const struct multiline *self = arg;
    const char head[2] = { (char)self->joiner.open, (char)self->joiner.skips };
    if (wp_save_bytes(save, head, sizeof head) < 0 ||
        wp_save_bytes(save, self->joiner.text.data, self->joiner.text.size) < 0)
        return wp_run_fail(self->node, -ENOMEM, "no memory");
    return 0;
}

static int load(void *arg, struct wp_load *load)
{
    struct multiline *self = arg;
    const void *head, *text;
    size_t size;
    if (wp_load_bytes(load, &head, &size) != 1 || size != 2 || wp_load_bytes(load, &text, &size) != 1)
        return 0;
    self->joiner.open = ((const char *)head)[0] != 0;
    self->joiner.skips = ((const char *)head)[1] != 0;
    return weir_text_append(&self->joiner.text, text, size) < 0 ? wp_run_fail(self->node, -ENOMEM, "no memory") : 0;
}

static const struct wp_kept kept = { save, load };

static struct wp_edge_send send_batch(struct multiline *self, struct parcel *parcel)
{
    struct batch *batch = parcel->batch;
    parcel->batch = NULL;
    return WEIR_CALL(wp_edge_send, .node = self->node, .parcel = { .batch = batch });
}

/* Ends when the open event has waited long enough; without one it is a branch that select leaves out. */
static weir_sleep patience(const struct multiline *self)
{
    return self->timeout_ns > 0 && self->joiner.open ? weir_sleep_for(self->timeout_ns) : (weir_sleep){ 0 };
}

/* clang-format off */
WEIR_ASYNC(multiline_run, int, struct run_node *node; struct multiline *state; struct parcel parcel; bool ended;
           struct wp_edge_recv recv; weir_sleep limit; weir_cancelled_future settled; weir_select_future which;
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
    while (!self->ended) {
        self->recv = WEIR_CALL(wp_edge_recv, .node = self->node, .ret_parcel = &self->parcel);
        self->limit = patience(self->state);
        self->settled = wp_checkpoint_settled(self->node);
        if (wp_checkpoint_holds(self->node))
            weir_drop(self->limit);
        AWAIT(self->which, weir_select_biased(self->recv, self->limit, self->settled));
        if (self->which.output == 2)
            continue;
        if (self->which.output == 0 && self->recv.output < 0)
            RETURN(self->recv.output);
        self->ended = self->which.output == 0 && self->parcel.last;
        if (self->which.output == 0 && !self->ended)
            self->output = join(self->state, &self->parcel);
        else
            self->output = flush(self->state, &self->parcel);
        if (self->output < 0)
            RETURN(self->output);
        if (self->parcel.batch != NULL) {
            AWAIT(self->send, send_batch(self->state, &self->parcel));
            if (self->send.output < 0)
                RETURN(0);
        }
    }
    AWAIT(self->send, WEIR_CALL(wp_edge_send, .node = self->node, .parcel = { .last = true }));
    WEIR_FINALLY
    weir_mpsc_receiver_drop(self->node->from);
    self->node->from = NULL;
    wp_parcel_put(&self->parcel);
    destroy(self->state);
    WEIR_END
}

static int spawn(struct run_node *node, weir_join_set *set)
{
    return weir_join_set_spawn(set, WEIR_CALL(multiline_run, .node = node));
}

const struct node_type wp_node_multiline = {
    .stage = { .name = "multiline",
               .summary = "joins the lines of an event, such as a stack trace, into one record",
               .in = WEIR_RECORDS,
               .out = WEIR_RECORDS,
               .opts = multiline_opts },
    .runs = "joins the lines of each batch inline: it is cheap",
    .spawn = spawn,
    .keeps = KEEPS_STATE,
    .drops = true,
};
