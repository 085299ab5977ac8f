/*
 * lazy_future.c - a future is a value that has run nothing; only polling runs it.
 *
 * Calling an async function builds its frame and does no more: what is never
 * awaited never happens, and dropping it is free.
 */
#include <stdio.h>
#include <weir/runtime.h>

WEIR_ASYNC(greet, int, const char *name;)
{
    WEIR_BEGIN
    printf("  hello, %s\n", self->name);
    RETURN((int)sizeof *self);
    WEIR_FINALLY
    WEIR_END
}

WEIR_ASYNC(program, weir_unit, struct greet first, second;)
{
    WEIR_BEGIN
    self->first = WEIR_CALL(greet, .name = "world");
    self->second = WEIR_CALL(greet, .name = "nobody");
    printf("two futures, and nothing was said\n");

    printf("awaiting the first\n");
    AWAIT_SLOT(self->first);
    printf("and the second is dropped\n");
    weir_drop(self->second);
    WEIR_FINALLY
    WEIR_END
}

int main(void)
{
    weir_runtime_options options = weir_runtime_current_thread();
    weir_runtime *runtime;
    if (weir_runtime_create(&options, &runtime) < 0)
        return 1;
    const int error = weir_block_on(runtime, WEIR_CALL(program), NULL);
    weir_runtime_destroy(runtime);
    return error < 0;
}

/* prints
two futures, and nothing was said
awaiting the first
  hello, world
and the second is dropped
*/
