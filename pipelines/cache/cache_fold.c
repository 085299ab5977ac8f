/* cache_fold.c - table and log become one table. */
#include "cache/cache_fold.h"

#include <sys/mman.h>
#include <unistd.h>

#include "cache/cache_table.h"
#include "output_at.h"

struct fold {
    char *slots;
    uint64_t slot_count, used;
    uint32_t record_bytes;
    bool (*keep)(void *arg, const struct cache_record *record);
    void *arg;
};

static int count_record(void *arg, const struct cache_record *record)
{
    struct fold *self = arg;
    self->slot_count += self->keep == NULL || self->keep(self->arg, record);
    return 0;
}

static int fold_record(void *arg, const struct cache_record *record)
{
    struct fold *self = arg;
    if (self->keep == NULL || self->keep(self->arg, record))
        self->used += wp_cache_slots_put(self->slots, self->slot_count, record, self->record_bytes);
    return 0;
}

/* The new file, which has no name yet. Its space is there: a full disk is an error here, not a signal below. */
static int fill(struct fold *self, const struct cache_log *log, int fd)
{
    const size_t bytes = sizeof(struct cache_header) + self->slot_count * self->record_bytes;
    int error = -posix_fallocate(fd, 0, (off_t)bytes);
    if (error < 0)
        return error;
    char *file = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (file == MAP_FAILED)
        return -errno;
    self->slots = file + sizeof(struct cache_header);
    error = wp_cache_log_each(log, 0, fold_record, self);
    struct cache_header *header = (void *)file;
    wp_cache_header_init(header, log->algos);
    header->slots = self->slot_count;
    header->used = self->used;
    wp_cache_header_seal(header);
    (void)munmap(file, bytes);
    return error;
}

int wp_cache_fold(struct cache_log *log, bool (*keep)(void *arg, const struct cache_record *record), void *arg)
{
    weir_output output;
    struct fold fold = { .record_bytes = log->header.record_bytes, .keep = keep, .arg = arg };
    int error = wp_cache_log_each(log, 0, count_record, &fold);
    if (error < 0)
        return error;
    fold.slot_count = wp_cache_slots_for(fold.slot_count);
    error = weir_output_open(&output, log->path);
    if (error < 0)
        return error;
    error = fill(&fold, log, output.fd);
    if (error == 0)
        error = weir_output_commit(&output);
    weir_output_discard(&output);
    return error < 0 ? error : wp_cache_log_lock(log);
}
