/* read.c - stage "read": the bytes of files, one after the other. */
#include <string.h>
#include <weir/io.h>
#include <weir/select.h>
#include <weir/time.h>

#include "nodes/node.h"
#include "run/batch.h"
#include "run/held_file.h"
#include "run/inputs.h"
#include "run/memory_file.h"
#include "run/patience.h"
#include "run/stop.h"

static const weir_opt read_opts[] = {
    { "path", "files, and patterns such as logs/**/*.log; in a block without it, the file that the block is for",
      WEIR_OPT_LIST, 0, .positional = true, .required = true },
    { "block", "bytes a read", WEIR_OPT_SIZE, 0, .def = 256 << 10, .min = 512, .max = 64 << 20 },
    { "direct", "past the page cache (O_DIRECT): for files that are read once; block is a multiple of 4KiB then",
      WEIR_OPT_BOOL, 0, .def = 0 },
    { 0 },
};

static struct parcel take_parcel(weir_chunk **chunk)
{
    const struct parcel parcel = { .chunk = *chunk };
    *chunk = NULL;
    return parcel;
}

/* What a walk has found is a regular file, and no link that took its place. */
static int open_flags(const struct run_node *node)
{
    const bool found = wp_plan_text(node->plan, "path") == NULL && (node->file->flags & ROW_FOLLOW) == 0;
    const int direct = wp_plan_number(node->plan, "direct") != 0 ? O_DIRECT : 0;
    return O_RDONLY | O_NOCTTY | direct | (found ? O_NOFOLLOW | O_NONBLOCK : 0);
}

/* Opens the file. Resolves to its fd or a negative errno; -ECANCELED: the run is to stop. */
/* clang-format off */
WEIR_ASYNC(open_input, int64_t, struct run_node *node; const char *path; struct patience patience;
           weir_open_future open; weir_sleep limit; weir_cancelled_future stopped; weir_select_future which;
           weir_sleep nap;)
/* clang-format on */
{
    WEIR_BEGIN
    for (;;) {
        self->stopped = wp_stop_wait(self->node);
        self->open = weir_open(AT_FDCWD, self->path, open_flags(self->node), 0);
        self->limit = wp_patience_limit(self->node);
        AWAIT(self->which, weir_select_biased(self->stopped, self->open, self->limit));
        self->output = self->which.output == 1 ? self->open.output : self->which.output == 0 ? -ECANCELED : -ETIMEDOUT;
        if (!wp_patience_again(&self->patience, self->node, self->output))
            break;
        AWAIT(self->nap, wp_patience_nap(&self->patience));
    }
    WEIR_FINALLY
    WEIR_END
}

/* Reads a block into the chunk. Resolves to its bytes or a negative errno; -ECANCELED: the run is to stop. */
/* clang-format off */
WEIR_ASYNC(read_block, int64_t, struct run_node *node; struct held_file *file; weir_chunk *chunk; size_t block;
           uint64_t offset; struct patience patience; weir_read read; weir_sleep limit; weir_cancelled_future stopped;
           weir_select_future which; weir_sleep nap;)
/* clang-format on */
{
    WEIR_BEGIN
    for (;;) {
        self->stopped = wp_stop_wait(self->node);
        self->read = weir_read_at(self->file->output.fd, self->chunk->data, self->block, self->offset,
                                  wp_held_file_hold(self->file, self->chunk));
        self->limit = wp_patience_limit(self->node);
        AWAIT(self->which, weir_select_biased(self->stopped, self->read, self->limit));
        if (self->which.output == 2)
            RETURN(-ETIMEDOUT); /* and no other try: the kernel still has this one */
        self->output = self->which.output == 1 ? self->read.output : -ECANCELED;
        if (!wp_patience_again(&self->patience, self->node, self->output))
            break;
        AWAIT(self->nap, wp_patience_nap(&self->patience));
    }
    WEIR_FINALLY
    WEIR_END
}

/*
 * Sends on what is in one file. Resolves to 0, -EPIPE (nobody wants more), -ECANCELED (the run is to stop), or another
 * negative errno, which was told.
 */
/* clang-format off */
WEIR_ASYNC(read_file, int, struct run_node *node; const char *path; struct held_file *file; uint64_t offset;
           size_t block; bool copies; int64_t got; int64_t since_ns; weir_chunk *chunk; struct open_input open;
           weir_chunk_get_future get; struct read_block read; struct wp_edge_send send;)
