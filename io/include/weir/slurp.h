/*
 * slurp.h - the fast way through many small files: open, read and forget, one operation each.
 *
 *     while (weir_slurp_free_slots(self->slurp) > 0 && next_name(self))
 *         error = weir_slurp_start(self->slurp, cx, dirfd, self->name, tag);
 *     AWAIT(self->next, weir_slurp_next(self->slurp));
 *     for (slot = self->next.output; slot != NULL; slot = weir_slurp_take(self->slurp)) {
 *         use(slot->data, slot->result, slot->tag);
 *         weir_slurp_put(slot);
 *     }
 *
 * No fstat, no second read to see the end, no close, no descriptor, no copy: on
 * io_uring a warm file costs about what open, read and close cost inside the
 * kernel. Files that aren't cached are opened one after the other and read all
 * at once, so that neighbours on the disk come in together; 64 in flight are
 * enough for a warm cache, 128 to 256 for a cold one, in order of inode numbers.
 *
 * A slurp belongs to one task, which any worker may poll: its operations may lie
 * on several rings. It is for names that were regular files a moment ago; what
 * has taken their place since is an error, never a hang.
 */
#ifndef WEIR_SLURP_H
#define WEIR_SLURP_H

#include <weir/future.h>

typedef struct weir_slurp weir_slurp;

/*
 * A short read on this file system need not be the end of the file (/proc, FUSE,
 * the network: see weir_fs_short_read_is_eof() in walk.h): read until one says 0.
 */
#define WEIR_SLURP_CONFIRM_EOF 1u
/* A symbolic link is what it points to; else it is -ELOOP. */
#define WEIR_SLURP_FOLLOW 2u
/*
 * The file lies in memory (weir_fs_in_memory()): read at once, by plain calls, and its slot is there when the call
 * returns. What waits for nothing gains nothing by a ring, and io_uring hands each read of a tmpfs to a thread.
 */
#define WEIR_SLURP_IN_MEMORY 8u

typedef struct weir_slurp_options {
    unsigned slots;    /* how many files at once; 0: 64 */
    size_t slot_bytes; /* how much of a file is read, rounded up to a page; 0: 64 KiB */
    bool confirm_eof;  /* WEIR_SLURP_CONFIRM_EOF for every file */
} weir_slurp_options;

/* A file that was read. */
typedef struct weir_slurp_slot {
    /*
     * Bytes read, or a negative errno. As many as `capacity`: there may be more in
     * the file, read on some other way. -ENOENT: it is gone; -ELOOP: a symbolic
     * link; -ESTALE: a FIFO, a directory, a socket; -EACCES, -EIO, ... as open(2)
     * and read(2) say; -ECANCELED: the runtime shuts down.
     */
    int64_t result;
    uint8_t *data; /* aligned to a page; yours until weir_slurp_put() */
    size_t capacity;
    bool missed; /* its name wasn't cached: the disk had to be asked for more than its content */
    void *tag;   /* what weir_slurp_start() was given */
} weir_slurp_slot;

/*
 * weir_slurp_create() - slots and their buffers, whose memory comes with their first use.
 *
 * Returns 0, -ENOMEM, or -EINVAL: a slot of more than 2 GiB.
 */
WEIR_MUST_USE int weir_slurp_create(const weir_slurp_options *options, weir_slurp **ret_slurp);

/*
 * weir_slurp_destroy() - forget it, with files in flight or not. Takes NULL.
 *
 * Never blocks: what the kernel still reads into is freed when it has let go.
 * No weir_slurp_next() may be pending (drop it first). Slots are gone with it.
 */
void weir_slurp_destroy(weir_slurp *slurp);

/* How many weir_slurp_start() will find a slot. */
unsigned weir_slurp_free_slots(const weir_slurp *slurp);

/*
 * weir_slurp_start() - open and read a file, from its start.
 *
 * Queues it on the ring of the worker that polls with `cx`, and returns: 0, or
 * -EAGAIN (no free slot), -ENOMEM, -ENAMETOOLONG, -ENOTSUP (no io driver).
 * Everything about the file itself comes with its slot.
 *
 * Ownership: `name` is copied. `dirfd` (AT_FDCWD: `name` is a path of its own)
 *            must stay open until the slot is back; after weir_slurp_destroy()
 *            it may go, no file is changed by what is still read.
 */
WEIR_MUST_USE int weir_slurp_start(weir_slurp *slurp, weir_cx *cx, int dirfd, const char *name, void *tag);

/* The same with WEIR_SLURP_* flags for this file. */
WEIR_MUST_USE int weir_slurp_start_flags(weir_slurp *slurp, weir_cx *cx, int dirfd, const char *name, unsigned flags,
                                         void *tag);

/*
 * weir_slurp_next() - the next file that has been read, in whatever order they come.
 *
 * Resolves to a slot, or NULL: nothing is in flight. One at a time.
 *
 * Ownership:   the slot is yours until weir_slurp_put().
 * Cancel safe: yes; the file comes with the next call.
 */
typedef struct weir_slurp_next_future {
    weir_future future;
    weir_slurp_slot *output;
    weir_slurp *slurp;
} weir_slurp_next_future;

WEIR_MUST_USE weir_slurp_next_future weir_slurp_next(weir_slurp *slurp);

/* The same at once: NULL when no file has been read yet. For taking all there are in one poll. */
weir_slurp_slot *weir_slurp_take(weir_slurp *slurp);

/* The slot is free again. */
void weir_slurp_put(weir_slurp_slot *slot);

#endif
