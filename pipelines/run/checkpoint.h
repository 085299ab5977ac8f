/*
 * checkpoint.h - what of a run outlives it: positions, lengths and states of one moment, which are journaled together.
 *
 * A mark travels with the data. When a checkpoint is due each source, between two
 * parcels, saves its position, sends a mark behind what it sent, and gives no more
 * until all marks are through. A node that meets the mark has worked on all that
 * came before it and on nothing that comes behind: it saves what it keeps, and hands
 * the mark on. A mark is counted: once the last reference to it is gone, wherever
 * that was (at a sink, in an edge that nobody reads any more), everything has been
 * saved, and sources go on. Meanwhile what the sinks wrote is synced, and then one
 * record of all of it is appended to the journal (journal.h) and synced.
 *
 * In a run without a journal all of this does nothing and costs a load.
 *
 * What a node has to do:
 *
 *   a source   calls wp_checkpoint_keep() before it gives anything; then AWAITs
 *              wp_checkpoint_pass() before each parcel, and where it waits for
 *              input has wp_checkpoint_wait() in its select, so that it passes while
 *              nothing comes. Its save() says where the *next* parcel begins. It need
 *              not know of the end: with a journal wp_stop_wait() and
 *              wp_stop_is_asked() never come true; a run that is to stop takes a
 *              last checkpoint instead and is dropped. One that ends without sending its
 *              end (since wp_edge_closed() resolved, say) calls wp_checkpoint_ended().
 *   a stage    with a state calls wp_checkpoint_keep() before it receives anything;
 *              that is all. One made of rows_ops has `save` and `load` there instead.
 *   a stage    that holds back what it could have sent (see is_worth_sending() of
 *              transform.c), or that receives while it is still at work, has
 *              node->takes_marks set before its first wp_edge_recv(). It gets the
 *              mark as a parcel, sends what it held, and AWAITs wp_checkpoint_hand_on().
 *   a timer    that makes a node give something without having received it waits while
 *              wp_checkpoint_holds(): wp_checkpoint_settled() takes its place in the select.
 *   a sink     whose output can be cut adds the files it has written to in save(), and
 *              calls wp_checkpoint_opening() before it writes to a file that the last
 *              save() didn't have. At a restart they are cut before any node is
 *              spawned; load() is told of them.
 *
 * All nodes say in their node_type.keeps what they are in this respect.
 */
#ifndef WP_CHECKPOINT_H
#define WP_CHECKPOINT_H

#include <weir/cancel.h>
#include <weir/notify.h>
#include <weir/text.h>

#include "run/run.h"

/* --- what a node keeps ------------------------------------------------------------------------------------ */

/* Being written; being read. */
struct wp_save;
struct wp_load;

struct wp_kept {
    /* On the node's own task, while nothing is at work in it. 0 or a negative errno that has been told. */
    int (*save)(void *arg, struct wp_save *save);
    /* What save() gave the last time, by the same version or an older one: 0, or a negative errno that has been told.
     */
    int (*load)(void *arg, struct wp_load *load);
};

/*
 * The node keeps this from now on, until the run ends: what it kept at its end is what it keeps from then on. `arg` is
 * the node's own and is there until wp_checkpoint_ended() or the end of its task. Calls load() if the journal has
 * something for it. 1 if so; 0; or a negative errno that has been told.
 */
WEIR_MUST_USE int wp_checkpoint_keep(struct run_node *node, const struct wp_kept *kept, void *arg);
/* The node is going to end, and what it keeps with it: saved for the last time. 0 or a negative errno that was told. */
WEIR_MUST_USE int wp_checkpoint_ended(struct run_node *node);

/*
 * The node is going to leave what feeds it, and with that all of the run ends. A mark that comes to it is lost, and is
 * through while what the node gave is still on its way: of the checkpoints from now on only the one at the end counts.
 */
void wp_checkpoint_close(struct run_node *node);

/* Is there a journal? */
bool wp_checkpoint_is_on(const struct run_node *node);

/* --- in save() and load(): what is put in comes out in the same order ----------------------------------------- */

/* A state: any bytes, as often as it pays. 0 or -ENOMEM. */
WEIR_MUST_USE int wp_save_bytes(struct wp_save *save, const void *data, size_t size);

/* How far a file was read. `weir state rewind --source PATH=OFFSET` changes the offset, and leaves out the identity. */
struct wp_position {
    const char *path;
    uint64_t offset;
    const void *identity; /* of the file that had this path; what it is knows the source. NULL: none */
    size_t identity_size;
};
/* 0 or -ENOMEM. */
WEIR_MUST_USE int wp_save_position(struct wp_save *save, const struct wp_position *position);

