/*
 * When the time is up the future is dropped.
 * REFUSED: a timeout would lose data of this future
 */
#include <weir/time.h>

typedef struct take_half {
    weir_lossy_future future;
    int output;
} take_half;

int refused_timeout(take_half *half);
int refused_timeout(take_half *half)
{
#ifdef REFUSE
    weir_timeout_future timed = weir_timeout(WEIR_SEC(1), half);
#else
    weir_lossy_timeout_future timed = weir_timeout_lossy(WEIR_SEC(1), half);
#endif
    return timed.output;
}
