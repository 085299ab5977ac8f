/*
 * write_kept.c - stage "write" in a run with a journal.
 *
 * What is in a file at a checkpoint stays; what a killed run wrote behind that is cut
 * off before the next one begins. A file that isn't one of a row grows under its name,
 * as one does that is appended to: a pipeline that goes on has no end at which it
 * could get it. One of a row (rotate=, a time in the path) has another until it is
 * complete and a checkpoint says so.
 */
#include "nodes/write_kept.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>
#include <weir/blocking.h>

#include "journal/sync_dir.h"
#include "run/checkpoint.h"
#include "run/record_time.h"
#include "run/series.h"
#include "run/write_chunk.h"

#define TEMP_MARK ".weir-"
enum { TEMP_DIGITS = 8, NAME_TRIES = 16, NUMBER_MAX = 1000000 };

struct kept_file {
    struct kept_file *next;
    struct held_file *held;
    char *path;      /* as it is called now */
    char *rename_to; /* of one that is complete, or NULL */
    uint64_t since;  /* the first checkpoint that has it as complete; 0: none yet */
};

/* Counted, since a job outlives a node that was dropped. */
struct writing {
    uint32_t refs;
    struct run_node *node;
    struct series series;
    uint64_t bytes_max;     /* of rotate=; 0: none */
    int64_t time_ns;        /* of the file that is to be opened */
    struct kept_file *file; /* the open one, or NULL */
    struct kept_file *done; /* complete ones that the last checkpoint has, or the next will */
    char *from;             /* of the journal: the open file's path; NULL: it has none */
    uint64_t from_size;
};

static void free_file(struct kept_file *file)
{
    if (file == NULL)
        return;
    wp_held_file_unref(file->held);
    free(file->path);
    free(file->rename_to);
    free(file);
}

static void unref(void *arg)
{
    struct writing *self = arg;
    if (self == NULL || __atomic_fetch_sub(&self->refs, 1, __ATOMIC_ACQ_REL) != 1)
        return;
    free_file(self->file);
    while (self->done != NULL) {
        struct kept_file *file = self->done;
        self->done = file->next;
        free_file(file);
    }
    wp_series_fini(&self->series);
    free(self->from);
    free(self);
}

static void *ref(struct writing *self)
{
    (void)__atomic_fetch_add(&self->refs, 1, __ATOMIC_RELAXED);
    return self;
}

static bool is_set(const struct plan_node *node, const char *name)
{
    return wp_plan_number(node, name) != 0;
}

const char *wp_write_unkept(const struct plan_node *node)
{
    if (node->in != WEIR_BYTES)
        return "of a manifest gives it its name at the end, and a pipeline that goes on has none";
    if (is_set(node, "atomic") && node->rotates == NULL)
        return "atomic gives the file its name at the end, and a pipeline that goes on has none (rotate= has)";
    if (is_set(node, "sparse"))
        return "sparse leaves holes, which aren't cut";
    if (is_set(node, "verify"))
        return "verify reads the file back at its end, which isn't done";
    return NULL;
}

static int failed(const struct writing *self, int64_t error)
{
    const char *path = self->file != NULL && self->file->path != NULL ? self->file->path : "output";
    return wp_run_fail(self->node, (int)error, "%s: %s", path, wp_patience_words(self->node, error));
}

/* --- what outlives the run ----------------------------------------------------------------------------------- */

/* What an older checkpoint had is done with, once it has its name: until then nobody else may choose that. */
static void forget_done(struct writing *self, uint64_t number)
{
    const uint64_t named = wp_checkpoint_named(self->node);
    struct kept_file **link = &self->done;
    while (*link != NULL) {
        struct kept_file *file = *link;
        if (file->since == 0 || file->since > named) {
            file->since = file->since == 0 ? number : file->since;
            link = &file->next;
        } else {
            *link = file->next;
            free_file(file);
        }
    }
}

