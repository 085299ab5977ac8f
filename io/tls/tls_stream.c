/* tls_stream.c - reading and writing a TLS connection. */
#include "tls_stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "stream/ready.h"
#include "tls_fault.h"

/* More than that isn't carried: what a write takes beyond it waits for the next. */
#define CARRIED_MAX (48u << 10)

static struct tls *from_stream(weir_stream *stream)
{
    return weir_container_of(stream, struct tls, stream);
}

int wi_tls_outcome(struct tls *self, int result)
{
    const struct libssl *lib = self->context->lib;
    switch (lib->SSL_get_error(self->ssl, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return -EAGAIN;
    case SSL_ERROR_ZERO_RETURN:
        return 0;
    default:
        break;
    }
    const long verified = lib->SSL_get_verify_result(self->ssl);
    if (self->wire.read_error != 0) {
        lib->ERR_clear_error();
        (void)snprintf(self->fault, sizeof self->fault, "%s", strerror(-self->wire.read_error));
        return self->wire.read_error;
    }
    if (self->wire.at_end) {
        lib->ERR_clear_error();
        (void)snprintf(self->fault, sizeof self->fault,
                       "the other side cut the connection without saying that it ends");
        return -ECONNABORTED;
    }
    if (self->context->verify && verified != X509_V_OK) {
        lib->ERR_clear_error();
        (void)snprintf(self->fault, sizeof self->fault, "the certificate of the other side can't be trusted: %s",
                       lib->X509_verify_cert_error_string(verified));
        return -EKEYREJECTED;
    }
    wi_tls_fault_take(lib, self->fault, "TLS");
    return -EPROTO;
}

weir_poll wi_tls_wait(struct tls *self, weir_io_wait *wait, bool reads, weir_cx *cx, int *ret_error)
{
    (void)pthread_mutex_lock(&self->lock);
    const bool carries = self->wire.at < self->wire.size;
    (void)pthread_mutex_unlock(&self->lock);
    return wi_ready_poll(wait, self->wire.fd, (reads ? POLLIN : 0) | (carries || !reads ? POLLOUT : 0), cx, ret_error);
}

/* --- the stream ----------------------------------------------------------------------- */

/* Bytes, 0, or a negative errno; -EAGAIN: wait. */
static int64_t read_now(struct tls *self, const struct iovec *parts, int count)
{
    const struct libssl *lib = self->context->lib;
    int64_t sum = 0, error = 0;
    (void)pthread_mutex_lock(&self->lock);
    (void)wi_tls_wire_flush(&self->wire); /* what went wrong there the next write says */
    for (int i = 0; i < count && error == 0; i++)
        for (size_t at = 0; at < parts[i].iov_len && error == 0;) {
            const size_t room = parts[i].iov_len - at;
            lib->ERR_clear_error();
            const int got =
                lib->SSL_read(self->ssl, (char *)parts[i].iov_base + at, room < INT32_MAX ? (int)room : INT32_MAX);
            if (got > 0) {
                at += (size_t)got;
                sum += got;
                continue;
            }
            error = wi_tls_outcome(self, got);
            if (error == 0)
                error = 1; /* the end */
        }
    (void)wi_tls_wire_flush(&self->wire);
    (void)pthread_mutex_unlock(&self->lock);
    return sum > 0 || error > 0 ? sum : error;
}

/* One that waits for the socket, if it did, and tries. */
typedef int64_t (*now_fn)(struct tls *self, const struct iovec *parts, int count);

static weir_poll loop(struct tls *self, weir_cx *cx, weir_io_wait *wait, bool reads, const struct iovec *parts,
                      int count, now_fn now, int64_t *ret_result)
{
    bool waits = wait->op != NULL;
    for (;;) {
        int error;
        if (waits && wi_tls_wait(self, wait, reads, cx, &error) == WEIR_PENDING)
            return WEIR_PENDING;
        *ret_result = waits && error < 0 ? error : now(self, parts, count);
        if (*ret_result != -EAGAIN)
            return WEIR_READY;
        waits = true;
    }
}

static weir_poll tls_poll_read(weir_stream *stream, weir_cx *cx, weir_io_wait *wait, const struct iovec *parts,
                               int count, int64_t *ret_result)
{
    return loop(from_stream(stream), cx, wait, true, parts, count, read_now, ret_result);
}

/* Takes so much that it needn't be carried for long. */
static int64_t write_now(struct tls *self, const struct iovec *parts, int count)
{
    const struct libssl *lib = self->context->lib;
    int64_t sum = 0;
    (void)pthread_mutex_lock(&self->lock);
    int64_t error = wi_tls_wire_flush(&self->wire);
    if (error == 0 && self->has_closed)
        error = -EPIPE;
    for (int i = 0; i < count && error == 0; i++)
        for (size_t at = 0; at < parts[i].iov_len && error == 0;) {
            const size_t left = parts[i].iov_len - at;
            lib->ERR_clear_error();
            const int put = lib->SSL_write(self->ssl, (const char *)parts[i].iov_base + at,
                                           left < INT32_MAX ? (int)left : INT32_MAX);
            if (put <= 0) {
                error = wi_tls_outcome(self, put);
                error = error == 0 || error == -EAGAIN ? -EPIPE : error;
                break;
            }
            at += (size_t)put;
            sum += put;
            if (self->wire.size - self->wire.at >= CARRIED_MAX) {
                error = wi_tls_wire_flush(&self->wire);
                if (self->wire.size - self->wire.at < CARRIED_MAX && error == -EAGAIN)
                    error = 0;
            }
        }
    if (sum > 0)
        (void)wi_tls_wire_flush(&self->wire);
    (void)pthread_mutex_unlock(&self->lock);
    return sum > 0 ? sum : error;
}

static weir_poll tls_poll_write(weir_stream *stream, weir_cx *cx, weir_io_wait *wait, const struct iovec *parts,
                                int count, int64_t *ret_result)
{
    return loop(from_stream(stream), cx, wait, false, parts, count, write_now, ret_result);
}

/* 0, -EAGAIN: not all is out; or a negative errno. */
static int64_t close_now(struct tls *self, const struct iovec *parts, int count)
{
    (void)parts, (void)count;
    const struct libssl *lib = self->context->lib;
    (void)pthread_mutex_lock(&self->lock);
    if (!self->has_closed) {
        lib->ERR_clear_error();
        (void)lib->SSL_shutdown(self->ssl);
        lib->ERR_clear_error();
        self->has_closed = true;
    }
    int error = wi_tls_wire_flush(&self->wire);
    if (error == 0 && shutdown(self->wire.fd, SHUT_WR) < 0 && errno != ENOTCONN)
        error = -errno;
    (void)pthread_mutex_unlock(&self->lock);
    return error;
}

static int64_t flush_now(struct tls *self, const struct iovec *parts, int count)
{
    (void)parts, (void)count;
    (void)pthread_mutex_lock(&self->lock);
    const int error = wi_tls_wire_flush(&self->wire);
    (void)pthread_mutex_unlock(&self->lock);
    return error;
}

static int tls_shut_down(weir_stream *stream)
{
    return (int)close_now(from_stream(stream), NULL, 0);
}

static void tls_destroy(weir_stream *stream)
{
    struct tls *self = from_stream(stream);
    if (self->ssl != NULL)
        self->context->lib->SSL_free(self->ssl); /* and the BIO with it */
    self->context->lib->ERR_clear_error();
    wi_tls_wire_fini(&self->wire);
    weir_tls_context_put(self->context);
    weir_stream_put(self->below);
    (void)pthread_mutex_destroy(&self->lock);
    free(self);
}

static const weir_stream_type tls_type = {
    .name = "tls",
    .poll_read = tls_poll_read,
    .poll_write = tls_poll_write,
    .shut_down = tls_shut_down,
    .destroy = tls_destroy,
};

/* --- making one ----------------------------------------------------------------------------- */

/* Whom a client wants to meet: asked for by name, and looked for in the certificate. */
static bool set_host(struct tls *self, const char *host)
{
    const struct libssl *lib = self->context->lib;
    if (lib->X509_VERIFY_PARAM_set1_ip_asc(lib->SSL_get0_param(self->ssl), host) == 1)
        return true;
    lib->ERR_clear_error();
    return lib->SSL_set1_host(self->ssl, host) == 1 &&
           lib->SSL_ctrl(self->ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, (void *)(uintptr_t)host) ==
               1;
}

static bool set_up(struct tls *self, const char *host)
{
    const struct libssl *lib = self->context->lib;
    BIO *bio = NULL;
    self->ssl = lib->SSL_new(self->context->ctx);
    if (self->ssl == NULL || (bio = lib->BIO_new(self->context->method)) == NULL)
        return false;
    lib->BIO_set_data(bio, &self->wire);
    lib->SSL_set_bio(self->ssl, bio, bio);
    if (self->context->is_server) {
        lib->SSL_set_accept_state(self->ssl);
        return true;
    }
    lib->SSL_set_connect_state(self->ssl);
    return set_host(self, host);
}

int wi_tls_create(weir_tls_context *context, weir_stream *below, const char *host, struct tls **ret_tls)
{
    if (below->fd < 0)
        return -EINVAL;
    struct tls *self = calloc(1, sizeof *self);
    if (self == NULL)
        return -ENOMEM;
    weir_stream_init(&self->stream, &tls_type);
    (void)pthread_mutex_init(&self->lock, NULL);
    self->stream.fd = self->wire.fd = below->fd;
    self->context = weir_tls_context_hold(context);
    context->lib->ERR_clear_error();
    if (!set_up(self, host)) {
        tls_destroy(&self->stream);
        return -ENOMEM;
    }
    self->below = below;
    *ret_tls = self;
    return 0;
}

/* --- what only these streams have --------------------------------------------------------------- */

bool weir_stream_is_tls(const weir_stream *stream)
{
    return stream->type == &tls_type;
}

const char *weir_tls_fault(const weir_stream *stream)
{
    return weir_container_of(stream, struct tls, stream)->fault;
}

uint64_t weir_tls_written(weir_stream *stream, uint64_t *ret_unsent)
{
    struct tls *self = from_stream(stream);
    (void)pthread_mutex_lock(&self->lock);
    const uint64_t written = self->wire.written;
    *ret_unsent = self->wire.size - self->wire.at;
    (void)pthread_mutex_unlock(&self->lock);
    return written;
}

static weir_tls_flush_future *flush_from(weir_future *future)
{
    return weir_container_of(future, weir_tls_flush_future, future);
}

static weir_poll flush_poll(weir_future *future, weir_cx *cx)
{
    weir_tls_flush_future *self = flush_from(future);
    if (!weir_budget_take(cx))
        return WEIR_PENDING;
    const weir_poll poll_ = loop(from_stream(self->stream), cx, &self->wait, false, NULL, 0,
                                 self->closes ? close_now : flush_now, &self->output);
    if (poll_ == WEIR_PENDING)
        weir_budget_give_back(cx);
    return poll_;
}

static void flush_drop(weir_future *future)
{
    wi_ready_drop(&flush_from(future)->wait);
}

static const weir_future_type flush_type = WEIR_FUTURE_TYPE(weir_tls_flush_future, "tls_flush", flush_poll, flush_drop);

weir_tls_flush_future weir_tls_flush(weir_stream *stream)
{
    return (weir_tls_flush_future){ .future = WEIR_FUTURE_INIT(&flush_type), .stream = stream };
}

weir_tls_flush_future weir_tls_close(weir_stream *stream)
{
    return (weir_tls_flush_future){ .future = WEIR_FUTURE_INIT(&flush_type), .stream = stream, .closes = true };
}
