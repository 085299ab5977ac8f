/* lock_held_check.h - the end of a task's turn: no lock of the system may be held. Nothing but in a debug build. */
#ifndef WI_LOCK_HELD_CHECK_H
#define WI_LOCK_HELD_CHECK_H

struct weir_task;

#if defined(WEIR_DEBUG) && !defined(WI_MODEL)
void wi_lock_held_check(const struct weir_task *task);
#else
static inline void wi_lock_held_check(const struct weir_task *task)
{
    (void)task;
}
#endif

#endif
