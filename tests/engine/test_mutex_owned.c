/* test_mutex_owned.c - the guard keeps what the mutex lies in, and gives it up exactly once. */
#include <stdlib.h>

#include <weir/mutex.h>

#include "sync_rig.h"

struct account {
    weir_mutex mutex;
    int refs;
};

static struct account *account;
static struct mock_task tasks[3];
static int freed;

static void unref(void *owner)
{
    struct account *going = owner;
    if (--going->refs > 0)
        return;
    CHECK_EQ(going->mutex.word, 0);
    free(going);
    freed++;
}

static struct account *ref(void)
{
    account->refs++;
    return account;
}

static void start(void)
{
    account = malloc(sizeof *account);
    weir_mutex_init(&account->mutex);
    account->refs = 1;
    freed = 0;
    rig_mocks_init(tasks, 3);
}

static void finish(void)
{
    unref(account);
    CHECK_EQ(freed, 1);
    for (int i = 0; i < 3; i++)
        CHECK_NOT_HELD(tasks[i]);
}

WEIR_ASYNC(hold, int, weir_mutex_owned_guard guard; weir_yield nap;)
{
    WEIR_BEGIN
    AWAIT(self->nap, weir_yield_now());
    RETURN(0);
    WEIR_FINALLY
    weir_mutex_unlock_owned(&self->guard);
    WEIR_END
}

/* It moves into a task, which is the last to know the account, and goes at any of its awaits. */
static void test_the_guard_moves_into_a_task_and_frees_the_last(void)
{
    for (int polls = 0; polls <= 2; polls++) {
        start();
        weir_mutex_owned_guard guard = { 0 };
        weir_mutex_lock_owned_future lock = weir_mutex_lock_owned(&account->mutex, ref(), unref, &guard);
        CHECK(guard.guard.mutex == NULL);
        CHECK(READY(tasks[0], lock));
        struct hold call = WEIR_CALL(hold, .guard = guard);
        unref(account);
        CHECK_EQ(freed, 0);
        for (int i = 0; i < polls; i++)
            CHECK_EQ(READY(tasks[0], call), i == 1);
        weir_drop(call);
        CHECK_EQ(freed, 1);
    }
}

static void test_who_waits_keeps_it_too(void)
{
    start();
    weir_mutex_owned_guard guards[3] = { 0 };
    weir_mutex_lock_owned_future locks[3];
    for (int i = 0; i < 3; i++) {
        locks[i] = weir_mutex_lock_owned(&account->mutex, ref(), unref, &guards[i]);
        CHECK_EQ(READY(tasks[i], locks[i]), i == 0);
    }
    CHECK_EQ(account->refs, 4);
    CHECK_EQ(weir_mutex_try_lock_owned(&account->mutex, account, unref, &guards[1]), -EAGAIN);
    CHECK_EQ(account->refs, 4);
    weir_mutex_unlock_owned(&guards[0]);
    weir_mutex_unlock_owned(&guards[0]); /* an empty one unlocks nothing */
    CHECK_EQ(account->refs, 3);
    CHECK(IS_WOKEN(tasks[1]));
    weir_drop(locks[1]); /* it had been handed the lock */
    CHECK(guards[1].guard.mutex == NULL);
    CHECK_EQ(account->refs, 2);
    CHECK(READY(tasks[2], locks[2]));
    weir_mutex_unlock_owned(&guards[2]);
    CHECK_EQ(weir_mutex_try_lock_owned(&account->mutex, ref(), unref, &guards[0]), 0);
    locks[1] = weir_mutex_lock_owned(&account->mutex, ref(), unref, &guards[1]);
    CHECK(PENDING(tasks[1], locks[1]));
    weir_drop(locks[1]);
    locks[2] = weir_mutex_lock_owned(&account->mutex, ref(), unref, &guards[2]);
    weir_drop(locks[2]); /* never polled, and still it owned its reference */
    weir_mutex_unlock_owned(&guards[0]);
    CHECK_EQ(account->refs, 1);
    finish();
}

int main(void)
{
    RUN(test_the_guard_moves_into_a_task_and_frees_the_last);
    RUN(test_who_waits_keeps_it_too);
    return check_done();
}
