/*
 * test_hashing_ring.c - every operation on the ring fails in turn, with each error it can have, or comes short.
 * What the ring itself keeps from its users (-EINTR, -EAGAIN of a read) is for the tests of the rings.
 * WRAPS: fsync
 */
#include "hash_rig.h"

struct failure {
    enum op_kind kind;
    int error;
};

static const struct failure failures[] = {
    { OP_SLURP, -EIO },    { OP_SLURP, -EACCES }, { OP_SLURP, -ENOENT },         { OP_SLURP, -EMFILE },
    { OP_SLURP, -ENOMEM }, { OP_SLURP, -ESTALE }, { OP_SLURP, -ELOOP },          { OP_READ, -EIO },
    { OP_READ, -ENOMEM },  { OP_READ, -EINVAL },  { OP_READ, -EAGAIN },          { OP_READ, RING_FAIL_SHORT },
    { OP_WRITE, -EIO },    { OP_WRITE, -ENOSPC }, { OP_WRITE, -EDQUOT },         { OP_WRITE, -EPIPE },
    { OP_WRITE, -ENOMEM }, { OP_WRITE, 0 },       { OP_WRITE, RING_FAIL_SHORT },
};
#define FAILURES (sizeof failures / sizeof failures[0])

/* What became of a run in which one operation failed so. */
static void check_outcome(const struct failure *failure, int error)
{
    const unsigned reported = hash_rig.reports.count;
    if (failure->kind == OP_WRITE && failure->error != RING_FAIL_SHORT) {
        CHECK_EQ(error, failure->error == 0 ? -EIO : failure->error);
        return;
    }
    CHECK_EQ(error, 0);
    CHECK_EQ(hash_rig.counters.errors, reported);
    CHECK(reported <= 1);
    if (reported == 1)
        CHECK_EQ(hash_rig.reports.errors[0], failure->error);
    /* What is no regular file and was named by somebody is read by the pool. A read may have lain past the end. */
    if (failure->kind == OP_SLURP && failure->error != -ESTALE)
        CHECK_EQ(reported, 1);
}

/* True: there was an nth operation. */
static bool run_once(const struct hash_case *one, enum hash_rings rings, const struct failure *failure, uint32_t nth)
{
    struct hash_run run = { .rings = rings, .workers = nth % 2 == 0 ? 2 : 0 };
    run.fail = (struct ring_fail){ .nth = nth, .error = failure->error, .kinds = 1u << failure->kind };
    printf("%s, %s: operation %u of kind %d: %d\n", one->name, hash_ring_names[rings], nth, (int)failure->kind,
           failure->error);
    const int error = hash_rig_run(one, &run);
    hash_rig_check(one, error);
    if (run.fail.seen < nth) {
        CHECK_EQ(error, 0);
        CHECK_EQ(hash_rig.reports.count, 0);
        return false;
    }
    check_outcome(failure, error);
    return true;
}

static void each_in_turn(enum hash_rings rings)
{
    if (!hash_has_ring(rings))
        return;
    unsigned runs = 0;
    for (size_t k = 0; k < FAILURES; k++)
        for (uint32_t nth = 1; run_once(&hash_cases[0], rings, &failures[k], nth); nth++)
            runs++;
    /* The other ways: each operation with one of the errors, each error at some operation. */
    for (size_t i = 1; i < HASH_CASES; i++)
        for (size_t k = 0; k < FAILURES; k++)
            for (uint32_t nth = 1 + k % 4; run_once(&hash_cases[i], rings, &failures[k], nth);
                 nth = hash_next(&hash_cases[i], nth) + 3)
                runs++;
    CHECK(runs > 100 || weir_fs_in_memory(hash_rig.tree.fd)); /* there few files come by a ring */
}

static void test_each_operation_fails_on_io_uring(void)
{
    each_in_turn(RINGS_URING);
}

static void test_each_operation_fails_on_the_pools_ring(void)
{
    each_in_turn(RINGS_POOL);
}

static void test_each_operation_fails_on_a_ring_without_order(void)
{
    each_in_turn(RINGS_FAKE);
}

int main(void)
{
    hash_rig_init();
    RUN(test_each_operation_fails_on_io_uring);
    RUN(test_each_operation_fails_on_the_pools_ring);
    RUN(test_each_operation_fails_on_a_ring_without_order);
    hash_rig_fini();
    return check_done();
}