/* A file that was written. */
struct wp_written {
    const char *path; /* absolute, or relative to the directory the process runs in */
    uint64_t size;
    int fd;                /* synced before the record is written; duplicated at once. Not in load(): -1 */
    const char *rename_to; /* NULL; or the name that the file, which is complete, gets once the record is durable:
                              nobody else renames it */
    bool complete;         /* nothing more is written to it: it is in this record, and in none after it */
};
/* 0 or a negative errno (-ENOMEM, -EMFILE). */
WEIR_MUST_USE int wp_save_written(struct wp_save *save, const struct wp_written *file);

/*
 * A file of the state (see wp_checkpoint_spill()), which was appended to since the last save or not: each time, as long
 * as it is needed. 0 or a negative errno (-ENOMEM, -EMFILE).
 */
WEIR_MUST_USE int wp_save_spilled(struct wp_save *save, uint64_t number, int fd, uint64_t size);

/* The next of each kind: 1; or 0, there are no more. What they point to is there during load(). */
int wp_load_bytes(struct wp_load *load, const void **ret_data, size_t *ret_size);
int wp_load_position(struct wp_load *load, struct wp_position *ret_position);
/* They are as long as they were: what was behind that has been cut off. Complete ones are left out. */
int wp_load_written(struct wp_load *load, struct wp_written *ret_file);
/* It has been cut to that size. */
int wp_load_spilled(struct wp_load *load, uint64_t *ret_number, uint64_t *ret_size);

/* The path as the journal has it: absolute. The caller's; NULL: no memory. */
char *wp_checkpoint_path(const char *path);
/* In save(): the number of the checkpoint, each one above the one before; 0 in wp_checkpoint_ended(). */
uint64_t wp_checkpoint_number(const struct run_node *node);
/*
 * The last checkpoint that is in the journal, and whose complete outputs have their names: what was saved for it
 * outlives the process. In save() not always the one before: a source that ends hands on its next mark unasked, and
 * that passes while the names of the last one are still being given.
 */
uint64_t wp_checkpoint_named(const struct run_node *node);

/* --- stages that go to disk ---------------------------------------------------------------------------------- */

/*
 * A file in the state directory, new if *number is 0 and has one then: for reading, and for appending to; nothing that
 * is in it is ever changed. A restart finds it with what it had at the checkpoint, if that has saved it; else it is
 * removed once a checkpoint doesn't list it. Who needs it no more closes it and saves it no more. Blocks. Its
 * descriptor, or a negative errno.
 */
WEIR_MUST_USE int wp_checkpoint_spill(const struct run_node *node, uint64_t *number);

/*
 * For a select: resolves when wp_checkpoint_named() is another one; never without a journal. Make it, look at the
 * number, and await it then. Cancel safe.
 */
weir_notify_wait_future wp_checkpoint_came(const struct run_node *node);
/* The next checkpoint, and the one that the node has saved for last, needn't wait for its time: somebody waits for it.
 */
void wp_checkpoint_hurry(const struct run_node *node);

/* --- sinks --------------------------------------------------------------------------------------------------- */

/*
 * A file is going to be written to that the node's last save() didn't have: journaled, so that a restart cuts it to
 * `size` again, or removes it if it `is_new`. Call it before a new file is made, and wp_sync_dir_of() when it is.
 * Blocks: on a lane. 0 or a negative errno of the journal.
 */
WEIR_MUST_USE int wp_checkpoint_opening(struct run_node *node, const char *path, uint64_t size, bool is_new);

/* --- sources ------------------------------------------------------------------------------------------------- */

/* A checkpoint wants to pass: for one who has a loop of his own. Cheap. */
bool wp_checkpoint_is_wanted(const struct run_node *node);
/* For a select: resolves once one wants to; never without a journal. Cancel safe. */
weir_cancelled_future wp_checkpoint_wait(const struct run_node *node);
/*
 * wp_checkpoint_pass() - a source stands between two parcels. Resolves to 0, at once unless a checkpoint wants to pass:
 * then it saves what the node keeps, sends the mark, and waits until all of the run has saved. Or to a negative errno
 * that has been told.
 *
 * Cancel safe: the next call goes on where this one was; nothing may be sent before.
 */
WEIR_ASYNC_DECLARE(wp_checkpoint_pass, int, struct run_node *node; struct wp_mark_hand_on mark;
                   weir_cancelled_future settled;);

/* --- nodes with takes_marks, and timers ----------------------------------------------------------------------- */

/*
 * The mark in *parcel, which is taken: resolves to 0 when the node has saved what it keeps and all that it feeds has
 * the mark, or to a negative errno that has been told. The node has sent before what came to it before the mark.
 */
struct wp_mark_hand_on wp_checkpoint_hand_on(struct run_node *node, struct parcel *parcel);

/* The node has saved for a checkpoint that isn't settled yet: it gives nothing that it wasn't fed. */
bool wp_checkpoint_holds(const struct run_node *node);
/* For a select: resolves when it is settled; never if none is under way. Cancel safe. */
weir_cancelled_future wp_checkpoint_settled(const struct run_node *node);

#endif
