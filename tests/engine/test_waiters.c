/*
 * test_waiters.c - everything that tasks talk through, used at once by tasks that give up and are aborted anywhere:
 * nothing is held by one that is gone. LABELS: stress
 */
#include <weir/barrier.h>
#include <weir/broadcast.h>
#include <weir/mpsc.h>
#include <weir/mutex.h>
#include <weir/notify.h>
#include <weir/once.h>
#include <weir/rwlock.h>
#include <weir/select.h>
#include <weir/semaphore.h>
#include <weir/unbounded.h>
#include <weir/watch.h>

#include "runtime_rig.h"

#define TASKS 200
#define TURNS 20
#define PERMITS 3
#define ROOM 4

static struct {
    weir_semaphore *semaphore;
    weir_rwlock *rwlock;
    weir_mutex mutex;
    weir_notify notify;
    weir_barrier barrier;
    weir_once once;
    weir_mpsc_sender *mpsc_tx;
    weir_mpsc_receiver *mpsc_rx;
    weir_unbounded_sender *unbounded_tx;
    weir_unbounded_receiver *unbounded_rx;
    weir_broadcast_sender *broadcast_tx;
    weir_watch_sender *watch_tx;
} shared;

static int inside; /* of the mutex */

/* A task's own part of everything, and one of each future. */
WEIR_ASYNC(use_all, int, uint32_t random; int turn; uint32_t choice; int item; bool locked;
           weir_broadcast_receiver *heard;
           weir_watch_receiver *watched; weir_permit permit; weir_rwlock_guard lock; weir_mutex_guard guard;
           weir_mpsc_permits places; weir_once_turn making; weir_yield nap; weir_timeout_future timed;
           weir_semaphore_acquire_future acquire; weir_rwlock_future rwlock; weir_mutex_lock_future mutex;
           weir_notify_wait_future notified; weir_barrier_wait_future meet; weir_once_enter_future enter;
           weir_mpsc_reserve_many_future reserve; weir_mpsc_send_timeout_future send;
           weir_broadcast_recv_future hear; weir_watch_future change;)
{
    WEIR_BEGIN
    CHECK_EQ(weir_broadcast_subscribe(shared.broadcast_tx, &self->heard), 0);
    CHECK_EQ(weir_watch_subscribe(shared.watch_tx, &self->watched), 0);
    for (self->turn = 0; self->turn < TURNS; self->turn++) {
        self->random = self->random * 1664525 + 1013904223;
        self->choice = (self->random >> 24) % 8;
        if (self->choice == 0) {
            self->acquire = weir_semaphore_acquire_owned(shared.semaphore, 1 + self->random % PERMITS, &self->permit);
            AWAIT(self->timed, weir_timeout(WEIR_MS(1), &self->acquire));
            AWAIT(self->nap, weir_yield_now());
            weir_permit_release(&self->permit);
        } else if (self->choice == 1) {
            self->rwlock = self->random % 2 == 0 ? weir_rwlock_read(shared.rwlock, &self->lock)
                                                 : weir_rwlock_write(shared.rwlock, &self->lock);
            AWAIT(self->timed, weir_timeout(WEIR_MS(1), &self->rwlock));
            weir_rwlock_downgrade(&self->lock);
            AWAIT(self->nap, weir_yield_now());
            weir_rwlock_unlock(&self->lock);
        } else if (self->choice == 2) {
            AWAIT(self->mutex, weir_mutex_lock(&shared.mutex, &self->guard));
            self->locked = true;
            CHECK_EQ(__atomic_fetch_add(&inside, 1, __ATOMIC_RELAXED), 0);
            AWAIT(self->nap, weir_yield_now());
            self->locked = false;
            __atomic_fetch_sub(&inside, 1, __ATOMIC_RELAXED);
            weir_mutex_unlock(&self->guard);
            weir_notify_one(&shared.notify);
        } else if (self->choice == 3) {
            self->notified = weir_notify_wait(&shared.notify);
            (void)weir_notify_enable(&self->notified);
            AWAIT(self->timed, weir_timeout(WEIR_MS(1), &self->notified));
        } else if (self->choice == 4) {
            self->meet = weir_barrier_wait(&shared.barrier);
            AWAIT(self->timed, weir_timeout(WEIR_MS(1), &self->meet));
        } else if (self->choice == 5) {
            AWAIT(self->enter, weir_once_enter(&shared.once, &self->making));
            AWAIT(self->nap, weir_yield_now());
            weir_once_leave(&self->making); /* never made */
        } else if (self->choice == 6) {
            self->reserve = weir_mpsc_reserve_many(shared.mpsc_tx, 1 + self->random % ROOM, &self->places);
            AWAIT(self->timed, weir_timeout(WEIR_MS(1), &self->reserve));
            while (self->places.count > 1)
                weir_mpsc_permits_send(&self->places, &self->item);
            weir_mpsc_permits_drop(&self->places);
            AWAIT(self->send, weir_mpsc_send_timeout(shared.mpsc_tx, &self->item, WEIR_MS(1)));
        } else {
            CHECK_EQ(weir_unbounded_send(shared.unbounded_tx, &self->item), 0);
            CHECK(weir_broadcast_send(shared.broadcast_tx, &self->item) > 0);
            self->hear = weir_broadcast_recv(self->heard, &self->item);
            AWAIT(self->timed, weir_timeout(WEIR_MS(1), &self->hear));
            CHECK_EQ(weir_watch_send(shared.watch_tx, &self->item), 0);
            self->change = weir_watch_changed(self->watched);
            AWAIT(self->timed, weir_timeout(WEIR_MS(1), &self->change));
        }
    }
    RETURN(0);
    WEIR_FINALLY
    if (self->locked)
        __atomic_fetch_sub(&inside, 1, __ATOMIC_RELAXED);
    weir_permit_release(&self->permit);
    weir_rwlock_unlock(&self->lock);
    weir_mutex_unlock(&self->guard);
    weir_once_leave(&self->making);
    weir_mpsc_permits_drop(&self->places);
    weir_broadcast_receiver_drop(self->heard);
    weir_watch_receiver_drop(self->watched);
    WEIR_END
}

