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
#include <weir/copy.h>
#include <weir/io.h>
#include <weir/net.h>
#include <weir/runtime.h>

WEIR_ASYNC(serve, weir_unit, weir_stream *stream; weir_copy_future copy;)
{
    WEIR_BEGIN
    AWAIT(self->copy, weir_copy(self->stream, self->stream));
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

WEIR_ASYNC(client, int64_t, weir_addr addr; weir_stream *stream; char reply[12]; weir_connect_future connect;
           weir_stream_all write, read;)
{
    WEIR_BEGIN
    AWAIT(self->connect, weir_connect(&self->addr, NULL, &self->stream));
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

int main(int argc, char **argv)
{
    weir_io_options io = weir_io_defaults();
    const weir_driver_factory drivers = weir_io_drivers(&io);
    weir_runtime_options options = weir_runtime_defaults();
    options.drivers = &drivers;
    weir_runtime *runtime;
    struct server server = WEIR_CALL(server);
    struct client client = WEIR_CALL(client);
    int64_t error = weir_addr_parse(argc > 1 ? argv[1] : "127.0.0.1:0", &client.addr);
    if (error < 0 || (error = weir_listen(&client.addr, NULL, &server.listener)) < 0 ||
        (error = weir_addr_local(weir_listener_fd(server.listener), &client.addr)) < 0 ||
        (error = weir_runtime_create(&options, &runtime)) < 0) {
        fprintf(stderr, "echo_server: %s\n", strerror((int)-error));
        return 1;
    }
    if (argc == 1)
        weir_detach(weir_spawn_on(runtime, server)); /* the runtime's end drops it */
    (void)(argc == 1 ? weir_block_on(runtime, client, &error) : weir_block_on(runtime, server, &error));
    weir_runtime_destroy(runtime);
    return error < 0;
}

/* prints
water passes
*/
