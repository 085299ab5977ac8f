/*
 * journal.h - a state directory: `journal`, what record.h says, and `lock`, which one process holds.
 *
 * What is appended is synced before the call returns. A record that isn't whole at the
 * end is what a loss of power leaves of the last append: it is cut off, and the record
 * before it counts. One that isn't whole with others behind it is damage, which only
 * `weir state fsck --repair` takes away.
 *
 * When the file has become large it is written anew with what a restart needs, and
 * takes the old one's name.
 */
#ifndef WP_JOURNAL_H
#define WP_JOURNAL_H

#include <pthread.h>

#include "journal/record.h"

/* It is written anew above this, and eight times what a restart needs. */
#define JOURNAL_BYTES_MAX ((uint64_t)4 << 20)

/* What a journal's text looks like as a whole. */
struct journal_scan {
    uint64_t records, checkpoints;
    uint64_t whole;   /* bytes up to the end of the last record before the first that isn't whole */
    bool damaged;     /* there is a whole record behind one that isn't */
    uint64_t resumed; /* where, then */
    bool no_journal;  /* it doesn't begin as one */
};

struct journal {
    pthread_mutex_t lock; /* of all of it, once several threads use it */
    char *dir;
    int dir_fd, lock_fd, fd;
    uint64_t size;       /* of the file */
    uint64_t number;     /* of the next record */
    uint64_t checkpoint; /* number of the last one; 0: there is none */
    weir_text last;      /* that record; empty: none */
    weir_text opened; /* records of openings that a restart needs: behind the last checkpoint, or on their way to it */
    uint64_t cut_bytes;       /* of a record that wasn't whole, which the opening has cut off */
    uint64_t bytes_max;       /* see above; tests have less */
    uint64_t files;           /* the highest number of a file beside it: state_files.h */
    bool files_unsynced;      /* the name of one may not be on the disk yet */
    bool broken;              /* an append failed and what it left couldn't be taken back */
    struct journal_scan scan; /* what the file looked like when it was opened */
};

/* All blocks. Errors are appended to `errors` as a line that names the place, the fault, and the way out. */

enum journal_mode {
    JOURNAL_WRITE,  /* makes the directory and the file if need be, and locks it */
    JOURNAL_MEND,   /* as that, of one that is there, and takes one that is damaged: its last whole checkpoint counts */
    JOURNAL_LOOK_AT /* changes nothing, doesn't lock, and takes one that is damaged */
};

/*
 * 0; -EBUSY: another process has it; -EBADMSG: it is damaged, or no journal; -ENOENT: it isn't there; or another
 * negative errno.
 */
WEIR_MUST_USE int wp_journal_open(const char *dir, enum journal_mode mode, struct journal **ret_journal,
                                  weir_text *errors);
/* Takes NULL. */
void wp_journal_close(struct journal *journal);

/*
 * Appends a record that has all but its end (wp_record_end() is called here), and syncs it. Any thread. 0 or a negative
 * errno: then it isn't there, or after -EIO nobody knows, and no other append will succeed.
 */
WEIR_MUST_USE int wp_journal_append(struct journal *journal, weir_text *record);

/*
 * What was opened since the last checkpoint has been undone, and is forgotten: whoever makes such files from now on is
 * somebody else. 0 or a negative errno.
 */
WEIR_MUST_USE int wp_journal_restored(struct journal *journal);

/*
 * Of one that is to be mended: a new file with what a restart needs takes its place, and the old one's name becomes
 * `journal.damaged`. 0 or a negative errno.
 */
WEIR_MUST_USE int wp_journal_mend(struct journal *journal);

/* The process that has it, as it says itself; 0: none has. */
int64_t wp_journal_owner(const struct journal *journal);

/* The last checkpoint. False: there is none. */
bool wp_journal_last(const struct journal *journal, struct record *ret_record);

/* Calls `see` with each record; it may be NULL. With `past_damage` also with those behind one that isn't whole. */
void wp_journal_scan(const struct item_name *text, bool past_damage,
                     void (*see)(void *arg, const struct record *record), void *arg, struct journal_scan *ret_scan);

/* A whole file, for wp_journal_scan(). 0 or a negative errno. */
WEIR_MUST_USE int wp_journal_slurp(int fd, weir_text *ret_text);

#endif
