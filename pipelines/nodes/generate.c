/* generate.c - stage "generate": bytes out of a seed, for trials and measurements. */
#include <stdlib.h>
#include <string.h>
#include <weir/blocking.h>
#include <weir/select.h>
#include <weir/time.h>
#include <weir/trace.h>

#include "nodes/node.h"
#include "run/stop.h"
#include "run/synthetic.h"

static const weir_opt generate_opts[] = {
    { "kind", "what they look like", WEIR_OPT_CHOICE, 0, .def = SYNTHETIC_ZERO, .choices = wp_synthetic_names },
    { "size", "how many bytes, of lines as many as fit whole; 0 is no end", WEIR_OPT_SIZE, 0, .def = 0, .min = 0,
      .max = INT64_MAX },
    { "rate", "bytes a second", WEIR_OPT_RATE, 0, .def = 0 },
    { "seed", "the same seed gives the same bytes", WEIR_OPT_INT, 0, .def = 1, .min = 0, .max = INT64_MAX },
    { 0 },
};

/* Each ends behind a line, so who stops it has whole ones. */
#define BLOCK_BYTES (RUN_CHUNK_BYTES - SYNTHETIC_LINE_MAX)

/* What a job works on: counted, since it outlives a node that was dropped. */
struct source_of_bytes {
    uint32_t refs;
    struct synthetic synthetic;
    weir_chunk *chunk;
    size_t wanted, made;
    bool is_last;
    int64_t took_ns;
};

static void unref(void *arg)
{
    struct source_of_bytes *bytes = arg;
    if (bytes == NULL || __atomic_fetch_sub(&bytes->refs, 1, __ATOMIC_ACQ_REL) != 1)
        return;
    weir_chunk_put(bytes->chunk);
    free(bytes);
}

static struct source_of_bytes *ref(struct source_of_bytes *bytes)
{
    (void)__atomic_fetch_add(&bytes->refs, 1, __ATOMIC_RELAXED);
    return bytes;
}

static int64_t fill(void *arg, weir_job *job)
{
    struct source_of_bytes *bytes = arg;
    (void)job;
    const int64_t began_ns = weir_now_ns();
    wp_synthetic_fill(&bytes->synthetic, bytes->chunk->data, bytes->wanted);
    if (bytes->is_last)
        bytes->chunk->size = bytes->wanted - wp_synthetic_unfinished(&bytes->synthetic);
    else
        bytes->chunk->size = bytes->wanted + wp_synthetic_finish(&bytes->synthetic, bytes->chunk->data + bytes->wanted);
    bytes->made = bytes->chunk->size;
    bytes->took_ns = weir_now_ns() - began_ns;
    weir_trace_step("generate", bytes->took_ns);
    return 0;
}

static struct wp_edge_send send_chunk(struct run_node *node, struct source_of_bytes *bytes)
{
    const struct parcel parcel = { .chunk = bytes->chunk };
    bytes->chunk = NULL;
    return WEIR_CALL(wp_edge_send, .node = node, .parcel = parcel);
}

static void stop(const struct run_node *node)
{
    if (wp_plan_number(node->plan, "size") > 0)
        wp_stop_cut(node);
    else
        wp_stop_end(node);
}

/* clang-format off */
WEIR_ASYNC(generate_run, int, struct run_node *node; struct source_of_bytes *bytes; int64_t left; int64_t rate;
           int64_t sent; int64_t began_ns; size_t block; weir_chunk_get_future get; weir_offload_future job;
           weir_sleep nap; weir_cancelled_future stopped; weir_select_future which; struct wp_edge_send send;)
/* clang-format on */
{
    WEIR_BEGIN
    self->bytes = calloc(1, sizeof *self->bytes);
    if (self->bytes == NULL)
        RETURN(wp_run_fail(self->node, -ENOMEM, "no memory"));
    self->bytes->refs = 1;
    wp_synthetic_init(&self->bytes->synthetic, (enum synthetic_kind)wp_plan_number(self->node->plan, "kind"),
                      (uint64_t)wp_plan_number(self->node->plan, "seed"));
    self->left = wp_plan_number(self->node->plan, "size");
    self->left = self->left > 0 ? self->left : INT64_MAX;
    self->rate = wp_plan_number(self->node->plan, "rate");
    /* With a rate, ten pieces a second at least. */
    self->block =
        self->rate > 0 && self->rate / 10 < (int64_t)BLOCK_BYTES ? (size_t)(self->rate / 10 + 1) : BLOCK_BYTES;
    self->began_ns = weir_now_ns();
    while (self->left > 0) {
        if (wp_stop_is_asked(self->node)) {
            stop(self->node);
            break;
        }
        AWAIT(self->get, weir_chunk_get(RUN_CHUNK_BYTES));
        self->bytes->chunk = self->get.output;
        if (self->bytes->chunk == NULL)
            RETURN(wp_run_fail(self->node, -ENOMEM, "no memory for a chunk"));
        self->bytes->is_last = self->left < (int64_t)self->block + SYNTHETIC_LINE_MAX;
        self->bytes->wanted = self->bytes->is_last ? (size_t)self->left : self->block;
        AWAIT(self->job, weir_offload(WEIR_LANE_CPU, fill, ref(self->bytes), unref));
        if (self->job.output < 0)
            RETURN(wp_run_fail(self->node, (int)self->job.output, "%s", strerror((int)-self->job.output)));
        wp_counter_add(&self->node->counters.offloaded, 1);
        wp_counter_busy(&self->node->counters, (uint64_t)self->bytes->took_ns);
        self->left -= self->bytes->is_last ? self->left : (int64_t)self->bytes->made;
        self->sent += (int64_t)self->bytes->made;
        if (self->rate > 0) {
            self->stopped = wp_stop_wait(self->node);
            self->nap = weir_sleep_until(self->began_ns + (int64_t)((double)self->sent / (double)self->rate * 1e9));
            AWAIT(self->which, weir_select_biased(self->stopped, self->nap));
        }
        AWAIT(self->send, send_chunk(self->node, self->bytes));
        if (self->send.output < 0)
            RETURN(0);
    }
    AWAIT(self->send, WEIR_CALL(wp_edge_send, .node = self->node, .parcel = { .last = true }));
    WEIR_FINALLY
    unref(self->bytes);
    WEIR_END
}

static int spawn(struct run_node *node, weir_join_set *set)
{
    return weir_join_set_spawn(set, WEIR_CALL(generate_run, .node = node));
}

const struct node_type wp_node_generate = {
    .stage = { .name = "generate",
               .summary = "bytes, or records of lines, out of a seed: zeros, random ones, text, nginx, JSON",
               .in = WEIR_NONE,
               .out = WEIR_BYTES,
               .source = true,
               .opts = generate_opts },
    .runs = "makes each chunk on a thread of the cpu lane",
    .spawn = spawn,
    .touches = TOUCHES_NOTHING,
};
