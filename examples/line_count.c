/*
 * line_count.c - a command on the current-thread runtime: wc -l for files, all of them read at once.
 *
 * The runtime costs a command no thread. Local futures are welcome here, and the
 * io is the same as anywhere: io_uring, or what the machine has.
 *
 *     line_count FILE...
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <weir/io.h>
#include <weir/join_set.h>
#include <weir/runtime.h>

/* Resolves to the lines of the file, or a negative errno. */
WEIR_ASYNC(count_lines, int64_t, const char *path; int fd; uint64_t offset; int64_t lines; char buffer[16384];
           weir_open_future open; weir_read read;)
{
    WEIR_BEGIN
    self->fd = -1;
    AWAIT(self->open, weir_open(AT_FDCWD, self->path, O_RDONLY, 0));
    if (self->open.output < 0)
        RETURN(self->open.output);
    self->fd = (int)self->open.output;
    for (;;) {
        AWAIT(self->read, weir_read_at(self->fd, self->buffer, sizeof self->buffer, self->offset, WEIR_IO_NO_HOLD));
        if (self->read.output <= 0)
            RETURN(self->read.output < 0 ? self->read.output : self->lines);
        for (int64_t i = 0; i < self->read.output; i++)
            self->lines += self->buffer[i] == '\n';
        self->offset += (uint64_t)self->read.output;
    }
    WEIR_FINALLY
    if (self->fd >= 0)
        (void)close(self->fd);
    WEIR_END
}

WEIR_ASYNC(program, int, int count; char **paths; int i; int64_t lines, total; weir_join_handle tasks[64];
           weir_join_future join;)
{
    WEIR_BEGIN
    for (int i = 0; i < self->count; i++)
        self->tasks[i] = weir_spawn(WEIR_CALL(count_lines, .path = self->paths[i]));
    for (self->i = 0; self->i < self->count; self->i++) {
        AWAIT(self->join, weir_join(self->tasks[self->i], &self->lines));
        if (self->lines < 0)
            printf("%s: %s\n", self->paths[self->i], strerror((int)-self->lines));
        else
            printf("%5ld %s\n", (long)self->lines, self->paths[self->i]);
        self->total += self->lines > 0 ? self->lines : 0;
        self->output |= self->lines < 0;
    }
    printf("%5ld total\n", (long)self->total);
    WEIR_FINALLY
    WEIR_END
}

int main(int argc, char **argv)
{
    weir_io_options io = weir_io_defaults();
    const weir_driver_factory drivers = weir_io_drivers(&io);
    weir_runtime_options options = weir_runtime_current_thread();
    options.drivers = &drivers;
    weir_runtime *runtime;
    int status = 1;
    if (argc > 64 || weir_runtime_create(&options, &runtime) < 0)
        return 1;
    (void)weir_block_on(runtime, WEIR_CALL(program, .count = argc - 1, .paths = argv + 1), &status);
    weir_runtime_destroy(runtime);
    return status;
}

/* run with: poem.txt nothing.txt poem.txt */
/* exits with: 1 */
/* prints
    4 poem.txt
nothing.txt: No such file or directory
    4 poem.txt
    8 total
*/
