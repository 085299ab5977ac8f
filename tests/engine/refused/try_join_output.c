/*
 * Whether a pointer or nothing is an error, try_join_all can't know.
 * REFUSED: try_join_all needs outputs that are an int
 */
#include <weir/select.h>

unsigned refused_output(weir_yield *step);
unsigned refused_output(weir_yield *step)
{
#ifdef REFUSE
    weir_try_join_all_future all = weir_try_join_all(*step);
#else
    weir_join_all_future all = weir_join_all(*step);
#endif
    return all.branches.count;
}
