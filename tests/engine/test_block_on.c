/* test_block_on.c - many threads in weir_block_on() of one runtime. LABELS: stress */
#include <weir/oneshot.h>
#include <weir/runtime.h>

#include <pthread.h>

#include "runtime_rig.h"

#define THREADS 6
#define ROUNDS 200

WEIR_ASYNC(yields, int, int x; int i; weir_yield nap;)
{
    WEIR_BEGIN
    for (self->i = 0; self->i < 5; self->i++)
        AWAIT(self->nap, weir_yield_now());
    RETURN(self->x);
    WEIR_FINALLY
    WEIR_END
}
static void *block_often(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        int output = 0;
        CHECK_EQ(weir_block_on((weir_runtime *)arg, WEIR_CALL(yields, .x = i), &output), 0);
        CHECK_EQ(output, i);
    }
    return NULL;
}

/* One of them runs a current-thread runtime for all, and when it is done the next: nobody is left asleep. */
static void test_threads_share_a_runtime(void)
{
    FOR_EACH_FLAVOUR(runtime)
    {
        pthread_t threads[THREADS];
        for (int i = 0; i < THREADS; i++)
            CHECK_EQ(pthread_create(&threads[i], NULL, block_often, runtime), 0);
        for (int i = 0; i < THREADS; i++)
            CHECK_EQ(pthread_join(threads[i], NULL), 0);
    }
}

WEIR_ASYNC_LOCAL(stays, int, pthread_t home; int i; weir_yield nap;)
{
    WEIR_BEGIN
    for (self->i = 0; self->i < 5; self->i++) {
        CHECK(pthread_equal(self->home, pthread_self()));
        AWAIT(self->nap, weir_yield_now());
    }
    WEIR_FINALLY
    CHECK(pthread_equal(self->home, pthread_self()));
    WEIR_END
}
static void *block_on_local_ones(void *arg)
{
    for (int i = 0; i < ROUNDS; i++)
        CHECK_EQ(weir_block_on((weir_runtime *)arg, WEIR_CALL(stays, .home = pthread_self()), NULL), 0);
    return NULL;
}

/* Promise 9: beside others that share the runtime, too. */
static void test_a_local_future_stays_on_its_thread(void)
{
    weir_runtime *runtime = rig_runtime(0);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, i % 2 ? block_often : block_on_local_ones, runtime), 0);
    for (int i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
    weir_runtime_destroy(runtime);
}

WEIR_ASYNC(receive, int, weir_oneshot_receiver *from; int value; weir_oneshot_recv_future recv;)
{
    WEIR_BEGIN
    AWAIT(self->recv, weir_oneshot_recv(self->from, &self->value));
    RETURN(self->value);
    WEIR_FINALLY
    weir_oneshot_receiver_drop(self->from);
    WEIR_END
}
WEIR_ASYNC(send_when_told, int, weir_oneshot_sender *to; int value; const uint32_t *told; weir_yield nap;)
{
    WEIR_BEGIN
    while (wi_load(self->told, ACQUIRE) == 0)
        AWAIT(self->nap, weir_yield_now());
    self->value = 5;
    CHECK_EQ(weir_oneshot_send(self->to, &self->value), 0);
    WEIR_FINALLY
    WEIR_END
}
struct pair {
    weir_runtime *from, *to;
    weir_oneshot_receiver *receiver;
    weir_oneshot_sender *sender;
    uint32_t told;
};
static void *block_on_receive(void *arg)
{
    struct pair *pair = arg;
    int value = 0;
    CHECK_EQ(weir_block_on(pair->to, WEIR_CALL(receive, .from = pair->receiver), &value), 0);
    CHECK_EQ(value, 5);
    return NULL;
}

/* 26: from one runtime to another, of any flavour. */
static void test_a_wake_crosses_to_another_runtime(void)
{
    for (int round = 0; round < 20; round++)
        for (unsigned i = 0; i < 9; i++) {
            struct pair pair = { .from = rig_runtime(rig_flavours[i / 3]), .to = rig_runtime(rig_flavours[i % 3]) };
            CHECK_EQ(weir_oneshot_create(sizeof(int), NULL, &pair.sender, &pair.receiver), 0);
            pthread_t thread;
            CHECK_EQ(pthread_create(&thread, NULL, block_on_receive, &pair), 0);
            pair.told = 1;
            CHECK_EQ(weir_block_on(pair.from, WEIR_CALL(send_when_told, .to = pair.sender, .told = &pair.told), NULL),
                     0);
            CHECK_EQ(pthread_join(thread, NULL), 0);
            weir_runtime_destroy(pair.from);
            weir_runtime_destroy(pair.to);
        }
}

WEIR_ASYNC(hog, int, const uint32_t *stop; weir_yield nap;)
{
    WEIR_BEGIN
    while (wi_load(self->stop, ACQUIRE) == 0)
        AWAIT(self->nap, weir_yield_now());
    WEIR_FINALLY
    WEIR_END
}

/* 20, 30: with every worker busy all the time, what comes from outside is run all the same. */
static void test_a_busy_runtime_takes_spawns_from_outside(void)
{
    for (unsigned i = 1; i < 3; i++) {
        weir_runtime *runtime = rig_runtime(rig_flavours[i]);
        uint32_t stop = 0;
        for (unsigned k = 0; k < 2 * rig_flavours[i]; k++)
            weir_detach(weir_spawn_on(runtime, WEIR_CALL(hog, .stop = &stop)));
        for (int k = 0; k < 100; k++) {
            int output = 0;
            CHECK_EQ(weir_block_on(runtime, WEIR_CALL(yields, .x = k), &output), 0);
            CHECK_EQ(output, k);
        }
        wi_store(&stop, 1u, RELEASE);
        weir_runtime_destroy(runtime);
    }
}

int main(void)
{
    RUN(test_threads_share_a_runtime);
    RUN(test_a_local_future_stays_on_its_thread);
    RUN(test_a_wake_crosses_to_another_runtime);
    RUN(test_a_busy_runtime_takes_spawns_from_outside);
    return check_done();
}
