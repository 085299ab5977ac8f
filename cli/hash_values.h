/* hash_values.h - the options of weir hash: their table, and what goes with what. */
#ifndef HASH_VALUES_H
#define HASH_VALUES_H

#include <weir/hash_job.h>

#include "args.h"

/* As coreutils has it: the last of --quiet, --status and --warn counts. */
enum hash_says { SAYS_ALL, SAYS_QUIET, SAYS_STATUS, SAYS_WARN };

struct hash_values {
    const char *algos, *check, *audit, *files_from, *output, *cache, *paranoid, *trace;
    int format, progress, offload, io, tree, duplicates, keep;
    int says; /* enum hash_says */
    bool zero, ignore_missing, strict, explain, report;
    bool gitignore, no_hidden, follow, xdev, resume, yes;
    struct arg_strings exclude, match;
    unsigned jobs, depth;
    uint64_t min, max;
    uint32_t sample; /* of --paranoid: files of a million */
};

extern const struct args hash_args;

/* The algorithms of -a: their number, or -1 when it was said what is wrong. */
int hash_values_algos(const struct hash_values *values, const weir_digest_algo **ret_algos);

/* What doesn't go together, or is no percentage, is said: -1. Fills in `sample`. */
int hash_values_check(struct hash_values *values, int path_count, size_t algo_count);

#endif
