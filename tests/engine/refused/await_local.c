/*
 * A select over a local future is local, and a Send function may not await it.
 * REFUSED: a Send future may not await a local one
 */
#include <weir/select.h>

typedef struct pinned {
    weir_local_future future;
    int output;
} pinned;

#ifdef REFUSE
WEIR_ASYNC(waits, int, pinned here; weir_yield step; weir_local_select_future which;)
#else
WEIR_ASYNC_LOCAL(waits, int, pinned here; weir_yield step; weir_local_select_future which;)
#endif
{
    WEIR_BEGIN
    AWAIT(self->which, weir_select(self->here, self->step));
    RETURN(self->which.output);
    WEIR_FINALLY
    WEIR_END
}

struct waits refused_await(void);
struct waits refused_await(void)
{
    return WEIR_CALL(waits);
}
