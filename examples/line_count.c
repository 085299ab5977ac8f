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
WEIR_ASYNC(count_lines, int64_t, const char *path; int fd; uint64_t offset; int64_t lines; weir_chunk *chunk;
           weir_chunk_get_future get; weir_open_future open; weir_read read;)
{
    WEIR_BEGIN
    self->fd = -1;
    AWAIT(self->get, weir_chunk_get(WEIR_CHUNK_LARGE));
    self->chunk = self->get.output;
    AWAIT(self->open, weir_open(AT_FDCWD, self->path, O_RDONLY, 0));
    if (self->open.output < 0)
        RETURN(self->open.output);
    self->fd = (int)self->open.output;
    for (;;) {
        AWAIT(self->read, weir_read_chunk_at(self->fd, self->chunk, self->offset, WEIR_IO_NO_HOLD));
        if (self->read.output <= 0)
            RETURN(self->read.output < 0 ? self->read.output : self->lines);
        for (const uint8_t *at = self->chunk->data, *end = at + self->read.output; at < end; at++)
            self->lines += *at == '\n';
        self->offset += (uint64_t)self->read.output;
    }
    WEIR_FINALLY
    weir_chunk_put(self->chunk);
    if (self->fd >= 0)
        (void)close(self->fd);
    WEIR_END
}

WEIR_ASYNC(program, int, int count; char **paths; int i; int64_t total; weir_join_handle *tasks; int64_t lines;
           weir_join_future join;)
{
    weir_join_handle *const tasks = self->tasks;
    WEIR_BEGIN
    for (int i = 0; i < self->count; i++)
        tasks[i] = weir_spawn(WEIR_CALL(count_lines, .path = self->paths[i]));
    for (self->i = 0; self->i < self->count; self->i++) {
        AWAIT(self->join, weir_join(tasks[self->i], &self->lines));
        if (self->join.output == 0 && self->lines < 0) {
            printf("%s: %s\n", self->paths[self->i], strerror((int)-self->lines));
            self->output = 1;
        } else if (self->join.output == 0) {
            printf("%5ld %s\n", (long)self->lines, self->paths[self->i]);
            self->total += self->lines;
        }
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
    weir_join_handle tasks[64];
    int status = 1;
    if (argc > 64 || weir_runtime_create(&options, &runtime) < 0)
        return 1;
    (void)weir_block_on(runtime, WEIR_CALL(program, .count = argc - 1, .paths = argv + 1, .tasks = tasks), &status);
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
