/*
 * pb_main.c - weir_pb: one workload a run, one line of figures.
 *
 *   weir_pb                        the names of the workloads
 *   weir_pb WORKERS|ct WORKLOAD    warm up, measure PB_REPS (5) times PB_SCALE (1) its size, and print
 *                                  name, ns/op, ops, min, max, cpu ns/op; tabs between, medians
 *
 *   weir_pb WORKERS|ct tcp_echo PORT
 *
 * ct is the current-thread runtime.
 */
#include "pb.h"

#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <weir/io.h>

#define REPS_MAX 99

static const struct pb_workload *const groups[] = {
    pb_spawn_workloads, pb_set_workloads,   pb_turn_workloads,     pb_channel_workloads,
    pb_lock_workloads,  pb_timer_workloads, pb_blocking_workloads, pb_memory_workloads,
    pb_pipe_workloads,  pb_file_workloads,  pb_echo_workloads,
};
#define GROUPS (sizeof groups / sizeof groups[0])

uint64_t pb_now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static uint64_t timeval_ns(struct timeval time)
{
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_usec * 1000u;
}

uint64_t pb_cpu_ns(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return timeval_ns(usage.ru_utime) + timeval_ns(usage.ru_stime);
}

static double number_of(const char *variable, double otherwise)
{
    const char *text = getenv(variable);
    return text == NULL ? otherwise : strtod(text, NULL);
}

static int by_size(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* n / 1000 rounded down, at least 1, times 1000. */
static uint64_t in_batches(uint64_t n)
{
    return (n < PB_BATCH ? 1 : n / PB_BATCH) * PB_BATCH;
}

static void measure(const struct pb_workload *workload, weir_runtime *runtime)
{
    double wall[REPS_MAX], cpu[REPS_MAX];
    const double wanted = number_of("PB_REPS", 5);
    const size_t reps = wanted < 1 ? 1 : wanted > REPS_MAX ? REPS_MAX : (size_t)wanted;
    const uint64_t n = in_batches((uint64_t)((double)workload->ops * number_of("PB_SCALE", 1)));
    struct pb_run run = { .runtime = runtime };
    workload->run(&run, in_batches(n / 10));
    for (size_t i = 0; i < reps; i++) {
        run = (struct pb_run){ .runtime = runtime };
        const uint64_t cpu_began = pb_cpu_ns(), began = pb_now_ns();
        workload->run(&run, n);
        if (run.wall_ns == 0) {
            run.wall_ns = pb_now_ns() - began;
            run.cpu_ns = pb_cpu_ns() - cpu_began;
        }
        cpu[i] = (double)run.cpu_ns / (double)(n * workload->per);
        wall[i] = workload->cpu_is_result ? cpu[i] : (double)run.wall_ns / (double)(n * workload->per);
    }
    qsort(wall, reps, sizeof wall[0], by_size);
    qsort(cpu, reps, sizeof cpu[0], by_size);
    printf("%s\t%.2f\t%" PRIu64 "\t%.2f\t%.2f\t%.2f\n", workload->name, wall[reps / 2], n * workload->per, wall[0],
           wall[reps - 1], cpu[reps / 2]);
}

static const struct pb_workload *find(const char *name)
{
    for (size_t i = 0; i < GROUPS; i++)
        for (const struct pb_workload *workload = groups[i]; workload->name != NULL; workload++)
            if (strcmp(workload->name, name) == 0)
                return workload;
    return NULL;
}

static void list(void)
{
    for (size_t i = 0; i < GROUPS; i++)
        for (const struct pb_workload *workload = groups[i]; workload->name != NULL; workload++)
            printf("%s ", workload->name);
    putchar('\n');
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        list();
        return argc == 1 ? 0 : 2;
    }
    const bool current_thread = strcmp(argv[1], "ct") == 0;
    const unsigned long workers = current_thread ? 0 : strtoul(argv[1], NULL, 10);
    const struct pb_workload *workload = find(argv[2]);
    if (workload == NULL || (!current_thread && (workers == 0 || workers > 1024))) {
        fprintf(stderr, "weir_pb: no workload '%s', or not a number of workers: '%s'\n", argv[2], argv[1]);
        return 2;
    }
    weir_io_options io = weir_io_defaults();
    const weir_driver_factory drivers = weir_io_drivers(&io);
    weir_runtime_options options = weir_runtime_defaults();
    options.workers = (unsigned)workers;
    options.blocking_io_max = 4; /* as many as every peer has */
    options.drivers = &drivers;
    weir_runtime *runtime;
    const int error = weir_runtime_create(&options, &runtime);
    if (error < 0) {
        fprintf(stderr, "weir_pb: no runtime: %s\n", strerror(-error));
        return 1;
    }
    if (workload->per != 0) {
        measure(workload, runtime);
    } else {
        struct pb_run run = { .runtime = runtime, .argument = argv[3] };
        workload->run(&run, workload->ops);
    }
    weir_runtime_destroy(runtime);
    return 0;
}
