/* tail_file.c - the follower itself, and its files: made, named, queued. */
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <unistd.h>
#include <weir/time.h>

#include "tail/tail_inside.h"

#define OPEN_MIN 16u
#define OPEN_MAX 4096u
/* --- the follower ----------------------------------------------------------------------------------------------- */

weir_tail_options weir_tail_defaults(void)
{
    return (weir_tail_options){ .poll_ns = WEIR_SEC(1), .linger_ns = WEIR_SEC(5) };
}

/* There are other descriptors. */
static unsigned usual_open_max(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur / 4 > OPEN_MAX)
        return OPEN_MAX;
    return limit.rlim_cur / 4 < OPEN_MIN ? OPEN_MIN : (unsigned)(limit.rlim_cur / 4);
}

int weir_tail_create(const weir_tail_options *options, weir_tail **ret_tail)
{
    weir_tail *tail = calloc(1, sizeof *tail);
    if (tail == NULL)
        return -ENOMEM;
    tail->options = *options;
    if (tail->options.files_open_max == 0)
        tail->options.files_open_max = usual_open_max();
    wi_nowait_init(&tail->nowait);
    tail->notify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    *ret_tail = tail;
    return 0;
}

void wi_tail_position_free(struct tail_position *position)
{
    free(position->path);
    free(position);
}

static void free_positions(struct tail_position *position)
{
    while (position != NULL) {
        struct tail_position *next = position->next;
        wi_tail_position_free(position);
        position = next;
    }
}

void weir_tail_destroy(weir_tail *tail)
{
    if (tail == NULL)
        return;
    while (tail->files != NULL)
        wi_tail_file_free(tail->files);
    for (struct tail_stream *stream = tail->streams, *next; stream != NULL; stream = next) {
        next = stream->next;
        free_positions(stream->lost);
        free(stream->name);
        free(stream->path);
        free(stream);
    }
    free_positions(tail->loaded);
    wi_tail_roots_fini(tail);
    wi_tail_dirs_fini(tail);
    struct tail_table *const tables[] = { &tail->dirs_by_path,  &tail->dirs_by_watch,   &tail->files_by_identity,
                                          &tail->files_by_name, &tail->streams_by_path, &tail->aliases_by_name };
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        wi_tail_table_fini(tables[i]);
    if (tail->notify_fd >= 0)
        (void)close(tail->notify_fd);
    free(tail->cwd);
    free(tail);
}

void weir_tail_stats_get(const weir_tail *tail, weir_tail_stats *ret_stats)
{
    *ret_stats = tail->stats;
    ret_stats->files = tail->file_count;
    ret_stats->open = tail->open_count;
    ret_stats->watched = tail->dir_count - tail->polled_count;
    ret_stats->polled = tail->polled_count;
}

/* --- queues ------------------------------------------------------------------------------------------------------ */

/* TAIL_IDLE: of those that are open, and would be closed to make room. */
static struct tail_list *list_of(struct weir_tail_file *file)
{
    switch (file->queue) {
    case TAIL_OPEN_QUEUE:
        return &file->tail->open_queue;
    case TAIL_CLOSED_QUEUE:
        return &file->tail->closed_queue;
    default:
        return &file->tail->idle;
    }
}

static void unlink_file(struct weir_tail_file *file)
{
    if (!file->in_queue)
        return;
    struct tail_list *list = list_of(file);
    *(file->queue_prev != NULL ? &file->queue_prev->queue_next : &list->first) = file->queue_next;
    *(file->queue_next != NULL ? &file->queue_next->queue_prev : &list->last) = file->queue_prev;
    file->queue_next = file->queue_prev = NULL;
    file->in_queue = false;
}

static void link_file(struct weir_tail_file *file, enum tail_queue queue)
{
    unlink_file(file);
    file->queue = queue;
    struct tail_list *list = list_of(file);
    file->queue_prev = list->last;
    *(list->last != NULL ? &list->last->queue_next : &list->first) = file;
    list->last = file;
    file->in_queue = true;
}

bool wi_tail_is_out_of_reach(const struct weir_tail_file *file)
{
    return file->fd < 0 && file->dir == NULL;
}

