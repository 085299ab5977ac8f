/* test_chunk.c - buffers under one budget: first come, first served, and never more than the budget. */
#include <weir/chunk.h>

#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "mock_task.h"

enum { K = 1024, M = 1024 * 1024 };

static weir_chunk_stats stats(void)
{
    weir_chunk_stats now;
    weir_chunk_stats_get(&now);
    return now;
}

/* Every test starts with nothing kept and leaves nothing behind. */
static void begin(size_t budget)
{
    weir_chunk_trim();
    weir_chunk_budget_set(budget);
    CHECK_EQ(stats().used, 0);
    CHECK_EQ(stats().memory, 0);
}

static weir_chunk *take(size_t size)
{
    weir_chunk *chunk = weir_chunk_try_get(size);
    CHECK(chunk != NULL);
    return chunk;
}

/* Pages, because O_DIRECT wants them; at least what was asked for, because nobody checks. */
static void test_a_chunk_is_page_aligned_and_large_enough(void)
{
    begin(256 * M);
    const size_t sizes[] = { 0, 1, 4 * K, 4 * K + 1, 64 * K, 65 * K, 256 * K, 257 * K, 1 * M, 1 * M + 1, 5 * M - 3 };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        weir_chunk *chunk = take(sizes[i]);
        CHECK(chunk->capacity >= sizes[i] && chunk->capacity > 0);
        CHECK_EQ((uintptr_t)chunk->data % (uintptr_t)getpagesize(), 0);
        CHECK_EQ(chunk->size, 0);
        memset(chunk->data, (int)i, chunk->capacity);
        chunk->size = chunk->capacity;
        weir_chunk_put(chunk);
    }
    CHECK(weir_chunk_try_get(SIZE_MAX) == NULL);
    CHECK_EQ(stats().used, 0);
}

/* The last reference gives it back, not the first. */
static void test_a_chunk_lives_as_long_as_its_last_reference(void)
{
    begin(64 * K);
    weir_chunk *chunk = take(64 * K);
    CHECK(weir_chunk_hold(chunk) == chunk);
    weir_chunk_put(chunk);
    CHECK(weir_chunk_try_get(1) == NULL);
    weir_chunk_put(chunk);
    CHECK_EQ(stats().used, 0);
    weir_chunk_put(NULL);
}

/* With room there is nothing to wait for, and no waker is kept. */
static void test_a_get_with_room_is_ready_at_once(void)
{
    begin(64 * K);
    struct mock_task task;
    mock_task_init(&task);
    weir_chunk_get_future get = weir_chunk_get(5000);
    CHECK_EQ(stats().used, 0);
    CHECK(mock_task_poll(&task, WEIR_HEAD(get)) == WEIR_READY);
    CHECK(get.output != NULL && get.output->capacity >= 5000);
    CHECK_EQ(mock_task_holds(&task), 0);
    weir_chunk_put(get.output);
}

/* A task that had its share yields before it takes a chunk. */
static void test_a_get_spends_the_coop_budget(void)
{
    begin(64 * K);
    struct mock_task task;
    mock_task_init(&task);
    task.budget = 0;
    weir_chunk_get_future get = weir_chunk_get(1);
    CHECK(mock_task_poll(&task, WEIR_HEAD(get)) == WEIR_PENDING);
    CHECK(task.yielded);
    CHECK_EQ(stats().used, 0);
    weir_drop(get);
}

/* The budget is backpressure: a get awaits a put, and the put wakes it. */
static void test_a_put_wakes_who_waits_for_the_budget(void)
{
    begin(64 * K);
    struct mock_task task;
    mock_task_init(&task);
    weir_chunk *chunk = take(64 * K);
    weir_chunk_get_future get = weir_chunk_get(64 * K);
    CHECK(mock_task_poll(&task, WEIR_HEAD(get)) == WEIR_PENDING);
    CHECK(mock_task_poll(&task, WEIR_HEAD(get)) == WEIR_PENDING);
    CHECK_EQ(stats().waiting, 1);
    CHECK(!mock_task_is_woken(&task));
    chunk->data[0] = 42;
    weir_chunk_put(chunk);
    CHECK(mock_task_is_woken(&task));
    CHECK(mock_task_poll(&task, WEIR_HEAD(get)) == WEIR_READY);
    /* The memory is handed on with its pages: giving them back and faulting them in again would cost more than the io.
     */
    CHECK(get.output == chunk && chunk->data[0] == 42);
    weir_chunk_put(get.output);
}

