/*
 * rotation.h - when a file ends and the next one begins, as whoever writes the records knows it.
 *
 * A file has one name, of the time of its first record, and one period of rotate=;
 * the first record that has another ends it. Time never goes back: a record that is
 * late is one of the file that is open, and one that claims to come from the future
 * is of now. So a faulty clock costs no more than one file, and files are never
 * taken up again.
 *
 * Sizes: what goes straight to the write is counted here, and no file gets larger,
 * unless by its only record. With codecs between, and with append, the write says
 * when it has enough, and the file ends behind the record that is written then.
 */
#ifndef WP_ROTATION_H
#define WP_ROTATION_H

#include <weir/text.h>

#include "run/run.h"

struct rotation {
    const struct run_node *write; /* NULL: everything is one file */
    const struct piece *path;
    const struct path_step *time; /* NULL: by arrival */
    int64_t period_ns;            /* 0: none */
    uint64_t bytes_max;           /* 0: no limit, or none that is counted here */
    bool is_open;
    uint32_t files;    /* that were begun */
    int64_t time_ns;   /* of the file's first record */
    int64_t latest_ns; /* of any record */
    int64_t until_ns;  /* before this nobody need look: its name is the same */
    weir_text name, other;
    uint64_t bytes; /* in the file */
};

void wp_rotation_init(struct rotation *rotation, const struct run_node *node);
void wp_rotation_fini(struct rotation *rotation);

/* The record's time. */
int64_t wp_rotation_time(struct rotation *rotation, const struct row *row, int64_t now_ns, struct arena *arena);
/* Does the open file end before what is of this time? 0, 1 or -ENOMEM. */
int wp_rotation_turns(struct rotation *rotation, int64_t time_ns);
/* The write has said that the open file has its size. */
bool wp_rotation_is_full(const struct rotation *rotation);
/* A file begins with a record of this time. 0 or -ENOMEM. */
WEIR_MUST_USE int wp_rotation_begin(struct rotation *rotation, int64_t time_ns);
void wp_rotation_end(struct rotation *rotation);

/* Where it stands, for a checkpoint; and back, of one that has just been made: the same file is open. 0 or -ENOMEM. */
#define ROTATION_SAVED_BYTES 29
void wp_rotation_save(const struct rotation *rotation, char *ret_saved);
WEIR_MUST_USE int wp_rotation_load(struct rotation *rotation, const char *saved);

/* How long it may take until the open file is over by the clock; INT64_MAX: the clock says nothing about it. */
int64_t wp_rotation_wait_ns(const struct rotation *rotation);

#endif