WEIR_ASYNC(receive, int, int item; weir_mpsc_recv_future recv; weir_yield nap;)
{
    WEIR_BEGIN
    for (;;) {
        AWAIT(self->recv, weir_mpsc_recv(shared.mpsc_rx, &self->item));
        AWAIT(self->nap, weir_yield_now());
    }
    WEIR_FINALLY
    WEIR_END
}

WEIR_ASYNC(run_all, int, weir_join_handle handles[TASKS]; weir_join_handle receiver; int i; weir_join_future join;
           weir_yield nap;)
{
    WEIR_BEGIN
    self->receiver = weir_spawn(WEIR_CALL(receive));
    for (self->i = 0; self->i < TASKS; self->i++)
        self->handles[self->i] = weir_spawn(WEIR_CALL(use_all, .random = (uint32_t)self->i * 0x9e3779b9u));
    for (self->i = 0; self->i < TASKS; self->i += 3) { /* some before they began, others anywhere */
        AWAIT(self->nap, weir_yield_now());
        weir_abort(self->handles[self->i]);
    }
    for (self->i = 0; self->i < TASKS; self->i++) {
        AWAIT(self->join, weir_join(self->handles[self->i], NULL));
        CHECK(self->join.output == 0 || (self->join.output == -ECANCELED && self->i % 3 == 0));
    }
    weir_abort(self->receiver);
    AWAIT(self->join, weir_join(self->receiver, NULL));
    RETURN(0);
    WEIR_FINALLY
    WEIR_END
}

