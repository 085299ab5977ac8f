/* trace_file.h - --trace FILE: what a run did, for Perfetto. */
#ifndef TRACE_FILE_H
#define TRACE_FILE_H

#include <weir/pipeline.h>
#include <weir/runtime.h>

#include "whole_file.h"

struct trace_file {
    struct whole_file file;
    bool on;
    int64_t began_ns;
};

/* Begins it; `path` NULL: there is none. 0, or -1 after saying what is wrong. */
int trace_file_start(struct trace_file *trace, const char *path, weir_runtime *runtime);
/* Before the runtime ends. Writes it, whatever became of the run. 0, or -1 after saying what is wrong. */
int trace_file_stop(struct trace_file *trace, weir_runtime *runtime, const weir_pipeline *pipeline);

#endif
