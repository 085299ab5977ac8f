/*
 * The first error drops the rest.
 * REFUSED: dropping this future loses data
 */
#include <weir/select.h>

typedef struct take_half {
    weir_lossy_future future;
    int output;
} take_half;

int refused_try_join(take_half *half);
int refused_try_join(take_half *half)
{
#ifdef REFUSE
    weir_try_join_all_future all = weir_try_join_all(*half);
#else
    weir_lossy_try_join_all_future all = weir_try_join_all_lossy(*half);
#endif
    return all.output;
}
