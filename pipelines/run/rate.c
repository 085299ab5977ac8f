/* rate.c - @rate: a bucket of rows or of bytes. */
#include "run/rate.h"

#include <weir/time.h>

#include "run/batch.h"

/* What was not used is kept for so long, and batches of rows are cut to what passes in it. */
#define KEPT_NS WEIR_MS(100)
/* No debt is longer: it would not end in anybody's life. */
#define DEBT_NS_MAX ((double)INT64_MAX / 4)

/* The bucket of a node: that of its twin in the whole run. */
static int64_t *bucket_of(const struct run_node *node)
{
    return &wp_run_twin(node)->due_ns;
}

int64_t wp_rate_due(const struct run_node *node)
{
    return __atomic_load_n(bucket_of(node), __ATOMIC_RELAXED);
}

static uint64_t weigh(const struct run_node *node, const struct parcel *parcel)
{
    return parcel->batch != NULL && !node->plan->engine.rate_is_bytes ? parcel->batch->count : wp_parcel_bytes(parcel);
}

void wp_rate_pay(struct run_node *node, const struct parcel *parcel)
{
    int64_t *bucket = bucket_of(node);
    const double cost = (double)weigh(node, parcel) * 1e9 / (double)node->plan->engine.rate;
    const int64_t cost_ns = cost < DEBT_NS_MAX ? (int64_t)cost : (int64_t)DEBT_NS_MAX;
    const int64_t kept_ns = weir_now_ns() - KEPT_NS;
    int64_t due_ns = __atomic_load_n(bucket, __ATOMIC_RELAXED), paid_ns;
    do {
        const int64_t from_ns = due_ns > kept_ns ? due_ns : kept_ns;
        paid_ns = from_ns > (int64_t)DEBT_NS_MAX ? from_ns : from_ns + cost_ns;
    } while (!__atomic_compare_exchange_n(bucket, &due_ns, paid_ns, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
}

/* --- rows ------------------------------------------------------------------------------------------ */

int wp_rate_cut(struct run_node *node, struct parcel *parcel)
{
    const struct plan_engine *engine = &node->plan->engine;
    if (parcel->batch == NULL || engine->rate_is_bytes)
        return 0;
    const uint64_t passing = (uint64_t)engine->rate / (uint64_t)(WEIR_SEC(1) / KEPT_NS);
    const uint32_t rows = passing < 1 ? 1 : passing < BATCH_ROWS ? (uint32_t)passing : BATCH_ROWS;
    if (parcel->batch->count <= rows)
        return 0;
    struct batch *first = wp_batch_split(parcel->batch, rows);
    if (first == NULL)
        return -ENOMEM;
    node->rest = *parcel;
    *parcel = (struct parcel){ .batch = first };
    return 0;
}

bool wp_rate_rest(struct run_node *node, struct parcel *ret_parcel)
{
    if (node->rest.batch == NULL)
        return false;
    *ret_parcel = node->rest;
    node->rest = (struct parcel){ 0 };
    return true;
}
