/*
 * write.c - stage "write": a file that appears whole, under its name, when all of it is there.
 *
 * Until then it has no name, or another one in the same directory. `atomic` also
 * syncs it before it gets its name, so that a loss of power can't leave the name
 * with less.
 *
 * A row that makes bytes of records says where one file ends and the next begins, if
 * the write begins new ones (rotate=, or a time in the path): run/rotation.h. Such
 * files replace nothing: where a name is taken the next gets a number.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <weir/blocking.h>
#include <weir/io.h>
#include <weir/manifest.h>
#include <weir/select.h>
#include <weir/time.h>

#include "nodes/write_kept.h"
#include "nodes/write_manifest.h"
#include "run/batch.h"
#include "run/checkpoint.h"
#include "run/gate.h"
#include "run/held_file.h"
#include "run/hole.h"
#include "run/patience.h"
#include "run/record_time.h"
#include "run/series.h"
#include "run/stop.h"
#include "run/write_chunk.h"

enum { KEEP_MTIME, KEEP_MODE };
static const char *const keeps[] = { "mtime", "mode", NULL };

static const weir_opt write_opts[] = {
    { "path",
      "the file, or \"-\" for standard output; in a block, {.dir}, {.stem} and other fields are the file's that the "
      "block "
      "is for",
      WEIR_OPT_TEMPLATE, 0, .positional = true, .required = true },
    { "rotate", "begin a new file each such time by UTC, or at such a size, or both: 1h,1GiB", WEIR_OPT_LIST, 0,
      .def_text = NULL },
    { "time", "of rotate and of the path: the field with the time of a record; without it, when the record comes",
      WEIR_OPT_FIELD, 0, .def_text = NULL },
    { "atomic", "sync it before it gets its name", WEIR_OPT_BOOL, 0, .def = 0 },
    { "append", "behind what is there, as it comes, in place of a new file", WEIR_OPT_BOOL, 0, .def = 0 },
    { "fsync", "sync it at the end", WEIR_OPT_BOOL, 0, .def = 0 },
    { "verify", "read it back before it gets its name", WEIR_OPT_BOOL, 0, .def = 0 },
    { "sparse", "blocks of zeros are left out: holes, which take no room", WEIR_OPT_BOOL, 0, .def = 0 },
    { "keep", "of the file that the block is for", WEIR_OPT_LIST, 0, .def_text = NULL, .choices = keeps },
    { "mode", "who may do what, such as 0640", WEIR_OPT_STRING, 0, .def_text = NULL },
    { "format", "of files with digests: the manifest's", WEIR_OPT_CHOICE, 0, .def = WEIR_MANIFEST_GNU,
      .choices = weir_manifest_format_names },
    { 0 },
};

static int failed(struct run_node *node, const struct held_file *file, int64_t error)
{
    const char *path = file->place.shown != NULL ? file->place.shown : "output";
    if (error == -EXDEV)
        return wp_run_fail(node, (int)error, "%s: leaves the directory that its template begins with", path);
    if (error == -EBADMSG)
        return wp_run_fail(node, (int)error, "%s: what was written can't be read back", path);
    if (error == -EINVAL)
        return wp_run_fail(node, (int)error, "'%s' is no path of a file", path);
    return wp_run_fail(node, (int)error, "%s: %s", path, wp_patience_words(node, error));
}

/* --- what the options say of it ------------------------------------------------------------------------ */

static bool is_set(const struct run_node *node, const char *name)
{
    return wp_plan_number(node->plan, name) != 0;
}

static int set_mode(struct run_node *node, struct seal *seal)
{
    const char *text = wp_plan_text(node->plan, "mode");
    if (text != NULL && wp_seal_set_mode(seal, text) < 0)
        return wp_run_fail(node, -EINVAL, "mode is octal, such as 0640, not %s", text);
    return 0;
}

static int set_keep(struct run_node *node, struct seal *seal)
{
    for (const struct setting *setting = node->plan->settings; setting != NULL; setting = setting->next) {
        if (strcmp(setting->opt->name, "keep") != 0)
            continue;
        if (node->file == NULL || (node->file->flags & ROW_META) == 0)
            return wp_run_fail(node, -EINVAL, "keep= wants a block: files ... | each { read | ... | write ... }");
        seal->has_mtime |= setting->number == KEEP_MTIME;
        seal->mtime_ns = node->file->meta.mtime_ns;
        if (setting->number == KEEP_MODE) {
            seal->has_mode = true;
            seal->mode = node->file->meta.mode & 07777;
        }
    }
    return 0;
}

