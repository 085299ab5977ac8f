/* manifest.c - stage "manifest": the files that a manifest lists, with what it says of them in .expected. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <weir/manifest.h>

#include "nodes/node.h"
#include "run/file_hash.h"
#include "run/rows.h"

/* Few, since nobody knows how large the files are: a batch is what one thread works on. */
#define MANIFEST_ROWS 16
#define READ_BYTES ((size_t)64 << 10)

static const weir_opt manifest_opts[] = {
    { "path", "the manifest: of sha256sum, xxhsum and their kin, BSD's, JSON, CSV, SFV; - is standard input",
      WEIR_OPT_STRING, 0, .positional = true, .required = true },
    { "null", "NUL ends a line", WEIR_OPT_BOOL, 0, .def = 0 },
    { 0 },
};

struct manifest {
    struct run_node *node;
    const char *path;
    int fd;
    weir_manifest_reader *reader;
    char *buffer;
    bool ended;
    uint64_t entries;
};

static int open_manifest(struct run_node *node, void **ret_state)
{
    struct manifest *self = calloc(1, sizeof *self);
    if (self == NULL)
        return wp_run_fail(node, -ENOMEM, "no memory");
    *ret_state = self;
    *self = (struct manifest){ .node = node, .path = wp_plan_text(node->plan, "path"), .fd = -1 };
    const char *slash = strrchr(self->path, '/');
    const weir_manifest_hints hints = {
        .file_name = slash != NULL ? slash + 1 : self->path,
        .zero = wp_plan_number(node->plan, "null") != 0,
    };
    self->reader = weir_manifest_reader_create(&hints);
    self->buffer = malloc(READ_BYTES);
    if (self->reader == NULL || self->buffer == NULL)
        return wp_run_fail(node, -ENOMEM, "no memory");
    weir_manifest_feed(self->reader, self->buffer, 0, false);
    self->fd = strcmp(self->path, "-") == 0 ? dup(STDIN_FILENO) : weir_open_long(self->path, O_RDONLY);
    return self->fd < 0 ? wp_run_fail(node, self->fd, "%s: %s", self->path, strerror(-self->fd)) : 0;
}

static int feed(struct manifest *self)
{
    ssize_t got;
    do
        got = read(self->fd, self->buffer, READ_BYTES);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return wp_run_fail(self->node, -errno, "%s: %s", self->path, strerror(errno));
    self->ended = got == 0;
    weir_manifest_feed(self->reader, self->buffer, (size_t)got, self->ended);
    return 0;
}

static int add(struct batch *batch, const weir_manifest_entry *entry)
{
    uint8_t packed[WEIR_HASHER_ALGOS_MAX * WEIR_DIGEST_SIZE_MAX], *end = packed;
    struct row *row = wp_batch_next(batch, entry->name, entry->name_size);
    if (row == NULL)
        return -ENOMEM;
    row->flags = ROW_FOLLOW;
    batch->count++;
    for (size_t i = 0; i < entry->count; i++)
        end = mempcpy(end, entry->digests[i].bytes, entry->algos[i]->digest_size);
    return wp_row_set_expected(batch, row, entry->algos, (uint32_t)entry->count, packed);
}

static int fill(struct manifest *self, struct batch *batch)
{
    weir_manifest_entry entry;
    while (batch->count < MANIFEST_ROWS) {
        const int what = weir_manifest_next(self->reader, &entry);
        int error = 0;
        if (what == WEIR_MANIFEST_MORE && self->ended)
            return 0;
        if (what == WEIR_MANIFEST_MORE) {
            error = feed(self);
            if (error < 0)
                return error;
        } else if (what == WEIR_MANIFEST_BAD) {
            wp_run_trouble(self->node, "%s:%lu: %s", self->path, (unsigned long)entry.line, entry.reason);
        } else {
            error = what < 0 ? what : add(batch, &entry);
        }
        if (error < 0)
            return wp_run_fail(self->node, error, "no memory");
    }
    return 0;
}

static int next(void *state, struct batch **batch, const weir_job *job)
{
    struct manifest *self = state;
    (void)job;
    struct batch *rows = wp_batch_create();
    if (rows == NULL)
        return wp_run_fail(self->node, -ENOMEM, "no memory");
    const int error = fill(self, rows);
    self->entries += rows->count;
    if (error == 0 && self->entries == 0)
        wp_run_trouble(self->node, "%s: no properly formatted checksum lines found", self->path);
    if (error == 0 && rows->count > 0)
        *batch = rows;
    else
        wp_batch_free(rows);
    return error;
}

static void close_manifest(void *state)
{
    struct manifest *self = state;
    weir_manifest_reader_destroy(self->reader);
    if (self->fd >= 0)
        (void)close(self->fd);
    free(self->buffer);
    free(self);
}

static const struct rows_ops ops = {
    .open = open_manifest, .batch = next, .close = close_manifest, .offloads = true, .lane = WEIR_LANE_IO
};

static int spawn(struct run_node *node, weir_join_set *set)
{
    return wp_rows_spawn(node, &ops, set);
}

const struct node_type wp_node_manifest = {
    .stage = { .name = "manifest",
               .summary = "the files that a manifest lists, with .expected",
               .in = WEIR_NONE,
               .out = WEIR_FILES,
               .source = true,
               .opts = manifest_opts },
    .runs = "reads the list on a thread of the io lane, a batch of files a job",
    .spawn = spawn,
    .touches = TOUCHES_LISTED,
    .times = NODE_FED_BY(WEIR_NONE),
};
