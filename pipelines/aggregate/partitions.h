/*
 * partitions.h - groups on disk, by the first bits of their hashes: all of one key lie in one partition.
 */
#ifndef WP_PARTITIONS_H
#define WP_PARTITIONS_H

#include "aggregate/groups.h"
#include "aggregate/spill.h"

#define PARTITIONS 64u

/* Groups of one partition, one behind the other in the file. */
struct partition_run {
    unsigned partition;
    uint64_t offset, size;
};

struct partitions {
    struct spill file;
    struct partition_run *runs;
    size_t count, room;
};

void wp_partitions_init(struct partitions *partitions);
void wp_partitions_fini(struct partitions *partitions);

/* Both block. All groups of a table go to the file; they stay where they are, too. 0 or a negative errno. */
WEIR_MUST_USE int wp_partitions_add(struct partitions *partitions, const struct groups *groups);
/* The groups of one partition, joined with what the table has; -ENOBUFS: they need more than `bytes_max`. */
WEIR_MUST_USE int wp_partitions_load(const struct partitions *partitions, unsigned partition, struct groups *groups,
                                     size_t bytes_max);

#endif
