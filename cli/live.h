/*
 * live.h - what a weir that runs is doing now: taken, told over its control socket, and read there.
 *
 * On the wire it is text: a line a figure, "name value", those of a stage behind the line "stage NAME"; the last line
 * is "end". Figures that a reader doesn't know he leaves out, so either side may be the newer one.
 */
#ifndef LIVE_H
#define LIVE_H

#include <stdint.h>
#include <stdio.h>

#include <weir/hash_job.h>
#include <weir/pipeline.h>

#include "stage_report.h"

struct live {
    uint64_t pid;
    uint64_t now_ns, began_ns; /* CLOCK_MONOTONIC */
    uint64_t cpu_ns;
    uint64_t rss_bytes;
    uint64_t mem_used, mem_budget; /* of chunks */
    uint64_t troubles;
    bool paused;
    uint64_t input_bytes;             /* of all the files that it reads; 0: unknown */
    uint64_t files_done, files_found; /* of a hashing job; 0 of a pipeline */
    bool files_all;                   /* no more will be found */
    size_t count;
    weir_pipeline_stage stages[STAGES_SHOWN];
    char names[STAGES_SHOWN][64]; /* of the stages, which point here once it was read */
};

/* What is looked at. */
struct live_of {
    weir_pipeline *pipeline; /* NULL: a hashing job */
    const weir_hash_counters *hash;
    unsigned lanes;   /* of that job, */
    const char *last; /* and the name of its last stage */
};

/* At most STAGES_SHOWN of them; how many. */
size_t live_stages(const struct live_of *of, weir_pipeline_stage stages[STAGES_SHOWN]);

/* Opens what live_take() reads: a sandbox lets nobody do so later. */
void live_warm_up(void);
/* `began_ns` and `input_bytes` are the caller's. */
void live_take(struct live *live, const struct live_of *of);
void live_write(FILE *out, const struct live *live);
/* 0, or -EPROTO: it ended before its end. */
int live_read(FILE *in, struct live *ret_live);

/* The same as an object of JSON, without newline. */
void live_write_json(FILE *out, const struct live *live);

/* The bytes of all files that a pipeline names as its input; 0: one of them isn't a plain file, or is a pattern. */
uint64_t live_input_bytes(const struct live_of *of);

#endif
