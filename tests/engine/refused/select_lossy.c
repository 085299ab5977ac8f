/*
 * A loser is dropped, so a future that loses data by that needs a word more.
 * REFUSED: dropping this future loses data
 */
#include <weir/select.h>

typedef struct take_half {
    weir_lossy_future future;
    int output;
} take_half;

int refused_select(take_half *half, weir_yield *step);
int refused_select(take_half *half, weir_yield *step)
{
#ifdef REFUSE
    weir_select_future first = weir_select(*step, *half);
    return first.output;
#else
    weir_lossy_select_future first = weir_select_lossy(*step, *half);
    weir_select_future kept = weir_select_ref(*step, *half);
    return first.output + kept.output;
#endif
}
