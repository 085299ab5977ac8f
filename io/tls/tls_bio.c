/* tls_bio.c - OpenSSL's reads and writes. */
#include "tls_bio.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static const struct libssl *lib;
static BIO_METHOD *method;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static int bio_create(BIO *bio)
{
    lib->BIO_set_init(bio, 1);
    return 1;
}

static int bio_read(BIO *bio, char *buffer, int size)
{
    struct tls_wire *wire = lib->BIO_get_data(bio);
    ssize_t got;
    lib->BIO_clear_flags(bio, BIO_FLAGS_RWS | BIO_FLAGS_SHOULD_RETRY);
    do
        got = recv(wire->fd, buffer, (size_t)size, MSG_DONTWAIT);
    while (got < 0 && errno == EINTR);
    if (got < 0 && errno == EAGAIN)
        lib->BIO_set_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY);
    else if (got < 0)
        wire->read_error = -errno;
    wire->at_end |= got == 0;
    return (int)got;
}

static int bio_write(BIO *bio, const char *data, int size)
{
    struct tls_wire *wire = lib->BIO_get_data(bio);
    const size_t more = (size_t)size;
    lib->BIO_clear_flags(bio, BIO_FLAGS_RWS | BIO_FLAGS_SHOULD_RETRY);
    if (wire->at == wire->size)
        wire->at = wire->size = 0;
    if (wire->room - wire->size < more) {
        const size_t room = 2 * (wire->size + more);
        uint8_t *grown = realloc(wire->data, room);
        if (grown == NULL)
            return -1;
        wire->data = grown;
        wire->room = room;
    }
    memcpy(wire->data + wire->size, data, more);
    wire->size += more;
    wire->written += more;
    return size;
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
    struct tls_wire *wire = lib->BIO_get_data(bio);
    (void)number, (void)pointer;
    switch (command) {
    case BIO_CTRL_FLUSH: /* who polls does that */
        return 1;
    case BIO_CTRL_EOF:
        return wire->at_end;
    case BIO_CTRL_WPENDING:
        return (long)(wire->size - wire->at);
    default:
        return 0;
    }
}

static void make_method(void)
{
    BIO_METHOD *made = lib->BIO_meth_new(BIO_TYPE_SOURCE_SINK | 0x7e, "weir stream");
    if (made != NULL && lib->BIO_meth_set_create(made, bio_create) == 1 &&
        lib->BIO_meth_set_read(made, bio_read) == 1 && lib->BIO_meth_set_write(made, bio_write) == 1 &&
        lib->BIO_meth_set_ctrl(made, bio_ctrl) == 1)
        method = made;
}

BIO_METHOD *wi_tls_bio_method(const struct libssl *with)
{
    lib = with;
    (void)pthread_once(&once, make_method);
    return method;
}

int wi_tls_wire_flush(struct tls_wire *wire)
{
    while (wire->at < wire->size) {
        const ssize_t put = send(wire->fd, wire->data + wire->at, wire->size - wire->at, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return -errno;
        wire->at += (size_t)put;
    }
    return 0;
}

void wi_tls_wire_fini(struct tls_wire *wire)
{
    free(wire->data);
}
