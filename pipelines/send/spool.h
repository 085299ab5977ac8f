/*
 * spool.h - packets in files, bounded in bytes, until they are acknowledged: what a `send` has taken survives its
 * process.
 *
 * DIR/NUMBER.spool holds packets one behind the other, and is called by the number
 * of its first record. A packet:
 *
 *     4    "wsp1"
 *     4    records in it
 *     8    the number of the first
 *     8    bytes of it on the wire
 *     16   XXH3-128 of all of it, this as zeros
 *     4    times records: where each of them ends on the wire
 *     ...  the bytes on the wire
 *
 * DIR/begun is there while the journal of a run with one hasn't had its first checkpoint, and says which record was the
 * last before it. DIR/done says up to which record all are acknowledged; files before that are gone.
 * Numbers are in the byte order of the machine. What isn't whole at the end of the
 * last file was being written when the process was killed, and is cut off.
 *
 * All but the first five functions are for a lane, one at a time.
 */
#ifndef WP_SPOOL_H
#define WP_SPOOL_H

#include <weir/blocking.h>

#include "send/outbox.h"

#define SPOOL_FAULT_MAX 512

struct spool_file {
    uint64_t first, size;
};

/* Counted, since a job outlives a node that was dropped. */
struct spool {
    uint32_t refs;
    char *dir;
    int dir_fd, lock_fd, done_fd, fd; /* the last: of the file that is written to, or -1 */
    uint64_t bytes_max, bytes;        /* of the files */
    uint64_t acked, appended;         /* the last record that is acknowledged, as DIR/done has it; that is there */
    uint64_t synced;                  /* that is on the disk, too */
    struct spool_file *files;         /* oldest first */
    size_t count, room;
    uint64_t read;      /* the last record that was given out, */
    uint64_t read_file; /* and what is behind it: the file by its first record, and where in it */
    uint64_t read_at;
    bool syncs;         /* wants_sync will be asked for: files are synced when they are full, too */
    bool is_new;        /* the directory has to be synced, too */
    bool is_begun;      /* DIR/begun is there, */
    bool wants_commit;  /* and is to go */
    struct packet *in;  /* what a job is to append: stays, numbered; */
    bool wants_out;     /* whether it is to read a packet, */
    struct packet *out; /* which is this; */
    uint64_t ack;       /* up to where all are acknowledged by now; */
    bool wants_sync;    /* whether all is to be on the disk */
    char fault[SPOOL_FAULT_MAX];
};

struct spool *wp_spool_ref(struct spool *self);
void wp_spool_unref(void *self); /* takes NULL */
/* Would a packet of so many records and bytes fit? One always does. */
bool wp_spool_has_room(const struct spool *self, uint32_t count, size_t size);

/* Opens or makes it. 0; or a negative errno, and `fault` says what and where. */
int wp_spool_open(const char *dir, uint64_t bytes_max, struct spool **ret_spool, char fault[SPOOL_FAULT_MAX]);
/*
 * A spool that was just opened goes on behind this record; those that are there behind it go. 0; -EBADMSG: it isn't
 * there; or another negative errno, and `fault` says why. Blocks.
 */
int wp_spool_cut(struct spool *self, uint64_t number);
/*
 * What a journal is to count on begins here, and isn't in it yet: DIR/begun says where, until it goes (wants_commit).
 * What the last one who began has left behind his beginning goes: no journal has it. Likewise.
 */
int wp_spool_begin(struct spool *self);
/* What in, wants_out, ack and wants_sync ask for. 0; or a negative errno, and `fault` says why. A job. */
int64_t wp_spool_work(void *self, weir_job *job);

#endif
