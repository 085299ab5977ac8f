/*
 * An array forgets the types of its branches, so each is looked at when it is put there.
 * REFUSED: a branch in an array must be Send
 */
#include <weir/select.h>

typedef struct pinned {
    weir_local_future future;
    int output;
} pinned;

weir_future *refused_branch(pinned *here, weir_yield *step);
weir_future *refused_branch(pinned *here, weir_yield *step)
{
    (void)here;
    (void)step;
#ifdef REFUSE
    return WEIR_BRANCH(*here);
#else
    return WEIR_BRANCH(*step);
#endif
}
