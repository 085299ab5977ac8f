/* check.c - stage "check": files beside what a manifest says of them. .state: ok, changed, missing, unreadable, new. */
#include <stdlib.h>
#include <string.h>

#include "nodes/node.h"
#include "run/file_hash.h"
#include "run/file_walk.h"
#include "run/rows.h"

struct check {
    struct run_node *node;
    struct file_hasher *hasher;
};

static int open_check(struct run_node *node, void **ret_state)
{
    struct check *self = calloc(1, sizeof *self);
    if (self == NULL)
        return wp_run_fail(node, -ENOMEM, "no memory");
    *ret_state = self;
    self->node = node;
    self->hasher = wp_file_hasher_create();
    return self->hasher == NULL ? wp_run_fail(node, -ENOMEM, "no memory") : 0;
}

/* The algorithms that .expected has digests of. */
static uint32_t expected_algos(struct datum expected, const weir_digest_algo **ret_algos)
{
    uint32_t count = 0;
    while (expected.kind == DATUM_MAP && count < expected.size && count < WEIR_HASHER_ALGOS_MAX) {
        ret_algos[count] = weir_digest_find(expected.members[count].name);
        count++;
    }
    return count;
}

static bool is_expected(struct datum expected, const weir_digest_algo *const *algos, uint32_t count,
                        const weir_digest *digests)
{
    for (uint32_t i = 0; i < count; i++) {
        uint8_t wanted[WEIR_DIGEST_SIZE_MAX];
        if (weir_digest_unhex(expected.members[i].value.text, algos[i]->digest_size, wanted) < 0 ||
            memcmp(wanted, digests[i].bytes, algos[i]->digest_size) != 0)
            return false;
    }
    return true;
}

/* 0, or what ends the run: memory, a drop. */
static int check_row(struct check *self, struct batch *batch, struct row *row, const weir_job *job)
{
    const weir_digest_algo *algos[WEIR_HASHER_ALGOS_MAX];
    weir_digest digests[WEIR_HASHER_ALGOS_MAX];
    uint64_t size;
    const struct datum expected = wp_row_get(row, "expected");
    const uint32_t count = expected_algos(expected, algos);
    if (count == 0)
        return wp_row_set(batch, row, "state", NULL, datum_string("new", 3));
    const struct algo_set *set = wp_file_hasher_set(self->hasher, algos, count);
    if (set == NULL)
        return -E2BIG;
    const int error = wp_file_hash(self->hasher, set, row, 0, job, &size, digests);
    return wp_row_set_checked(batch, row, error, error == 0 && is_expected(expected, algos, count, digests));
}

static int check(void *state, struct batch **batch, const weir_job *job)
{
    struct check *self = state;
    for (uint32_t i = 0; i < (*batch)->count; i++) {
        const int error = check_row(self, *batch, &(*batch)->rows[i], job);
        if (error == -E2BIG)
            return wp_run_fail(self->node, error, "more than %d combinations of algorithms", FILE_HASHER_SETS_MAX);
        if (error < 0)
            return wp_run_fail(self->node, error, "%s", strerror(-error));
    }
    return 0;
}

static void close_check(void *state)
{
    struct check *self = state;
    wp_file_hasher_destroy(self->hasher);
    free(self);
}

static const struct rows_ops ops = {
    .open = open_check, .batch = check, .close = close_check, .offloads = true, .lane = WEIR_LANE_CPU
};

static int spawn(struct run_node *node, weir_join_set *set)
{
    return wp_rows_spawn(node, &ops, set);
}

const struct node_type wp_node_check = {
    .stage = { .name = "check",
               .summary = "files beside what a manifest says: .state is ok, changed, missing, unreadable or new",
               .in = WEIR_FILES,
               .out = WEIR_FILES },
    .runs = "reads and hashes each batch of files again on a thread of the cpu lane",
    .spawn = spawn,
    .times = NODE_FED_BY(WEIR_FILES),
    .parallel = true,
};