static int open_at(struct held_file *file, bool rotates, bool appends)
{
    const int dir_fd = file->place.dir_fd;
    file->place.dir_fd = AT_FDCWD; /* the output's */
    if (appends)
        return wp_output_append_at(&file->output, dir_fd, file->place.name);
    return rotates ? wp_output_open_named_at(&file->output, dir_fd, file->place.name)
                   : wp_output_open_at(&file->output, dir_fd, file->place.name);
}

static uint64_t size_of(int fd)
{
    struct stat meta;
    return fstat(fd, &meta) == 0 && S_ISREG(meta.st_mode) ? (uint64_t)meta.st_size : 0;
}

/* 0 or a negative errno that has been told. */
static int open_output(struct run_node *node, struct held_file *file, struct series *series, int64_t time_ns)
{
    weir_output *output = &file->output;
    struct seal *seal = &file->seal;
    const bool appends = is_set(node, "append"), rotates = node->plan->rotates != NULL;
    if (appends && (is_set(node, "atomic") || is_set(node, "verify") || is_set(node, "sparse")))
        return wp_run_fail(node, -EINVAL, "append is as it comes: neither atomic nor verify nor sparse");
    int error = wp_place_open(&file->place, wp_plan_setting(node->plan, "path")->pieces, node->file, time_ns);
    if (error == 0 && rotates)
        error = appends ? wp_series_append(series, file, (uint64_t)wp_rotate_limit(node->plan, false))
                        : wp_series_add(series, file);
    if (error == 0)
        error = open_at(file, rotates, appends);
    if (error < 0)
        return failed(node, file, error);
    file->is_numbered = rotates && !appends;
    file->size = appends ? size_of(output->fd) : 0;
    file->is_sparse = is_set(node, "sparse") && output->offset != UINT64_MAX;
    if (node->plan->engine.timeout_ns == 0)
        wp_cached_write_init(&file->cache, output->fd);
    output->unsynced = !is_set(node, "atomic");
    seal->sync = is_set(node, "fsync");
    error = set_keep(node, seal);
    if (error == 0)
        error = set_mode(node, seal);
    if (error == 0 && is_set(node, "verify") && output->offset != UINT64_MAX && wp_seal_verify(seal) < 0)
        error = failed(node, file, -ENOMEM);
    return error;
}

/* All that may fail, as far as that can be: what is left is the name. */
static int64_t prepare(void *arg, weir_job *job)
{
    struct held_file *file = arg;
    (void)job;
    const int error = wp_seal_close(&file->seal, file->output.fd);
    return error == 0 ? wp_output_sync(&file->output) : error;
}

static int64_t name(void *arg, weir_job *job)
{
    struct held_file *file = arg;
    (void)job;
    return file->is_numbered ? wp_series_commit(file) : weir_output_commit(&file->output);
}

static int64_t commit(void *arg, weir_job *job)
{
    const int64_t error = prepare(arg, job);
    return error == 0 ? name(arg, job) : error;
}

/* --- the stream -------------------------------------------------------------------------------------------- */

struct write {
    struct run_node *node;
    struct series series;
    struct held_file *file; /* the open one, or NULL */
    uint64_t bytes_max;     /* of rotate=; 0: none */
};

static int open_next(struct write *self, int64_t time_ns)
{
    self->file = wp_held_file_create();
    if (self->file == NULL)
        return wp_run_fail(self->node, -ENOMEM, "no memory");
    return open_output(self->node, self->file, &self->series, time_ns);
}

/* The file has its name. */
static void end_file(struct write *self)
{
    wp_series_named(&self->series, self->file);
    wp_held_file_unref(self->file);
    self->file = NULL;
}

/* So much more is in the file; whoever ends files is told when that is enough. */
static void add_size(struct write *self, uint64_t bytes)
{
    self->file->size += bytes;
    if (self->bytes_max > 0 && self->file->size >= self->bytes_max)
        __atomic_store_n(&self->node->full_file, self->series.files, __ATOMIC_RELAXED);
}

/* clang-format off */
WEIR_ASYNC(write_run, int, struct run_node *node; struct write state; int64_t since_ns;
           struct parcel parcel; struct wp_edge_recv recv; struct wp_write_chunk write; weir_offload_future commit;
           struct wp_gate_pass gate;)
