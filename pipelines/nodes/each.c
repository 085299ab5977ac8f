/*
 * each.c - stage "each": a block for each file, @par of them at once.
 *
 * A file's block is a run of its own. What it gives goes on in the order of the
 * files, one after the other; where it ends in a sink the file itself goes on,
 * once its block has ended well: in the order of the files, too, unless @order says
 * else. A file whose block failed is told of, or goes where @onerror says; its sinks
 * have not committed, and the others are done. With @order=key no two files of one
 * key are at work at once.
 *
 * What a block gives waits for its good end, as long as that is no more than
 * BOUNDS_HELD parcels; more goes on as it comes, and if the block fails then, how
 * much of it went on is told.
 */
#include <stdlib.h>
#include <string.h>
#include <weir/select.h>

#include "nodes/node.h"
#include "run/batch.h"
#include "run/bounds.h"
#include "run/deal.h"
#include "run/patience.h"
#include "run/reject.h"
#include "run/stop.h"

static const weir_opt each_opts[] = {
    { "block", "what each file goes through: { read | ... }", WEIR_OPT_BLOCK, 0, .positional = true, .required = true },
    { 0 },
};

/* A file at work: its task's and the node's. */
struct feed {
    uint32_t refs;
    struct run_node *node;
    const struct plan_chain *block;
    struct batch *batch; /* of one row: the file */
    bool lent;           /* it is that of a run that is kept to the end of all, and so stays */
    weir_mpsc_sender *to;
    weir_mpsc_receiver *from; /* NULL: the block gives nothing */
    unsigned slot;
    uint64_t key;     /* with @order=key: what it has there */
    int error, fatal; /* of its block; and 0, or what the node is to end with */
};

static void feed_unref(struct feed *feed)
{
    if (feed == NULL || __atomic_fetch_sub(&feed->refs, 1, __ATOMIC_ACQ_REL) != 1)
        return;
    weir_mpsc_sender_unref(feed->to);
    weir_mpsc_receiver_drop(feed->from);
    if (!feed->lent)
        wp_batch_free(feed->batch);
    free(feed);
}

static struct feed *feed_create(struct run_node *node, const struct plan_chain *block, const struct row *file)
{
    struct feed *feed = calloc(1, sizeof *feed);
    struct batch *batch = feed != NULL ? wp_batch_create() : NULL;
    if (batch == NULL) {
        free(feed);
        return NULL;
    }
    *feed = (struct feed){ .refs = 2, .node = node, .block = block };
    int error = wp_batch_copy(batch, file);
    feed->batch = wp_batch_shrink(batch);
    if (error == 0 && block->out != WEIR_NONE)
        error = weir_mpsc_create(sizeof(struct parcel), BOUNDS_FEED_QUEUE, wp_parcel_drop, &feed->to, &feed->from);
    if (error == 0)
        return feed;
    feed->refs = 1;
    feed_unref(feed);
    return NULL;
}

/* --- one file --------------------------------------------------------------------------------------- */

static int create_run(struct feed *feed, struct run **ret_run)
{
    weir_mpsc_sender *to = feed->to != NULL ? weir_mpsc_sender_ref(feed->to) : NULL;
    return wp_run_create_block(feed->block, feed->node, &feed->batch->rows[0], to, ret_run);
}

static void end_run(struct feed *feed, struct run *run)
{
    if (wp_run_end_block(run, feed->lent ? NULL : feed->batch))
        feed->lent = true;
}

/* What it gave has gone on: then it may not be run again. */
static bool has_given(const struct feed *feed, const struct run *run)
{
    for (unsigned i = 0; feed->to != NULL && run != NULL && i < run->count; i++)
        if (run->nodes[i].to == feed->to && run->nodes[i].counters.out_bytes + run->nodes[i].counters.out_rows > 0)
            return true;
    return false;
}

/* It is told of, is left out, goes to the dead-letter stream, or is the end of all. */
static void give_up(struct feed *feed, const struct run *run)
{
    struct run_node *node = feed->node;
    const struct row *file = &feed->batch->rows[0];
    const bool known = run != NULL && run->error != 0;
    const char *who = known ? run->failed->plan->name : "", *colon = known ? ": " : "";
    const char *reason = !known                    ? wp_patience_words(node, feed->error)
                         : run->error_text != NULL ? run->error_text
                                                   : strerror(-run->error);
    if (!node->plan->engine.onerror_said)
        wp_run_trouble(node, "%s: %s%s%s", file->path, who, colon, reason);
    else if (!wp_reject(node, file->path, file->path_size, "%s%s%s", who, colon, reason))
        feed->fatal = wp_run_fail(node, feed->error, "%s: %s%s%s", file->path, who, colon, reason);
}

