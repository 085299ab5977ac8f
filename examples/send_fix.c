/*
 * send_fix.c - what a spawned task holds across an await must be fit for any thread, and the compiler checks it.
 *
 * A cursor over a table without a lock belongs to its thread, so what waits on it
 * is a local future, and the one that awaits it can't be spawned:
 *
 *     only a Send future can be spawned: another thread may poll it
 *
 * (compile with -DBROKEN). The way out is the usual one: take what is needed out
 * of the local thing in a scope of its own, and let it go before the await.
 */
#include <stdio.h>
#include <weir/runtime.h>
#include <weir/time.h>

struct cursor {
    const int *row;
};

static int cursor_next(struct cursor *cursor)
{
    return *cursor->row++;
}

static const int table[] = { 3, 5, 7 };

#ifdef BROKEN
/* Holds the cursor across the await: it is WEIR_ASYNC_LOCAL, as honest code must be. */
WEIR_ASYNC_LOCAL(report, int, struct cursor cursor; weir_sleep nap;)
{
    WEIR_BEGIN
    self->cursor.row = table;
    self->output = cursor_next(&self->cursor);
    AWAIT(self->nap, weir_sleep_for(WEIR_MS(1)));
    self->output += cursor_next(&self->cursor);
    WEIR_FINALLY
    WEIR_END
}
#else
/* Holds two numbers. */
WEIR_ASYNC(report, int, int first, second; weir_sleep nap;)
{
    WEIR_BEGIN
    {
        struct cursor cursor;
        cursor.row = table;
        self->first = cursor_next(&cursor);
        self->second = cursor_next(&cursor);
    }
    AWAIT(self->nap, weir_sleep_for(WEIR_MS(1)));
    RETURN(self->first + self->second);
    WEIR_FINALLY
    WEIR_END
}
#endif

int main(void)
{
    weir_runtime_options options = weir_runtime_defaults();
    weir_runtime *runtime;
    int sum = 0;
    if (weir_runtime_create(&options, &runtime) < 0)
        return 1;
    weir_detach(weir_spawn_on(runtime, WEIR_CALL(report)));
    const int error = weir_block_on(runtime, WEIR_CALL(report), &sum);
    weir_runtime_destroy(runtime);
    printf("%d\n", sum);
    return error < 0;
}

/* prints
8
*/
/* refused with -DBROKEN: only a Send future can be spawned */
