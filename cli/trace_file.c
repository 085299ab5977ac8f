/* trace_file.c - see trace_file.h. */
#include "trace_file.h"

#include <stdio.h>
#include <string.h>

#include <weir/time.h>
#include <weir/trace.h>

#include "screen.h"

/* In all rings together: some 10 MiB of memory, and no more than about 50 MB of file. */
#define EVENTS_ALL 262144u

static int say(const struct trace_file *trace, int error)
{
    char shown[4096];
    fprintf(stderr, "%s: --trace %s: %s\n", trace->command,
            screen_name(shown, sizeof shown, trace->path, strlen(trace->path)), strerror(-error));
    return -1;
}

int trace_file_start(struct trace_file *trace, const char *command, const char *path, weir_runtime *runtime)
{
    *trace = (struct trace_file){ .command = command, .path = path };
    if (path == NULL)
        return 0;
    int error = weir_output_open(&trace->file, path);
    trace->file.unsynced = true;
    if (error == 0)
        error = weir_trace_start(runtime, EVENTS_ALL / (weir_runtime_workers(runtime) + 1));
    if (error < 0) {
        weir_output_discard(&trace->file);
        return say(trace, error);
    }
    trace->on = true;
    trace->began_ns = weir_now_ns();
    return 0;
}

/* A row for each stage, also for those that run as one with others. */
static void add_stages(const struct trace_file *trace, weir_runtime *runtime, const struct live_of *of)
{
    weir_pipeline_stage stages[STAGES_SHOWN];
    const size_t count = live_stages(of, stages);
    for (size_t i = 0; i < count; i++)
        weir_trace_track(runtime, (unsigned)i, stages[i].name, weir_now_ns() - trace->began_ns);
}

int trace_file_stop(struct trace_file *trace, weir_runtime *runtime, const struct live_of *of)
{
    weir_trace_kept kept;
    if (!trace->on)
        return 0;
    add_stages(trace, runtime, of);
    int error = weir_trace_stop(runtime, trace->file.fd, &kept);
    if (error == 0)
        error = weir_output_commit(&trace->file);
    weir_output_discard(&trace->file);
    if (error < 0)
        return say(trace, error);
    if (kept.dropped > 0)
        fprintf(stderr, "%s: the trace has the last %llu events; %llu older ones were dropped\n", trace->command,
                (unsigned long long)kept.events, (unsigned long long)kept.dropped);
    return 0;
}
