/*
 * What is spawned may be polled by any thread, and so may its timeout.
 * REFUSED: only a Send future can be spawned
 */
#include <weir/task.h>
#include <weir/time.h>

typedef struct pinned {
    weir_local_future future;
    int output;
} pinned;

weir_join_handle refused_spawn(pinned *here, weir_sleep *nap);
weir_join_handle refused_spawn(pinned *here, weir_sleep *nap)
{
    (void)here;
    (void)nap;
#ifdef REFUSE
    return weir_spawn(weir_timeout(WEIR_SEC(1), here));
#else
    return weir_spawn(weir_timeout(WEIR_SEC(1), nap));
#endif
}
