/* read.c - stage "read": the bytes of files, one after the other; or the files themselves. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <weir/io.h>
#include <weir/select.h>
#include <weir/time.h>

#include "nodes/node.h"
#include "nodes/read_as_files.h"
#include "nodes/read_block.h"
#include "nodes/read_lanes.h"
#include "run/batch.h"
#include "run/checkpoint.h"
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
    { "as_files", "the files as they are, not their bytes: for each { ... }, hash and their like", WEIR_OPT_BOOL, 0,
      .def = 0 },
    { 0 },
};

/* Where it is. */
struct reading {
    struct run_node *node;
    char *path;      /* NULL: nowhere yet */
    uint64_t offset; /* of the next block */
    bool seeks;      /* from a journal: files before this one have been read */
};

static int save(void *arg, struct wp_save *save)
{
    const struct reading *self = arg;
    const struct wp_position position = { .path = self->path, .offset = self->offset };
    if (self->path != NULL && wp_save_position(save, &position) < 0)
        return wp_run_fail(self->node, -ENOMEM, "no memory");
    return 0;
}

static int load(void *arg, struct wp_load *load)
{
    struct reading *self = arg;
    struct wp_position position;
    const int got = wp_load_position(load, &position);
    if (got == 0)
        return 0;
    self->path = got > 0 ? strdup(position.path) : NULL;
    self->offset = position.offset;
    self->seeks = true;
    return self->path == NULL ? wp_run_fail(self->node, -ENOMEM, "no memory") : 0;
}

static const struct wp_kept kept = { save, load };

/* The next file: is it one to read, and from where on? 1, 0, or a negative errno that has been told. */
static int arrive(struct reading *self, const char *path)
{
    if (self->seeks && strcmp(self->path, path) != 0)
        return 0;
    if (self->seeks) {
        self->seeks = false;
        return 1;
    }
    free(self->path);
    self->path = strdup(path);
    self->offset = 0;
    return self->path == NULL ? wp_run_fail(self->node, -ENOMEM, "no memory") : 1;
}

/* What was read of it is there. 0 or a negative errno that has been told. */
static int check_size(const struct reading *self, int fd)
{
    struct stat meta;
    if (self->offset == 0 || fstat(fd, &meta) < 0 || !S_ISREG(meta.st_mode) || (uint64_t)meta.st_size >= self->offset)
        return 0;
    return wp_run_fail(self->node, -ESTALE, "%s: of %lu bytes, but by the journal %lu were read: it is another file",
                       self->path, (unsigned long)meta.st_size, (unsigned long)self->offset);
}

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

/*
 * Sends on what is in one file. Resolves to 0, -EPIPE (nobody wants more), -ECANCELED (the run is to stop), or another
 * negative errno, which was told.
 */
/* clang-format off */
WEIR_ASYNC(read_file, int, struct run_node *node; struct reading *at; struct held_file *file; size_t block;
           int64_t got; int64_t since_ns; weir_chunk *chunk; struct open_input open;
           struct wp_checkpoint_pass pass; weir_chunk_get_future get; struct wp_read_block read;
           struct wp_edge_send send; struct wp_read_lanes lanes;)
