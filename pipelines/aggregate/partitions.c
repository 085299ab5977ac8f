/* partitions.c - a table of groups goes to disk as a run a partition. */
#include "aggregate/partitions.h"

#include <stdlib.h>
#include <string.h>

#include "make_room.h"

#define PIECE_BYTES ((size_t)256 << 10)
#define RUN_BYTES_MIN 4096

void wp_partitions_fini(struct partitions *partitions)
{
    free(partitions->runs);
    *partitions = (struct partitions){ 0 };
}

static unsigned partition_of(uint64_t hash)
{
    return (unsigned)(hash >> 58);
}

static int flush(struct spill *file, weir_text *text)
{
    const int error = text->size > 0 ? wp_spill_append(file, text->data, text->size) : 0;
    text->size = 0;
    return error;
}

int wp_partitions_add_run(struct partitions *partitions, const struct partition_run *run)
{
    if (WP_MAKE_ROOM(partitions->runs, partitions->count, partitions->room, 4) < 0)
        return -ENOMEM;
    partitions->runs[partitions->count++] = *run;
    return 0;
}

/* Slots by partition: the numbers of the slots, and where each partition's begin. NULL: no memory. */
static size_t *slots_by_partition(const struct groups *groups, size_t *ret_from)
{
    size_t *order = calloc(groups->count + 1, sizeof *order);
    size_t next[PARTITIONS] = { 0 };
    if (order == NULL)
        return NULL;
    for (size_t i = 0; i < groups->slot_count; i++)
        if (groups->slots[i].group != NULL)
            next[partition_of(groups->slots[i].hash)]++;
    for (size_t partition = 0, sum = 0; partition < PARTITIONS; partition++) {
        ret_from[partition] = sum;
        sum += next[partition];
        next[partition] = ret_from[partition];
    }
    ret_from[PARTITIONS] = groups->count;
    for (size_t i = 0; i < groups->slot_count; i++)
        if (groups->slots[i].group != NULL)
            order[next[partition_of(groups->slots[i].hash)]++] = i;
    return order;
}

/* What is written of a table: `order` of its slots up to `at`, in a run that has begun. */
struct writing {
    const struct groups *groups;
    size_t *order, from[PARTITIONS + 1];
    struct partition_run run;
    weir_text text;
};

static int write_partition(struct writing *self, unsigned partition)
{
    int error = 0;
    for (size_t i = self->from[partition]; error == 0 && i < self->from[partition + 1]; i++) {
        error = wp_group_save(self->groups, self->groups->slots[self->order[i]].group, &self->text);
        if (error == 0 && self->text.size > PIECE_BYTES)
            error = flush(self->run.file, &self->text);
    }
    return error;
}

static int end_run(struct partitions *partitions, struct writing *self, unsigned last)
{
    struct partition_run *run = &self->run;
    int error = flush(run->file, &self->text);
    run->last = last;
    run->size = run->file->size - run->offset;
    if (error == 0 && run->size > 0)
        error = wp_partitions_add_run(partitions, run);
    run->first = last + 1;
    run->offset = run->file->size;
    return error;
}

int wp_partitions_add(struct partitions *partitions, struct spill *file, const struct groups *groups)
{
    struct writing writing = { .groups = groups, .run = { .file = file, .offset = file->size } };
    writing.order = slots_by_partition(groups, writing.from);
    int error = writing.order != NULL ? 0 : -ENOMEM;
    for (unsigned partition = 0; error == 0 && partition < PARTITIONS; partition++) {
        error = write_partition(&writing, partition);
        const uint64_t size = file->size - writing.run.offset + writing.text.size;
        if (error == 0 && (size >= RUN_BYTES_MIN || partition + 1 == PARTITIONS))
            error = end_run(partitions, &writing, partition);
    }
    weir_text_fini(&writing.text);
    free(writing.order);
    return error;
}

/* What has been read of a run, and how far it has been used. */
struct reading {
    uint64_t next, end; /* in the file */
    weir_text text;
    size_t at;
};

/* At least `wanted` bytes behind `at`. */
static int read_more(const struct spill *file, struct reading *reading, uint64_t wanted)
{
    const size_t kept = reading->text.size - reading->at;
    const uint64_t left = reading->end - reading->next;
    uint64_t more = wanted - kept > PIECE_BYTES ? wanted - kept : PIECE_BYTES;
    if (more > left)
        more = left;
    if (kept > 0)
        memmove(reading->text.data, reading->text.data + reading->at, kept);
    reading->text.size = kept;
    reading->at = 0;
    if (kept + more < wanted)
        return -EIO;
    int error = weir_text_reserve(&reading->text, more);
    if (error == 0)
        error = wp_spill_read(file, reading->next, reading->text.data + kept, more);
    reading->text.size += more;
    reading->next += more;
    return error;
}

/* The group that comes next, whole, at `at`. */
static int next_group(const struct spill *file, struct reading *reading, uint64_t *ret_size)
{
    int error = 0;
    if (reading->text.size - reading->at < sizeof *ret_size)
        error = read_more(file, reading, sizeof *ret_size);
    if (error < 0)
        return error;
    memcpy(ret_size, reading->text.data + reading->at, sizeof *ret_size);
    return reading->text.size - reading->at < *ret_size ? read_more(file, reading, *ret_size) : 0;
}

/* The groups of that partition, of the run's. */
static int load_run(const struct partition_run *run, unsigned partition, struct groups *groups, size_t bytes_max)
{
    struct reading reading = { .next = run->offset, .end = run->offset + run->size };
    uint64_t size = 0;
    int error = 0;
    while (error == 0 && (reading.next < reading.end || reading.at < reading.text.size)) {
        error = next_group(run->file, &reading, &size);
        if (error < 0)
            break;
        const char *saved = reading.text.data + reading.at;
        if (partition_of(wp_group_saved_hash(saved)) == partition)
            error = wp_groups_load(groups, saved);
        if (error == 0 && wp_groups_bytes(groups) > bytes_max)
            error = -ENOBUFS;
        reading.at += size;
    }
    weir_text_fini(&reading.text);
    return error;
}

int wp_partitions_load(const struct partitions *partitions, unsigned partition, struct groups *groups, size_t bytes_max)
{
    int error = 0;
    for (size_t i = 0; error == 0 && i < partitions->count; i++)
        if (partitions->runs[i].first <= partition && partition <= partitions->runs[i].last)
            error = load_run(&partitions->runs[i], partition, groups, bytes_max);
    return error;
}
