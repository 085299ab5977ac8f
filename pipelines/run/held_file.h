/*
 * held_file.h - a file that stays open as long as anybody, the kernel included, may use it.
 *
 * A read or a write that was dropped may still be under way: it holds the file
 * and the chunk until it has let go of them.
 */
#ifndef WP_HELD_FILE_H
#define WP_HELD_FILE_H

#include <weir/io.h>

#include "output_at.h"
#include "run/cached_write.h"
#include "run/place.h"
#include "run/seal.h"

struct held_file {
    uint32_t refs;
    weir_output output;        /* its fd; for a file that is read nothing else */
    uint64_t size;             /* of one that is written: its bytes, with those it had before */
    bool is_numbered;          /* it is one of a series, which replace nothing: */
    unsigned number;           /* that of its name */
    bool is_sparse;            /* its zeros are left out: hole.h */
    struct cached_write cache; /* of one that is written; zero: all goes to the ring */
    bool is_memory;            /* of one that is read: see memory_file.h */
    weir_chunk *chunk;         /* of the operation under way */
    struct place place;        /* of one that is written: where it is */
    struct seal seal;          /* and what is done to it before it gets its name */
};

/* One reference; fd -1, nothing to commit. NULL: no memory. */
struct held_file *wp_held_file_create(void);
/* The last one closes it, and removes what wasn't committed. Takes NULL; `file` is void for those who release args. */
void wp_held_file_unref(void *file);
struct held_file *wp_held_file_ref(struct held_file *file);
/* For one operation at a time, with `chunk` as its buffer. */
weir_io_hold wp_held_file_hold(struct held_file *file, weir_chunk *chunk);

#endif
