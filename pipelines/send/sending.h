/*
 * sending.h - a `send`: what it has of options, connection and patience.
 */
#ifndef WP_SENDING_H
#define WP_SENDING_H

#include "run/run.h"
#include "send/greeting.h"
#include "send/outbox.h"
#include "send/spool.h"
#include "send/target.h"

struct sending {
    struct run_node *node;
    const char *address; /* as the text has it */
    struct target target;
    struct packet_form form;
    int64_t timeout_ns, giveup_ns;

    struct outbox outbox;
    struct greeting *greeting; /* records are acknowledged by who gets them; NULL: by its kernel */
    struct spool *spool;       /* NULL: there is none */
    struct packet *fresh;      /* that goes there next */
    bool works;                /* a job has the spool, */
    bool is_full;              /* which had no room when it had it last */
    bool is_synced;            /* all that came before the mark is on the disk */
    struct parcel parcel;      /* that was received last */
    bool has_mark;             /* it is a checkpoint's, which waits for the outbox to be empty */
    bool ended;                /* the input */
    bool told_split;

    weir_stream *stream; /* the connection, or NULL */
    char fault[WEIR_TLS_FAULT_MAX];
    char heard[512];  /* what the other side says */
    uint64_t written; /* of this connection */
    bool is_new;      /* nothing was acknowledged on it yet */

    unsigned failures; /* in a row */
    bool tried_at_end; /* one more attempt was made, and failed, since the input has ended */
    int64_t retry_ns;  /* when to connect again, */
    int64_t limit_ns;  /* until when that, or the last farewell, may take */
    int64_t look_ns;   /* when to ask the kernel again, */
    int64_t look_every_ns;
    int64_t progress_ns; /* when something was acknowledged last */
    bool told_outage;
};

/* 0 or a negative errno that was told; *ret_sending may be there all the same. */
int wp_sending_create(struct run_node *node, struct sending **ret_sending);
void wp_sending_destroy(struct sending *self); /* takes NULL */

/* What was received is taken. 0 or a negative errno that was told. */
int wp_sending_take(struct sending *self);
/* There is room for more. */
bool wp_sending_has_room(const struct sending *self);

/* Is there something to do for the spool? Then it is what the next job does, until wp_sending_worked(). */
bool wp_sending_has_work(struct sending *self);
/* It is done. 0 or a negative errno that was told. */
int wp_sending_worked(struct sending *self, int64_t result);
/* All that came before the mark is acknowledged, or safe. */
bool wp_sending_is_safe(const struct sending *self);
/* The input has ended, and nothing is left to do; or what is left waits in the spool, since nobody is there. */
bool wp_sending_is_done(const struct sending *self);
/* Says so. */
void wp_sending_leave(const struct sending *self);

/* The attempt to connect resolved to that; 0: the connection is there. 0 or a negative errno that was told. */
int wp_sending_connected(struct sending *self, int64_t result);
/* The connection ended, or broke: another one is to be made. Likewise. */
int wp_sending_broke(struct sending *self, const char *why);
/* Bytes were written. */
void wp_sending_wrote(struct sending *self, size_t bytes);
/* Bytes were heard; where the other side acknowledges, they are read into the greeting's. 0; or 1: wp_sending_broke().
 */
int wp_sending_heard(struct sending *self, size_t bytes);
/* The last record that was given out by its number, or may be. */
uint64_t wp_sending_last(const struct sending *self);
/* A checkpoint is durable, perhaps: more may be sent. True: that is another session, wp_sending_turn(). */
bool wp_sending_turns(struct sending *self);
/* The connection goes, and the next one is the other session's. */
void wp_sending_turn(struct sending *self);
/* A deadline has passed, perhaps: looks at all of them. Likewise; 1: the other side is silent, wp_sending_broke(). */
int wp_sending_look(struct sending *self);
/* When to look next; INT64_MAX: never. */
int64_t wp_sending_due_ns(const struct sending *self);

#endif