/* A small request behind a large one waits its turn, or the large one would starve. */
static void test_gets_are_served_in_order(void)
{
    begin(256 * K);
    struct mock_task large, small;
    mock_task_init(&large);
    mock_task_init(&small);
    weir_chunk *first = take(64 * K), *second = take(64 * K);

    weir_chunk_get_future get_large = weir_chunk_get(256 * K), get_small = weir_chunk_get(4 * K);
    CHECK(mock_task_poll(&large, WEIR_HEAD(get_large)) == WEIR_PENDING);
    CHECK(mock_task_poll(&small, WEIR_HEAD(get_small)) == WEIR_PENDING);
    CHECK(weir_chunk_try_get(4 * K) == NULL); /* there is room, but others wait */

    weir_chunk_put(first);
    CHECK(!mock_task_is_woken(&large) && !mock_task_is_woken(&small));
    weir_chunk_put(second);
    CHECK(mock_task_is_woken(&large) && !mock_task_is_woken(&small));
    CHECK(mock_task_poll(&large, WEIR_HEAD(get_large)) == WEIR_READY);
    weir_chunk_put(get_large.output);
    CHECK(mock_task_is_woken(&small));
    CHECK(mock_task_poll(&small, WEIR_HEAD(get_small)) == WEIR_READY);
    weir_chunk_put(get_small.output);
}

/* Who gives up at the head of the queue lets the next one in. */
static void test_dropping_a_waiter_passes_its_turn_on(void)
{
    begin(256 * K);
    struct mock_task large, small;
    mock_task_init(&large);
    mock_task_init(&small);
    weir_chunk *first = take(64 * K);
    weir_chunk_get_future get_large = weir_chunk_get(256 * K), get_small = weir_chunk_get(64 * K);
    CHECK(mock_task_poll(&large, WEIR_HEAD(get_large)) == WEIR_PENDING);
    CHECK(mock_task_poll(&small, WEIR_HEAD(get_small)) == WEIR_PENDING);
    weir_drop(get_large);
    CHECK(mock_task_is_woken(&small));
    CHECK(mock_task_poll(&small, WEIR_HEAD(get_small)) == WEIR_READY);
    weir_chunk_put(get_small.output);
    weir_chunk_put(first);
    CHECK_EQ(mock_task_holds(&large), 0);
}

/* Cancelled between the wake and the poll: what it had been given isn't lost. */
static void test_dropping_what_was_granted_passes_it_on(void)
{
    begin(64 * K);
    struct mock_task one, two;
    mock_task_init(&one);
    mock_task_init(&two);
    weir_chunk *chunk = take(64 * K);
    weir_chunk_get_future get_one = weir_chunk_get(64 * K), get_two = weir_chunk_get(64 * K);
    CHECK(mock_task_poll(&one, WEIR_HEAD(get_one)) == WEIR_PENDING);
    CHECK(mock_task_poll(&two, WEIR_HEAD(get_two)) == WEIR_PENDING);
    weir_chunk_put(chunk);
    CHECK(mock_task_is_woken(&one) && !mock_task_is_woken(&two));
    weir_drop(get_one);
    CHECK(mock_task_is_woken(&two));
    weir_drop(get_two);
    CHECK_EQ(stats().used, 0);
    CHECK_EQ(stats().waiting, 0);
    weir_chunk_get_future never_polled = weir_chunk_get(1);
    weir_drop(never_polled);
}

/* An item heavier than the budget would wait for ever: it passes when nothing else is out, and nothing beside it. */
static void test_one_larger_than_the_budget_passes_alone(void)
{
    begin(1 * M);
    struct mock_task heavy, light;
    mock_task_init(&heavy);
    mock_task_init(&light);
    weir_chunk *chunk = take(4 * K);
    weir_chunk_get_future get_heavy = weir_chunk_get(3 * M), get_light = weir_chunk_get(4 * K);
    CHECK(mock_task_poll(&heavy, WEIR_HEAD(get_heavy)) == WEIR_PENDING);
    CHECK(mock_task_poll(&light, WEIR_HEAD(get_light)) == WEIR_PENDING);
    weir_chunk_put(chunk);
    CHECK(mock_task_is_woken(&heavy) && !mock_task_is_woken(&light));
    CHECK(mock_task_poll(&heavy, WEIR_HEAD(get_heavy)) == WEIR_READY);
    CHECK(get_heavy.output->capacity >= 3 * M);
    memset(get_heavy.output->data, 1, 3 * M);
    weir_chunk_put(get_heavy.output);
    CHECK(mock_task_is_woken(&light));
    CHECK(mock_task_poll(&light, WEIR_HEAD(get_light)) == WEIR_READY);
    weir_chunk_put(get_light.output);
}

