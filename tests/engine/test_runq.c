/* test_runq.c - the run queue: full at 256, overflows by half, is stolen by half, loses nothing. */
#include <pthread.h>

#include "check.h"
#include "sched/runq.h"

#define TASKS 100000

static char tasks[TASKS]; /* their addresses are the tasks */

static struct weir_task *task(size_t index)
{
    return (struct weir_task *)&tasks[index];
}

static size_t index_of(const struct weir_task *some)
{
    return (size_t)((const char *)some - tasks);
}

static void fill(struct runq *runq, size_t first, size_t count)
{
    for (size_t i = first; i < first + count; i++)
        CHECK(runq_push(runq, task(i)));
}

static void check_pops(struct runq *runq, size_t first, size_t count)
{
    for (size_t i = first; i < first + count; i++)
        CHECK(runq_pop(runq) == task(i));
}

static struct runq queue, other;

/* And four times as many where nobody else would take them. */
static void test_256_fit_one_at_a_time(void)
{
    CHECK_EQ(RUNQ_CAP, 256);
    for (int alone = 0; alone < 2; alone++) {
        const size_t cap = alone ? RUNQ_CAP_ALONE : RUNQ_CAP;
        runq_init(&queue, alone);
        for (size_t round = 0; round < 3; round++) {
            CHECK_EQ(runq_room(&queue), cap);
            fill(&queue, 0, cap);
            CHECK_EQ(runq_len(&queue), cap);
            CHECK_EQ(runq_room(&queue), 0);
            CHECK(!runq_push(&queue, task(cap)));
            check_pops(&queue, 0, cap);
            CHECK(runq_pop(&queue) == NULL);
            CHECK_EQ(runq_len(&queue), 0);
        }
    }
}

/* The newer half leaves, in order, and the older stays, so that no task can overflow again and again. Alone: as many.
 */
static void test_the_257th_moves_the_newer_half(void)
{
    for (int alone = 0; alone < 2; alone++) {
        const size_t cap = alone ? RUNQ_CAP_ALONE : RUNQ_CAP, stay = cap - RUNQ_CAP / 2;
        runq_init(&queue, alone);
        fill(&queue, 1000, 5);
        check_pops(&queue, 1000, 5); /* the ring's start is somewhere */
        fill(&queue, 0, cap);
        CHECK(!runq_push(&queue, task(cap)));
        struct weir_task *half[RUNQ_CAP / 2];
        CHECK_EQ(runq_take_half(&queue, half), RUNQ_CAP / 2);
        for (size_t i = 0; i < RUNQ_CAP / 2; i++)
            CHECK(half[i] == task(stay + i));
        CHECK_EQ(runq_len(&queue), stay);
        CHECK(runq_push(&queue, task(cap)));
        check_pops(&queue, 0, stay);
        CHECK(runq_pop(&queue) == task(cap));
        CHECK(runq_pop(&queue) == NULL);
    }
}

/* Whoever asks for the half of a queue with room is told to push once more. */
static void test_only_a_full_queue_gives_its_half(void)
{
    runq_init(&queue, false);
    fill(&queue, 0, RUNQ_CAP - 1);
    struct weir_task *half[RUNQ_CAP / 2] = { NULL };
    CHECK_EQ(runq_take_half(&queue, half), 0);
    CHECK(half[0] == NULL);
    check_pops(&queue, 0, RUNQ_CAP - 1);
}

/* Rounded up: of one task, that one is stolen. The first is the thief's to run. */
static void test_a_thief_takes_half(void)
{
    static const struct {
        size_t queued;
        unsigned stolen;
    } cases[] = { { 1, 1 }, { 2, 1 }, { 3, 2 }, { 4, 2 }, { 5, 3 }, { RUNQ_CAP, RUNQ_CAP / 2 } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        runq_init(&queue, false);
        runq_init(&other, false);
        fill(&queue, 0, cases[i].queued);
        unsigned stolen = 77;
        CHECK(runq_steal(&queue, &other, &stolen) == task(0));
        CHECK_EQ(stolen, cases[i].stolen);
        CHECK_EQ(runq_len(&other), cases[i].stolen - 1);
        check_pops(&other, 1, cases[i].stolen - 1);
        check_pops(&queue, cases[i].stolen, cases[i].queued - cases[i].stolen);
        CHECK(runq_pop(&queue) == NULL);
        stolen = 77;
        CHECK(runq_steal(&queue, &other, &stolen) == NULL);
        CHECK_EQ(stolen, 77);
    }
}

/* A thief takes what it has room for, and one to run even if it has none. */
static void test_a_full_thief_takes_one(void)
{
    for (size_t room = 0; room < 3; room++) {
        runq_init(&queue, false);
        runq_init(&other, false);
        fill(&queue, 0, 100);
        fill(&other, 1000, RUNQ_CAP - room);
        unsigned stolen;
        CHECK(runq_steal(&queue, &other, &stolen) == task(0));
        CHECK_EQ(stolen, room + 1);
        check_pops(&other, 1000, RUNQ_CAP - room);
        check_pops(&other, 1, room);
        CHECK(runq_pop(&other) == NULL);
    }
}

