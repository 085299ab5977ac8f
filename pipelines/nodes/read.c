/* read.c - stage "read": the bytes of a file. */
#include <string.h>
#include <unistd.h>
#include <weir/io.h>
#include <weir/time.h>

#include "nodes/node.h"
#include "run/batch.h"
#include "run/held_file.h"

static const weir_opt read_opts[] = {
    { "path", "the file; in a block without it, the one that the block is for", WEIR_OPT_STRING, 0, .positional = true,
      .required = true },
    { "block", "bytes a read", WEIR_OPT_SIZE, 0, .def = 256 << 10, .min = 512, .max = 64 << 20 },
    { 0 },
};

/* What was read, or the end. */
static struct parcel take_parcel(weir_chunk **chunk)
{
    if ((*chunk)->size == 0)
        return (struct parcel){ .last = true };
    const struct parcel parcel = { .chunk = *chunk };
    *chunk = NULL;
    return parcel;
}

/* The one that is named, or that the block is for. */
static const char *path_of(const struct run_node *node)
{
    const char *path = wp_plan_text(node->plan, "path");
    return path != NULL ? path : node->file->path;
}

/* What a walk has found is a regular file, and no link that took its place. */
static int open_flags(const struct run_node *node)
{
    const bool found = wp_plan_text(node->plan, "path") == NULL && (node->file->flags & ROW_FOLLOW) == 0;
    return O_RDONLY | O_NOCTTY | (found ? O_NOFOLLOW | O_NONBLOCK : 0);
}

WEIR_ASYNC(read_run, int, struct run_node *node; const char *path; struct held_file *file; uint64_t offset;
           size_t block; int64_t since_ns; weir_chunk *chunk; weir_open_future open; weir_chunk_get_future get;
           weir_read read; struct wp_edge_send send;)
{
    WEIR_BEGIN
    self->path = path_of(self->node);
    self->block = (size_t)wp_plan_number(self->node->plan, "block");
    AWAIT(self->open, weir_open(AT_FDCWD, self->path, open_flags(self->node), 0));
    if (self->open.output < 0)
        RETURN(
            wp_run_fail(self->node, (int)self->open.output, "%s: %s", self->path, strerror((int)-self->open.output)));
    self->file = wp_held_file_create();
    if (self->file == NULL) {
        (void)close((int)self->open.output);
        RETURN(wp_run_fail(self->node, -ENOMEM, "no memory"));
    }
    self->file->output.fd = (int)self->open.output;
    (void)posix_fadvise(self->file->output.fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    do {
        AWAIT(self->get, weir_chunk_get(self->block));
        self->chunk = self->get.output;
        if (self->chunk == NULL)
            RETURN(wp_run_fail(self->node, -ENOMEM, "no memory for a block of %zu bytes", self->block));
        self->since_ns = weir_now_ns();
        AWAIT(self->read, weir_read_at(self->file->output.fd, self->chunk->data, self->block, self->offset,
                                       wp_held_file_hold(self->file, self->chunk)));
        wp_counter_add(&self->node->counters.busy_ns, (uint64_t)(weir_now_ns() - self->since_ns));
        if (self->read.output < 0)
            RETURN(wp_run_fail(self->node, (int)self->read.output, "%s: byte %lu: %s", self->path,
                               (unsigned long)self->offset, strerror((int)-self->read.output)));
        self->offset += (uint64_t)self->read.output;
        self->chunk->size = (size_t)self->read.output;
        AWAIT(self->send, WEIR_CALL(wp_edge_send, .node = self->node, .parcel = take_parcel(&self->chunk)));
    } while (self->send.output == 0 && self->read.output > 0);
    WEIR_FINALLY
    weir_chunk_put(self->chunk);
    wp_held_file_unref(self->file);
    WEIR_END
}

static int spawn(struct run_node *node, weir_join_set *set)
{
    return weir_join_set_spawn(set, WEIR_CALL(read_run, .node = node));
}

const struct node_type wp_node_read = {
    .stage = { .name = "read",
               .summary = "the bytes of a file",
               .in = WEIR_FILES,
               .out = WEIR_BYTES,
               .source = true,
               .opts = read_opts },
    .runs = "waits for the kernel; no thread is held meanwhile",
    .spawn = spawn,
};