static int save_file(struct wp_save *save, const struct kept_file *file, bool complete)
{
    const struct wp_written written = { .path = file->path,
                                        .size = file->held->size,
                                        .fd = file->held->output.fd,
                                        .rename_to = file->rename_to,
                                        .complete = complete };
    return file->held->output.offset != UINT64_MAX ? wp_save_written(save, &written) : 0;
}

/* What an older record has isn't named by this one, too: whoever waits for the file may have taken it by then. */
static int save(void *arg, struct wp_save *save)
{
    struct writing *self = arg;
    const uint64_t number = wp_checkpoint_number(self->node);
    forget_done(self, number);
    int error = wp_save_bytes(save, &self->series.files, sizeof self->series.files);
    for (const struct kept_file *file = self->done; error == 0 && file != NULL; file = file->next)
        if (number == 0 || file->since == number)
            error = save_file(save, file, true);
    if (error == 0 && self->file != NULL)
        error = save_file(save, self->file, false);
    return error < 0 ? failed(self, error) : 0;
}

static int load(void *arg, struct wp_load *load)
{
    struct writing *self = arg;
    struct wp_written file;
    const void *files;
    size_t size;
    if (wp_load_bytes(load, &files, &size) == 1 && size == sizeof self->series.files)
        memcpy(&self->series.files, files, size);
    const int got = wp_load_written(load, &file);
    if (got == 0)
        return 0;
    self->from = got > 0 ? strdup(file.path) : NULL;
    self->from_size = file.size;
    return self->from == NULL ? wp_run_fail(self->node, -ENOMEM, "no memory") : 0;
}

static const struct wp_kept kept = { save, load };

/* --- opening ---------------------------------------------------------------------------------------------------- */

static int set_mode(const struct writing *self, struct held_file *held)
{
    const char *text = wp_plan_text(self->node->plan, "mode");
    if (text == NULL)
        return 0;
    const int error = wp_seal_set_mode(&held->seal, text);
    return error == 0 && fchmod(held->output.fd, held->seal.mode) < 0 ? -errno : error;
}

/* Made now, after the journal knows of it: its name, and those of directories made for it, are on the disk then. */
static int make(struct writing *self, struct kept_file *file, const char *name, int flags)
{
    int error = wp_checkpoint_opening(self->node, file->path, 0, true);
    if (error == 0 &&
        (file->held->output.fd = openat(file->held->place.dir_fd, name, flags | O_CREAT | O_EXCL, 0666)) < 0)
        error = -errno;
    const struct place *place = &file->held->place;
    if (error < 0)
        return error;
    return place->prefix > 0 ? wp_sync_dirs_of(file->path, place->prefix) : wp_sync_dir_of(file->path);
}

/* Under its name, which there may be already. */
static int open_named(struct writing *self, struct kept_file *file, int flags)
{
    const struct place *place = &file->held->place;
    struct stat meta;
    file->path = strdup(place->shown);
    if (file->path == NULL)
        return -ENOMEM;
    const int fd = file->held->output.fd = openat(place->dir_fd, place->name, flags);
    if (fd < 0)
        return errno == ENOENT ? make(self, file, place->name, flags) : -errno;
    if (fstat(fd, &meta) < 0)
        return -errno;
    if (!S_ISREG(meta.st_mode)) { /* a stream, which can't be cut */
        file->held->output.offset = UINT64_MAX;
        return 0;
    }
    file->held->size = is_set(self->node->plan, "append") ? (uint64_t)meta.st_size : 0;
    const int error = wp_checkpoint_opening(self->node, file->path, file->held->size, false);
    if (error == 0 && file->held->size == 0 && ftruncate(fd, 0) < 0)
        return -errno;
    return error;
}

/* Under another one, in the same directory. */
static int open_temporarily(struct writing *self, struct kept_file *file, int flags)
{
    const struct place *place = &file->held->place;
    for (int i = 0; i < NAME_TRIES; i++) {
        struct stat meta;
        uint32_t random;
        if (getrandom(&random, sizeof random, 0) != sizeof random)
            return -EIO;
        free(file->path);
        if (asprintf(&file->path, "%s" TEMP_MARK "%08x", place->shown, random) < 0) {
            file->path = NULL;
            return -ENOMEM;
        }
        const char *name = file->path + (place->name - place->shown);
        if (fstatat(place->dir_fd, name, &meta, AT_SYMLINK_NOFOLLOW) < 0)
            return make(self, file, name, flags);
    }
    return -EEXIST;
}

