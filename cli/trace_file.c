/* trace_file.c - see trace_file.h. */
#include "trace_file.h"

#include <stdio.h>
#include <string.h>

#include <weir/time.h>
#include <weir/trace.h>

#include "screen.h"

/* In all rings together: some 10 MiB of memory, and no more than about 50 MB of file. */
#define EVENTS_ALL 262144u

static int say(const char *path, int error)
{
    char shown[4096];
    fprintf(stderr, "weir run: --trace %s: %s\n", screen_name(shown, sizeof shown, path, strlen(path)),
            strerror(-error));
    return -1;
}

int trace_file_start(struct trace_file *trace, const char *path, weir_runtime *runtime)
{
    *trace = (struct trace_file){ .file = { .fd = -1 } };
    if (path == NULL)
        return 0;
    int error = whole_file_open(&trace->file, path);
    if (error == 0)
        error = weir_trace_start(runtime, EVENTS_ALL / (weir_runtime_workers(runtime) + 1));
    if (error < 0) {
        whole_file_discard(&trace->file);
        return say(path, error);
    }
    trace->on = true;
    trace->began_ns = weir_now_ns();
    return 0;
}

/* A row for each stage, also for those that run as one with others. */
static void add_stages(const struct trace_file *trace, weir_runtime *runtime, const weir_pipeline *pipeline)
{
    weir_pipeline_stage stage;
    for (size_t i = 0; weir_pipeline_stage_at(pipeline, i, &stage) == 0; i++)
        weir_trace_track(runtime, (unsigned)i, stage.name, weir_now_ns() - trace->began_ns);
}

int trace_file_stop(struct trace_file *trace, weir_runtime *runtime, const weir_pipeline *pipeline)
{
    weir_trace_kept kept;
    const char *path = trace->file.path;
    if (!trace->on)
        return 0;
    add_stages(trace, runtime, pipeline);
    int error = weir_trace_stop(runtime, trace->file.fd, &kept);
    if (error == 0)
        error = whole_file_commit(&trace->file);
    if (error < 0) {
        whole_file_discard(&trace->file);
        return say(path, error);
    }
    if (kept.dropped > 0)
        fprintf(stderr, "weir run: the trace has the last %llu events; %llu older ones were dropped\n",
                (unsigned long long)kept.events, (unsigned long long)kept.dropped);
    return 0;
}
