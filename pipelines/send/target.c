/* target.c - connecting, and what the kernel knows of a connection. */
#include "send/target.h"

#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <weir/time.h>

#define FORMS "such as tcp://logs.example:514, tls://logs.example:6514 or unix:/run/a.sock"

static const char *parse_host(const char *text, struct target *target)
{
    const char *port = strrchr(text, ':');
    if (port == NULL || port == text || port[1] == '\0')
        return "a host and a port are wanted behind the scheme: logs.example:514, 127.0.0.1:514, [::1]:514";
    size_t size = (size_t)(port - text);
    if (text[0] == '[' && text[size - 1] == ']') {
        text++;
        size -= 2;
    }
    if (size == 0 || size >= sizeof target->host || strlen(port + 1) >= sizeof target->service)
        return "a host has 1 to 255 bytes, and a port a number or a name";
    memcpy(target->host, text, size);
    target->host[size] = '\0';
    (void)snprintf(target->service, sizeof target->service, "%s", port + 1);
    return NULL;
}

const char *wp_target_parse(const char *text, struct target *ret_target)
{
    *ret_target = (struct target){ .scheme = ADDRESS_TCP };
    if (strncmp(text, "tcp://", 6) == 0)
        return parse_host(text + 6, ret_target);
    if (strncmp(text, "tls://", 6) == 0) {
        ret_target->scheme = ADDRESS_TLS;
        return parse_host(text + 6, ret_target);
    }
    if (strncmp(text, "unix:", 5) == 0) {
        ret_target->scheme = ADDRESS_UNIX;
        return weir_addr_unix(text + 5, &ret_target->path) == 0
                   ? NULL
                   : "a path of 1 to 107 bytes is wanted behind the scheme";
    }
    if (strncmp(text, "udp://", 6) == 0 || strncmp(text, "unixgram:", 9) == 0)
        return "datagrams get lost, and nobody knows: an address is " FORMS;
    return "an address is " FORMS;
}

static const char *words(const struct wp_dial *self)
{
    if (self->target->scheme != ADDRESS_UNIX && self->plain == NULL && self->output == -ENOENT)
        return "there is no host of that name";
    return strerror((int)-self->output);
}

static weir_tls_handshake shake(struct wp_dial *self)
{
    weir_stream *plain = self->plain;
    const struct target *target = self->target;
    self->plain = NULL;
    return weir_tls_connect(target->tls, plain, target->name != NULL ? target->name : target->host, &self->made,
                            self->fault);
}

WEIR_ASYNC_DEFINE(wp_dial)
{
    WEIR_BEGIN
    if (self->target->scheme == ADDRESS_UNIX) {
        AWAIT(self->path, weir_connect(&self->target->path, NULL, &self->plain));
        self->output = self->path.output;
    } else {
        AWAIT(self->host, weir_connect_host(self->target->host, self->target->service, &self->plain));
        self->output = self->host.output;
    }
    if (self->output < 0) {
        (void)snprintf(self->fault, WEIR_TLS_FAULT_MAX, "%s", words(self));
        RETURN(self->output);
    }
    if (self->target->scheme != ADDRESS_UNIX) {
        const int on = 1;
        (void)weir_stream_set_nodelay(self->plain, true);
        (void)setsockopt(self->plain->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
        if (self->target->probe_seconds > 0) {
            (void)setsockopt(self->plain->fd, IPPROTO_TCP, TCP_KEEPIDLE, &self->target->probe_seconds, sizeof on);
            (void)setsockopt(self->plain->fd, IPPROTO_TCP, TCP_KEEPINTVL, &self->target->probe_seconds, sizeof on);
        }
    }
    if (self->target->tls != NULL) {
        AWAIT(self->shake, shake(self));
        if (self->shake.output < 0)
            RETURN(self->shake.output);
    } else {
        self->made = self->plain;
        self->plain = NULL;
    }
    if (self->greeting != NULL) {
        AWAIT(self->greet, WEIR_CALL(wp_greet, .greeting = self->greeting, .outbox = self->outbox, .last = self->last,
                                     .stream = self->made, .fault = self->fault));
        if (self->greet.output < 0)
            RETURN(self->greet.output);
    }
    *self->ret_stream = self->made;
    self->made = NULL;
    WEIR_FINALLY
    weir_stream_put(self->plain);
    weir_stream_put(self->made);
    WEIR_END
}

/* --- what the kernel knows ------------------------------------------------------------------------------------- */

uint64_t wp_target_wire(weir_stream *stream, uint64_t written)
{
    uint64_t unsent;
    return weir_stream_is_tls(stream) ? weir_tls_written(stream, &unsent) : written;
}

/*
 * What a connection that was reset still had to send goes with it, and isn't counted any more: it would look as if the
 * other side had it. The reset is to be seen before that (tcp_reset(), unix_release_sock() of Linux), so a count that
 * no reset follows holds.
 */
static bool has_hung_up(int fd)
{
    struct pollfd state = { .fd = fd };
    return poll(&state, 1, 0) < 0 || (state.revents & (POLLHUP | POLLERR)) != 0;
}

uint64_t wp_target_reached(weir_stream *stream, uint64_t written)
{
    uint64_t unsent = 0;
    int queued = 0;
    if (weir_stream_is_tls(stream))
        written = weir_tls_written(stream, &unsent);
    if (ioctl(stream->fd, SIOCOUTQ, &queued) < 0 || queued < 0 || has_hung_up(stream->fd))
        return 0;
    const uint64_t behind = unsent + (uint64_t)queued;
    return written > behind ? written - behind : 0;
}

int64_t wp_target_silence_ns(const weir_stream *stream)
{
    struct tcp_info info = { 0 };
    socklen_t size = sizeof info;
    return getsockopt(stream->fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 ? WEIR_MS(info.tcpi_last_ack_recv) : 0;
}
