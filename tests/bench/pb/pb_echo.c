/* pb_echo.c - weir_pb WORKERS tcp_echo PORT: a server on 127.0.0.1, until stdin closes; somebody else measures it. */
#include "pb.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>
#include <weir/net.h>

WEIR_ASYNC(echo, weir_unit, weir_stream *stream; char buffer[16384]; weir_stream_io read; weir_stream_all write;)
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

WEIR_ASYNC(accept_all, weir_unit, weir_listener *listener; weir_stream *stream; weir_accept_future accept;)
{
    WEIR_BEGIN
    for (;;) {
        AWAIT(self->accept, weir_accept(self->listener, &self->stream, NULL));
        pb_check(self->accept.output == 0);
        weir_detach(weir_spawn(WEIR_CALL(echo, .stream = self->stream)));
    }
    WEIR_FINALLY
    weir_listener_close(self->listener);
    WEIR_END
}

static void *end_with_stdin(void *arg)
{
    char ignored[64];
    while (read(STDIN_FILENO, ignored, sizeof ignored) > 0)
        ;
    _exit(0);
    return arg;
}

static void tcp_echo(struct pb_run *run, uint64_t ops)
{
    (void)ops;
    char text[WEIR_ADDR_TEXT_MAX];
    weir_addr addr;
    weir_listener *listener;
    weir_listen_options options = weir_listen_defaults();
    options.nodelay = true;
    pthread_t thread;
    pb_check(run->argument != NULL);
    const int length = snprintf(text, sizeof text, "127.0.0.1:%s", run->argument);
    pb_check(length > 0 && (size_t)length < sizeof text && weir_addr_parse(text, &addr) == 0);
    pb_check(weir_listen(&addr, &options, &listener) == 0);
    pb_check(pthread_create(&thread, NULL, end_with_stdin, NULL) == 0);
    puts("LISTENING");
    (void)fflush(stdout);
    PB_RUN(run, WEIR_CALL(accept_all, .listener = listener));
}

const struct pb_workload pb_echo_workloads[] = {
    { "tcp_echo", 0, 0, false, tcp_echo },
    { 0 },
};
