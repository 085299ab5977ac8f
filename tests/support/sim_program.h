/*
 * sim_program.h - a program of runtime calls out of bytes, run in a simulation, beside a model of what must hold.
 *
 *     sim_program_run(code, size, seed, &coverage);      ends the process, with the seed, if anything doesn't hold
 *
 * The bytes say what a handful of tasks do: sleep, lock, acquire, send, receive,
 * select, spawn, join, abort, panic, write and read back a file; the seed says
 * how the scheduler, the clock and the ring behave. Every wait that another task
 * might never end has a time limit, so a program always ends.
 */
#ifndef SIM_PROGRAM_H
#define SIM_PROGRAM_H

#include <stddef.h>
#include <stdint.h>
#include <weir/sim.h>

enum sim_event {
    SIM_SPAWNED,
    SIM_FINISHED,
    SIM_CANCELLED,
    SIM_PANICKED,
    SIM_JOINED,
    SIM_DETACHED,
    SIM_SLEPT,
    SIM_LOCKED,
    SIM_LOCK_TIMED_OUT,
    SIM_ACQUIRED,
    SIM_ACQUIRE_TIMED_OUT,
    SIM_SENT,
    SIM_SEND_TIMED_OUT,
    SIM_RECEIVED,
    SIM_RECV_TIMED_OUT,
    SIM_SELECT_FIRST,
    SIM_SELECT_SECOND,
    SIM_ONESHOT,
    SIM_ONESHOT_TIMED_OUT,
    SIM_IO_WHOLE,
    SIM_IO_SHORT,
    SIM_IO_FAILED,
    SIM_IO_DROPPED,
    SIM_KILLED, /* the runtime ended with tasks in it */
    SIM_EVENTS,
};

extern const char *const sim_event_names[SIM_EVENTS];

struct sim_coverage {
    uint64_t programs;
    uint64_t events[SIM_EVENTS];
    weir_sim_report report; /* sums */
    uint64_t hash;          /* of the last run: what happened, in which order and when */
};

void sim_program_run(const uint8_t *code, size_t size, uint64_t seed, struct sim_coverage *coverage);

#endif
