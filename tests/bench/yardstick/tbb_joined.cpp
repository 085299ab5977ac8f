/*
 * tbb_joined.cpp - oneTBB doing in spawn_join what our tasks do: the yardstick beside it, like with like.
 *
 *     g++ -std=c++20 -O3 -o tbb_joined tests/bench/yardstick/tbb_joined.cpp -ltbb && ./tbb_joined WORKERS MODE
 *
 * A task group counts its tasks down, and nothing can be asked of one of them. Here a task has a record of its own, to
 * which each mode adds something:
 *
 *     group    nothing: what the peers' program does
 *     handle   a result and a status that are awaited task by task; the record is allocated and freed
 *     abort    ... a flag that is looked at before the task runs, and references: the task's and the handle's
 *
 * None of them can suspend, be woken, be dumped or have a number; TBB has no such tasks.
 */
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <algorithm>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/scalable_allocator.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>

using namespace oneapi::tbb;

namespace {

constexpr int BATCH = 1000, BATCHES = 1000, RUNS = 7;

struct record {
    std::atomic<uint64_t> state; /* references, and whether it has ended, runs, is cancelled */
    int status;
};
constexpr uint64_t ENDED = 1, CANCELLED = 2, REF = 8;

record *make(uint64_t references)
{
    record *made = static_cast<record *>(scalable_malloc(sizeof(record)));
    made->state.store(references * REF, std::memory_order_relaxed);
    made->status = -1;
    return made;
}

void unref(record *of)
{
    if (of->state.fetch_sub(REF, std::memory_order_acq_rel) < 2 * REF)
        scalable_free(of);
}

void run_group()
{
    task_group group;
    for (int i = 0; i < BATCH; i++)
        group.run([] {});
    group.wait();
}

void run_handle()
{
    static record *handles[BATCH];
    task_group group;
    for (int i = 0; i < BATCH; i++) {
        record *mine = handles[i] = make(1);
        group.run([mine] {
            mine->status = 0;
            mine->state.fetch_or(ENDED, std::memory_order_acq_rel);
        });
    }
    for (int i = 0; i < BATCH; i++) {
        if ((handles[i]->state.load(std::memory_order_acquire) & ENDED) == 0)
            group.wait(); /* no task can be waited for alone */
        if (handles[i]->status != 0)
            abort();
        scalable_free(handles[i]);
    }
    group.wait();
}

void run_abort()
{
    static record *handles[BATCH];
    task_group group;
    for (int i = 0; i < BATCH; i++) {
        record *mine = handles[i] = make(2);
        group.run([mine] {
            if ((mine->state.load(std::memory_order_acquire) & CANCELLED) == 0)
                mine->status = 0;
            /* One step, as ours: it has ended, and its own reference is gone. */
            const uint64_t old = mine->state.fetch_add(ENDED - REF, std::memory_order_acq_rel);
            if (old < 2 * REF)
                scalable_free(mine);
        });
    }
    for (int i = 0; i < BATCH; i++) {
        if ((handles[i]->state.load(std::memory_order_acquire) & ENDED) == 0)
            group.wait();
        if (handles[i]->status != 0)
            abort();
        unref(handles[i]);
    }
    group.wait();
}

} // namespace

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    const int workers = atoi(argv[1]);
    void (*run)() = !strcmp(argv[2], "group") ? run_group : !strcmp(argv[2], "handle") ? run_handle : run_abort;
    global_control control(global_control::max_allowed_parallelism, static_cast<size_t>(workers < 2 ? 2 : workers));
    task_arena arena(workers);
    double ns[RUNS];
    for (int i = -1; i < RUNS; i++) { /* the first one warms up */
        const auto began = std::chrono::steady_clock::now();
        arena.execute([&] {
            for (int batch = 0; batch < BATCHES; batch++)
                run();
        });
        const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - began;
        if (i >= 0)
            ns[i] = took.count() / (static_cast<double>(BATCH) * BATCHES);
    }
    std::sort(ns, ns + RUNS);
    printf("tbb %s, %d workers: %.1f ns a task (%.1f to %.1f)\n", argv[2], workers, ns[RUNS / 2], ns[0], ns[RUNS - 1]);
    return 0;
}
