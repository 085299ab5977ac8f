/*
 * tail.h - files that grow, followed line by line through rotation, truncation, replacement and restart.
 *
 *     weir_tail_create(&options, &tail);
 *     weir_tail_add(tail, "/var/log/app/" "*.log");
 *     for (;;) {
 *         weir_tail_hear(tail);                                at once
 *         while (weir_tail_wants_look(tail))
 *             weir_tail_look(tail);                            may block: on a lane
 *         while ((file = weir_tail_next(tail)) != NULL)
 *             got = weir_tail_read(file, buffer, size, false); whole lines
 *         AWAIT(self->ready, weir_tail_ready(tail));           or until weir_tail_due_ns()
 *     }
 *
 * Directories are watched by inotify; names are looked up again only where it said
 * that they changed. A file is known by its handle (name_to_handle_at(2), which
 * has the inode's generation) or by device, inode and time of birth, never by its
 * name; what it holds by a checksum of its first KiB. So
 *
 *   renamed        it goes on under its new name, and the file that took its name begins;
 *   truncated      (smaller than was read, or with another beginning) it begins anew. What had not been read of it is
 *                  looked for in a copy beside it that begins alike, as copytruncate makes it;
 *   deleted        it is read to its end, and let go when it has not grown for a while;
 *   rotated while nobody looked: what lies between the file that was read last and the one that has its name now is
 *                  read first, in its order, also from files that were compressed meanwhile.
 *
 * Files beyond `files_open_max` that don't grow are closed, and opened again when they do. Where inotify hears nothing
 * (NFS, FUSE, no watches left) directories are listed every `poll_ns`.
 *
 * A weir_tail belongs to one thread at a time.
 */
#ifndef WEIR_TAIL_H
#define WEIR_TAIL_H

#include <weir/stream.h>

typedef struct weir_tail weir_tail;
typedef struct weir_tail_file weir_tail_file;

/* What a compressed file is to the follower, which knows no codec. */
#define WEIR_TAIL_HEAD_BYTES 1024
typedef struct weir_tail_unpacked {
    uint8_t head[WEIR_TAIL_HEAD_BYTES];
    size_t head_size; /* all there was, where it is less */
    uint64_t size;    /* of the content, if all of it was wanted */
} weir_tail_unpacked;

typedef struct weir_tail_options {
    bool from_end;           /* files that are there at the first look begin at their end */
    unsigned files_open_max; /* 0: a quarter of RLIMIT_NOFILE, 16 to 4096 */
    int64_t poll_ns;         /* how often to look where nothing is heard */
    int64_t linger_ns;       /* how long a deleted file is held that doesn't grow */
    int64_t flush_ns;        /* after so long without its newline a line is one; 0: never */
    /*
     * May be NULL: compressed files are left alone. The content of the file `fd` from byte `skip` on to `to_fd`; with
     * to_fd < 0 only its head. 0 or a negative errno; -EBADMSG: it can't be unpacked.
     */
    int (*unpack)(void *arg, int fd, uint64_t skip, int to_fd, weir_tail_unpacked *ret_unpacked);
    /* May be NULL. Something is wrong with a path, which goes on being tried: `what` is half a sentence. */
    void (*note)(void *arg, const char *path, const char *what);
    void *arg;
} weir_tail_options;

/* poll 1 s, linger 5 s; the rest zero. */
weir_tail_options weir_tail_defaults(void);

/* 0 or a negative errno: -ENOMEM. Without inotify it polls. */
WEIR_MUST_USE int weir_tail_create(const weir_tail_options *options, weir_tail **ret_tail);
void weir_tail_destroy(weir_tail *tail); /* takes NULL */

/* Files of this path or pattern (weir/glob.h), there or not yet. 0, -ENOMEM, -E2BIG, or what getcwd(3) says. */
WEIR_MUST_USE int weir_tail_add(weir_tail *tail, const char *pattern);

/* --- looking ------------------------------------------------------------------------------- */

/* Takes what inotify has to say. Never blocks. */
void weir_tail_hear(weir_tail *tail);
/* Is there something for weir_tail_look() to do? */
bool weir_tail_wants_look(const weir_tail *tail);
/* Lists directories, looks at names, opens files. Blocks. 0 or -ENOMEM; all else is noted, and tried again. */
WEIR_MUST_USE int weir_tail_look(weir_tail *tail);
/* By the clock of weir_now_ns(): when weir_tail_hear() finds something to do though nothing is heard; INT64_MAX. */
int64_t weir_tail_due_ns(const weir_tail *tail);

/*
 * weir_tail_ready() - wait until there is something to hear. Resolves to 0 or a negative errno as in stream.h.
 *
 * Cancel safe: yes.
 */
typedef struct weir_tail_ready_future {
    weir_future future;
    int64_t output;
    weir_tail *tail;
    weir_io_wait wait;
} weir_tail_ready_future;
WEIR_MUST_USE weir_tail_ready_future weir_tail_ready(weir_tail *tail);

/* --- reading ------------------------------------------------------------------------------- */

/* The next file that may have something to read, in turn; NULL: there is none, or weir_tail_look() must open it. */
weir_tail_file *weir_tail_next(weir_tail *tail);

/*
 * weir_tail_read() - as many whole lines as there are and fit, which the file's position moves behind. The last may
 * have no newline where none will come: the file was deleted, or flush_ns is over.
 *
 * Returns bytes; 0: nothing whole is there now; -EAGAIN: it would have to wait, and !may_wait; -EMSGSIZE: the next line
 * is longer than `size`; or another negative errno, which was noted.
 */
WEIR_MUST_USE int64_t weir_tail_read(weir_tail_file *file, void *buffer, size_t size, bool may_wait);

/* After -EMSGSIZE: its bytes, with the newline. */
uint64_t weir_tail_line_bytes(const weir_tail_file *file);
/* The beginning of it, as much as fits: bytes or a negative errno. May block. */
WEIR_MUST_USE int64_t weir_tail_peek(const weir_tail_file *file, void *buffer, size_t size);
/* Moves behind it. */
void weir_tail_skip(weir_tail_file *file);

/* The name by which it was found first, as its pattern spells it; what it is called now may be another. */
const char *weir_tail_file_path(const weir_tail_file *file);
/* Of the first byte of the next line. */
uint64_t weir_tail_file_offset(const weir_tail_file *file);

/* --- positions ----------------------------------------------------------------------------- */

/* Where one file stands. */
typedef struct weir_tail_position {
    const char *path;     /* absolute: by which it was found first */
    uint64_t offset;      /* of the next line */
    const void *identity; /* which file it is, for weir_tail_load(); NULL: whichever has this path */
    size_t identity_size;
} weir_tail_position;

/*
 * weir_tail_save() - put() is called for each file; what the position points to is there meanwhile. Stops at and
 * returns what put() returns, if that isn't 0.
 */
WEIR_MUST_USE int weir_tail_save(const weir_tail *tail, int (*put)(void *arg, const weir_tail_position *position),
                                 void *arg);
/* One of them again, before the first look. 0, -ENOMEM, or -EBADMSG: that is no such thing. */
WEIR_MUST_USE int weir_tail_load(weir_tail *tail, const weir_tail_position *position);

typedef struct weir_tail_stats {
    size_t files, open, watched, polled;
    uint64_t truncations, overflows;
    uint64_t cut_bytes; /* that were seen to be there, and were gone before they were read */
} weir_tail_stats;
void weir_tail_stats_get(const weir_tail *tail, weir_tail_stats *ret_stats);

#endif
