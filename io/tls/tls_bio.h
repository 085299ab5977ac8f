/*
 * tls_bio.h - between OpenSSL and a socket: reads come from it, what is written is carried until the socket takes it.
 *
 * OpenSSL's own BIO for sockets raises SIGPIPE, and leaves a record that the kernel took a part of to whoever writes
 * next: then a write that was dropped would have written. Here a record is whole once it is made.
 */
#ifndef WI_TLS_BIO_H
#define WI_TLS_BIO_H

#include <weir/stream.h>

#include "libssl.h"

struct tls_wire {
    int fd;
    bool at_end;    /* the socket has no more */
    int read_error; /* negative errno of the last read, but -EAGAIN; 0: none */
    uint8_t *data;  /* [at, size) is carried */
    size_t at, size, room;
    uint64_t written; /* all that ever was carried */
};

/* Made once. NULL: no memory. */
BIO_METHOD *wi_tls_bio_method(const struct libssl *lib);

/* Gives the socket what it takes now. 0: all of it; -EAGAIN; or a negative errno. */
int wi_tls_wire_flush(struct tls_wire *wire);
void wi_tls_wire_fini(struct tls_wire *wire);

#endif
