/* stage_report.h - what each stage of a run did, and which one the others wait for. */
#ifndef STAGE_REPORT_H
#define STAGE_REPORT_H

#include <stdio.h>
#include <sys/resource.h>

#include <weir/verdict.h>

/* More than this many are not told. */
#define STAGES_SHOWN 64

/* User and system time. */
uint64_t stage_report_cpu_ns(const struct rusage *usage);
/* At most STAGES_SHOWN of them; how many. */
size_t stage_report_take(const weir_pipeline *pipeline, weir_pipeline_stage stages[STAGES_SHOWN]);
/* Which is the limit, and what would help; no newline, cut to `size`. */
void stage_report_sentence(char *text, size_t size, const weir_pipeline_stage *stages, size_t count, uint64_t took_ns,
                           uint64_t cpu_ns);
/* A row a stage, at most 80 columns, and the sentence. */
void stage_report_print(FILE *out, const weir_pipeline_stage *stages, size_t count, uint64_t took_ns, uint64_t cpu_ns);
/* The same of a pipeline that has run. */
void stage_report(FILE *out, const weir_pipeline *pipeline, uint64_t took_ns, uint64_t cpu_ns);

#endif
