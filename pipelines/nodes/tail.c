/*
 * tail.c - stage "tail": a record for each line of files that grow.
 *
 * The follower (weir/tail.h) reads whole lines into a chunk, those of one file
 * behind those of another, and the records' lines lie in it. A batch goes on when it
 * is full, or when there is nothing more to read now: so a line that comes alone
 * waits for nobody, and lines that come in crowds travel together. What may block
 * (names, reads that aren't cached, long lines) is done on the io lane.
 */
#include <stdlib.h>
#include <string.h>
#include <weir/select.h>
#include <weir/time.h>

#include "nodes/node.h"
#include "run/checkpoint.h"
#include "run/stop.h"
#include "tail/tail_lines.h"
#include "tail/unpack_file.h"

enum { START_CHECKPOINT, START_BEGIN, START_END };
static const char *const starts[] = { "checkpoint", "begin", "end", NULL };

static const weir_opt tail_opts[] = {
    { "path", "files, and patterns such as logs/**/*.log, there or not yet", WEIR_OPT_LIST, 0, .positional = true,
      .required = true },
    { "start", "where to begin: as the journal says, and without one at the beginning; or there, whatever it says",
      WEIR_OPT_CHOICE, 0, .def = START_CHECKPOINT, .choices = starts },
    { "max", "the longest line", WEIR_OPT_SIZE, 0, .def = 1 << 20, .min = 1, .max = 1 << 30 },
    { "flush", "a line that has waited so long for its newline is one without; 0ms: never", WEIR_OPT_DURATION, 0,
      .def = 0, .min = 0, .max = INT64_C(3600) * 1000000000 },
    { "poll", "how often to look where the kernel tells nothing: NFS, FUSE, what isn't there yet", WEIR_OPT_DURATION, 0,
      .def = 1000000000, .min = 1000000, .max = INT64_C(3600) * 1000000000 },
    { "file", "a field for the name of the file", WEIR_OPT_FIELD, 0, .def_text = NULL },
    { "offset", "a field for the byte of the file at which the line begins", WEIR_OPT_FIELD, 0, .def_text = NULL },
    { 0 },
};

/* --- what outlives the run --------------------------------------------------------------------------------- */

static int no_memory(struct tailing *self)
{
    return wp_run_fail(self->node, -ENOMEM, "no memory");
}

static int put_position(void *arg, const weir_tail_position *position)
{
    const struct wp_position saved = { .path = position->path,
                                       .offset = position->offset,
                                       .identity = position->identity,
                                       .identity_size = position->identity_size };
    return wp_save_position(arg, &saved);
}

static int save(void *arg, struct wp_save *save)
{
    struct tailing *self = arg;
    return weir_tail_save(self->tail, put_position, save) < 0 ? no_memory(self) : 0;
}

static int load(void *arg, struct wp_load *load)
{
    struct tailing *self = arg;
    struct wp_position saved;
    int got;
    if (wp_plan_number(self->node->plan, "start") != START_CHECKPOINT)
        return 0;
    while ((got = wp_load_position(load, &saved)) > 0) {
        const weir_tail_position position = {
            .path = saved.path, .offset = saved.offset, .identity = saved.identity, .identity_size = saved.identity_size
        };
        const int error = weir_tail_load(self->tail, &position);
        if (error < 0)
            return wp_run_fail(self->node, error, "%s: %s", saved.path,
                               error == -EBADMSG ? "the journal's position is of another version of weir"
                                                 : "no memory");
    }
    return got < 0 ? no_memory(self) : 0;
}

static const struct wp_kept kept = { save, load };

/* --- the node ------------------------------------------------------------------------------------------------ */

static void note(void *arg, const char *path, const char *what)
{
    wp_run_trouble(arg, "%s: %s", path, what);
}

static int add_paths(struct tailing *self)
{
    for (const struct setting *setting = self->node->plan->settings; setting != NULL; setting = setting->next) {
        const int error = strcmp(setting->opt->name, "path") == 0 ? weir_tail_add(self->tail, setting->text) : 0;
        if (error < 0)
            return wp_run_fail(self->node, error, "%s: %s", setting->text,
                               error == -E2BIG ? "the pattern is too long" : strerror(-error));
    }
    return 0;
}

/* 0 or a negative errno that has been told; *ret_tailing may be there all the same. */
static int create(struct run_node *node, struct tailing **ret_tailing)
{
    weir_tail_options options = weir_tail_defaults();
    struct tailing *self = calloc(1, sizeof *self);
    if (self == NULL)
        return wp_run_fail(node, -ENOMEM, "no memory");
    *ret_tailing = self;
    self->refs = 1;
    self->node = node;
    self->max = (size_t)wp_plan_number(node->plan, "max");
    self->file_field = wp_plan_text(node->plan, "file");
    self->offset_field = wp_plan_text(node->plan, "offset");
    options.from_end = wp_plan_number(node->plan, "start") == START_END;
    options.flush_ns = wp_plan_number(node->plan, "flush");
    options.poll_ns = wp_plan_number(node->plan, "poll");
    options.unpack = wp_unpack_file;
    options.note = note;
    options.arg = node;
    if (weir_tail_create(&options, &self->tail) < 0)
        return no_memory(self);
    return add_paths(self);
}

