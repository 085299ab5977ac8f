/*
 * pb.h - weir_pb: the workloads that runtimes are compared by.
 *
 * Every workload does what the program of the same name does in the peers'
 * sources: the same sizes, each task really awaited, each result checked.
 */
#ifndef PB_H
#define PB_H

#include <weir/runtime.h>

#include <stdio.h>
#include <stdlib.h>

#define PB_BATCH 1000

struct pb_run {
    weir_runtime *runtime;
    const char *argument; /* the third of the command line, or NULL */
    /* A workload that times only a part of itself puts that here. */
    uint64_t wall_ns, cpu_ns;
};

struct pb_workload {
    const char *name;
    uint64_t ops; /* a multiple of 1000 */
    unsigned per; /* what is reported is ops * per; 0: not measured but left to run(), which prints by itself */
    bool cpu_is_result;
    void (*run)(struct pb_run *run, uint64_t ops);
};

/* Each ends with one that has no name. */
extern const struct pb_workload pb_spawn_workloads[];
extern const struct pb_workload pb_turn_workloads[];
extern const struct pb_workload pb_channel_workloads[];
extern const struct pb_workload pb_lock_workloads[];
extern const struct pb_workload pb_timer_workloads[];
extern const struct pb_workload pb_blocking_workloads[];
extern const struct pb_workload pb_set_workloads[];
extern const struct pb_workload pb_memory_workloads[];
extern const struct pb_workload pb_pipe_workloads[];
extern const struct pb_workload pb_file_workloads[];
extern const struct pb_workload pb_echo_workloads[];

uint64_t pb_now_ns(void);
uint64_t pb_cpu_ns(void);

/* 1 s to 60 s, scattered. */
static inline int64_t pb_timer_ns(uint64_t i)
{
    return (int64_t)(1000 + ((i * 2654435761u) >> 7) % 59000) * 1000000;
}

#define pb_check(condition)                                                                  \
    do {                                                                                     \
        if (!(condition)) {                                                                  \
            fprintf(stderr, "weir_pb: %s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
            abort();                                                                         \
        }                                                                                    \
    } while (0)

/* A task runs `future_` to its end, while the workers do what it spawns. */
#define PB_RUN(run_, future_) pb_check(weir_block_on((run_)->runtime, (future_), NULL) == 0)

#endif
