/* hash_verdict.h - what a run of weir hash comes to: words at the end, and the exit code. */
#ifndef HASH_VERDICT_H
#define HASH_VERDICT_H

#include "hash_values.h"

/* What could not be had, by kind. Counted by any thread. */
struct hash_failures {
    uint64_t denied, vanished, changed, rotten, other;
};

void hash_failures_count(struct hash_failures *failures, int error);

/* The job was done, whatever it found. */
/* What was found of duplicates, and done with them. */
void hash_verdict_dups(const struct hash_values *values, const weir_dups_counters *found);

int hash_verdict(const struct hash_values *values, const weir_hash_counters *counters,
                 const struct hash_failures *failures);

#endif