static struct wp_edge_send send_batch(struct tailing *self)
{
    struct batch *batch = wp_tailing_has_rows(self) ? self->batch : NULL;
    self->batch = batch != NULL ? NULL : self->batch;
    return WEIR_CALL(wp_edge_send, .node = self->node, .parcel = { .batch = batch });
}

/* What is due without a word from the kernel; most often nothing is, and it is a branch that select leaves out. */
static weir_sleep due(const struct tailing *self)
{
    const int64_t due_ns = weir_tail_due_ns(self->tail);
    return due_ns != INT64_MAX ? weir_sleep_until(due_ns) : (weir_sleep){ 0 };
}

/* Waits until there may be something to read. Resolves to 0; 1: the run is to stop; 2: nobody wants more. */
/* clang-format off */
WEIR_ASYNC(tail_wait, int, struct run_node *node; struct tailing *tailing; int64_t since_ns;
           weir_tail_ready_future ready; weir_cancelled_future stopped; weir_closed_future closed;
           weir_cancelled_future checkpoint; weir_sleep due; weir_select_future which;)
/* clang-format on */
{
    WEIR_BEGIN
    self->since_ns = weir_now_ns();
    self->ready = weir_tail_ready(self->tailing->tail);
    self->stopped = wp_stop_wait(self->node);
    self->closed = wp_edge_closed(self->node);
    self->checkpoint = wp_checkpoint_wait(self->node);
    self->due = due(self->tailing);
    AWAIT(self->which, weir_select_biased(self->ready, self->stopped, self->closed, self->checkpoint, self->due));
    wp_counter_add(&self->node->counters.starved_ns, (uint64_t)(weir_now_ns() - self->since_ns));
    if (self->which.output == 0 && self->ready.output < 0)
        RETURN(wp_run_fail(self->node, (int)self->ready.output, "inotify: %s", strerror((int)-self->ready.output)));
    RETURN(self->which.output == 1 ? 1 : self->which.output == 2 ? 2 : 0);
    WEIR_FINALLY
    WEIR_END
}

/* clang-format off */
WEIR_ASYNC(tail_run, int, struct run_node *node; struct tailing *tailing; int want; weir_chunk_get_future get;
           weir_offload_future job; struct wp_edge_send send; struct wp_checkpoint_pass pass; struct tail_wait wait;)
/* clang-format on */
{
    WEIR_BEGIN
    self->output = create(self->node, &self->tailing);
    if (self->output == 0)
        self->output = wp_checkpoint_keep(self->node, &kept, self->tailing);
    if (self->output < 0)
        RETURN(self->output);
    for (;;) {
        self->want = wp_tailing_work(self->tailing);
        if (self->want < 0)
            RETURN(self->want);
        if (self->want == WANT_SEND) {
            AWAIT(self->send, send_batch(self->tailing));
            if (self->send.output < 0)
                RETURN(wp_checkpoint_ended(self->node));
        } else if (self->want == WANT_CHUNK) {
            AWAIT(self->get, weir_chunk_get(RUN_CHUNK_BYTES));
            self->tailing->chunk = self->get.output;
            if (self->tailing->chunk == NULL)
                RETURN(no_memory(self->tailing));
        } else if (self->want != WANT_INPUT) {
            AWAIT(self->job, wp_tailing_job(self->tailing, self->want));
            if (self->job.output < 0)
                RETURN((int)self->job.output);
        } else if (wp_checkpoint_is_wanted(self->node)) {
            AWAIT(self->pass, WEIR_CALL(wp_checkpoint_pass, .node = self->node));
            if (self->pass.output < 0)
                RETURN(self->pass.output);
        } else if (self->tailing->stops) {
            break;
        } else {
            AWAIT(self->wait, WEIR_CALL(tail_wait, .node = self->node, .tailing = self->tailing));
            if (self->wait.output < 0)
                RETURN(self->wait.output);
            if (self->wait.output == 2)
                RETURN(wp_checkpoint_ended(self->node));
        }
        /* What was appended before the signal is heard of once more, and read. */
        if (!self->tailing->stops && wp_stop_is_asked(self->node)) {
            weir_tail_hear(self->tailing->tail);
            self->tailing->stops = true;
        }
    }
    wp_stop_end(self->node);
    AWAIT(self->send, WEIR_CALL(wp_edge_send, .node = self->node, .parcel = { .last = true }));
    RETURN(wp_checkpoint_ended(self->node));
    WEIR_FINALLY
    wp_tailing_unref(self->tailing);
    WEIR_END
}

static int spawn(struct run_node *node, weir_join_set *set)
{
    return weir_join_set_spawn(set, WEIR_CALL(tail_run, .node = node));
}

const struct node_type wp_node_tail = {
    .stage = { .name = "tail",
               .summary = "a record for each line of files that grow, across rotation, truncation and restart",
               .in = WEIR_NONE,
               .out = WEIR_RECORDS,
               .source = true,
               .opts = tail_opts },
    .runs = "is told by inotify, and reads what is cached inline, else on a thread of the io lane",
    .spawn = spawn,
    .touches = TOUCHES_PATHS | TOUCHES_BESIDE | TOUCHES_TEMPORARY,
    .keeps = KEEPS_POSITION,
    .drops = true,
    .rejects = true,
};
