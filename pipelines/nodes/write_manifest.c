/* write_manifest.c - stage "write" on files: their digests as a manifest that the stock tools read. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <weir/manifest.h>

#include "nodes/write_manifest.h"
#include "output_at.h"
#include "run/place.h"
#include "run/record_time.h"
#include "run/rows.h"
#include "run/stop.h"

#define WRITE_BYTES ((size_t)128 << 10)

struct write_manifest {
    struct run_node *node;
    struct place place;
    weir_output output;
    weir_text text;
    weir_manifest_style style;
    const weir_digest_algo *algos[WEIR_HASHER_ALGOS_MAX];
    const char *names[WEIR_HASHER_ALGOS_MAX]; /* of the fields */
    bool begun;
};

static int failed(struct write_manifest *self, int error)
{
    return wp_run_fail(self->node, error, "%s: %s", self->place.shown != NULL ? self->place.shown : "output",
                       strerror(-error));
}

static const char *const of_bytes[] = { "append", "verify", "sparse", "keep", "mode" };

static int open_write(struct run_node *node, void **ret_state)
{
    struct write_manifest *self = calloc(1, sizeof *self);
    if (self == NULL)
        return wp_run_fail(node, -ENOMEM, "no memory");
    *ret_state = self;
    self->node = node;
    self->output.fd = -1;
    self->style.algos = self->algos;
    for (size_t i = 0; i < sizeof of_bytes / sizeof of_bytes[0]; i++)
        if (wp_plan_setting(node->plan, of_bytes[i]) != NULL)
            return wp_run_fail(node, -EINVAL, "%s is for bytes, and this writes a manifest of files", of_bytes[i]);
    int error = wp_place_open(&self->place, wp_plan_setting(node->plan, "path")->pieces, NULL, wp_wall_ns());
    const int dir_fd = self->place.dir_fd;
    self->place.dir_fd = AT_FDCWD; /* the output's */
    if (error == 0)
        error = wp_output_open_at(&self->output, dir_fd, self->place.name);
    if (error < 0)
        return failed(self, error);
    self->output.unsynced = wp_plan_number(node->plan, "atomic") == 0 && wp_plan_number(node->plan, "fsync") == 0;
    return 0;
}

/* The first file says which digests there are; all must have them. */
static int begin(struct write_manifest *self, const struct row *row)
{
    const struct setting *format = wp_plan_setting(self->node->plan, "format");
    for (const struct field *field = row->fields; field != NULL; field = field->next)
        if (field->algo != NULL && self->style.algo_count < WEIR_HASHER_ALGOS_MAX) {
            self->names[self->style.algo_count] = field->name;
            self->algos[self->style.algo_count++] = field->algo;
        }
    if (self->style.algo_count == 0)
        return wp_run_fail(self->node, -EINVAL, "there are no digests to write: put 'hash' before it");
    self->style.format = self->style.algo_count > 1 ? WEIR_MANIFEST_BSD : WEIR_MANIFEST_GNU;
    if (format != NULL)
        self->style.format = (weir_manifest_format)format->number;
    const char *reason;
    if (weir_manifest_style_check(&self->style, &reason) < 0)
        return wp_run_fail(self->node, -EINVAL, "%s", reason);
    self->begun = true;
    const int error = weir_manifest_write_head(&self->text, &self->style);
    return error < 0 ? failed(self, error) : 0;
}

static int append(struct write_manifest *self, const struct row *row)
{
    uint8_t digests[WEIR_HASHER_ALGOS_MAX * WEIR_DIGEST_SIZE_MAX], *at = digests;
    for (size_t i = 0; i < self->style.algo_count; i++) {
        const struct field *field = wp_row_field(row, self->names[i]);
        if (field == NULL || field->algo != self->algos[i] ||
            weir_digest_unhex(field->value.text, field->algo->digest_size, at) < 0)
            return wp_run_fail(self->node, -EINVAL, "%s has no digest .%s", row->path, self->names[i]);
        at += field->algo->digest_size;
    }
    const int64_t size = (row->flags & ROW_META) != 0 ? (int64_t)row->meta.size : -1;
    const int error = weir_manifest_write(&self->text, &self->style, row->path, row->path_size, size, digests);
    if (error == -ENOMEM)
        return failed(self, error);
    if (error < 0)
        wp_run_trouble(self->node, "%s: %s has no way to write this name", row->path,
                       weir_manifest_format_names[self->style.format]);
    return 0;
}

static int flush(struct write_manifest *self)
{
    weir_output *output = &self->output;
    for (size_t done = 0; done < self->text.size;) {
        const char *from = self->text.data + done;
        const ssize_t wrote = output->offset == UINT64_MAX
                                  ? write(output->fd, from, self->text.size - done)
                                  : pwrite(output->fd, from, self->text.size - done, (off_t)output->offset);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return failed(self, wrote < 0 ? -errno : -EIO);
        done += (size_t)wrote;
        output->offset += output->offset == UINT64_MAX ? 0 : (uint64_t)wrote;
    }
    wp_counter_add(&self->node->counters.out_bytes, self->text.size);
    self->text.size = 0;
    return 0;
}

static int write_rows(void *state, struct batch **batch, const weir_job *job)
{
    struct write_manifest *self = state;
    (void)job;
    int error = 0;
    for (uint32_t i = 0; error == 0 && *batch != NULL && i < (*batch)->count; i++) {
        error = self->begun ? 0 : begin(self, &(*batch)->rows[i]);
        if (error == 0)
            error = append(self, &(*batch)->rows[i]);
    }
    if (error == 0 && (*batch == NULL || self->text.size >= WRITE_BYTES))
        error = flush(self);
    if (error == 0 && *batch == NULL && self->output.path != NULL && wp_stop_was_cut(self->node))
        error = wp_stop_refuse(self->node, self->output.path);
    if (error == 0 && *batch == NULL) {
        error = wp_output_sync(&self->output);
        error = error < 0 ? failed(self, error) : 0;
    }
    return error;
}

static int commit(void *state)
{
    struct write_manifest *self = state;
    const int error = weir_output_commit(&self->output);
    return error < 0 ? failed(self, error) : 0;
}

static void close_write(void *state)
{
    struct write_manifest *self = state;
    weir_output_discard(&self->output);
    wp_place_fini(&self->place);
    weir_text_fini(&self->text);
    free(self);
}

static const struct rows_ops ops = { .open = open_write,
                                     .batch = write_rows,
                                     .commit = commit,
                                     .close = close_write,
                                     .drains = true,
                                     .offloads = true,
                                     .lane = WEIR_LANE_IO };

int wp_write_manifest_spawn(struct run_node *node, weir_join_set *set)
{
    return wp_rows_spawn(node, &ops, set);
}