/* clang-format on */
{
    WEIR_BEGIN
    self->block = (size_t)wp_plan_number(self->node->plan, "block");
    self->file = wp_held_file_create();
    if (self->file == NULL)
        RETURN(wp_run_fail(self->node, -ENOMEM, "no memory"));
    AWAIT(self->open, WEIR_CALL(open_input, .node = self->node, .path = self->at->path));
    if (self->open.output == -ECANCELED)
        RETURN(-ECANCELED);
    if (self->open.output < 0)
        RETURN(wp_run_fail(self->node, (int)self->open.output, "%s: %s", self->at->path,
                           wp_patience_words(self->node, self->open.output)));
    self->file->output.fd = (int)self->open.output;
    self->output = check_size(self->at, self->file->output.fd);
    if (self->output < 0)
        RETURN(self->output);
    (void)posix_fadvise(self->file->output.fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    self->file->is_memory = wp_is_memory_file(self->file->output.fd);
    if (wp_read_lanes_pay(self->node, self->file->output.fd)) {
        AWAIT(self->lanes, WEIR_CALL(wp_read_lanes, .node = self->node, .file = self->file, .path = self->at->path,
                                     .offset = &self->at->offset));
        if (self->lanes.output < 0)
            RETURN(self->lanes.output);
    }
    for (;;) {
        AWAIT(self->pass, WEIR_CALL(wp_checkpoint_pass, .node = self->node));
        if (self->pass.output < 0)
            RETURN(self->pass.output);
        AWAIT(self->get, weir_chunk_get(self->block));
        self->chunk = self->get.output;
        if (self->chunk == NULL)
            RETURN(wp_run_fail(self->node, -ENOMEM, "no memory for a block of %zu bytes", self->block));
        self->since_ns = weir_now_ns();
        AWAIT(self->read, WEIR_CALL(wp_read_block, .node = self->node, .file = self->file, .chunk = self->chunk,
                                    .block = self->block, .offset = self->at->offset));
        self->got = self->read.output;
        wp_counter_add(&self->node->counters.busy_ns, (uint64_t)(weir_now_ns() - self->since_ns));
        if (self->got == -ECANCELED || self->got == 0)
            RETURN((int)self->got);
        if (self->got < 0)
            RETURN(wp_run_fail(self->node, (int)self->got, "%s: byte %lu: %s", self->at->path,
                               (unsigned long)self->at->offset, wp_patience_words(self->node, self->got)));
        self->at->offset += (uint64_t)self->got;
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

WEIR_ASYNC(read_run, int, struct run_node *node; struct inputs *inputs; const char *path; struct reading at;
           struct wp_inputs_next next; struct read_file file; struct wp_edge_send send;)
{
    WEIR_BEGIN
    if (wp_plan_number(self->node->plan, "direct") != 0 && wp_plan_number(self->node->plan, "block") % 4096 != 0)
        RETURN(wp_run_fail(self->node, -EINVAL, "direct: block= is a multiple of 4KiB"));
    self->inputs = wp_inputs_create(self->node);
    if (self->inputs == NULL)
        RETURN(wp_run_fail(self->node, -ENOMEM, "no memory"));
    self->at.node = self->node;
    self->output = wp_checkpoint_keep(self->node, &kept, &self->at);
    if (self->output < 0)
        RETURN(self->output);
    for (;;) {
        AWAIT(self->next, WEIR_CALL(wp_inputs_next, .inputs = self->inputs, .ret_path = &self->path));
        if (self->next.output == 0)
            break;
        self->output = self->next.output;
        if (self->output > 0)
            self->output = arrive(&self->at, self->path);
        if (self->output > 0) {
            AWAIT(self->file, WEIR_CALL(read_file, .node = self->node, .at = &self->at));
            self->output = self->file.output;
        }
        if (self->output == -ECANCELED) {
            wp_stop_cut(self->node);
            break;
        }
        if (self->output == -EPIPE)
            RETURN(wp_checkpoint_ended(self->node));
        if (self->output < 0)
            RETURN(self->output);
    }
    if (self->at.seeks)
        RETURN(wp_run_fail(self->node, -ENOENT, "%s: the journal's last file is none of those that are to be read",
                           self->at.path));
    AWAIT(self->send, WEIR_CALL(wp_edge_send, .node = self->node, .parcel = { .last = true }));
    RETURN(wp_checkpoint_ended(self->node));
    WEIR_FINALLY
    free(self->at.path);
    wp_inputs_unref(self->inputs);
    WEIR_END
}

static weir_port gives(const struct plan_node *node)
{
    return wp_plan_number(node, "as_files") != 0 ? WEIR_FILES : WEIR_BYTES;
}

static int spawn(struct run_node *node, weir_join_set *set)
{
    if (node->plan->out == WEIR_FILES)
        return wp_read_as_files_spawn(node, set);
    return weir_join_set_spawn(set, WEIR_CALL(read_run, .node = node));
}

const struct node_type wp_node_read = {
    .stage = { .name = "read",
               .summary = "the bytes of files, one after the other; or as_files",
               .in = WEIR_FILES,
               .out = WEIR_BYTES | WEIR_FILES,
               .source = true,
               .opts = read_opts },
    .runs = "waits for the kernel; no thread is held meanwhile",
    .spawn = spawn,
    .touches = TOUCHES_PATHS,
    .gives = gives,
    .keeps = KEEPS_POSITION,
    .times = NODE_FED_BY(WEIR_NONE),
    .retries = NODE_FED_BY(WEIR_NONE),
};
