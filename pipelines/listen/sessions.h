/*
 * sessions.h - of whom a `listen ack=true` has which records: docs/acknowledged.md.
 *
 *     taken <- handed <- durable
 *
 * A connection takes a record when it gives it to the node, the node hands it on to the pipeline; durable is what no
 * kill takes back: with --state what a checkpoint has that is in the journal, without it what was handed on. One
 * connection at a time has a session. Who has never given a record is forgotten when he goes; of others so many are
 * kept, and those that weren't there for a day make room for new ones.
 */
#ifndef WP_SESSIONS_H
#define WP_SESSIONS_H

#include <pthread.h>
#include <weir/notify.h>

#include "listen/ack_line.h"
#include "run/checkpoint.h"

#define SESSION_KEPT_SECONDS (INT64_C(86400))

struct session {
    unsigned char id[SESSION_ID_BYTES];
    uint64_t taken, handed;
    uint64_t saved;   /* handed at the last checkpoint that was saved */
    uint64_t durable; /* [atomic] */
    int64_t seen;     /* in seconds of the clock: when it was there last */
    int fd;           /* of its connection; -1: there is none */
    weir_notify came; /* durable went up */
};

struct sessions {
    pthread_mutex_t lock; /* of all but `came` and `durable`, which are read without */
    struct session **list;
    unsigned count, room, most;
    bool keeps;         /* there is a journal */
    uint64_t saved_for; /* the checkpoint that was saved last; 0: what it had is durable */
};

struct sessions *wp_sessions_create(unsigned most, bool keeps); /* NULL: no memory */
void wp_sessions_destroy(struct sessions *self);                /* takes NULL */

/*
 * The session is the connection's, whose descriptor that is, until wp_sessions_leave(). 0; -EBUSY: another connection
 * has it, which is ended; -ENOSPC: there are too many; or -ENOMEM.
 */
WEIR_MUST_USE int wp_sessions_enter(struct sessions *self, const unsigned char id[SESSION_ID_BYTES], int fd,
                                    struct session **ret_session);
void wp_sessions_leave(struct sessions *self, struct session *session); /* takes NULL */

/* The connection has given the node the records up to this one. */
void wp_sessions_took(struct sessions *self, struct session *session, uint64_t number);
/* The node has handed them on. */
void wp_sessions_handed(struct sessions *self, struct session *session, uint64_t number);
uint64_t wp_session_durable(const struct session *session);

/* For the node's save() and load(). 0 or a negative errno. */
WEIR_MUST_USE int wp_sessions_save(struct sessions *self, struct wp_save *save, uint64_t checkpoint);
WEIR_MUST_USE int wp_sessions_load(struct sessions *self, struct wp_load *load);
/* The checkpoints up to this one are in the journal. */
void wp_sessions_are_durable(struct sessions *self, uint64_t checkpoint);

#endif
