/*
 * test_hashing_calls.c - every plain system call of the hashing job fails in turn: those of the walk, of whole files,
 * of the relay, of the pool's ring. What it hit is reported, the rest is right.
 * WRAPS: fsync openat fstat fstatat pread preadv2 read lseek statx getdents64 syscall
 */
#include "fail_call.h"
#include "hash_rig.h"

struct failure {
    enum fail_call call;
    int error;
};

static const struct failure failures[] = {
    { FAIL_OPENAT, EACCES },   { FAIL_OPENAT, EMFILE },  { FAIL_OPENAT, ENOENT },      { FAIL_OPENAT, EIO },
    { FAIL_OPENAT, EINTR },    { FAIL_OPENAT2, EIO },    { FAIL_OPENAT2, EMFILE },     { FAIL_OPENAT2, EINTR },
    { FAIL_FSTAT, EIO },       { FAIL_FSTATAT, EIO },    { FAIL_PREAD, EIO },          { FAIL_PREAD, EINVAL },
    { FAIL_PREAD, EINTR },     { FAIL_PREADV2, EIO },    { FAIL_PREADV2, EOPNOTSUPP }, { FAIL_PREADV2, EAGAIN },
    { FAIL_READ, EIO },        { FAIL_READ, EINTR },     { FAIL_LSEEK, EINVAL },       { FAIL_LSEEK, EIO },
    { FAIL_STATX, EIO },       { FAIL_STATX, ENOENT },   { FAIL_STATX, EINTR },        { FAIL_GETDENTS, EIO },
    { FAIL_GETDENTS, ENOENT }, { FAIL_GETDENTS, EINTR },
};
#define FAILURES (sizeof failures / sizeof failures[0])

static unsigned runs, hits[FAIL_CALLS], reported[FAIL_CALLS];
static struct {
    const struct failure *failure;
    uint32_t nth, seen;
} plan;

/* The runtime is made before, so what is counted is the job's. */
static int run_armed(weir_runtime *runtime, const weir_hash_options *options)
{
    fail_call_arm(plan.failure->call, plan.nth, plan.failure->error);
    const int error = hash_run_job(runtime, options);
    plan.seen = fail_call_disarm();
    return error;
}

/* True: there was an nth call. */
static bool run_once(const struct hash_case *one, enum hash_rings rings, const struct failure *failure, uint32_t nth)
{
    struct hash_run run = { .rings = rings, .workers = nth % 2 == 0 ? 2 : 0, .main = run_armed };
    plan.failure = failure;
    plan.nth = nth;
    printf("%s, %s: call %u of %s: %s\n", one->name, hash_ring_names[rings], nth, fail_call_names[failure->call],
           strerror(failure->error));
    const int error = hash_rig_run(one, &run);
    const bool hit = plan.seen >= nth;
    /* What ends the job: the manifest to be checked can't be read, or there are no descriptors for directories. */
    const bool is_fatal = one->check_path != NULL || failure->error == EMFILE;
    CHECK(error == 0 || (hit && is_fatal && error == -failure->error));
    hash_rig_check(one, error);
    CHECK(hit || hash_rig.reports.count == 0);
    if (error == 0)
        CHECK(hash_rig.reports.count <= 1);
    if (failure->error == EINTR)
        CHECK(error == 0 && hash_rig.reports.count == 0);
    runs++;
    hits[failure->call] += hit;
    reported[failure->call] += hash_rig.reports.count;
    return hit;
}

static void each_in_turn(enum hash_rings rings)
{
    if (!hash_has_ring(rings))
        return;
    /* The first case has every way there is: each call with each error. The others: each error at some calls. */
    for (size_t i = 0; i < HASH_CASES; i++)
        for (size_t k = 0; k < FAILURES; k++)
            for (uint32_t nth = i == 0 ? 1 : 1 + k % 4; run_once(&hash_cases[i], rings, &failures[k], nth);
                 nth = hash_next(&hash_cases[i], nth) + (i == 0 ? 0 : 3))
                continue;
}

static void test_each_call_fails_beside_io_uring(void)
{
    each_in_turn(RINGS_URING);
}

static void test_each_call_fails_on_the_pools_ring(void)
{
    each_in_turn(RINGS_POOL);
}

/* A call that is never made would be a test of nothing. */
static void test_every_call_was_hit(void)
{
    for (int call = 0; call < FAIL_CALLS; call++)
        printf("%s: %u failed, %u reported\n", fail_call_names[call], hits[call], reported[call]);
    printf("%u runs\n", runs);
    CHECK(hits[FAIL_OPENAT] > 0 && hits[FAIL_FSTAT] > 0 && hits[FAIL_PREAD] > 0 && hits[FAIL_GETDENTS] > 0);
    CHECK(hits[FAIL_READ] > 0 && hits[FAIL_LSEEK] > 0);
    CHECK(reported[FAIL_OPENAT] > 0 && reported[FAIL_FSTAT] > 0 && reported[FAIL_PREAD] > 0);
    CHECK(reported[FAIL_GETDENTS] > 0);
}

int main(void)
{
    hash_rig_init();
    RUN(test_each_call_fails_beside_io_uring);
    RUN(test_each_call_fails_on_the_pools_ring);
    RUN(test_every_call_was_hit);
    hash_rig_fini();
    return check_done();
}
