/*
 * atomic_transfer.c - a transfer between two accounts stays whole, wherever it is cancelled.
 *
 * Every await is a point of cancellation. What must be whole is changed between
 * two awaits, in one go; the guard convention gives the lock back in FINALLY. The
 * program cancels the transfer after one poll, after two, ... and adds up.
 */
#include <stdio.h>
#include <weir/mutex.h>
#include <weir/runtime.h>

static struct bank {
    weir_mutex mutex;
    int from, to;
} bank = { .from = 100 };

WEIR_ASYNC(transfer, weir_unit, int amount; weir_mutex_lock_future lock; weir_mutex_guard guard; weir_yield audit;)
{
    WEIR_BEGIN
    AWAIT(self->lock, weir_mutex_lock(&bank.mutex, &self->guard));
    AWAIT(self->audit, weir_yield_now()); /* asks somebody: nothing has changed yet */
    bank.from -= self->amount;            /* no await between these two: nobody sees one without the other */
    bank.to += self->amount;
    AWAIT(self->audit, weir_yield_now()); /* tells somebody: all has changed already */
    WEIR_FINALLY
    weir_mutex_unlock(&self->guard);
    WEIR_END
}

WEIR_ASYNC(program, weir_unit, int polls, done; weir_join_handle task; weir_yield turn; weir_join_future join;)
{
    WEIR_BEGIN
    for (self->polls = 0; self->polls < 6; self->polls++) {
        self->task = weir_spawn(WEIR_CALL(transfer, .amount = 10));
        for (self->done = 0; self->done < self->polls; self->done++) {
            AWAIT(self->turn, weir_yield_now());
        }
        weir_abort(self->task);
        AWAIT(self->join, weir_join(self->task, (void *)NULL));
        printf("after %d turns: %-9s %3d + %2d = %d\n", self->polls, self->join.output == 0 ? "done," : "cancelled,",
               bank.from, bank.to, bank.from + bank.to);
    }
    WEIR_FINALLY
    WEIR_END
}

int main(void)
{
    weir_runtime_options options = weir_runtime_current_thread();
    weir_runtime *runtime;
    if (weir_runtime_create(&options, &runtime) < 0)
        return 1;
    weir_mutex_init(&bank.mutex);
    const int error = weir_block_on(runtime, WEIR_CALL(program), NULL);
    weir_runtime_destroy(runtime);
    return error < 0;
}

/* prints
after 0 turns: cancelled, 100 +  0 = 100
after 1 turns: cancelled, 100 +  0 = 100
after 2 turns: cancelled,  90 + 10 = 100
after 3 turns: done,      80 + 20 = 100
after 4 turns: done,      70 + 30 = 100
after 5 turns: done,      60 + 40 = 100
*/