/* The counters have 32 bits and wrap after minutes of a busy worker. */
static void test_counters_wrap(void)
{
    runq_init(&queue, false);
    queue.head = runq_head(UINT32_MAX - 100, UINT32_MAX - 100);
    queue.tail = UINT32_MAX - 100;
    runq_init(&other, false);
    for (size_t round = 0; round < 10; round++) {
        fill(&queue, 0, RUNQ_CAP);
        CHECK(!runq_push(&queue, task(0)));
        struct weir_task *half[RUNQ_CAP / 2];
        CHECK_EQ(runq_take_half(&queue, half), RUNQ_CAP / 2);
        unsigned stolen;
        CHECK(runq_steal(&queue, &other, &stolen) == task(0));
        check_pops(&other, 1, stolen - 1);
        check_pops(&queue, stolen, RUNQ_CAP / 2 - stolen);
        CHECK_EQ(runq_len(&queue), 0);
    }
}

/* --- owner against thieves, for real --- */

static uint32_t taken[TASKS];
static size_t written_by_owner[TASKS]; /* plainly: whoever takes a task sees what was written before its push */
static uint32_t done;

static void took(struct weir_task *some)
{
    CHECK_EQ(written_by_owner[index_of(some)], index_of(some) + 1);
    CHECK_EQ(__atomic_fetch_add(&taken[index_of(some)], 1, __ATOMIC_RELAXED), 0);
}

static struct runq thieves_own[2];

/* Steals from the owner, or else from the other thief what that one has stolen. */
static void *thief(void *arg)
{
    struct runq *mine = arg;
    struct runq *theirs = &thieves_own[mine == &thieves_own[0]];
    uint64_t count = 0;
    while (!wi_load(&done, ACQUIRE)) {
        unsigned stolen;
        struct weir_task *some = runq_steal(&queue, mine, &stolen);
        if (some == NULL)
            some = runq_steal(theirs, mine, &stolen);
        if (some == NULL) {
            wi_relax();
            continue;
        }
        do {
            took(some);
            count++;
        } while ((some = runq_pop(mine)) != NULL);
    }
    return (void *)(uintptr_t)count;
}

static void stress(unsigned thieves, size_t batch)
{
    pthread_t threads[2];
    memset(taken, 0, sizeof taken);
    memset(written_by_owner, 0, sizeof written_by_owner);
    done = 0;
    runq_init(&queue, false);
    runq_init(&thieves_own[0], false);
    runq_init(&thieves_own[1], false);
    for (unsigned i = 0; i < thieves; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, thief, &thieves_own[i]), 0);
    uint64_t here = 0;
    struct weir_task *some;
    for (size_t next = 0; next < TASKS;) {
        for (size_t i = 0; i < batch && next < TASKS; i++, next++) {
            written_by_owner[next] = next + 1;
            if (runq_push(&queue, task(next)))
                continue;
            struct weir_task *half[RUNQ_CAP / 2];
            const unsigned count = runq_take_half(&queue, half);
            for (unsigned j = 0; j < count; j++)
                took(half[j]);
            took(task(next));
            here += count + 1;
        }
        for (size_t i = 0; i < batch / 2 && (some = runq_pop(&queue)) != NULL; i++, here++)
            took(some);
    }
    while ((some = runq_pop(&queue)) != NULL) {
        took(some);
        here++;
    }
    wi_store(&done, 1, RELEASE);
    uint64_t stolen = 0;
    for (unsigned i = 0; i < thieves; i++) {
        void *count;
        CHECK_EQ(pthread_join(threads[i], &count), 0);
        stolen += (uintptr_t)count;
    }
    CHECK_EQ(here + stolen, TASKS);
    for (size_t i = 0; i < TASKS; i++)
        CHECK_EQ(taken[i], 1);
}

static void test_producer_against_one_thief_counts_exactly(void)
{
    stress(1, 10);
    stress(1, RUNQ_CAP + RUNQ_CAP / 2);
}

static void test_producer_against_two_thieves_counts_exactly(void)
{
    stress(2, 100);
}

int main(void)
{
    RUN(test_256_fit_one_at_a_time);
    RUN(test_the_257th_moves_the_newer_half);
    RUN(test_only_a_full_queue_gives_its_half);
    RUN(test_a_thief_takes_half);
    RUN(test_a_full_thief_takes_one);
    RUN(test_counters_wrap);
    RUN(test_producer_against_one_thief_counts_exactly);
    RUN(test_producer_against_two_thieves_counts_exactly);
    return check_done();
}
