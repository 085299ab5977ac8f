/*
 * sample.c - stage "sample": a of each b records.
 *
 * Of each b in a row it takes exactly a, and which ones the seed and their number
 * decide: the same input and seed give the same sample, on every machine.
 */
#include <stdlib.h>
#include <string.h>

#include "nodes/node.h"
#include "run/batch.h"
#include "run/rows.h"

static const weir_opt sample_opts[] = {
    { "share", "1/100: one of each 100 records", WEIR_OPT_EXPR, 0, .positional = true, .required = true },
    { "seed", "another seed is another sample", WEIR_OPT_INT, 0, .min = 0, .max = INT64_MAX },
    { 0 },
};

static bool is_count(const struct expr *expr)
{
    return expr != NULL && expr->kind == EXPR_VALUE && expr->value.kind == VALUE_INT && expr->value.number >= 1;
}

static const char *refuses(const struct setting *setting)
{
    const struct expr *share = setting->expr;
    if (share == NULL) /* the seed */
        return NULL;
    const bool divides = share->kind == EXPR_BINARY && share->op == OP_DIV;
    if (!divides || !is_count(share->args) || !is_count(share->args->next) ||
        share->args->value.number > share->args->next->value.number)
        return "the share is so many of so many, such as 1/100";
    return NULL;
}

struct sample {
    uint64_t take, of;     /* so many of so many */
    uint64_t wanted, left; /* of the b at hand */
    uint64_t random;
};

static int open_sample(struct run_node *node, void **ret_state)
{
    struct sample *self = calloc(1, sizeof *self);
    if (self == NULL)
        return wp_run_fail(node, -ENOMEM, "no memory");
    const struct expr *share = wp_plan_setting(node->plan, "share")->expr;
    self->take = (uint64_t)share->args->value.number;
    self->of = (uint64_t)share->args->next->value.number;
    self->random = (uint64_t)wp_plan_number(node->plan, "seed");
    *ret_state = self;
    return 0;
}

/* splitmix64: any seed will do, 0 too. */
static uint64_t next_random(struct sample *self)
{
    uint64_t x = self->random += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* Each choice of `wanted` out of `left` is as likely as any other. */
static bool is_chosen(void *arg, const struct row *row)
{
    (void)row;
    struct sample *self = arg;
    if (self->left == 0) {
        self->wanted = self->take;
        self->left = self->of;
    }
    const unsigned __int128 place = (unsigned __int128)next_random(self) * self->left;
    const bool chosen = (uint64_t)(place >> 64) < self->wanted;
    self->left--;
    self->wanted -= chosen;
    return chosen;
}

static int choose(void *state, struct batch **batch, const weir_job *job)
{
    (void)job;
    wp_batch_filter(*batch, is_chosen, state);
    return 0;
}

static int save(void *state, struct wp_save *save)
{
    const struct sample *self = state;
    const uint64_t saved[] = { self->wanted, self->left, self->random };
    return wp_save_bytes(save, saved, sizeof saved);
}

static int load(void *state, struct wp_load *load)
{
    struct sample *self = state;
    const void *bytes;
    uint64_t saved[3];
    size_t size;
    if (wp_load_bytes(load, &bytes, &size) != 1 || size != sizeof saved)
        return 0;
    memcpy(saved, bytes, size);
    self->wanted = saved[0];
    self->left = saved[1];
    self->random = saved[2];
    return 0;
}

static const struct rows_ops ops = { .open = open_sample, .batch = choose, .close = free, .kept = { save, load } };

static int spawn(struct run_node *node, weir_join_set *set)
{
    return wp_rows_spawn(node, &ops, set);
}

const struct node_type wp_node_sample = {
    .stage = { .name = "sample",
               .summary = "a of each b records; the seed and their number decide which",
               .in = WEIR_FILES | WEIR_RECORDS,
               .out = WEIR_FILES | WEIR_RECORDS,
               .opts = sample_opts },
    .runs = "chooses inline: it is cheap",
    .spawn = spawn,
    .keeps = KEEPS_STATE,
    .refuses = refuses,
};