/* clang-format on */
{
    WEIR_BEGIN
    self->state = (struct write){ .node = self->node, .bytes_max = (uint64_t)wp_rotate_limit(self->node->plan, false) };
    if (self->node->plan->rotates == NULL)
        self->output = open_next(&self->state, wp_wall_ns());
    if (self->output < 0)
        RETURN(self->output);
    for (;;) {
        AWAIT(self->recv, WEIR_CALL(wp_edge_recv, .node = self->node, .ret_parcel = &self->parcel));
        if (self->recv.output < 0)
            RETURN(self->recv.output);
        if (self->parcel.last)
            break;
        if (self->parcel.seam == SEAM_BEGIN) {
            self->output = open_next(&self->state, self->parcel.time_ns);
            if (self->output < 0)
                RETURN(self->output);
            continue;
        }
        if (self->parcel.seam == SEAM_END) {
            AWAIT(self->commit,
                  weir_offload_mandatory(WEIR_LANE_IO, commit, wp_held_file_ref(self->state.file), wp_held_file_unref));
            if (self->commit.output < 0)
                RETURN(failed(self->node, self->state.file, self->commit.output));
            end_file(&self->state);
            continue;
        }
        self->since_ns = weir_now_ns();
        wp_seal_add(&self->state.file->seal, self->parcel.chunk->data, self->parcel.chunk->size);
        AWAIT(self->write,
              WEIR_CALL(wp_write_chunk, .node = self->node, .file = self->state.file, .chunk = self->parcel.chunk));
        if (self->write.output < 0)
            RETURN(failed(self->node, self->state.file, self->write.output));
        add_size(&self->state, self->parcel.chunk->size);
        wp_node_did_io(self->node, self->since_ns);
        wp_parcel_put(&self->parcel);
    }
    if (self->state.file == NULL)
        RETURN(0); /* the last one has its name already, or there was none */
    if (self->state.file->output.path != NULL && wp_stop_was_cut(self->node))
        RETURN(wp_stop_refuse(self->node, self->state.file->place.shown));
    if (self->node->run->gate != NULL) {
        AWAIT(self->commit,
              weir_offload(WEIR_LANE_IO, prepare, wp_held_file_ref(self->state.file), wp_held_file_unref));
        if (self->commit.output < 0)
            RETURN(failed(self->node, self->state.file, self->commit.output));
        AWAIT(self->gate, WEIR_CALL(wp_gate_pass, .run = self->node->run));
    }
    AWAIT(self->commit, weir_offload_mandatory(WEIR_LANE_IO, self->node->run->gate != NULL ? name : commit,
                                               wp_held_file_ref(self->state.file), wp_held_file_unref));
    if (self->commit.output < 0)
        RETURN(failed(self->node, self->state.file, self->commit.output));
    WEIR_FINALLY
    weir_mpsc_receiver_drop(self->node->from);
    self->node->from = NULL;
    wp_parcel_put(&self->parcel);
    wp_held_file_unref(self->state.file);
    wp_series_fini(&self->state.series);
    WEIR_END
}

static int spawn(struct run_node *node, weir_join_set *set)
{
    if (node->plan->in == WEIR_FILES)
        return wp_write_manifest_spawn(node, set);
    if (wp_plan_setting(node->plan, "format") != NULL)
        return wp_run_fail(node, -EINVAL, "format= is for manifests of files, and this is fed bytes");
    if (wp_checkpoint_is_on(node))
        return wp_write_kept_spawn(node, set);
    return weir_join_set_spawn(set, WEIR_CALL(write_run, .node = node));
}

const struct node_type wp_node_write = {
    .stage = { .name = "write",
               .summary = "a file that appears whole; of files with digests, a manifest",
               .in = WEIR_BYTES | WEIR_FILES,
               .out = WEIR_NONE,
               .opts = write_opts },
    .runs = "copies to the page cache inline while that takes it at once, else waits for the kernel; the file gets its "
            "name on a thread of the io lane",
    .spawn = spawn,
    .touches = TOUCHES_OUTPUT,
    .keeps = KEEPS_OUTPUT,
    .unkept = wp_write_unkept,
    .times = NODE_FED_BY(WEIR_BYTES) | NODE_FED_BY(WEIR_FILES),
    .retries = NODE_FED_BY(WEIR_BYTES),
};
