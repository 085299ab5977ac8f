/* tls_handshake.c - the futures that make a TLS connection of a plain one. */
#include <stdio.h>
#include <string.h>

#include "stream/ready.h"
#include "tls_stream.h"

static weir_tls_handshake *from_head(weir_future *future)
{
    return weir_container_of(future, weir_tls_handshake, future);
}

/* 1: done; -EAGAIN; or a negative errno. What we have to say last, an alert, goes out if there is room. */
static int shake(struct tls *self)
{
    const struct libssl *lib = self->context->lib;
    (void)pthread_mutex_lock(&self->lock);
    lib->ERR_clear_error();
    const int result = lib->SSL_do_handshake(self->ssl);
    int error = result == 1 ? 1 : wi_tls_outcome(self, result);
    const int flushed = wi_tls_wire_flush(&self->wire);
    if (error == 0) { /* it has said that nothing comes */
        (void)snprintf(self->fault, sizeof self->fault, "the other side ended the connection");
        error = -ECONNABORTED;
    }
    if ((error == 1 || error == -EAGAIN) && flushed < 0) {
        error = flushed;
        (void)snprintf(self->fault, sizeof self->fault, "%s", strerror(-error));
    }
    (void)pthread_mutex_unlock(&self->lock);
    return error;
}

static weir_poll finish(weir_tls_handshake *self, int error)
{
    struct tls *tls = self->tls;
    self->tls = NULL;
    self->output = error;
    if (error == 0) {
        tls->fault[0] = '\0';
        *self->ret_stream = &tls->stream;
        return WEIR_READY;
    }
    if (self->fault != NULL)
        (void)snprintf(self->fault, WEIR_TLS_FAULT_MAX, "%s", tls->fault[0] != '\0' ? tls->fault : strerror(-error));
    weir_stream_put(&tls->stream);
    return WEIR_READY;
}

static weir_poll handshake_poll(weir_future *future, weir_cx *cx)
{
    weir_tls_handshake *self = from_head(future);
    if (self->tls == NULL)
        return WEIR_READY; /* its constructor has failed */
    if (!weir_budget_take(cx))
        return WEIR_PENDING;
    bool waits = self->wait.op != NULL;
    for (;;) {
        int error = 0;
        if (waits && wi_tls_wait(self->tls, &self->wait, true, cx, &error) == WEIR_PENDING) {
            weir_budget_give_back(cx);
            return WEIR_PENDING;
        }
        if (error == 0)
            error = shake(self->tls);
        if (error != -EAGAIN)
            return finish(self, error == 1 ? 0 : error);
        waits = true;
    }
}

static void handshake_drop(weir_future *future)
{
    weir_tls_handshake *self = from_head(future);
    wi_ready_drop(&self->wait);
    if (self->tls != NULL)
        weir_stream_put(&self->tls->stream);
    self->tls = NULL;
}

static const weir_future_type handshake_type =
    WEIR_FUTURE_TYPE(weir_tls_handshake, "tls_handshake", handshake_poll, handshake_drop);

static weir_tls_handshake make(weir_tls_context *context, weir_stream *stream, const char *host,
                               weir_stream **ret_stream, char *fault)
{
    weir_tls_handshake self = { .future = WEIR_FUTURE_INIT(&handshake_type), .ret_stream = ret_stream, .fault = fault };
    self.output = wi_tls_create(context, stream, host, &self.tls);
    if (self.output < 0) {
        if (fault != NULL)
            (void)snprintf(fault, WEIR_TLS_FAULT_MAX, "%s", strerror((int)-self.output));
        weir_stream_put(stream);
    }
    return self;
}

weir_tls_handshake weir_tls_connect(weir_tls_context *context, weir_stream *stream, const char *host,
                                    weir_stream **ret_stream, char *fault)
{
    return make(context, stream, host, ret_stream, fault);
}

weir_tls_handshake weir_tls_accept(weir_tls_context *context, weir_stream *stream, weir_stream **ret_stream,
                                   char *fault)
{
    return make(context, stream, NULL, ret_stream, fault);
}
