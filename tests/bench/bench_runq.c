/*
 * bench_runq.c - what stealing costs: one thread fills a run queue, another steals half of it at a time.
 *
 * Prints one line in the form of weir_pb: name, ns a task, tasks, min, max, cpu; tabs between. PB_REPS repetitions.
 */
#include "sched/runq.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { TASKS = 2000000, REPS = 5, REPS_MAX = 99 };

static struct runq victim, thief;

static double now_ns(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void *steal_all(void *arg)
{
    unsigned left = TASKS;
    (void)arg;
    while (left > 0) {
        unsigned stolen = 0;
        if (runq_steal(&victim, &thief, &stolen) == NULL) {
            wi_relax();
            continue;
        }
        for (unsigned i = 1; i < stolen; i++)
            if (runq_pop(&thief) == NULL)
                abort();
        left -= stolen;
    }
    return NULL;
}

static void run(double *ret_wall, double *ret_cpu)
{
    static char task; /* any address: nobody looks into it */
    pthread_t thread;
    runq_init(&victim, false);
    runq_init(&thief, false);
    const double wall = now_ns(CLOCK_MONOTONIC), cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID);
    if (pthread_create(&thread, NULL, steal_all, NULL) != 0)
        abort();
    for (unsigned i = 0; i < TASKS;) {
        if (runq_push(&victim, (struct weir_task *)(void *)&task))
            i++;
        else
            wi_relax();
    }
    (void)pthread_join(thread, NULL);
    *ret_wall = (now_ns(CLOCK_MONOTONIC) - wall) / TASKS;
    *ret_cpu = (now_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu) / TASKS;
}

static int by_size(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

int main(void)
{
    double wall[REPS_MAX], cpu[REPS_MAX];
    const char *text = getenv("PB_REPS");
    const long wanted = text == NULL ? REPS : strtol(text, NULL, 10);
    const size_t reps = wanted < 1 ? 1 : wanted > REPS_MAX ? REPS_MAX : (size_t)wanted;
    run(&wall[0], &cpu[0]);
    for (size_t i = 0; i < reps; i++)
        run(&wall[i], &cpu[i]);
    qsort(wall, reps, sizeof wall[0], by_size);
    qsort(cpu, reps, sizeof cpu[0], by_size);
    printf("steal\t%.2f\t%d\t%.2f\t%.2f\t%.2f\n", wall[reps / 2], TASKS, wall[0], wall[reps - 1], cpu[reps / 2]);
    return 0;
}
