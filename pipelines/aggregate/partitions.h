/*
 * partitions.h - groups on disk, by the first bits of their hashes: all of one key lie in one partition.
 */
#ifndef WP_PARTITIONS_H
#define WP_PARTITIONS_H

#include "aggregate/groups.h"
#include "aggregate/spill.h"

#define PARTITIONS 64u

/* Groups of one partition, or of some that follow each other and have few, one behind the other in a file. */
struct partition_run {
    struct spill *file;
    uint64_t offset, size;
    uint32_t first, last;
};

/* Zero it to begin. */
struct partitions {
    struct partition_run *runs;
    size_t count, room;
};

void wp_partitions_fini(struct partitions *partitions);

/* A run that is in its file. 0 or -ENOMEM. */
WEIR_MUST_USE int wp_partitions_add_run(struct partitions *partitions, const struct partition_run *run);

/* Both block. All groups of a table go to `file`; they stay where they are, too. 0 or a negative errno. */
WEIR_MUST_USE int wp_partitions_add(struct partitions *partitions, struct spill *file, const struct groups *groups);
/* The groups of one partition, joined with what the table has; -ENOBUFS: they need more than `bytes_max`. */
WEIR_MUST_USE int wp_partitions_load(const struct partitions *partitions, unsigned partition, struct groups *groups,
                                     size_t bytes_max);

#endif
