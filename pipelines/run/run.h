/*
 * run.h - a plan that runs: a task a node, a bounded channel an edge.
 *
 * The plan is read-only; all that changes lies here. A run ends in one of three
 * ways: every node ended well; one failed (the first failure is kept, all others
 * are dropped, no sink commits); or it was dropped.
 */
#ifndef WP_RUN_H
#define WP_RUN_H

#include <pthread.h>
#include <stdarg.h>
#include <weir/cancel.h>
#include <weir/chunk.h>
#include <weir/join_set.h>
#include <weir/mpsc.h>
#include <weir/notify.h>
#include <weir/pipeline.h>
#include <weir/select.h>
#include <weir/time.h>

#include "plan/plan.h"

/* --- edges ------------------------------------------------------------------------------ */

struct batch;     /* batch.h */
struct pieces;    /* pieces.h */
struct gate;      /* gate.h */
struct rejects;   /* reject.h */
struct line_hits; /* line_hits.h */
struct run_bounds;
struct row;
struct mark;        /* marks.h */
struct checkpoints; /* checkpoints.h */

/*
 * Between whoever writes records and a `write` that begins new files (plan_node.rotates), bytes come file by file:
 * what lies between the two seams is a file, and a codec makes one whole stream of it. The last one may end with the
 * input.
 */
enum run_seam { SEAM_NONE, SEAM_BEGIN, SEAM_END };

/*
 * What goes over an edge: of bytes a chunk, whose bytes nobody changes any more,
 * of files a batch of rows, which is the receiver's; or the end. That the senders
 * are gone is no end: it means that one of them failed, and what came so far is
 * not the whole.
 */
struct parcel {
    weir_chunk *chunk;      /* a reference; NULL in the end */
    struct line_hits *hits; /* malloc()ed, or NULL: what `read` saw of the chunk for `lines` */
    struct batch *batch;
    struct mark *mark; /* a checkpoint's, alone in its parcel: only nodes with takes_marks get it from wp_edge_recv() */
    int64_t time_ns;   /* of SEAM_BEGIN: that of the file's first record, since 1970 */
    bool last;
    uint8_t seam; /* enum run_seam; one comes alone */
};

/* Gives back what the parcel holds, which is nothing from then on. */
void wp_parcel_put(struct parcel *parcel);
/* The same, for channels. */
void wp_parcel_drop(void *parcel);
/* What it carries: of a chunk, of files as their sizes are, of records as they came. */
uint64_t wp_parcel_bytes(const struct parcel *parcel);

/* Chunks that a source or a stage fills. */
#define RUN_CHUNK_BYTES WEIR_CHUNK_LARGE

/* --- nodes ------------------------------------------------------------------------------- */

/* What checkpoint.c knows of a node: its task's, once that runs. Of a run without a journal all of it is empty. */
struct run_seat {
    struct mark *next;   /* of a source: a reference to the mark that it hands on when that is wanted, */
    uint64_t given;      /* and the bytes that it has given since the one before */
    uint64_t bytes_max;  /* with so many of them it wants a checkpoint; 0: with as many as others do */
    struct mark *due;    /* a reference to the mark that is being handed on, */
    unsigned way;        /* and where to next */
    bool saved;          /* the node has saved for it */
    struct mark *passed; /* the last mark that was handed on; memory only */
    struct kept *kept;   /* what the node keeps, or NULL */
};

/* Written by the node's own task, read by reports. */
struct run_counters {
    uint64_t in_bytes, out_bytes;
    uint64_t busy_ns;    /* in steps, inline or offloaded, and in io of its own */
    uint64_t blocked_ns; /* waiting for room in its edge */
    uint64_t starved_ns; /* waiting for input */
    uint64_t inlined, offloaded;
    uint64_t in_rows, out_rows;
    uint64_t queued, queue_max; /* parcels in its edge when it last took one, and what that may hold */
    uint64_t queue_sum, taken;  /* and of all times that it took one: parcels that were left, and how often that was */
    uint64_t dropped_rows;      /* left out by @onerror=drop, or gone to a dead-letter stream; added to by any thread */
    uint64_t steps[WEIR_PIPELINE_STEPS]; /* how long they took: see weir/pipeline.h */
};

