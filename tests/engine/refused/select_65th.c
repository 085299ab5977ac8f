/*
 * 65 slots don't fit, and the message says what does.
 * REFUSED: more than 64 slots: use weir_select_array
 */
#include <weir/select.h>

#define EIGHT(at) s[at], s[at + 1], s[at + 2], s[at + 3], s[at + 4], s[at + 5], s[at + 6], s[at + 7]
#define SIXTY_FOUR EIGHT(0), EIGHT(8), EIGHT(16), EIGHT(24), EIGHT(32), EIGHT(40), EIGHT(48), EIGHT(56)

unsigned refused_65th(weir_yield *s);
unsigned refused_65th(weir_yield *s)
{
#ifdef REFUSE
    weir_wide_select_future first = weir_select(SIXTY_FOUR, s[64]);
#else
    weir_wide_select_future first = weir_select(SIXTY_FOUR);
#endif
    return first.branches.count;
}
