/*
 * write.c - stage "write": a file that appears whole, under its name, when all of it is there.
 *
 * Until then it has another name in the same directory. `atomic` also syncs it
 * before the rename, so that a loss of power can't leave the name with less.
 */
#include <string.h>
#include <weir/blocking.h>
#include <weir/io.h>
#include <weir/manifest.h>
#include <weir/time.h>

#include "nodes/write_manifest.h"
#include "run/held_file.h"

static const weir_opt write_opts[] = {
    { "path", "the file", WEIR_OPT_STRING, 0, .positional = true, .required = true },
    { "atomic", "sync it before it gets its name", WEIR_OPT_BOOL, 0, .def = 0 },
    { "fsync", "sync it at the end", WEIR_OPT_BOOL, 0, .def = 0 },
    { "format", "of files with digests: the manifest's", WEIR_OPT_CHOICE, 0, .def = WEIR_MANIFEST_GNU,
      .choices = weir_manifest_format_names },
    { 0 },
};

static int64_t commit(void *arg, weir_job *job)
{
    (void)job;
    return wp_output_commit(&((struct held_file *)arg)->output);
}

static int failed(struct run_node *node, int64_t error)
{
    return wp_run_fail(node, (int)error, "%s: %s", wp_plan_text(node->plan, "path"), strerror((int)-error));
}

WEIR_ASYNC(write_run, int, struct run_node *node; struct held_file *file; size_t done; int64_t since_ns;
           struct parcel parcel; struct wp_edge_recv recv; weir_write write; weir_offload_future commit;)
{
    WEIR_BEGIN
    self->file = wp_held_file_create();
    if (self->file == NULL)
        RETURN(failed(self->node, -ENOMEM));
    self->output = wp_output_open(&self->file->output, wp_plan_text(self->node->plan, "path"));
    if (self->output < 0)
        RETURN(failed(self->node, self->output));
    self->file->output.unsynced =
        wp_plan_number(self->node->plan, "atomic") == 0 && wp_plan_number(self->node->plan, "fsync") == 0;
    for (;;) {
        AWAIT(self->recv, WEIR_CALL(wp_edge_recv, .node = self->node, .ret_parcel = &self->parcel));
        if (self->recv.output < 0)
            RETURN(self->recv.output);
        if (self->parcel.last)
            break;
        self->since_ns = weir_now_ns();
        for (self->done = 0; self->done < self->parcel.chunk->size; self->done += (size_t)self->write.output) {
            AWAIT(self->write, weir_write_at(self->file->output.fd, self->parcel.chunk->data + self->done,
                                             self->parcel.chunk->size - self->done, self->file->output.offset,
                                             wp_held_file_hold(self->file, self->parcel.chunk)));
            if (self->write.output < 0)
                RETURN(failed(self->node, self->write.output));
            if (self->file->output.offset != UINT64_MAX)
                self->file->output.offset += (uint64_t)self->write.output;
        }
        wp_counter_add(&self->node->counters.busy_ns, (uint64_t)(weir_now_ns() - self->since_ns));
        weir_chunk_put(self->parcel.chunk);
        self->parcel.chunk = NULL;
    }
    AWAIT(self->commit, weir_offload_mandatory(WEIR_LANE_IO, commit, wp_held_file_ref(self->file), wp_held_file_unref));
    if (self->commit.output < 0)
        RETURN(failed(self->node, self->commit.output));
    WEIR_FINALLY
    weir_chunk_put(self->parcel.chunk);
    wp_held_file_unref(self->file);
    WEIR_END
}

static int spawn(struct run_node *node, weir_join_set *set)
{
    if (node->plan->in == WEIR_FILES)
        return wp_write_manifest_spawn(node, set);
    if (wp_plan_setting(node->plan, "format") != NULL)
        return wp_run_fail(node, -EINVAL, "format= is for manifests of files, and this is fed bytes");
    return weir_join_set_spawn(set, WEIR_CALL(write_run, .node = node));
}

const struct node_type wp_node_write = {
    .stage = { .name = "write",
               .summary = "a file that appears whole",
               .in = WEIR_BYTES | WEIR_FILES,
               .out = WEIR_NONE,
               .opts = write_opts },
    .spawn = spawn,
};
