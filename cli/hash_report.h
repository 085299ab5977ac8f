/* hash_report.h - --report and --explain of weir hash. */
#ifndef HASH_REPORT_H
#define HASH_REPORT_H

#include <stdio.h>

#include <weir/hash_job.h>
#include <weir/io.h>
#include <weir/runtime.h>

#include "live.h"

/* What each part did and which is the limit, how files were read, what was run where, and what it took. */
void hash_report(FILE *out, weir_runtime *runtime, const weir_io_options *io, const struct live_of *of,
                 int64_t took_ns);

/* The pipeline, in the pipeline language; what that has no words for as a comment. `dups` may be NULL. */
void hash_explain(FILE *out, const weir_hash_options *options, const weir_dups_options *dups);

#endif
