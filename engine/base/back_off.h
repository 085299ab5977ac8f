/*
 * back_off.h - what who lost a compare-and-swap does before it tries again.
 *
 * The line is another core's now, which wants it again at once. Tried again at once, each operation of either waits for
 * the line to come over; left alone for the time that some tens of operations take, the other one does them at its
 * full speed, and so do we after that.
 */
#ifndef WI_BACK_OFF_H
#define WI_BACK_OFF_H

#include "atomic.h"

#define BACK_OFF_RELAX 64 /* 1 to 3.5 us, by the processor */

static inline void wi_back_off(void)
{
#ifndef WI_MODEL /* there, who relaxes goes on when something changes, and this waits for nothing */
    for (int i = 0; i < BACK_OFF_RELAX; i++)
        wi_relax();
#endif
}

#endif