/* clang-format on */
{
    WEIR_BEGIN
    self->block = (size_t)wp_plan_number(self->node->plan, "block");
    self->file = wp_held_file_create();
    if (self->file == NULL)
        RETURN(wp_run_fail(self->node, -ENOMEM, "no memory"));
    AWAIT(self->open, WEIR_CALL(open_input, .node = self->node, .path = self->path));
    if (self->open.output == -ECANCELED)
        RETURN(-ECANCELED);
    if (self->open.output < 0)
        RETURN(wp_run_fail(self->node, (int)self->open.output, "%s: %s", self->path,
                           wp_patience_words(self->node, self->open.output)));
    self->file->output.fd = (int)self->open.output;
    (void)posix_fadvise(self->file->output.fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    self->copies = wp_is_memory_file(self->file->output.fd);
    for (;;) {
        AWAIT(self->get, weir_chunk_get(self->block));
        self->chunk = self->get.output;
        if (self->chunk == NULL)
            RETURN(wp_run_fail(self->node, -ENOMEM, "no memory for a block of %zu bytes", self->block));
        self->since_ns = weir_now_ns();
        if (self->copies) {
            self->got = wp_stop_is_asked(self->node)
                            ? -ECANCELED
                            : wp_memory_file_read(self->file->output.fd, self->chunk->data, self->block, self->offset);
        } else {
            AWAIT(self->read, WEIR_CALL(read_block, .node = self->node, .file = self->file, .chunk = self->chunk,
                                        .block = self->block, .offset = self->offset));
            self->got = self->read.output;
        }
        wp_counter_add(&self->node->counters.busy_ns, (uint64_t)(weir_now_ns() - self->since_ns));
        if (self->got == -ECANCELED || self->got == 0)
            RETURN((int)self->got);
        if (self->got < 0)
            RETURN(wp_run_fail(self->node, (int)self->got, "%s: byte %lu: %s", self->path, (unsigned long)self->offset,
                               wp_patience_words(self->node, self->got)));
        self->offset += (uint64_t)self->got;
        self->chunk->size = (size_t)self->got;
        AWAIT(self->send, WEIR_CALL(wp_edge_send, .node = self->node, .parcel = take_parcel(&self->chunk)));
        if (self->send.output < 0)
            RETURN(-EPIPE);
    }
    WEIR_FINALLY
    weir_chunk_put(self->chunk);
    wp_held_file_unref(self->file);
    WEIR_END
}

WEIR_ASYNC(read_run, int, struct run_node *node; struct inputs *inputs; const char *path; struct wp_inputs_next next;
           struct read_file file; struct wp_edge_send send;)
{
    WEIR_BEGIN
    if (wp_plan_number(self->node->plan, "direct") != 0 && wp_plan_number(self->node->plan, "block") % 4096 != 0)
        RETURN(wp_run_fail(self->node, -EINVAL, "direct: block= is a multiple of 4KiB"));
    self->inputs = wp_inputs_create(self->node);
    if (self->inputs == NULL)
        RETURN(wp_run_fail(self->node, -ENOMEM, "no memory"));
    for (;;) {
        AWAIT(self->next, WEIR_CALL(wp_inputs_next, .inputs = self->inputs, .ret_path = &self->path));
        if (self->next.output == 0)
            break;
        self->output = self->next.output;
        if (self->output > 0) {
            AWAIT(self->file, WEIR_CALL(read_file, .node = self->node, .path = self->path));
            self->output = self->file.output;
        }
        if (self->output == -ECANCELED) {
            wp_stop_cut(self->node);
            break;
        }
        if (self->output < 0)
            RETURN(self->output == -EPIPE ? 0 : self->output);
    }
    self->output = 0;
    AWAIT(self->send, WEIR_CALL(wp_edge_send, .node = self->node, .parcel = { .last = true }));
    WEIR_FINALLY
    wp_inputs_unref(self->inputs);
    WEIR_END
}

static int spawn(struct run_node *node, weir_join_set *set)
{
    return weir_join_set_spawn(set, WEIR_CALL(read_run, .node = node));
}

const struct node_type wp_node_read = {
    .stage = { .name = "read",
               .summary = "the bytes of files, one after the other",
               .in = WEIR_FILES,
               .out = WEIR_BYTES,
               .source = true,
               .opts = read_opts },
    .runs = "waits for the kernel; no thread is held meanwhile",
    .spawn = spawn,
    .times = NODE_FED_BY(WEIR_NONE),
    .retries = NODE_FED_BY(WEIR_NONE),
};