struct run_node {
    const struct plan_node *plan;
    struct run *run;
    const struct row *file; /* in a block: what it is run for; else NULL */
    struct whole_job *job;  /* of a chain that is one job: of its last node */
    bool whole;             /* its chain is run as one job, or it is in a bundle */
    bool inner;             /* a node of a block: it runs for each file, in a run of its own, and here it is counted */
    const struct run_node *outer; /* of an inner one: the node whose block it is in */
    bool is_source;               /* nothing is fed to it; known from the start of the run on */
    bool taps_input;              /* it forks, or ends the pipeline: a tap shows what it gets; known likewise */
    weir_mpsc_receiver *from;     /* NULL: a source */
    weir_mpsc_sender *to;         /* NULL: a sink */
    weir_mpsc_sender **branches; /* of one that forks: the edges to its branches, in the order of the text; NULL: it has
                                    ended, which is its own affair */
    unsigned branch_count;
    weir_mpsc_receiver **feeds; /* of one that merges: the edges to it, which it makes its `from` in turn */
    unsigned feed_count;
    struct rejects *rejects; /* of one that sends to a dead-letter stream */
    uint32_t full_file;      /* [atomic] of a write that begins new files: the last one, from 1, that has its size */
    bool ends_with_senders;  /* the first of such a stream: its input ends when nobody can send any more */
    struct run_counters counters;
    struct parcel rest;                        /* with @rate: what may not pass yet of what it has received */
    int64_t due_ns;                            /* [atomic] with @rate, of a whole run: when more may pass; see rate.h */
    struct pieces *pieces;                     /* NULL: its input stays in one piece */
    struct bundle *bundle;                     /* that begins with it, or NULL */
    struct tap *taps[WEIR_PIPELINE_TAP_FORMS]; /* [atomic] of a whole run: somebody has asked for samples; else NULL */
    struct run_seat seat;
    bool takes_marks; /* marks come to it as parcels: see checkpoint.h */
};

/* Told what went wrong with a single file, or what a fail-if found, one at a time: a line. */
typedef void (*run_trouble_fn)(void *arg, const char *text);

/* What became of a wish to end: see stop.h. */
enum run_stopped { RUN_NOT_STOPPED, RUN_ENDED, RUN_CUT };

struct run {
    struct run_node *nodes;
    unsigned base,
        count;         /* of the nodes: nodes[i] is that with index base + i in the plan; some of them may be empty */
    size_t held_bytes; /* of a whole run: see wp_run_held_bytes() */
    struct run_bounds *bounds; /* of a whole run: what edges and lanes may hold, by the node's index in the plan */
    struct run_node *parent;   /* of a block: the node that it belongs to; else NULL */
    const struct plan_chain *chains; /* of a whole run */
    const struct secret *secrets;    /* of a whole run: no words of it have their values */
    weir_cancel_token *stop;         /* of a whole run: cancelled, its sources end */
    enum run_stopped stopped;        /* [atomic] of a whole run */
    bool paused;                     /* [atomic] of a whole run: its sources are held, see pausing.h, */
    weir_notify resumed;             /* until this */
    struct run *next_ended;
    struct batch *file; /* of a block that is kept: what its nodes' `file` lies in; see wp_run_end_block() */
    struct checkpoints *checkpoints; /* of a whole run with a journal; else NULL */
    struct gate *gate;               /* of a run that forks: what sinks await before they commit; else NULL */
    bool finished;                   /* every node has ended */
    pthread_mutex_t lock;            /* of what follows */
    struct run *ended;               /* runs of blocks which some thread may still look at */
    int error;
    char *error_text; /* a line, or NULL: strerror(3) says it all */
    const struct run_node *failed;
    uint64_t troubles;
    run_trouble_fn on_trouble; /* or NULL */
    void *trouble_arg;
};

/*
 * 0, -ENOMEM, or -ENOBUFS: the budget of chunks is too small for this plan, which needs *ret_needed bytes. Edges are
 * bounded so that what all of them and all stages hold at once fits the budget: see bounds.h.
 */
WEIR_MUST_USE int wp_run_create(const struct plan *plan, struct run **ret_run, size_t *ret_needed);
/*
 * A block for one file, which outlives the run (see wp_run_end_block()). If its first stage is no source of
 * its own it is fed the file as a batch; what its last one gives goes to `to` (a
 * reference, taken in any case), which may be NULL. 0 or -ENOMEM.
 */
WEIR_MUST_USE int wp_run_create_block(const struct plan_chain *block, struct run_node *parent, const struct row *file,
                                      weir_mpsc_sender *to, struct run **ret_run);
/*
 * Its counters go to the whole. If it didn't end well some thread may still be at it: its memory stays until the whole
 * run goes, and so does `file`, in which the row lies that it was created with; then it is true, and the file is the
 * run's. Takes NULL twice.
 */
bool wp_run_end_block(struct run *run, struct batch *file);
void wp_run_destroy(struct run *run);

/*
 * wp_run_all() - runs it to its end. Resolves to 0 or to the first failure.
 *
 * Cancel safe: dropping it drops every node; no sink commits.
 */
WEIR_ASYNC_DECLARE(wp_run_all, int, struct run *run; weir_join_set *nodes; int status; weir_join_next_future next;);

/* The run at the top of all: the run itself, or that whose block it is of. */
static inline struct run *wp_run_whole(struct run *run)
{
    while (run->parent != NULL)
        run = run->parent->run;
    return run;
}