/* A budget that grows lets in who waits; one that shrinks gives back what is kept. */
static void test_the_budget_may_change_at_any_time(void)
{
    begin(64 * K);
    struct mock_task task;
    mock_task_init(&task);
    weir_chunk *chunk = take(64 * K);
    weir_chunk_get_future get = weir_chunk_get(64 * K);
    CHECK(mock_task_poll(&task, WEIR_HEAD(get)) == WEIR_PENDING);
    weir_chunk_budget_set(128 * K);
    CHECK(mock_task_is_woken(&task));
    CHECK(mock_task_poll(&task, WEIR_HEAD(get)) == WEIR_READY);
    weir_chunk_put(chunk);
    CHECK_EQ(stats().memory, 128 * K);
    weir_chunk_budget_set(64 * K);
    CHECK_EQ(stats().memory, 64 * K);
    weir_chunk_budget_set(0);
    weir_chunk_put(get.output);
    CHECK_EQ(stats().memory, 0);
}

static bool is_resident(uint8_t *data)
{
    unsigned char there = 0;
    CHECK_EQ(mincore(data, 1, &there), 0);
    return there & 1;
}

/* What is kept for reuse counts too: it is given back, really, when another class needs the room. */
static void test_free_chunks_of_one_class_make_room_for_another(void)
{
    begin(1 * M);
    weir_chunk *small[256];
    uint8_t *where[256];
    for (int i = 0; i < 256; i++) {
        small[i] = take(4 * K);
        where[i] = small[i]->data;
        memset(small[i]->data, 1, 4 * K);
    }
    CHECK(weir_chunk_try_get(1) == NULL);
    for (int i = 0; i < 256; i++)
        weir_chunk_put(small[i]);
    CHECK(is_resident(where[0]));
    CHECK_EQ(stats().memory, 1 * M);

    weir_chunk *huge = take(1 * M);
    CHECK_EQ(stats().memory, 1 * M);
    for (int i = 0; i < 256; i++)
        CHECK(!is_resident(where[i]));
    weir_chunk_put(huge);

    small[0] = take(4 * K);
    CHECK_EQ(stats().memory, 4 * K);
    memset(small[0]->data, 2, 4 * K);
    weir_chunk_put(small[0]);
}

/* Of the 2 MiB that `data` is in. */
static size_t resident_bytes(const uint8_t *data)
{
    enum { PAGES = 2 * M / (4 * K) };
    unsigned char there[PAGES];
    const size_t page = (size_t)getpagesize();
    uint8_t *block = (uint8_t *)((uintptr_t)data & ~(uintptr_t)(2 * M - 1));
    size_t bytes = 0;
    CHECK_EQ(mincore(block, 2 * M, there), 0);
    for (size_t i = 0; i < 2 * M / page; i++)
        bytes += (there[i] & 1) != 0 ? page : 0;
    return bytes;
}

/*
 * The kernel brings a huge page at once, and what it has brought is counted, used or not. The first block is small: who
 * needs no more than that shall not pay for more. Runs before the others, which leave blocks behind.
 */
static void test_all_of_a_huge_page_is_counted(void)
{
    begin(64 * M);
    weir_chunk *chunks[12];
    for (int i = 0; i < 4; i++) {
        chunks[i] = take(256 * K);
        CHECK_EQ(stats().memory, (size_t)(i + 1) * 256 * K);
    }
    for (int i = 4; i < 12; i++) {
        chunks[i] = take(256 * K);
        CHECK_EQ(stats().memory, 1 * M + resident_bytes(chunks[4]->data));
        CHECK_EQ(stats().used, (size_t)(i + 1) * 256 * K);
        CHECK((chunks[i]->data[256 * K - 1] = 1) == 1);
    }
    if (resident_bytes(chunks[4]->data) < 2 * M)
        printf("no huge pages here\n");
    CHECK_EQ(stats().memory, 3 * M);

    /* Where another class needs the room, they go, a part of a huge page, too. */
    for (int i = 4; i < 8; i++)
        weir_chunk_put(chunks[i]);
    weir_chunk_budget_set(3 * M);
    weir_chunk *huge = take(1 * M);
    CHECK_EQ(stats().memory, 3 * M);
    CHECK_EQ(resident_bytes(chunks[8]->data), 1 * M);
    weir_chunk_put(huge);
    for (int i = 0; i < 12; i++)
        if (i < 4 || i >= 8)
            weir_chunk_put(chunks[i]);
}

