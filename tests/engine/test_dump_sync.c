/* test_dump_sync.c - a dump says what each primitive of sync and time is waited for. */
#include <weir/barrier.h>
#include <weir/broadcast.h>
#include <weir/delay_queue.h>
#include <weir/dump.h>
#include <weir/mpsc.h>
#include <weir/mutex.h>
#include <weir/once.h>
#include <weir/runtime.h>
#include <weir/rwlock.h>
#include <weir/select.h>
#include <weir/unbounded.h>
#include <weir/watch.h>

#include "check.h"

static struct {
    weir_barrier barrier;
    weir_once once;
    weir_once_turn turn;
    weir_broadcast_sender *broadcast_tx;
    weir_broadcast_receiver *broadcast_rx;
    weir_watch_sender *watch_tx;
    weir_watch_receiver *watch_rx;
    weir_unbounded_sender *unbounded_tx;
    weir_unbounded_receiver *unbounded_rx;
    weir_mpsc_sender *mpsc_tx;
    weir_mpsc_receiver *mpsc_rx;
    weir_delay_queue *delays;
    weir_mutex mutex;
    weir_mutex_guard guard;
    weir_rwlock *rwlock;
    weir_rwlock_guard written;
} all;

static void no_unref(void *owner)
{
    (void)owner;
}

static void make_all(void)
{
    const int zero = 0;
    weir_barrier_init(&all.barrier, 2);
    weir_once_init(&all.once);
    CHECK_EQ(weir_once_try_enter(&all.once, &all.turn), 1);
    CHECK_EQ(weir_broadcast_create(sizeof(int), 2, NULL, &all.broadcast_tx, &all.broadcast_rx), 0);
    CHECK_EQ(weir_watch_create(sizeof(int), &zero, NULL, &all.watch_tx, &all.watch_rx), 0);
    CHECK_EQ(weir_unbounded_create(sizeof(int), NULL, &all.unbounded_tx, &all.unbounded_rx), 0);
    CHECK_EQ(weir_mpsc_create(sizeof(int), 2, NULL, &all.mpsc_tx, &all.mpsc_rx), 0);
    CHECK_EQ(weir_mpsc_try_send(all.mpsc_tx, &zero), 0);
    CHECK_EQ(weir_mpsc_try_send(all.mpsc_tx, &zero), 0);
    CHECK_EQ(weir_delay_queue_create(sizeof(int), NULL, &all.delays), 0);
    CHECK_EQ(weir_delay_queue_insert(all.delays, &zero, WEIR_SEC(3600), NULL), 0);
    weir_mutex_init(&all.mutex);
    CHECK_EQ(weir_mutex_try_lock(&all.mutex, &all.guard), 0);
    CHECK_EQ(weir_rwlock_create(3, &all.rwlock), 0);
    CHECK_EQ(weir_rwlock_try_write(all.rwlock, &all.written), 0);
}

static void free_all(void)
{
    weir_once_leave(&all.turn);
    weir_broadcast_sender_unref(all.broadcast_tx);
    weir_broadcast_receiver_drop(all.broadcast_rx);
    weir_watch_sender_unref(all.watch_tx);
    weir_watch_receiver_drop(all.watch_rx);
    weir_unbounded_sender_unref(all.unbounded_tx);
    weir_unbounded_receiver_drop(all.unbounded_rx);
    weir_mpsc_sender_unref(all.mpsc_tx);
    weir_mpsc_receiver_drop(all.mpsc_rx);
    weir_delay_queue_destroy(all.delays);
    weir_mutex_unlock(&all.guard);
    weir_rwlock_unlock(&all.written);
    weir_rwlock_unref(all.rwlock);
}

WEIR_ASYNC(wait_for_some, int, int item; int64_t received; weir_once_turn turn; weir_barrier_wait_future barrier;
           weir_once_enter_future once; weir_broadcast_recv_future broadcast; weir_watch_future watch;
           weir_closed_future watch_closed; weir_unbounded_recv_future unbounded;
           weir_closed_future unbounded_closed; weir_delay_queue_next_future delays;
           weir_select_future which;)
{
    WEIR_BEGIN
    self->barrier = weir_barrier_wait(&all.barrier);
    self->once = weir_once_enter(&all.once, &self->turn);
    self->broadcast = weir_broadcast_recv(all.broadcast_rx, &self->item);
    self->watch = weir_watch_changed(all.watch_rx);
    self->watch_closed = weir_watch_closed(all.watch_tx);
    self->unbounded = weir_unbounded_recv(all.unbounded_rx, &self->item);
    self->unbounded_closed = weir_unbounded_closed(all.unbounded_tx);
    self->delays = weir_delay_queue_next(all.delays, &self->item);
    AWAIT(self->which, weir_select(self->barrier, self->once, self->broadcast, self->watch, self->watch_closed,
                                   self->unbounded, self->unbounded_closed, self->delays));
    WEIR_FINALLY
    WEIR_END
}

WEIR_ASYNC(wait_for_more, int, int item; weir_mpsc_permits permits; weir_mutex_owned_guard guard;
           weir_rwlock_guard read; weir_mpsc_reserve_many_future many; weir_closed_future closed;
           weir_mpsc_send_timeout_future send; weir_mutex_lock_owned_future lock; weir_rwlock_future reading;
           weir_select_future which;)
{
    WEIR_BEGIN
    self->many = weir_mpsc_reserve_many(all.mpsc_tx, 2, &self->permits);
    self->closed = weir_mpsc_closed(all.mpsc_tx);
    self->send = weir_mpsc_send_timeout(all.mpsc_tx, &self->item, WEIR_SEC(3600));
    self->lock = weir_mutex_lock_owned(&all.mutex, NULL, no_unref, &self->guard);
    self->reading = weir_rwlock_read(all.rwlock, &self->read);
    AWAIT(self->which, weir_select(self->many, self->closed, self->send, self->lock, self->reading));
    WEIR_FINALLY
    WEIR_END
}

