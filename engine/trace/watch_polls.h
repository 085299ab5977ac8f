/* watch_polls.h - the watchdog, private: who is watched, and what the watched thread tells. */
#ifndef WI_WATCH_POLLS_H
#define WI_WATCH_POLLS_H

#include <weir/watchdog.h>

struct worker;

#ifndef WI_MODEL
/* Begins to watch a runtime whose options want it. Without memory or a thread for that, it goes unwatched. */
void wi_watchdog_begin(struct weir_runtime *runtime);
/* Before its workers end, and before another thread runs a current-thread runtime: from its return on no thread of it
 * is sent a signal. Does nothing for one that isn't watched. */
void wi_watchdog_end(struct weir_runtime *runtime);
#else
#define wi_watchdog_begin(runtime) ((void)(runtime))
#define wi_watchdog_end(runtime) ((void)(runtime))
#endif

/* stuck_text.c: to stderr. */
void wi_stuck_print(const weir_stuck *stuck);

/*
 * stuck_stack.c: asks the thread of a worker, which is in a poll, for its stack. False: it didn't answer in time.
 * One at a time.
 */
bool wi_stuck_ask(const struct worker *worker, weir_stuck *ret_stuck);

#endif