/* What a block gives ends with its last node's word, or, where it failed, with this: the run keeps its way out. */
static weir_mpsc_send_future send_end(struct feed *feed)
{
    static const struct parcel end = { .last = true };
    return weir_mpsc_send(feed->to, &end);
}

/* Resolves to its slot. */
WEIR_ASYNC(each_file, unsigned, struct feed *feed; struct run *run; struct patience patience; struct wp_run_all all;
           weir_sleep limit; weir_select_future which; weir_sleep nap; weir_mpsc_send_future send;)
{
    WEIR_BEGIN
    for (;;) {
        self->feed->error = create_run(self->feed, &self->run);
        if (self->feed->error == 0) {
            self->all = WEIR_CALL(wp_run_all, .run = self->run);
            self->limit = wp_patience_limit(self->feed->node);
            AWAIT(self->which, weir_select_biased(self->all, self->limit));
            self->feed->error = self->which.output == 0 ? self->all.output : -ETIMEDOUT;
        }
        if (has_given(self->feed, self->run) ||
            !wp_patience_again(&self->patience, self->feed->node, self->feed->error))
            break;
        end_run(self->feed, self->run);
        self->run = NULL;
        AWAIT(self->nap, wp_patience_nap(&self->patience));
    }
    if (self->feed->error < 0)
        give_up(self->feed, self->run);
    if (self->feed->error < 0 && self->feed->to != NULL)
        AWAIT(self->send, send_end(self->feed));
    RETURN(self->feed->slot);
    WEIR_FINALLY
    end_run(self->feed, self->run);
    feed_unref(self->feed);
    WEIR_END
}

/* --- all of them ------------------------------------------------------------------------------------- */

struct each_run;

/* Until some file, or in their order the first, has ended; what is done goes on meanwhile. Resolves to 0, or to -EPIPE:
 * nobody wants more. */
/* clang-format off */
WEIR_ASYNC_FRAME_(each_wait, int, weir_future, struct each_run *all; weir_join_next_future next;
                  weir_closed_future closed; weir_select_future which; struct wp_edge_send send;);

WEIR_ASYNC_FRAME_(each_run, int, weir_future, struct run_node *node; const struct plan_chain *block; unsigned par;
                  weir_join_set *set; struct feed **feeds; unsigned first; unsigned busy; bool ended; bool ordered;
                  bool has_result; weir_join_result result; weir_text key; struct parcel in; uint32_t at;
                  struct batch *out; struct parcel given; struct parcel held[BOUNDS_HELD]; unsigned held_count;
                  unsigned sent; uint64_t gone_bytes; uint64_t gone_rows; struct wp_edge_recv recv;
                  weir_mpsc_recv_future take; struct each_wait wait; struct wp_edge_send send;);
/* clang-format on */

static int begin(struct each_run *self)
{
    self->block = wp_plan_setting(self->node->plan, "block")->block;
    self->par = wp_bounds_par(self->node->plan);
    self->feeds = calloc(self->par, sizeof(struct feed *));
    self->ordered = wp_plan_keeps_order(self->node->plan);
    const int error = self->feeds == NULL ? -ENOMEM
                      : self->ordered     ? weir_join_set_create_ordered(self->par, &self->set)
                                          : weir_join_set_create(self->par, &self->set);
    if (error == 0)
        weir_join_set_name(self->set, self->node->plan->name);
    return error < 0 ? wp_run_fail(self->node, error, "no memory") : 0;
}

static bool has_row(const struct each_run *self)
{
    return self->in.batch != NULL && self->at < self->in.batch->count;
}

/* To begin no more files: what comes still is let go. */
static bool is_over(struct each_run *self)
{
    if (!wp_stop_is_asked(self->node))
        return false;
    if (has_row(self) || !self->ended)
        wp_stop_cut(self->node);
    self->ended = true;
    wp_parcel_put(&self->in);
    return true;
}

/* In their order the slots are a ring, which begins at the first one. */
static unsigned free_slot(const struct each_run *self)
{
    unsigned slot = self->ordered ? (self->first + self->busy) % self->par : 0;
    while (self->feeds[slot] != NULL)
        slot++;
    return slot;
}