static char seen[32][64];
static unsigned seen_count, cut;

static void note(const weir_dump_task *task, void *arg)
{
    (void)arg;
    cut += task->cut;
    for (unsigned i = 0; i < task->wait_count && seen_count < 32; i++)
        (void)snprintf(seen[seen_count++], sizeof seen[0], "%s%s", task->waits[i].what,
                       task->waits[i].due_ns > 0 ? ", due" : "");
}

WEIR_ASYNC(look_at_all, int, int turns; weir_yield nap;)
{
    WEIR_BEGIN
    for (self->turns = 0; self->turns < 3; self->turns++)
        AWAIT(self->nap, weir_yield_now());
    RETURN(weir_dump_each(weir_runtime_current(), note, NULL));
    WEIR_FINALLY
    WEIR_END
}

static void test_what_is_waited_for_has_a_name(void)
{
    const weir_runtime_options options = weir_runtime_current_thread();
    weir_runtime *runtime;
    int output = -1;
    make_all();
    CHECK_EQ(weir_runtime_create(&options, &runtime), 0);
    weir_detach(weir_spawn_on(runtime, WEIR_CALL(wait_for_some)));
    weir_detach(weir_spawn_on(runtime, WEIR_CALL(wait_for_more)));
    CHECK_EQ(weir_block_on(runtime, WEIR_CALL(look_at_all), &output), 0);
    CHECK_EQ(output, 0);
    CHECK_EQ(cut, 0);
    static const char *const wanted[] = {
        "a barrier",
        "something made once",
        "an item of a broadcast",
        "a change of a watch",
        "the other end of a channel to go",
        "an item of a channel",
        "a delay queue, due",
        "room in a channel",
        "at the latest, due",
        "a mutex",
        "a lock to read",
    };
    for (unsigned i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        bool found = false;
        for (unsigned k = 0; k < seen_count; k++)
            found |= strcmp(seen[k], wanted[i]) == 0;
        if (!found)
            fprintf(stderr, "nobody waits for %s\n", wanted[i]);
        CHECK(found);
    }
    weir_runtime_destroy(runtime); /* drops both tasks in the middle of all that */
    free_all();
}

/* --- circles --- */

static weir_once once;
static weir_rwlock *rwlock;

WEIR_ASYNC(once_then_lock, int, weir_once_turn turn; weir_once_enter_future enter; weir_yield nap;
           weir_rwlock_guard guard; weir_rwlock_future lock;)
{
    WEIR_BEGIN
    AWAIT(self->enter, weir_once_enter(&once, &self->turn));
    AWAIT(self->nap, weir_yield_now());
    AWAIT(self->lock, weir_rwlock_read(rwlock, &self->guard));
    WEIR_FINALLY
    weir_rwlock_unlock(&self->guard);
    weir_once_leave(&self->turn);
    WEIR_END
}

WEIR_ASYNC(lock_then_once, int, weir_once_turn turn; weir_once_enter_future enter; weir_yield nap;
           weir_rwlock_guard guard; weir_rwlock_future lock;)
{
    WEIR_BEGIN
    AWAIT(self->lock, weir_rwlock_write(rwlock, &self->guard));
    AWAIT(self->nap, weir_yield_now());
    AWAIT(self->enter, weir_once_enter(&once, &self->turn));
    WEIR_FINALLY
    weir_once_leave(&self->turn);
    weir_rwlock_unlock(&self->guard);
    WEIR_END
}

static unsigned held;

static void note_holders(const weir_dump_task *task, void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < task->wait_count; i++)
        held += task->waits[i].holder != NULL && task->waits[i].holder != task->task;
}

WEIR_ASYNC(look_for_holders, int, int turns; weir_yield nap;)
{
    WEIR_BEGIN
    for (self->turns = 0; self->turns < 4; self->turns++)
        AWAIT(self->nap, weir_yield_now());
    RETURN(weir_dump_each(weir_runtime_current(), note_holders, NULL));
    WEIR_FINALLY
    WEIR_END
}

/* One makes what the other waits for, who has the lock that it needs: each knows who has it. */
static void test_who_has_the_turn_or_the_lock_is_known(void)
{
    const weir_runtime_options options = weir_runtime_current_thread();
    weir_runtime *runtime;
    int output = -1;
    weir_once_init(&once);
    CHECK_EQ(weir_rwlock_create(5, &rwlock), 0);
    CHECK_EQ(weir_runtime_create(&options, &runtime), 0);
    weir_detach(weir_spawn_on(runtime, WEIR_CALL(once_then_lock)));
    weir_detach(weir_spawn_on(runtime, WEIR_CALL(lock_then_once)));
    CHECK_EQ(weir_block_on(runtime, WEIR_CALL(look_for_holders), &output), 0);
    CHECK_EQ(output, 0);
    CHECK_EQ(held, 2);
    weir_runtime_destroy(runtime);
    weir_rwlock_unref(rwlock);
}

int main(void)
{
    RUN(test_what_is_waited_for_has_a_name);
    RUN(test_who_has_the_turn_or_the_lock_is_known);
    return check_done();
}
