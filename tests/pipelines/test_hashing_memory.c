/*
 * test_hashing_memory.c - every allocation of the hashing job fails in turn, its runtime's included.
 * WRAPS: fsync malloc calloc realloc aligned_alloc posix_memalign free mmap munmap pthread_create
 * WRAPS: strdup strndup realpath asprintf
 */
#include "fail_alloc.h"
#include "hash_rig.h"

static unsigned runs;

/* One run in which the nth request fails, or all from there on. True: there was an nth. */
static bool run_once(const struct hash_case *one, enum hash_rings rings, unsigned workers, long nth, bool lasting)
{
    struct hash_run run = { .rings = rings, .workers = workers };
    const size_t before = fail_alloc_outstanding();
    fail_alloc_arm(nth, lasting);
    const int error = hash_rig_run(one, &run);
    const long seen = fail_alloc_disarm();
    runs++;
    if (error != 0 && error != -ENOMEM && error != -EAGAIN)
        fprintf(stderr, "%s, %s: request %ld: %s\n", one->name, hash_ring_names[rings], nth, strerror(-error));
    CHECK(error == 0 || error == -ENOMEM || error == -EAGAIN);
    hash_rig_check(one, error);
    if (fail_alloc_outstanding() > before)
        fail_alloc_print();
    CHECK(fail_alloc_outstanding() <= before);
    return seen >= nth;
}

static void each_in_turn(enum hash_rings rings, unsigned workers, bool lasting)
{
    if (!hash_has_ring(rings))
        return;
    for (size_t i = 0; i < HASH_CASES; i++) {
        const struct hash_case *one = &hash_cases[i];
        struct hash_run run = { .rings = rings, .workers = workers };
        (void)hash_rig_run(one, &run); /* what is made once and kept */
        (void)fail_alloc_outstanding();
        long nth = 1;
        while (printf("%s, %s, %u workers: request %ld\n", one->name, hash_ring_names[rings], workers, nth) > 0 &&
               run_once(one, rings, workers, nth, lasting))
            nth = hash_next(one, (uint32_t)nth);
        CHECK(nth > 30);
    }
    printf("%u runs so far\n", runs);
}

static void test_each_request_fails_on_io_uring(void)
{
    /* One worker: where one ring goes while another comes, TSan knows nothing of the munmap() between the two. */
    each_in_turn(RINGS_URING, 1, false);
    each_in_turn(RINGS_URING, 0, true);
}

static void test_each_request_fails_on_the_pools_ring(void)
{
    each_in_turn(RINGS_POOL, 2, false);
    each_in_turn(RINGS_POOL, 0, true);
}

static void test_each_request_fails_on_a_ring_without_order(void)
{
    each_in_turn(RINGS_FAKE, 0, false);
}

int main(void)
{
    hash_rig_init();
    RUN(test_each_request_fails_on_io_uring);
    RUN(test_each_request_fails_on_the_pools_ring);
    RUN(test_each_request_fails_on_a_ring_without_order);
    hash_rig_fini();
    return check_done();
}
