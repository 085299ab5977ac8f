/* seen_log.c - items are appended to a file in pieces; what is left of a piece goes into the checkpoint itself. */
#include "seen/seen_log.h"

#include <stdlib.h>
#include <string.h>
#include <weir/blocking.h>

#include "run/checkpoint.h"

#define FILE_BYTES_MIN ((uint64_t)64 << 10)
#define KEYS_STEP 4096
#define ITEM_BYTES_MAX sizeof(struct sighting)
#define PIECE_ITEMS (SEEN_LOG_BYTES / sizeof(struct seen_key)) /* that are read at once */

void wp_seen_log_init(struct seen_log *log, const struct run_node *node, size_t item_bytes)
{
    *log = (struct seen_log){ .node = node, .item_bytes = item_bytes };
}

void wp_seen_log_fini(struct seen_log *log)
{
    while (log->oldest != NULL)
        wp_spill_file_close(&log->oldest);
    weir_text_fini(&log->tail);
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

static bool is_of_sightings(const struct seen_log *log)
{
    return log->item_bytes == sizeof(struct sighting);
}

static int64_t stamp_of(const struct seen_log *log, const void *item)
{
    struct sighting sighting = { .stamp = INT64_MAX };
    if (is_of_sightings(log))
        memcpy(&sighting, item, sizeof sighting);
    return sighting.stamp;
}

/*
 * The one that is appended to: the youngest, until it is a quarter of them all. So there are few of them, and what is
 * kept though it is needed no more is a third of what is.
 */
static struct spill_file *open_file(struct seen_log *log)
{
    struct spill_file **link = &log->oldest, *last = NULL;
    uint64_t bytes = 0;
    for (; *link != NULL; link = &last->next) {
        last = *link;
        bytes += last->spill.size;
    }
    if (last != NULL && (!is_of_sightings(log) || last->spill.size < FILE_BYTES_MIN || 4 * last->spill.size < bytes))
        return last;
    return wp_spill_file_add(link, log->node);
}

static int flush(struct seen_log *log)
{
    struct spill_file *file = open_file(log);
    if (file == NULL)
        return -ENOMEM;
    file->newest = stamp_of(log, log->tail.data + log->tail.size - log->item_bytes);
    const int error = wp_spill_append(&file->spill, log->tail.data, log->tail.size);
    log->tail.size = 0;
    return error;
}

bool wp_seen_log_blocks(const struct seen_log *log, size_t items)
{
    return log->tail.size + items * log->item_bytes >= SEEN_LOG_BYTES;
}

int wp_seen_log_add(struct seen_log *log, const void *item)
{
    const int error = weir_text_append(&log->tail, item, log->item_bytes);
    return error == 0 && log->tail.size >= SEEN_LOG_BYTES ? flush(log) : error;
}

void wp_seen_log_forget(struct seen_log *log, int64_t old)
{
    while (log->oldest != NULL && log->oldest->newest <= old)
        wp_spill_file_close(&log->oldest);
}

int wp_seen_log_save(const struct seen_log *log, struct wp_save *save)
{
    int error = wp_save_bytes(save, log->tail.data, log->tail.size);
    for (const struct spill_file *file = log->oldest; error == 0 && file != NULL; file = file->next)
        error = wp_spill_save(&file->spill, save);
    return error;
}

/* --- back --------------------------------------------------------------------------------------------------------- */

struct filling {
    struct seen_log *log;
    const char *tail;
    size_t tail_size;
    int (*take)(void *arg, const void *item);
    void *arg;
};

static int fill_from_file(const struct filling *self, struct spill_file *file)
{
    const size_t item_bytes = self->log->item_bytes;
    char piece[PIECE_ITEMS * ITEM_BYTES_MAX];
    int error = file->spill.size % item_bytes != 0 ? -EBADMSG : 0;
    for (uint64_t at = 0; error >= 0 && at < file->spill.size;) {
        const uint64_t left = (file->spill.size - at) / item_bytes;
        const size_t count = left < PIECE_ITEMS ? (size_t)left : PIECE_ITEMS;
        error = wp_spill_read(&file->spill, at, piece, count * item_bytes);
        for (size_t i = 0; error >= 0 && i < count; i++)
            error = self->take(self->arg, piece + i * item_bytes);
        if (error >= 0)
            file->newest = stamp_of(self->log, piece + (count - 1) * item_bytes);
        at += count * item_bytes;
    }
    return error < 0 ? error : 0;
}

/*
 * Of a version without such files all keys are in the tail, in the order of their bits. In that order they would all
 * begin alike, and lie in one heap of the table while it is small: so they are taken at large steps.
 */
static int fill_from_tail(const struct filling *self)
{
    const size_t item_bytes = self->log->item_bytes, count = self->tail_size / item_bytes;
    const size_t step = is_of_sightings(self->log) ? 1 : KEYS_STEP;
    int error = self->tail_size % item_bytes != 0 ? -EBADMSG : 0;
    for (size_t from = 0; error >= 0 && from < step && from < count; from++)
        for (size_t at = from; error >= 0 && at < count; at += step) {
            const char *item = self->tail + at * item_bytes;
            error = self->take(self->arg, item);
            if (error == 0)
                error = wp_seen_log_add(self->log, item);
        }
    return error < 0 ? error : 0;
}

static int64_t fill(void *arg)
{
    const struct filling *self = arg;
    int error = 0;
    for (struct spill_file *file = self->log->oldest; error == 0 && file != NULL; file = file->next)
        error = fill_from_file(self, file);
    return error == 0 ? fill_from_tail(self) : error;
}

int wp_seen_log_load(struct seen_log *log, struct wp_load *load, int (*take)(void *arg, const void *item), void *arg)
{
    struct filling filling = { .log = log, .take = take, .arg = arg };
    const void *tail;
    int error = wp_spill_load_list(&log->oldest, log->node, load);
    if (error == 0 && wp_load_bytes(load, &tail, &filling.tail_size) == 1)
        filling.tail = tail;
    return error == 0 ? (int)weir_block_in_place(fill, &filling) : error;
}
