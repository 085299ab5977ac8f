/*
 * Nine slots don't fit, and the message says what does.
 * REFUSED: more than 8 slots: use weir_select_array
 */
#include <weir/select.h>

unsigned refused_ninth(weir_yield *s);
unsigned refused_ninth(weir_yield *s)
{
#ifdef REFUSE
    weir_select_future first = weir_select(s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[8]);
#else
    weir_select_future first = weir_select(s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7]);
#endif
    return first.branches.count;
}
