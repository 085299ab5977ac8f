/*
 * echo_server.c - a server, a task a connection.
 *
 *     echo_server 127.0.0.1:7777     serves until it is killed; try: nc 127.0.0.1 7777
 *     echo_server                    serves one client of its own, and ends
 *
 * The accept loop owns its listener, a connection's task its stream: whatever way
 * they end, FINALLY lets go of what they hold.
 */
#include <stdio.h>
#include <string.h>
#include <weir/io.h>
#include <weir/net.h>
#include <weir/runtime.h>
#include <weir/select.h>

WEIR_ASYNC(serve, weir_unit, weir_stream *stream; char buffer[4096]; weir_stream_io read; weir_stream_all write;)
{
    WEIR_BEGIN
    for (;;) {
        AWAIT(self->read, weir_stream_read(self->stream, self->buffer, sizeof self->buffer));
        if (self->read.output <= 0)
            break;
        AWAIT(self->write, weir_stream_write_all(self->stream, self->buffer, (size_t)self->read.output));
        if (self->write.output < 0)
            break;
    }
    WEIR_FINALLY
    weir_stream_put(self->stream);
    WEIR_END
}

WEIR_ASYNC(server, int64_t, weir_listener *listener; weir_stream *stream; weir_accept_future accept;)
{
    WEIR_BEGIN
    for (;;) {
        AWAIT(self->accept, weir_accept(self->listener, &self->stream, NULL));
        if (self->accept.output < 0)
            RETURN(self->accept.output);
        weir_detach(weir_spawn(WEIR_CALL(serve, .stream = self->stream)));
    }
    WEIR_FINALLY
    weir_listener_close(self->listener);
    WEIR_END
}

WEIR_ASYNC(client, int64_t, weir_addr *addr; weir_stream *stream; char reply[12]; weir_connect_future connect;
           weir_stream_all write, read;)
{
    WEIR_BEGIN
    AWAIT(self->connect, weir_connect(self->addr, NULL, &self->stream));
    if (self->connect.output < 0)
        RETURN(self->connect.output);
    AWAIT(self->write, weir_stream_write_all(self->stream, "water passes", 12));
    AWAIT(self->read, weir_stream_read_exact(self->stream, self->reply, sizeof self->reply));
    printf("%.*s\n", (int)self->read.output, self->reply);
    RETURN(0);
    WEIR_FINALLY
    weir_stream_put(self->stream);
    WEIR_END
}

/* The client's end ends the server, too: select drops the loser. */
WEIR_ASYNC(program, int64_t, weir_listener *listener; weir_addr addr; bool talk; struct server server;
           struct client client; weir_select_future which;)
{
    WEIR_BEGIN
    self->server = WEIR_CALL(server, .listener = self->listener);
    self->client = WEIR_CALL(client, .addr = &self->addr);
    AWAIT(self->which, weir_select(self->server, WEIR_IF(self->talk, self->client)));
    RETURN(self->which.output == 0 ? self->server.output : self->client.output);
    WEIR_FINALLY
    WEIR_END
}

int main(int argc, char **argv)
{
    weir_io_options io = weir_io_defaults();
    const weir_driver_factory drivers = weir_io_drivers(&io);
    weir_runtime_options options = weir_runtime_defaults();
    options.drivers = &drivers;
    weir_runtime *runtime;
    weir_listener *listener;
    weir_addr addr;
    int64_t result = weir_addr_parse(argc > 1 ? argv[1] : "127.0.0.1:0", &addr);
    if (result == 0)
        result = weir_listen(&addr, NULL, &listener);
    if (result == 0)
        result = weir_addr_local(weir_listener_fd(listener), &addr);
    if (result == 0)
        result = weir_runtime_create(&options, &runtime);
    if (result == 0) {
        (void)weir_block_on(runtime, WEIR_CALL(program, .listener = listener, .addr = addr, .talk = argc == 1),
                            &result);
        weir_runtime_destroy(runtime);
    }
    if (result < 0)
        fprintf(stderr, "echo_server: %s\n", strerror((int)-result));
    return result < 0;
}

/* prints
water passes
*/