/* The node's twin in the whole run, where those of blocks are counted. */
static inline struct run_node *wp_run_twin(const struct run_node *node)
{
    struct run *run = wp_run_whole(node->run);
    return &run->nodes[node->plan->index - run->base];
}

/* The node can't go on: keeps the first failure of the run. Returns `error`. */
int wp_run_fail(struct run_node *node, int error, const char *format, ...) WEIR_PRINTF(3, 4);
int wp_run_fail_by(struct run_node *node, int error, const char *format, va_list args) WEIR_PRINTF(3, 0);

/* The same of what is no node's. */
int wp_run_fail_whole(struct run *run, int error, const char *format, ...) WEIR_PRINTF(3, 4);

/* The memory that a node may hold beside chunks and batches, if its type says that it `holds`: more goes to disk. */
size_t wp_run_held_bytes(const struct run_node *node);

/* Something is wrong with one of many: it is told, the rest is done. */
void wp_run_trouble(struct run_node *node, const char *format, ...) WEIR_PRINTF(2, 3);

/*
 * The mark in node->seat.due goes to all that the node feeds. Resolves to 0 or a negative errno that has been told; it
 * is for edge.c and checkpoint.c. Cancel safe: it goes on where it was, with the next call.
 */
WEIR_ASYNC_DECLARE(wp_mark_hand_on, int, struct run_node *node; weir_mpsc_sender *to; struct parcel out;
                   weir_mpsc_send_future send;);

/*
 * wp_edge_send() - hand a parcel on. Resolves to 0, or -EPIPE: nobody wants more,
 * which is no failure. Takes what the parcel holds in any case. It goes into the edge
 * `to` (borrowed), or (NULL) into the node's; of a node that ends the pipeline
 * nowhere. What the node has rejected goes to its dead-letter stream before; with an
 * empty parcel that is all.
 */
WEIR_ASYNC_DECLARE(wp_edge_send, int, struct run_node *node; struct parcel parcel; weir_mpsc_sender *to;
                   int64_t since_ns; struct parcel rejected; weir_sleep nap;
                   weir_notify_wait_future held; weir_mpsc_send_future send;
                   weir_mpsc_reserve_many_future reserve; weir_mpsc_permits places; struct wp_mark_hand_on mark;);
/*
 * wp_edge_recv() - the next parcel. Resolves to 0; to -ECANCELED: what feeds this
 * node has failed; or to -EPIPE: nobody wants what it gives, as far as it waited to
 * know. A node that resolves to that has ended well.
 */
WEIR_ASYNC_DECLARE(wp_edge_recv, int, struct run_node *node; struct parcel *ret_parcel; int64_t since_ns;
                   weir_sleep nap; weir_mpsc_recv_future recv; weir_closed_future closed; weir_select_future which;
                   struct wp_mark_hand_on mark;);
/* For a select: resolves once nobody wants what the node gives, whose task may end then; never, if it forks or ends. */
weir_closed_future wp_edge_closed(const struct run_node *node);
/* The node's task is going to end, since that has resolved. Sends and receives that say so have done this. */
void wp_edge_leave(struct run_node *node);

static inline void wp_counter_add(uint64_t *counter, uint64_t by)
{
    __atomic_store_n(counter, *counter + by, __ATOMIC_RELAXED);
}

/* A step, or an operation of its own, that took so long. */
static inline unsigned wp_step_bucket(uint64_t ns)
{
    const unsigned bits = ns < 1024 ? 0 : 54 - (unsigned)__builtin_clzll(ns);
    return bits < WEIR_PIPELINE_STEPS ? bits : WEIR_PIPELINE_STEPS - 1;
}

static inline void wp_counter_busy(struct run_counters *counters, uint64_t ns)
{
    wp_counter_add(&counters->busy_ns, ns);
    wp_counter_add(&counters->steps[wp_step_bucket(ns)], 1);
}

/* The node has worked since then, within the poll or the job under way. */
void wp_node_worked(struct run_node *node, int64_t began_ns);
/* It has waited since then for an operation of its own, which counts as work. */
void wp_node_did_io(struct run_node *node, int64_t began_ns);

/* The same where several tasks may be at it: lanes, and what deals to them and collects from them. */
static inline void wp_counter_add_shared(uint64_t *counter, uint64_t by)
{
    (void)__atomic_fetch_add(counter, by, __ATOMIC_RELAXED);
}

static inline void wp_counter_busy_shared(struct run_counters *counters, uint64_t ns)
{
    wp_counter_add_shared(&counters->busy_ns, ns);
    wp_counter_add_shared(&counters->steps[wp_step_bucket(ns)], 1);
}

/* --- what runs a node ---------------------------------------------------------------------- */

/* transform.c: every stage with a step(). */
int wp_transform_spawn(struct run_node *node, weir_join_set *set);

#endif
