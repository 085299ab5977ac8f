/*
 * gate.h - all of a run or nothing: where it forks, no sink commits before all else has ended well.
 *
 * A sink whose input has come to its end waits at the gate. It opens when each
 * task of the run has ended well or waits there, too: then nothing that could
 * still fail is left but the commits themselves, which are one rename each. A task
 * that fails never leaves, so the gate stays shut, and the run drops who waits.
 */
#ifndef WP_GATE_H
#define WP_GATE_H

#include <weir/cancel.h>

#include "run/run.h"

/* 0 or -ENOMEM. */
WEIR_MUST_USE int wp_gate_create(struct gate **ret_gate);
/* These take NULL, the gate of a run that doesn't fork, and do nothing then. */
void wp_gate_destroy(struct gate *gate);
/* All tasks of the run are spawned: so many. Some of them may wait already. */
void wp_gate_expect(struct gate *gate, size_t tasks);
/* One of them has ended well. */
void wp_gate_left(struct gate *gate);

/*
 * wp_gate_pass() - a sink could commit now: waits until it may. At once in a run
 * that doesn't fork.
 *
 * Cancel safe: the gate stays shut, since who waited there doesn't any more and
 * hasn't ended well.
 */
WEIR_ASYNC_DECLARE(wp_gate_pass, weir_unit, struct run *run; weir_cancelled_future opened;);

#endif
