/*
 * record_framing.h - where records end in the bytes of a connection.
 *
 * lines    a newline ends one; a carriage return before it goes.
 * octets   "LENGTH SP MESSAGE", octet counting of RFC 6587, 3.4.1
 * syslog   each message as its sender frames it: octet counting where it begins with a digit, else up to a newline (RFC
 *          6587, 3.4.2). Newlines and NULs that some add between messages are passed over.
 */
#ifndef WP_RECORD_FRAMING_H
#define WP_RECORD_FRAMING_H

#include <stdbool.h>
#include <stddef.h>

enum framing_kind { FRAMING_LINES, FRAMING_OCTETS, FRAMING_SYSLOG };
extern const char *const wp_framing_names[]; /* NULL at the end */

/* Of one connection. Zero it, and set the first two, or three. */
struct framing {
    enum framing_kind kind;
    size_t max;      /* of a record, its end and length not counted */
    bool empties;    /* of octets: a length may be 0 (ack=true) */
    size_t skip;     /* bytes of one that was too long which are still to come, */
    bool skips_line; /* or all up to a newline */
};

enum frame_kind {
    FRAME_RECORD,
    FRAME_MORE,     /* nothing whole is there */
    FRAME_TOO_LONG, /* `text` is its beginning; the rest is passed over as it comes */
    FRAME_BAD,      /* no such frame; nothing behind it can be made sense of. `text` is where */
};

struct frame {
    const char *text;
    size_t size;
    size_t took; /* of the bytes that were given, all of which are done with */
};

/* The next record of data[0..size). What isn't taken is to be given again, with more behind it. */
enum frame_kind wp_framing_next(struct framing *framing, const char *data, size_t size, struct frame *ret_frame);
/* The same of what is left at the end of the stream: a record without its end, or FRAME_MORE: nothing, or half a frame.
 */
enum frame_kind wp_framing_rest(struct framing *framing, const char *data, size_t size, struct frame *ret_frame);

#endif