static void make_shared(void)
{
    const int zero = 0;
    weir_broadcast_receiver *heard;
    weir_watch_receiver *watched;
    CHECK_EQ(weir_semaphore_create(PERMITS, &shared.semaphore), 0);
    CHECK_EQ(weir_rwlock_create(3, &shared.rwlock), 0);
    weir_mutex_init(&shared.mutex);
    weir_notify_init(&shared.notify);
    weir_barrier_init(&shared.barrier, 3);
    weir_once_init(&shared.once);
    CHECK_EQ(weir_mpsc_create(sizeof(int), ROOM, NULL, &shared.mpsc_tx, &shared.mpsc_rx), 0);
    CHECK_EQ(weir_unbounded_create(sizeof(int), NULL, &shared.unbounded_tx, &shared.unbounded_rx), 0);
    CHECK_EQ(weir_broadcast_create(sizeof(int), 8, NULL, &shared.broadcast_tx, &heard), 0);
    CHECK_EQ(weir_watch_create(sizeof(int), &zero, NULL, &shared.watch_tx, &watched), 0);
    weir_broadcast_receiver_drop(heard);
    weir_watch_receiver_drop(watched);
}

/* All of it is free: nobody is left in a queue, no permit, place or turn has gone with its task. */
static void check_and_free_shared(void)
{
    weir_rwlock_guard lock = { 0 };
    weir_mutex_guard guard = { NULL };
    weir_once_turn turn = { NULL };
    int item;
    CHECK_EQ(weir_semaphore_available(shared.semaphore), PERMITS);
    CHECK_EQ(weir_rwlock_try_write(shared.rwlock, &lock), 0);
    CHECK_EQ(weir_mutex_try_lock(&shared.mutex, &guard), 0);
    CHECK_EQ(shared.barrier.arrived, 0);
    CHECK_EQ(weir_once_try_enter(&shared.once, &turn), 1);
    while (weir_mpsc_try_recv(shared.mpsc_rx, &item) == 0)
        ;
    CHECK_EQ(weir_mpsc_room(shared.mpsc_tx), ROOM);
    CHECK_EQ(weir_broadcast_receivers(shared.broadcast_tx), 0);
    CHECK_EQ(weir_watch_receivers(shared.watch_tx), 0);
    weir_rwlock_unlock(&lock);
    weir_mutex_unlock(&guard);
    weir_once_leave(&turn);
    weir_semaphore_unref(shared.semaphore);
    weir_rwlock_unref(shared.rwlock);
    weir_mpsc_sender_unref(shared.mpsc_tx);
    weir_mpsc_receiver_drop(shared.mpsc_rx);
    weir_unbounded_sender_unref(shared.unbounded_tx);
    weir_unbounded_receiver_drop(shared.unbounded_rx);
    weir_broadcast_sender_unref(shared.broadcast_tx);
    weir_watch_sender_unref(shared.watch_tx);
}

static void test_tasks_that_go_leave_nothing_behind(void)
{
    for (int round = 0; round < 3; round++) {
        make_shared();
        FOR_EACH_FLAVOUR(runtime)
        {
            CHECK_EQ(weir_block_on(runtime, WEIR_CALL(run_all), NULL), 0);
            CHECK_EQ(inside, 0);
        }
        check_and_free_shared();
    }
}

/* The runtime itself goes in the middle of it. */
static void test_a_runtime_that_goes_leaves_nothing_behind(void)
{
    for (int round = 0; round < 3; round++) {
        make_shared();
        FOR_EACH_FLAVOUR(runtime)
        {
            for (int i = 0; i < TASKS; i++)
                weir_detach(weir_spawn_on(runtime, WEIR_CALL(use_all, .random = (uint32_t)i * 0x9e3779b9u)));
            CHECK_EQ(weir_block_on(runtime, WEIR_CALL(rig_add_one, .x = 1), NULL), 0);
        }
        CHECK_EQ(inside, 0);
        check_and_free_shared();
    }
}

int main(void)
{
    RUN(test_tasks_that_go_leave_nothing_behind);
    RUN(test_a_runtime_that_goes_leaves_nothing_behind);
    return check_done();
}
