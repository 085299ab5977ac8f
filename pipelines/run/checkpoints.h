/*
 * checkpoints.h - the side of a run's checkpoints that is not a node's: what has been saved, and who wants the next
 * one.
 */
#ifndef WP_CHECKPOINTS_H
#define WP_CHECKPOINTS_H

#include <weir/blocking.h>
#include <weir/notify.h>
#include <weir/select.h>
#include <weir/time.h>

#include "journal/record.h"
#include "run/checkpoint.h"
#include "run/marks.h"

/* A file that is synced before the record is written. */
struct unsynced {
    struct unsynced *next;
    int fd;
};

void wp_unsynced_put(struct unsynced *files); /* takes NULL */

struct saved {
    weir_text bytes; /* items */
    struct unsynced *files;
};
void wp_saved_fini(struct saved *saved);

/* What a node keeps. Its task's while it runs; the checkpointer's between `through` and `settled`. */
struct kept {
    struct kept *next;
    struct run_node *node;
    char *name;
    const struct wp_kept *ops;
    void *arg;          /* NULL: the node has ended */
    struct saved saved; /* for the last mark that the node has handed on */
    struct saved last;  /* at its end */
};

struct journal;

struct checkpoints {
    struct journal *journal; /* the pipeline's; NULL: in a test */
    const struct plan *plan;
    int64_t every_ns;        /* at most so often, */
    uint64_t bytes_max;      /* unless a source has given so much since */
    uint64_t began_at;       /* the last checkpoint that the journal had; 0: none */
    uint64_t named;          /* the last one that is in the journal, and whose outputs have their names; atomic, */
    weir_notify came;        /* and that it is another one */
    bool is_closed;          /* atomic: see wp_checkpoint_close() */
    bool adapts;             /* to what the journal has of another pipeline */
    weir_cancel_token *over; /* all of the run but its checkpointer has ended */
    pthread_mutex_t lock;    /* of what follows */
    struct kept *kept;
    struct mark *now;  /* a reference until it is wanted, and a hold: the next one to be wanted, or under way */
    struct mark *next; /* a reference and a hold: the one behind it */
};

/* 0 or -ENOMEM: the run, which isn't spawned yet, takes checkpoints. Borrows the journal. */
WEIR_MUST_USE int wp_checkpoints_create(struct run *run, const struct plan *plan, struct journal *journal);
void wp_checkpoints_destroy(struct run *run); /* also of one that takes none */
/* The sources are known: each gets its first mark. */
void wp_checkpoints_seat(struct run *run);

/*
 * What the journal has is of this plan: each stage that kept something is there, with the same options where these
 * matter. 0; -EINVAL: not so, or there is a stage that can't keep what it has; `errors` has a line for each fault. With
 * `adapts` what isn't so is no fault, and a line of `notes`.
 */
WEIR_MUST_USE int wp_checkpoints_check(const struct checkpoints *checkpoints, weir_text *errors, weir_text *notes);

/* What the journal has of this node: 1; 0: nothing; or -ENOMEM. */
WEIR_MUST_USE int wp_checkpoints_entry(const struct checkpoints *checkpoints, const struct kept *kept,
                                       struct record_entry *ret_entry);

/* For wp_mark_hand_on(): the node saves what it keeps. 0 or a negative errno that has been told. */
WEIR_MUST_USE int wp_checkpoints_save(struct run_node *node);

/* Everything that is kept, as a record without its end; `last`: as the nodes had it at their ends. 0 or -ENOMEM. */
WEIR_MUST_USE int wp_checkpoints_record(struct checkpoints *checkpoints, uint64_t number, bool last,
                                        weir_text *ret_record);

/*
 * Takes checkpoints until the run is over, or asked to stop. Resolves to 0; to CHECKPOINTER_DONE: the run was asked
 * to stop and is in the journal, its tasks may be dropped; or to a negative errno that has been told.
 */
#define CHECKPOINTER_DONE 0x7fff
/* clang-format off */
WEIR_ASYNC_DECLARE(wp_checkpointer, int, struct run *run; struct mark *mark; struct commit *commit; uint64_t number;
                   uint64_t seen; bool first; bool is_last; bool is_over; weir_cancelled_future through;
                   weir_cancelled_future stopped; weir_cancelled_future over; weir_cancelled_future full;
                   weir_sleep nap; weir_select_future which; weir_offload_future job;);
/* clang-format on */

#endif