static int open_new(struct writing *self, struct kept_file *file)
{
    const struct plan_node *plan = self->node->plan;
    struct place *place = &file->held->place;
    const bool appends = is_set(plan, "append"), rotates = plan->rotates != NULL;
    int error = wp_place_open(place, wp_plan_setting(plan, "path")->pieces, self->node->file, self->time_ns);
    if (error == 0 && rotates)
        error = appends ? wp_series_append(&self->series, file->held, self->bytes_max)
                        : wp_series_add(&self->series, file->held);
    const int flags = O_WRONLY | O_CLOEXEC | O_NOCTTY | (place->dir_fd != AT_FDCWD ? O_NOFOLLOW : 0);
    if (error == 0)
        error = rotates && !appends ? open_temporarily(self, file, flags) : open_named(self, file, flags);
    return error == 0 ? set_mode(self, file->held) : error;
}

/* The one that was open at the checkpoint is as long as it was then; without a byte it may be gone. */
static int open_again(struct writing *self, struct kept_file *file)
{
    struct held_file *held = file->held;
    const size_t size = strlen(self->from), tail = sizeof TEMP_MARK - 1 + TEMP_DIGITS;
    const bool is_temporary = self->node->plan->rotates != NULL && !is_set(self->node->plan, "append") && size > tail &&
                              strncmp(self->from + size - tail, TEMP_MARK, sizeof TEMP_MARK - 1) == 0;
    held->output.fd =
        open(self->from, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | (self->from_size == 0 ? O_CREAT : 0), 0666);
    if (held->output.fd < 0)
        return -errno;
    file->path = self->from;
    held->size = self->from_size;
    held->place.shown = strndup(self->from, is_temporary ? size - tail : size);
    held->place.name = held->place.shown;
    self->from = NULL;
    if (held->place.shown == NULL)
        return -ENOMEM;
    return self->from_size == 0 ? wp_sync_dir_of(file->path) : 0; /* it may have been made */
}

static int64_t open_file(void *arg, weir_job *job)
{
    struct writing *self = arg;
    struct kept_file *file = self->file = calloc(1, sizeof *self->file);
    (void)job;
    if (file == NULL || (file->held = wp_held_file_create()) == NULL)
        return -ENOMEM;
    const int error = self->from != NULL ? open_again(self, file) : open_new(self, file);
    if (error == 0 && file->held->output.offset != UINT64_MAX)
        wp_cached_write_init(&file->held->cache, file->held->output.fd);
    if (file->held->output.offset != UINT64_MAX)
        file->held->output.offset = file->held->size;
    return error;
}

/* --- the end of one of a row ---------------------------------------------------------------------------------------
 */

static bool is_taken(const struct writing *self, const struct place *place, const char *path)
{
    struct stat meta;
    for (const struct kept_file *file = self->done; file != NULL; file = file->next)
        if (file->rename_to != NULL && strcmp(file->rename_to, path) == 0)
            return true;
    return fstatat(place->dir_fd, place->name, &meta, AT_SYMLINK_NOFOLLOW) == 0;
}

/* The first name that is free: 0, or a negative errno. */
static int find_name(const struct writing *self, struct kept_file *file)
{
    struct place *place = &file->held->place;
    for (unsigned number = file->held->number; number < NUMBER_MAX; number++) {
        const int error = wp_place_number(place, number);
        char *path = error == 0 ? wp_checkpoint_path(place->shown) : NULL;
        if (path == NULL)
            return -ENOMEM;
        if (!is_taken(self, place, path)) {
            file->rename_to = path;
            file->held->number = number;
            return 0;
        }
        free(path);
    }
    return -EEXIST;
}