/* The next file of the batch goes to work. */
static int start_file(struct each_run *self, uint64_t key)
{
    struct feed *feed = feed_create(self->node, self->block, &self->in.batch->rows[self->at++]);
    if (feed == NULL)
        return wp_run_fail(self->node, -ENOMEM, "no memory");
    feed->slot = free_slot(self);
    feed->key = key;
    self->feeds[feed->slot] = feed;
    self->busy++;
    const int error = weir_join_set_spawn(self->set, WEIR_CALL(each_file, .feed = feed));
    return error < 0 ? wp_run_fail(self->node, error, "%s", strerror(-error)) : 0;
}

/* 1: a file that has the same as the next one there is at work; 0; or a negative errno that was told. */
static int find_key(struct each_run *self, uint64_t *ret_key)
{
    const struct plan_engine *engine = &self->node->plan->engine;
    *ret_key = 0;
    if (engine->order != ORDER_KEY)
        return 0;
    if (wp_deal_hash(&self->in.batch->rows[self->at], engine->key, &self->key, ret_key) < 0)
        return wp_run_fail(self->node, -ENOMEM, "no memory");
    for (unsigned slot = 0; slot < self->par; slot++)
        if (self->feeds[slot] != NULL && self->feeds[slot]->key == *ret_key)
            return 1;
    return 0;
}

/* Starts as many as may be at work, of what is at hand. */
static int start_files(struct each_run *self)
{
    int error = 0;
    uint64_t key;
    while (error == 0 && self->busy < self->par && has_row(self)) {
        error = find_key(self, &key);
        if (error == 0)
            error = start_file(self, key);
    }
    return error < 0 ? error : 0;
}

/* What was given waits, if there is room and nothing has gone on. */
static bool hold_given(struct each_run *self)
{
    if (self->held_count == BOUNDS_HELD || self->gone_bytes + self->gone_rows > 0)
        return false;
    self->held[self->held_count++] = self->given;
    self->given = (struct parcel){ 0 };
    return true;
}

static void let_held_go(struct each_run *self)
{
    while (self->held_count > 0)
        wp_parcel_put(&self->held[--self->held_count]);
}

/* Its block has failed too late. */
static void tell_gone(struct each_run *self)
{
    const char *path = self->feeds[self->first]->batch->rows[0].path;
    if (self->gone_bytes > 0)
        wp_run_trouble(self->node, "%s: %lu bytes of what its block gave before had gone on already", path,
                       (unsigned long)self->gone_bytes);
    else if (self->gone_rows > 0)
        wp_run_trouble(self->node, "%s: %lu records of what its block gave before had gone on already", path,
                       (unsigned long)self->gone_rows);
}

/* Some file, or in their order the first, has: it is taken from the set. */
static bool has_ended(struct each_run *self)
{
    if (!self->has_result)
        self->has_result = weir_join_set_try_next(self->set, &self->result, &self->first) == 1;
    return self->has_result;
}

/* It has ended: if it is one that goes on itself, it is in `out` now. */
static int end_file(struct each_run *self)
{
    struct feed *feed = self->feeds[self->first];
    self->feeds[self->first] = NULL;
    self->first = (self->first + 1) % self->par;
    self->busy--;
    self->held_count = 0;
    self->gone_bytes = self->gone_rows = 0;
    int error = 0;
    if (feed->fatal < 0)
        self->output = feed->fatal;
    else if (feed->error == 0 && self->block->out == WEIR_NONE && self->node->to != NULL) {
        if (self->out == NULL)
            self->out = wp_batch_create();
        error = self->out == NULL ? -ENOMEM : wp_batch_copy(self->out, &feed->batch->rows[0]);
    }
    feed_unref(feed);
    return error < 0 ? wp_run_fail(self->node, error, "no memory") : self->output;
}

static struct wp_edge_send send_out(struct each_run *self)
{
    struct batch *out = self->out;
    self->out = NULL;
    return WEIR_CALL(wp_edge_send, .node = self->node, .parcel = { .batch = out });
}

/* One of those that were given, which is the edge's then. */
static struct wp_edge_send send_on(struct each_run *self, struct parcel *from)
{
    const struct parcel given = *from;
    *from = (struct parcel){ 0 };
    self->gone_bytes += given.chunk != NULL ? given.chunk->size : 0;
    self->gone_rows += given.batch != NULL ? given.batch->count : 0;
    return WEIR_CALL(wp_edge_send, .node = self->node, .parcel = given);
}

static weir_mpsc_recv_future take_given(struct each_run *self)
{
    return weir_mpsc_recv(self->feeds[self->first]->from, &self->given);
}

