/* partitions.c - a table of groups goes to disk as a run a partition. */
#include "aggregate/partitions.h"

#include <stdlib.h>
#include <string.h>

#define PIECE_BYTES ((size_t)256 << 10)

void wp_partitions_init(struct partitions *partitions)
{
    *partitions = (struct partitions){ .file = SPILL_NONE };
}

void wp_partitions_fini(struct partitions *partitions)
{
    wp_spill_close(&partitions->file);
    free(partitions->runs);
    *partitions = (struct partitions){ .file = SPILL_NONE };
}

static unsigned partition_of(const struct group_slot *slot)
{
    return (unsigned)(slot->hash >> 58);
}

static int flush(struct partitions *partitions, weir_text *text)
{
    const int error = wp_spill_append(&partitions->file, text->data, text->size);
    text->size = 0;
    return error;
}

static int add_run(struct partitions *partitions, unsigned partition, uint64_t offset)
{
    if (partitions->count == partitions->room) {
        const size_t room = partitions->room > 0 ? 2 * partitions->room : 4 * (size_t)PARTITIONS;
        struct partition_run *runs = reallocarray(partitions->runs, room, sizeof *runs);
        if (runs == NULL)
            return -ENOMEM;
        partitions->runs = runs;
        partitions->room = room;
    }
    partitions->runs[partitions->count++] = (struct partition_run){ partition, offset, partitions->file.size - offset };
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
            next[partition_of(&groups->slots[i])]++;
    for (size_t partition = 0, sum = 0; partition < PARTITIONS; partition++) {
        ret_from[partition] = sum;
        sum += next[partition];
        next[partition] = ret_from[partition];
    }
    ret_from[PARTITIONS] = groups->count;
    for (size_t i = 0; i < groups->slot_count; i++)
        if (groups->slots[i].group != NULL)
            order[next[partition_of(&groups->slots[i])]++] = i;
    return order;
}

int wp_partitions_add(struct partitions *partitions, const struct groups *groups)
{
    size_t from[PARTITIONS + 1];
    size_t *order = slots_by_partition(groups, from);
    weir_text text = { 0 };
    int error = order == NULL ? -ENOMEM : 0;
    for (unsigned partition = 0; error == 0 && partition < PARTITIONS; partition++) {
        const uint64_t offset = partitions->file.size;
        if (from[partition] == from[partition + 1])
            continue;
        for (size_t i = from[partition]; error == 0 && i < from[partition + 1]; i++) {
            error = wp_group_save(groups, groups->slots[order[i]].group, &text);
            if (error == 0 && text.size > PIECE_BYTES)
                error = flush(partitions, &text);
        }
        if (error == 0 && text.size > 0)
            error = flush(partitions, &text);
        if (error == 0)
            error = add_run(partitions, partition, offset);
    }
    weir_text_fini(&text);
    free(order);
    return error;
}

/* What has been read of a run, and how far it has been used. */
struct reading {
    uint64_t next, end; /* in the file */
    weir_text text;
    size_t at;
};

/* At least `wanted` bytes behind `at`. */
static int read_more(const struct partitions *partitions, struct reading *reading, uint64_t wanted)
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
        error = wp_spill_read(&partitions->file, reading->next, reading->text.data + kept, more);
    reading->text.size += more;
    reading->next += more;
    return error;
}

/* The group that comes next, whole, at `at`. */
static int next_group(const struct partitions *partitions, struct reading *reading, uint64_t *ret_size)
{
    int error = 0;
    if (reading->text.size - reading->at < sizeof *ret_size)
        error = read_more(partitions, reading, sizeof *ret_size);
    if (error < 0)
        return error;
    memcpy(ret_size, reading->text.data + reading->at, sizeof *ret_size);
    return reading->text.size - reading->at < *ret_size ? read_more(partitions, reading, *ret_size) : 0;
}

static int load_run(const struct partitions *partitions, const struct partition_run *run, struct groups *groups,
                    size_t bytes_max)
{
    struct reading reading = { .next = run->offset, .end = run->offset + run->size };
    uint64_t size = 0;
    int error = 0;
    while (error == 0 && (reading.next < reading.end || reading.at < reading.text.size)) {
        error = next_group(partitions, &reading, &size);
        if (error == 0)
            error = wp_groups_load(groups, reading.text.data + reading.at);
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
        if (partitions->runs[i].partition == partition)
            error = load_run(partitions, &partitions->runs[i], groups, bytes_max);
    return error;
}
