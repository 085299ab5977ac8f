/* trace_file.h - --trace FILE: what a run did, for Perfetto. */
#ifndef TRACE_FILE_H
#define TRACE_FILE_H

#include <weir/output.h>
#include <weir/runtime.h>

#include "live.h"

struct trace_file {
    const char *command, *path;
    weir_output file;
    bool on;
    int64_t began_ns;
};

/* Begins it, for `command` ("weir run"); `path` NULL: there is none. 0, or -1 after saying what is wrong. */
int trace_file_start(struct trace_file *trace, const char *command, const char *path, weir_runtime *runtime);
/* Before the runtime ends. Writes it, whatever became of the run. 0, or -1 after saying what is wrong. */
int trace_file_stop(struct trace_file *trace, weir_runtime *runtime, const struct live_of *of);

#endif
