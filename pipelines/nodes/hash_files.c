/* hash_files.c - stage "hash" on files: a field for each digest. */
#include <stdlib.h>
#include <string.h>

#include "nodes/node.h"
#include "run/file_hash.h"
#include "run/file_walk.h"
#include "run/rows.h"

struct hash_files {
    struct run_node *node;
    struct file_hasher *hasher;
    const struct algo_set *set;
    const weir_digest_algo *algos[WEIR_HASHER_ALGOS_MAX];
    uint32_t count;
    const char *as; /* NULL: the algorithm's name */
    int64_t head;
};

static int add_algo(struct hash_files *self, const char *name)
{
    const weir_digest_algo *algo = weir_digest_find(name);
    for (uint32_t i = 0; i < self->count; i++)
        if (self->algos[i] == algo)
            return wp_run_fail(self->node, -EINVAL, "%s is given twice", name);
    if (self->count == WEIR_HASHER_ALGOS_MAX)
        return wp_run_fail(self->node, -EINVAL, "takes %d algorithms at most", WEIR_HASHER_ALGOS_MAX);
    self->algos[self->count++] = algo;
    return 0;
}

static int open_hash(struct run_node *node, void **ret_state)
{
    struct hash_files *self = calloc(1, sizeof *self);
    if (self == NULL)
        return wp_run_fail(node, -ENOMEM, "no memory");
    *ret_state = self;
    self->node = node;
    self->as = wp_plan_text(node->plan, "as");
    self->head = wp_plan_number(node->plan, "head");
    int error = 0;
    for (const struct setting *setting = node->plan->settings; error == 0 && setting != NULL; setting = setting->next)
        if (strcmp(setting->opt->name, "algo") == 0)
            error = add_algo(self, setting->text);
    if (error == 0 && self->count == 0)
        error = add_algo(self, wp_plan_text(node->plan, "algo"));
    if (error == 0 && self->as != NULL && self->count > 1)
        error = wp_run_fail(node, -EINVAL, "'as' names one digest, but there are %u algorithms", self->count);
    if (error < 0)
        return error;
    self->hasher = wp_file_hasher_create();
    if (self->hasher == NULL)
        return wp_run_fail(node, -ENOMEM, "no memory");
    self->set = wp_file_hasher_set(self->hasher, self->algos, self->count);
    return 0;
}

static int hash_row(struct hash_files *self, struct batch *batch, struct row *row, const weir_job *job)
{
    weir_digest digests[WEIR_HASHER_ALGOS_MAX];
    uint64_t size;
    int error = wp_file_hash(self->hasher, self->set, row, self->head, job, &size, digests);
    if (error == 0 && self->head == 0)
        row->meta.size = size; /* a manifest's size is that of what was read */
    for (uint32_t i = 0; error == 0 && i < self->count; i++) {
        const weir_digest_algo *algo = self->algos[i];
        error = wp_row_set_digest(batch, row, self->as != NULL ? self->as : algo->name, algo, &digests[i]);
    }
    return error;
}

static int hash(void *state, struct batch **batch, const weir_job *job)
{
    struct hash_files *self = state;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < (*batch)->count; i++) {
        struct row *row = &(*batch)->rows[i];
        const int error = hash_row(self, *batch, row, job);
        if (error == -ENOMEM || error == -ECANCELED)
            return wp_run_fail(self->node, error, "%s", strerror(-error));
        if (error < 0)
            wp_run_trouble(self->node, "%s: %s", row->path, wp_file_error(error));
        else if (kept++ != i)
            (*batch)->rows[kept - 1] = *row;
    }
    (*batch)->count = kept;
    return 0;
}

static void close_hash(void *state)
{
    struct hash_files *self = state;
    wp_file_hasher_destroy(self->hasher);
    free(self);
}

static const struct rows_ops ops = {
    .open = open_hash, .batch = hash, .close = close_hash, .offloads = true, .lane = WEIR_LANE_CPU
};

static int spawn(struct run_node *node, weir_join_set *set)
{
    return wp_rows_spawn(node, &ops, set);
}

const struct node_type wp_node_hash_files = {
    .runs = "reads and hashes each batch of files on a thread of the cpu lane",
    .spawn = spawn,
    .parallel = true,
    .times = NODE_FED_BY(WEIR_FILES),
};