/* A budget that isn't far away is for what is asked for. */
static void test_a_small_budget_buys_no_huge_page(void)
{
    begin(6 * M);
    weir_chunk *chunks[24];
    for (int i = 0; i < 24; i++) {
        chunks[i] = take(256 * K);
        CHECK(stats().memory <= (size_t)(i + 1) * 256 * K + (i < 8 ? 7 * 256 * K : 0));
    }
    for (int i = 0; i < 24; i++)
        weir_chunk_put(chunks[i]);
}

/* --- threads ---------------------------------------------------------------------------- */

enum { THREADS = 4, ROUNDS = 2000, BUDGET = 2 * M };

static weir_chunk *await_chunk(struct mock_task *task, size_t size)
{
    weir_chunk_get_future get = weir_chunk_get(size);
    while (mock_task_poll(task, WEIR_HEAD(get)) == WEIR_PENDING)
        while (!mock_task_is_woken(task))
            sched_yield();
    return get.output;
}

static void *chunk_user(void *arg)
{
    const unsigned self = *(const unsigned *)arg;
    static const size_t sizes[] = { 4 * K, 64 * K, 256 * K, 1 * M, 2 * M, 3000 };
    struct mock_task task;
    mock_task_init(&task);
    unsigned seed = self * 7919 + 1;
    for (int i = 0; i < ROUNDS; i++) {
        seed = seed * 1103515245 + 12345;
        const size_t size = sizes[(seed >> 16) % 6];
        if ((seed >> 24) % 8 == 0) { /* now and then one that gives up */
            weir_chunk_get_future get = weir_chunk_get(size);
            if (mock_task_poll(&task, WEIR_HEAD(get)) == WEIR_READY)
                weir_chunk_put(get.output);
            else
                weir_drop(get);
            continue;
        }
        weir_chunk *chunk = (seed >> 24) % 2 == 0 ? weir_chunk_try_get(size) : await_chunk(&task, size);
        if (chunk == NULL)
            continue;
        chunk->data[0] = (uint8_t)self;
        chunk->data[chunk->capacity - 1] = (uint8_t)self;
        const weir_chunk_stats now = stats();
        CHECK(now.used <= BUDGET && now.memory <= BUDGET);
        CHECK(chunk->data[0] == (uint8_t)self && chunk->data[chunk->capacity - 1] == (uint8_t)self);
        weir_chunk_put(chunk);
    }
    CHECK_EQ(mock_task_holds(&task), 0);
    return NULL;
}

/* Nobody starves, nobody gets another's chunk, and at no moment is there more memory out than the budget. */
static void test_threads_stay_within_the_budget(void)
{
    begin(BUDGET);
    pthread_t threads[THREADS];
    unsigned ids[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        ids[i] = i;
        CHECK_EQ(pthread_create(&threads[i], NULL, chunk_user, &ids[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    CHECK_EQ(stats().used, 0);
    CHECK_EQ(stats().waiting, 0);
}

static void *put_it(void *chunk)
{
    weir_chunk_put(chunk);
    return NULL;
}

/* References are dropped wherever the last reader is. */
static void test_the_last_put_may_come_from_any_thread(void)
{
    begin(64 * K);
    for (int i = 0; i < 100; i++) {
        weir_chunk *chunk = take(64 * K);
        chunk->data[7] = 7;
        weir_chunk_hold(chunk);
        pthread_t thread;
        CHECK_EQ(pthread_create(&thread, NULL, put_it, chunk), 0);
        CHECK_EQ(chunk->data[7], 7);
        weir_chunk_put(chunk);
        pthread_join(thread, NULL);
        CHECK_EQ(stats().used, 0);
    }
}

int main(void)
{
    RUN(test_all_of_a_huge_page_is_counted);
    RUN(test_a_chunk_is_page_aligned_and_large_enough);
    RUN(test_a_chunk_lives_as_long_as_its_last_reference);
    RUN(test_a_get_with_room_is_ready_at_once);
    RUN(test_a_get_spends_the_coop_budget);
    RUN(test_a_put_wakes_who_waits_for_the_budget);
    RUN(test_gets_are_served_in_order);
    RUN(test_dropping_a_waiter_passes_its_turn_on);
    RUN(test_dropping_what_was_granted_passes_it_on);
    RUN(test_one_larger_than_the_budget_passes_alone);
    RUN(test_the_budget_may_change_at_any_time);
    RUN(test_free_chunks_of_one_class_make_room_for_another);
    RUN(test_a_small_budget_buys_no_huge_page);
    RUN(test_threads_stay_within_the_budget);
    RUN(test_the_last_put_may_come_from_any_thread);
    return check_done();
}