void wi_tail_file_wake(struct weir_tail_file *file)
{
    if (file->done || file->ignored || file->dead || file->queue != TAIL_IDLE || wi_tail_is_out_of_reach(file))
        return;
    if (file->blocked) {
        file->blocked = false;
        file->tail->blocked_count--;
    }
    link_file(file, file->fd >= 0 ? TAIL_OPEN_QUEUE : TAIL_CLOSED_QUEUE);
}

void wi_tail_file_requeue(struct weir_tail_file *file)
{
    link_file(file, TAIL_OPEN_QUEUE);
}

void wi_tail_file_dequeue(struct weir_tail_file *file)
{
    unlink_file(file);
    file->queue = TAIL_IDLE;
    if (file->fd >= 0 && file->dir != NULL)
        link_file(file, TAIL_IDLE);
}

void wi_tail_file_rest(struct weir_tail_file *file)
{
    struct tail_stream *stream = file->stream;
    wi_tail_file_dequeue(file);
    if (file->mtime_ns > stream->mtime_ns)
        stream->mtime_ns = file->mtime_ns;
    if (file->packed) {
        file->done = true;
        wi_tail_file_close(file);
    }
    if (file->caught_up)
        return;
    file->caught_up = true;
    wi_tail_file_release(stream);
}

/* Who comes first of two files of a stream: what has its name is the last. */
static bool is_before(const struct weir_tail_file *a, const struct weir_tail_file *b)
{
    if (a == b || a == a->stream->newest)
        return false;
    return b == b->stream->newest || a->mtime_ns < b->mtime_ns;
}

bool wi_tail_file_is_held(const struct weir_tail_file *file)
{
    if (file->stream->searches)
        return true;
    for (const struct weir_tail_file *other = file->stream->files; other != NULL; other = other->stream_next)
        if (!other->caught_up && !other->done && !other->ignored && !other->blocked && !other->dead &&
            !wi_tail_is_out_of_reach(other) && is_before(other, file))
            return true;
    return false;
}

void wi_tail_file_release(struct tail_stream *stream)
{
    for (struct weir_tail_file *file = stream->files; file != NULL; file = file->stream_next)
        if (file->held_ready) {
            file->held_ready = false;
            wi_tail_file_wake(file);
        }
}

weir_tail_file *weir_tail_next(weir_tail *tail)
{
    for (;;) {
        struct weir_tail_file *file = tail->open_queue.first;
        if (file == NULL || !wi_tail_file_is_held(file))
            return file;
        wi_tail_file_dequeue(file);
        file->held_ready = true;
    }
}

/* --- made and freed ---------------------------------------------------------------------------------------------- */

struct weir_tail_file *wi_tail_file_create(struct weir_tail *tail, struct tail_stream *stream,
                                           const struct file_identity *identity)
{
    struct weir_tail_file *file = calloc(1, sizeof *file);
    if (file == NULL ||
        wi_tail_table_add(&tail->files_by_identity, &file->by_identity, wi_file_identity_hash(identity)) < 0) {
        free(file);
        return NULL;
    }
    file->tail = tail;
    file->stream = stream;
    file->identity = *identity;
    file->fd = -1;
    file->next = tail->files;
    if (file->next != NULL)
        file->next->prev = file;
    tail->files = file;
    file->stream_next = stream->files;
    stream->files = file;
    tail->file_count++;
    return file;
}

static void take_name(struct weir_tail_file *file)
{
    if (file->dir == NULL)
        return;
    wi_tail_table_remove(&file->tail->files_by_name, &file->by_name);
    free(file->name);
    file->name = NULL;
    file->dir = NULL;
}

static bool is_waiting(const struct weir_tail_file *file)
{
    return file->nameless_ns != 0 || file->partial_ns != 0;
}

