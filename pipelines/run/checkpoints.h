/*
 * checkpoints.h - the side of a run's checkpoints that is not a node's: what has been saved, and who wants the next
 * one.
 */
#ifndef WP_CHECKPOINTS_H
#define WP_CHECKPOINTS_H

#include "journal/items.h"
#include "run/checkpoint.h"
#include "run/marks.h"

/* A file that is synced before the record is written. */
struct unsynced {
    struct unsynced *next;
    int fd;
};

struct saved {
    weir_text bytes; /* items */
    struct unsynced *files;
};
void wp_saved_fini(struct saved *saved);

/* What a node keeps. Its task's while it runs; the checkpointer's between `through` and `settled`. */
struct kept {
    struct kept *next;
    struct run_node *node;
    const struct wp_kept *ops;
    void *arg;          /* NULL: the node has ended */
    struct saved saved; /* for the last mark that the node has handed on */
    struct saved last;  /* at its end */
};

/* What a record has of one node. */
struct entry {
    const struct plan_node *plan;
    const unsigned char *items;
    size_t size;
};

struct checkpoints {
    pthread_mutex_t lock; /* of what follows */
    struct kept *kept;
    struct mark *now;  /* a reference until it is wanted, and a hold: the next one to be wanted, or under way */
    struct mark *next; /* a reference and a hold: the one behind it */
    struct entry *loaded;
    size_t loaded_count;
};

/* 0 or -ENOMEM: the run, which isn't spawned yet, takes checkpoints. */
WEIR_MUST_USE int wp_checkpoints_create(struct run *run);
void wp_checkpoints_destroy(struct run *run); /* also of one that takes none */
/* The sources are known: each gets its first mark. */
void wp_checkpoints_seat(struct run *run);

/* For wp_mark_hand_on(): the node saves what it keeps. 0 or a negative errno that has been told. */
WEIR_MUST_USE int wp_checkpoints_save(struct run_node *node);
/* What the run began with: of this node; NULL: nothing. */
const struct entry *wp_checkpoints_entry(const struct checkpoints *checkpoints, const struct run_node *node);

#endif