WEIR_ASYNC_BODY_(each_wait, static)
{
    WEIR_BEGIN
    if (!has_ended(self->all) && self->all->out != NULL) {
        AWAIT(self->send, send_out(self->all));
        if (self->send.output < 0)
            RETURN(self->send.output);
    }
    if (has_ended(self->all))
        RETURN(0);
    self->next = weir_join_next(self->all->set, &self->all->first);
    self->closed = wp_edge_closed(self->all->node);
    AWAIT(self->which, weir_select_biased(self->next, self->closed));
    self->all->result = (weir_join_result){ .status = self->next.status };
    self->all->has_result = self->which.output == 0;
    if (self->which.output == 1) {
        wp_edge_leave(self->all->node);
        RETURN(-EPIPE);
    }
    WEIR_FINALLY
    WEIR_END
}

WEIR_ASYNC_BODY_(each_run, static)
{
    WEIR_BEGIN
    self->output = begin(self);
    while (self->output == 0) {
        while (!is_over(self) && !has_row(self) && !self->ended &&
               (self->busy == 0 || weir_mpsc_len(self->node->from) > 0)) {
            wp_parcel_put(&self->in);
            self->at = 0;
            AWAIT(self->recv, WEIR_CALL(wp_edge_recv, .node = self->node, .ret_parcel = &self->in));
            if (self->recv.output < 0)
                RETURN(self->recv.output);
            self->ended = self->in.last;
        }
        self->output = start_files(self);
        if (self->output < 0 || self->busy == 0)
            break;
        while (self->ordered && self->feeds[self->first]->from != NULL) {
            AWAIT(self->take, take_given(self));
            if (self->take.output < 0 || self->given.last)
                break;
            if (hold_given(self))
                continue;
            for (self->sent = 0; self->sent < self->held_count; self->sent++) {
                AWAIT(self->send, send_on(self, &self->held[self->sent]));
                if (self->send.output < 0)
                    RETURN(0);
            }
            self->held_count = 0;
            AWAIT(self->send, send_on(self, &self->given));
            if (self->send.output < 0)
                RETURN(0);
        }
        AWAIT(self->wait, WEIR_CALL(each_wait, .all = self));
        if (self->wait.output < 0)
            RETURN(0);
        self->has_result = false;
        if (self->result.status < 0)
            RETURN(wp_run_fail(self->node, self->result.status, "a file: %s", strerror(-self->result.status)));
        if (self->feeds[self->first]->error < 0) {
            let_held_go(self);
            tell_gone(self);
        }
        for (self->sent = 0; self->sent < self->held_count; self->sent++) {
            AWAIT(self->send, send_on(self, &self->held[self->sent]));
            if (self->send.output < 0)
                RETURN(0);
        }
        self->output = end_file(self);
        if (self->output == 0 && (wp_reject_waits(self->node) ||
                                  (self->out != NULL && (self->out->count == BATCH_ROWS || self->busy == 0)))) {
            AWAIT(self->send, send_out(self));
            if (self->send.output < 0)
                RETURN(0);
        }
    }
    if (self->output < 0)
        RETURN(self->output);
    AWAIT(self->send, WEIR_CALL(wp_edge_send, .node = self->node, .parcel = { .last = true }));
    WEIR_FINALLY
    weir_join_set_destroy(self->set);
    weir_mpsc_receiver_drop(self->node->from);
    self->node->from = NULL;
    wp_parcel_put(&self->in);
    wp_parcel_put(&self->given);
    let_held_go(self);
    wp_batch_free(self->out);
    for (unsigned i = 0; self->feeds != NULL && i < self->par; i++)
        feed_unref(self->feeds[i]);
    free(self->feeds);
    weir_text_fini(&self->key);
    WEIR_END
}

static int spawn(struct run_node *node, weir_join_set *set)
{
    return weir_join_set_spawn(set, WEIR_CALL(each_run, .node = node));
}

const struct node_type wp_node_each = {
    .stage = { .name = "each",
               .summary = "a block for each file, @par of them at once",
               .in = WEIR_FILES,
               .out = WEIR_AS_BLOCK,
               .opts = each_opts },
    .runs = "starts its block for a file and waits for it: the stages of the block run as said there",
    .spawn = spawn,
    .times = NODE_FED_BY(WEIR_FILES),
    .retries = NODE_FED_BY(WEIR_FILES),
    .drops = true,
    .rejects = true,
    .whole_files = true,
    .parallel = true,
};