void wi_tail_file_free(struct weir_tail_file *file)
{
    struct weir_tail *tail = file->tail;
    tail->waiting_count -= is_waiting(file);
    tail->blocked_count -= file->blocked;
    tail->dead_count -= file->dead;
    wi_tail_file_close(file);
    unlink_file(file);
    take_name(file);
    wi_tail_table_remove(&tail->files_by_identity, &file->by_identity);
    *(file->prev != NULL ? &file->prev->next : &tail->files) = file->next;
    if (file->next != NULL)
        file->next->prev = file->prev;
    struct weir_tail_file **at = &file->stream->files;
    while (*at != file)
        at = &(*at)->stream_next;
    *at = file->stream_next;
    if (file->stream->newest == file)
        file->stream->newest = NULL;
    tail->file_count--;
    free(file);
}

void wi_tail_file_end(struct weir_tail_file *file)
{
    struct tail_stream *stream = file->stream;
    wi_tail_file_dequeue(file);
    wi_tail_file_close(file);
    if (!file->dead)
        file->tail->dead_count++;
    file->dead = true;
    wi_tail_file_release(stream);
}

void wi_tail_file_reap(struct weir_tail *tail)
{
    for (struct weir_tail_file *file = tail->files, *next; tail->dead_count > 0 && file != NULL; file = next) {
        next = file->next;
        if (file->dead)
            wi_tail_file_free(file);
    }
}

int wi_tail_file_place(struct weir_tail_file *file, struct tail_dir *dir, const char *name)
{
    if (file->dir == dir && strcmp(file->name, name) == 0)
        return 0;
    char *copy = strdup(name);
    if (copy == NULL)
        return -ENOMEM;
    take_name(file);
    const bool was_nameless = file->nameless_ns != 0;
    if (was_nameless) {
        file->nameless_ns = 0;
        file->ending = false;
        file->tail->waiting_count -= !is_waiting(file);
    }
    if (wi_tail_table_add(&file->tail->files_by_name, &file->by_name, wi_tail_name_hash(dir, copy)) < 0) {
        free(copy);
        return -ENOMEM;
    }
    file->name = copy;
    file->dir = dir;
    if (file->queue == TAIL_IDLE)
        wi_tail_file_dequeue(file);
    if (was_nameless)
        wi_tail_file_wake(file);
    return 0;
}

void wi_tail_file_unname(struct weir_tail_file *file)
{
    take_name(file);
    file->tail->waiting_count += !is_waiting(file);
    file->nameless_ns = weir_now_ns();
    if (file->queue != TAIL_OPEN_QUEUE)
        wi_tail_file_dequeue(file); /* it can't be opened any more, nor must it be closed */
    if (wi_tail_is_out_of_reach(file))
        wi_tail_file_release(file->stream);
    wi_tail_file_wake(file);
}

void wi_tail_file_set(struct weir_tail_file *file, const struct tail_position *position)
{
    file->head = position->head;
    file->offset = position->offset;
    file->mtime_ns = position->mtime_ns; /* then: a copy of what it was is younger than that */
    file->packed = (position->flags & TAIL_PACKED) != 0;
    file->done = (position->flags & TAIL_DONE) != 0;
    file->is_copy = (position->flags & TAIL_COPY) != 0;
}

int wi_tail_file_truncated(struct weir_tail_file *file, const struct stat *meta)
{
    struct tail_stream *stream = file->stream;
    struct tail_position *lost = calloc(1, sizeof *lost);
    if (lost == NULL || (lost->path = strdup(stream->path)) == NULL) {
        free(lost);
        return -ENOMEM;
    }
    lost->identity = file->identity;
    lost->head = file->head;
    lost->offset = file->offset;
    lost->size = file->size;
    lost->mtime_ns = file->mtime_ns;
    lost->read_ns = stream->mtime_ns;
    lost->flags = TAIL_TRUNCATED;
    lost->next = stream->lost;
    stream->lost = lost;
    wi_tail_search_later(stream, file->tail);
    file->tail->stats.truncations++;
    file->head = (struct tail_head){ 0 };
    file->mtime_ns = wi_stat_mtime_ns(meta);
    file->offset = file->known = file->line_bytes = 0;
    file->caught_up = file->is_copy = file->trimmed = false;
    wi_tail_file_wake(file);
    return 0;
}

const char *weir_tail_file_path(const weir_tail_file *file)
{
    return file->stream->shown;
}

uint64_t weir_tail_file_offset(const weir_tail_file *file)
{
    return file->offset;
}
