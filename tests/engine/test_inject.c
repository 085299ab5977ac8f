/* test_inject.c - the injection queue: in order per thread, fair among threads, closed once and for all. */
#include <pthread.h>

#include "check.h"
#include "sched/inject.h"

#define PRODUCERS 3
#define NODES_EACH 20000

static struct inject_node nodes[PRODUCERS * NODES_EACH];

static void push_all(struct inject *inject, size_t first, size_t count)
{
    for (size_t i = first; i < first + count; i++)
        CHECK(inject_push(inject, &nodes[i]));
}

static size_t length_of(const struct inject_node *chain)
{
    size_t length = 0;
    for (; chain != NULL; chain = chain->next)
        length++;
    return length;
}

static void test_one_thread_gets_its_order_back(void)
{
    struct inject *inject = inject_create();
    CHECK(inject != NULL);
    CHECK_EQ(inject_len(inject), 0);
    CHECK(inject_pop_batch(inject, 0, 10) == NULL);
    push_all(inject, 0, 10);
    CHECK_EQ(inject_len(inject), 10);
    size_t next = 0;
    static const uint32_t sizes[] = { 1, 3, 0, 5, 100 };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct inject_node *chain = inject_pop_batch(inject, (uint32_t)i, sizes[i]);
        CHECK(length_of(chain) <= sizes[i]);
        for (; chain != NULL; chain = chain->next)
            CHECK(chain == &nodes[next++]);
        CHECK_EQ(inject_len(inject), 10 - next);
    }
    CHECK_EQ(next, 10);
    inject_destroy(inject);
}

static void test_a_batch_goes_in_as_a_whole(void)
{
    struct inject *inject = inject_create();
    push_all(inject, 0, 1);
    nodes[1].next = &nodes[2];
    nodes[2].next = &nodes[3];
    nodes[3].next = &nodes[77]; /* the end is where the caller says */
    CHECK(inject_push_batch(inject, &nodes[1], &nodes[3], 3));
    push_all(inject, 4, 1);
    CHECK_EQ(inject_len(inject), 5);
    const struct inject_node *chain = inject_pop_batch(inject, 0, 5);
    for (size_t i = 0; i < 5; i++, chain = chain->next)
        CHECK(chain == &nodes[i]);
    CHECK(chain == NULL);
    inject_destroy(inject);
}

/* Pops start at another list each time: one that is filled without end doesn't starve the others. */
static void test_no_list_starves(void)
{
    for (uint32_t worker = 0; worker < 3; worker++) {
        struct inject *inject = inject_create();
        wi_inject_home = 3;
        push_all(inject, 0, 1);
        wi_inject_home = 1 + worker;
        size_t next = 1, pops = 0;
        push_all(inject, next++, 1);
        for (bool found = false; !found; pops++) {
            push_all(inject, next++, 1);
            found = inject_pop_batch(inject, worker, 1) == &nodes[0];
            CHECK(pops <= INJECT_SHARDS);
        }
        inject_destroy(inject);
    }
    wi_inject_home = 0;
}

/* More than one list holds is taken from several. */
static void test_a_batch_comes_from_several_lists(void)
{
    struct inject *inject = inject_create();
    for (size_t i = 0; i < 6; i++) {
        wi_inject_home = 1 + (uint32_t)i % 3;
        push_all(inject, i, 1);
    }
    CHECK_EQ(length_of(inject_pop_batch(inject, 0, 5)), 5);
    CHECK_EQ(inject_len(inject), 1);
    CHECK_EQ(length_of(inject_pop_batch(inject, 0, 5)), 1);
    wi_inject_home = 0;
    inject_destroy(inject);
}

static void test_closed_refuses_and_can_be_drained(void)
{
    struct inject *inject = inject_create();
    push_all(inject, 0, 2);
    inject_close(inject);
    for (uint32_t home = 1; home <= INJECT_SHARDS; home++) {
        wi_inject_home = home;
        CHECK(!inject_push(inject, &nodes[2]));
        CHECK(!inject_push_batch(inject, &nodes[2], &nodes[2], 1));
    }
    wi_inject_home = 0;
    CHECK_EQ(inject_len(inject), 2);
    CHECK_EQ(length_of(inject_pop_batch(inject, 0, 10)), 2);
    CHECK_EQ(inject_len(inject), 0);
    inject_close(inject);
    inject_destroy(inject);
    inject_destroy(NULL);
}

/* --- many threads --- */

static struct inject *shared;
static uint32_t popped[PRODUCERS * NODES_EACH];
static uint32_t left;

static void *produce(void *arg)
{
    const size_t first = (size_t)(uintptr_t)arg * NODES_EACH;
    for (size_t i = 0; i < NODES_EACH; i += 4) {
        push_all(shared, first + i, 2);
        nodes[first + i + 2].next = &nodes[first + i + 3];
        CHECK(inject_push_batch(shared, &nodes[first + i + 2], &nodes[first + i + 3], 2));
    }
    return NULL;
}

static void *consume(void *arg)
{
    const uint32_t worker = (uint32_t)(uintptr_t)arg;
    size_t last[PRODUCERS] = { 0 };
    uint32_t max = 0;
    while (__atomic_load_n(&left, __ATOMIC_RELAXED) > 0) {
        uint32_t count = 0;
        for (struct inject_node *node = inject_pop_batch(shared, worker, 1 + max++ % 7); node != NULL; count++) {
            const size_t index = (size_t)(node - nodes), producer = index / NODES_EACH;
            node = node->next;
            CHECK_EQ(__atomic_fetch_add(&popped[index], 1, __ATOMIC_RELAXED), 0);
            CHECK(last[producer] <= index);
            last[producer] = index;
        }
        __atomic_fetch_sub(&left, count, __ATOMIC_RELAXED);
    }
    return NULL;
}

/* Each node once, and each consumer sees a producer's nodes in their order. */
static void test_producers_against_consumers_count_exactly(void)
{
    pthread_t producers[PRODUCERS], consumers[2];
    shared = inject_create();
    left = PRODUCERS * NODES_EACH;
    for (uintptr_t i = 0; i < PRODUCERS; i++)
        CHECK_EQ(pthread_create(&producers[i], NULL, produce, (void *)i), 0);
    for (uintptr_t i = 0; i < 2; i++)
        CHECK_EQ(pthread_create(&consumers[i], NULL, consume, (void *)i), 0);
    for (int i = 0; i < PRODUCERS; i++)
        CHECK_EQ(pthread_join(producers[i], NULL), 0);
    for (int i = 0; i < 2; i++)
        CHECK_EQ(pthread_join(consumers[i], NULL), 0);
    for (size_t i = 0; i < PRODUCERS * NODES_EACH; i++)
        CHECK_EQ(popped[i], 1);
    CHECK_EQ(inject_len(shared), 0);
    inject_destroy(shared);
}

int main(void)
{
    RUN(test_one_thread_gets_its_order_back);
    RUN(test_a_batch_goes_in_as_a_whole);
    RUN(test_no_list_starves);
    RUN(test_a_batch_comes_from_several_lists);
    RUN(test_closed_refuses_and_can_be_drained);
    RUN(test_producers_against_consumers_count_exactly);
    return check_done();
}
