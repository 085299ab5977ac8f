/*
 * outbox.h - what a `send` has taken and nobody has acknowledged yet, in packets, oldest first.
 *
 * A packet is a batch as it goes over the wire. What was sent stays until it is
 * acknowledged, so a connection that breaks costs nothing: the next one begins behind
 * the last record that was. Records are numbered, from 1.
 */
#ifndef WP_OUTBOX_H
#define WP_OUTBOX_H

#include <weir/text.h>

#include "listen/record_framing.h"
#include "run/batch.h"

struct packet {
    struct packet *next;
    uint64_t first; /* the number of its first record */
    uint32_t count;
    uint32_t from; /* the first record that this connection was given */
    /* Of the bytes on the wire: where those of this connection begin, and end once all are written; 0: not yet. */
    uint64_t begin, end;
    size_t size;
    char *data;
    uint32_t *ends; /* of its records, in `data` */
};

struct outbox {
    struct packet *oldest, **tail;
    struct packet *cursor; /* bytes from `at` on are to be written next; NULL: there are none */
    size_t at;
    size_t bytes;         /* of all of them */
    uint64_t next, acked; /* the number of the next record that comes; up to which all are acknowledged, */
    uint64_t has;         /* and which the other side of this connection has besides; */
    uint64_t limit;       /* up to which they may be sent: the end of a packet. UINT64_MAX: all */
};

/* Records up to `acked` are done with: the next one that comes is the one behind it. */
void wp_outbox_init(struct outbox *self, uint64_t acked);
void wp_outbox_fini(struct outbox *self);

/* --- packets ------------------------------------------------------------------------------------------------- */

struct packet_form {
    enum framing_kind framing;
    unsigned format; /* of packet_formats */
};

enum packet_format { PACKET_AUTO, PACKET_RAW, PACKET_JSON, PACKET_LOGFMT };
extern const char *const wp_packet_format_names[]; /* NULL at the end */

/* The rows as one packet; *ret_split: how many have a newline in them, and lines can't keep them whole. NULL: no
 * memory.
 */
struct packet *wp_packet_of_rows(const struct packet_form *form, const struct batch *batch, uint32_t *ret_split);
/* Bytes as they are, which are one record. NULL: no memory. */
struct packet *wp_packet_of_bytes(const void *data, size_t size);
void wp_packet_free(struct packet *packet); /* takes NULL */

/* --- the box ---------------------------------------------------------------------------------------------------- */

/* The packet is the box's, and numbered behind the last, unless it is: then some of its first may be done with. */
void wp_outbox_add(struct outbox *self, struct packet *packet);
/* What is to be written next; 0: nothing. */
size_t wp_outbox_peek(const struct outbox *self, const char **ret_data);
/* So many bytes of that are written, and with them `wire` bytes of this connection in all. */
void wp_outbox_wrote(struct outbox *self, size_t bytes, uint64_t wire);
/* All records up to this number are acknowledged, and go. True: some were. */
bool wp_outbox_ack(struct outbox *self, uint64_t number);
/*
 * The other side's kernel has so many bytes of this connection. `exact`: the wire has our bytes and no others, so that
 * it can be told of the records of a packet, too. The number of the last record of which it has all.
 */
uint64_t wp_outbox_reached(const struct outbox *self, uint64_t wire, bool exact);
/* A new connection begins behind record `number`, which the other side has, or behind the last that is acknowledged.
 */
void wp_outbox_rewind(struct outbox *self, uint64_t number);
/* Records that aren't acknowledged. */
static inline uint64_t wp_outbox_waiting(const struct outbox *self)
{
    return self->next - 1 - self->acked;
}

#endif