/* It gets the first name that is free, once a checkpoint has it. */
static int64_t end_file(void *arg, weir_job *job)
{
    struct writing *self = arg;
    struct kept_file *file = self->file;
    (void)job;
    const int error = is_set(self->node->plan, "append") ? 0 : find_name(self, file);
    if (error < 0)
        return error;
    wp_series_named(&self->series, file->held);
    file->next = self->done;
    self->done = file;
    self->file = NULL;
    return 0;
}

/* So much more is in the file; whoever ends files is told when that is enough. */
static void add_size(struct writing *self, uint64_t bytes)
{
    self->file->held->size += bytes;
    if (self->bytes_max > 0 && self->file->held->size >= self->bytes_max)
        __atomic_store_n(&self->node->full_file, self->series.files, __ATOMIC_RELAXED);
}

/* --- the stream ----------------------------------------------------------------------------------------------------
 */

static weir_offload_future on_lane(weir_job_fn function, struct writing *self)
{
    return weir_offload(WEIR_LANE_IO, function, ref(self), unref);
}

/* clang-format off */
WEIR_ASYNC(write_kept_run, int, struct run_node *node; struct writing *writing; int64_t since_ns; struct parcel parcel;
           struct wp_edge_recv recv; struct wp_write_chunk write; weir_offload_future job;)
/* clang-format on */
{
    WEIR_BEGIN
    self->writing = calloc(1, sizeof *self->writing);
    if (self->writing == NULL)
        RETURN(wp_run_fail(self->node, -ENOMEM, "no memory"));
    *self->writing = (struct writing){ .refs = 1,
                                       .node = self->node,
                                       .bytes_max = (uint64_t)wp_rotate_limit(self->node->plan, false),
                                       .time_ns = wp_wall_ns() };
    self->output = wp_checkpoint_keep(self->node, &kept, self->writing);
    if (self->output < 0)
        RETURN(self->output);
    if (self->node->plan->rotates == NULL || self->writing->from != NULL) {
        AWAIT(self->job, on_lane(open_file, self->writing));
        if (self->job.output < 0)
            RETURN(failed(self->writing, self->job.output));
    }
    for (;;) {
        AWAIT(self->recv, WEIR_CALL(wp_edge_recv, .node = self->node, .ret_parcel = &self->parcel));
        if (self->recv.output < 0)
            RETURN(self->recv.output);
        if (self->parcel.last)
            break;
        if (self->parcel.seam == SEAM_BEGIN && self->writing->file != NULL)
            continue; /* it is the one that was open at the checkpoint */
        if (self->parcel.seam != SEAM_NONE) {
            self->writing->time_ns = self->parcel.time_ns;
            AWAIT(self->job, on_lane(self->parcel.seam == SEAM_BEGIN ? open_file : end_file, self->writing));
            if (self->job.output < 0)
                RETURN(failed(self->writing, self->job.output));
            continue;
        }
        self->since_ns = weir_now_ns();
        AWAIT(self->write, WEIR_CALL(wp_write_chunk, .node = self->node, .file = self->writing->file->held,
                                     .chunk = self->parcel.chunk));
        if (self->write.output < 0)
            RETURN(failed(self->writing, self->write.output));
        add_size(self->writing, self->parcel.chunk->size);
        wp_node_did_io(self->node, self->since_ns);
        wp_parcel_put(&self->parcel);
    }
    if (self->writing->file != NULL && self->node->plan->rotates != NULL) {
        AWAIT(self->job, on_lane(end_file, self->writing));
        if (self->job.output < 0)
            RETURN(failed(self->writing, self->job.output));
    }
    self->output = wp_checkpoint_ended(self->node);
    WEIR_FINALLY
    weir_mpsc_receiver_drop(self->node->from);
    self->node->from = NULL;
    wp_parcel_put(&self->parcel);
    unref(self->writing);
    WEIR_END
}

int wp_write_kept_spawn(struct run_node *node, weir_join_set *set)
{
    return weir_join_set_spawn(set, WEIR_CALL(write_kept_run, .node = node));
}
