/* hash_stages.c - what a hashing job does, told as the stages of a pipeline. */
#include <weir/hash_job.h>

static uint64_t get(const uint64_t *counter)
{
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

static unsigned kib(uint64_t bytes)
{
    return (unsigned)((bytes + 1023) / 1024);
}

/* What lies ahead of the output is the only queue that has a bound: it is that of the last stage. */
static void tell_queue(const weir_hash_counters *counters, weir_pipeline_stage *stage)
{
    const uint64_t looks = get(&counters->ahead_looks), most = get(&counters->ahead_max);
    if (looks == 0 || most == 0)
        return;
    const double fill = (double)get(&counters->ahead_sum) / (double)looks / (double)most;
    stage->queued = kib(get(&counters->ahead));
    stage->queue_max = kib(most);
    stage->queue_fill = fill < 1 ? fill : 1;
}

void weir_hash_stages(const weir_hash_counters *counters, unsigned lanes, const char *last,
                      weir_pipeline_stage ret_stages[WEIR_HASH_STAGES])
{
    const uint64_t walk = get(&counters->walk_ns), read = get(&counters->read_ns), hash = get(&counters->hash_ns);
    const uint64_t starved = get(&counters->starved_ns), blocked = get(&counters->blocked_ns);
    const uint64_t bytes = get(&counters->bytes), files = get(&counters->files);
    const weir_pipeline_stage lane = { .lanes = lanes, .outer_lanes = lanes };
    weir_pipeline_stage *stage = ret_stages;

    *stage = lane;
    stage->name = "files";
    stage->first = true;
    stage->out_rows = get(&counters->files_found);
    stage->busy_ns = walk;
    stage->blocked_ns = read + hash + blocked;

    *++stage = lane;
    stage->name = "read";
    stage->in_rows = stage->out_rows = files;
    stage->out_bytes = bytes;
    stage->busy_ns = read;
    stage->blocked_ns = hash + blocked;
    stage->starved_ns = walk + starved;

    *++stage = lane;
    stage->name = "hash";
    stage->in_rows = stage->out_rows = files;
    stage->in_bytes = bytes;
    stage->inlined = get(&counters->inlined);
    stage->offloaded = get(&counters->offloaded);
    stage->busy_ns = hash;
    stage->blocked_ns = blocked;
    stage->starved_ns = walk + read + starved;

    *++stage = (weir_pipeline_stage){ .lanes = 1, .outer_lanes = 1 };
    stage->name = last;
    stage->in_rows = files;
    stage->out_bytes = get(&counters->out_bytes);
    stage->busy_ns = get(&counters->emit_ns);
    stage->starved_ns = get(&counters->emit_starved_ns);
    tell_queue(counters, stage);
}
