/* tail_watch.c - directories, and what inotify says of them. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <weir/time.h>

#include "stream/ready.h"
#include "tail/rotated_name.h"
#include "tail/tail_inside.h"

#define WATCH_MASK                                                                                                 \
    (IN_MODIFY | IN_ATTRIB | IN_CREATE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | \
     IN_ONLYDIR)
/* More changed names than that, and the directory is listed. */
#define NAMES_MAX 256

#define FS_NFS 0x6969
#define FS_SMB 0x517B
#define FS_SMB2 0xFE534D42
#define FS_CIFS 0xFF534D42
#define FS_FUSE 0x65735546
#define FS_9P 0x01021997
#define FS_CEPH 0x00C36400
#define FS_LUSTRE 0x0BD00BD0
#define FS_GPFS 0x47504653
#define FS_AFS 0x5346414F
#define FS_CODA 0x73757245

/* What others than this kernel write to is not heard of. */
static bool is_remote(const char *path)
{
    static const uint32_t kinds[] = { FS_NFS,  FS_SMB,    FS_SMB2, FS_CIFS, FS_FUSE, FS_9P,
                                      FS_CEPH, FS_LUSTRE, FS_GPFS, FS_AFS,  FS_CODA };
    struct statfs fs;
    if (statfs(path, &fs) < 0)
        return false;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if ((uint32_t)fs.f_type == kinds[i])
            return true;
    return false;
}

static uint64_t watch_hash(int watch)
{
    return wi_tail_hash(&watch, sizeof watch, 0);
}

static struct tail_dir *from_watch(struct tail_link *link)
{
    return weir_container_of(link, struct tail_dir, by_watch);
}

static void set_watch(struct weir_tail *tail, struct tail_dir *dir, int watch)
{
    if (dir->watch == watch)
        return;
    if (dir->watch >= 0)
        wi_tail_table_remove(&tail->dirs_by_watch, &dir->by_watch);
    else
        tail->polled_count--;
    dir->watch = watch;
    if (watch >= 0 && wi_tail_table_add(&tail->dirs_by_watch, &dir->by_watch, watch_hash(watch)) < 0)
        dir->watch = -1;
    if (dir->watch < 0)
        tail->polled_count++;
}

/* Another path may have the same directory. */
static void unwatch(const struct weir_tail *tail, int watch)
{
    for (struct tail_link *link = wi_tail_table_first(&tail->dirs_by_watch, watch_hash(watch)); link != NULL;
         link = wi_tail_table_next(link))
        if (from_watch(link)->watch == watch)
            return;
    (void)inotify_rm_watch(tail->notify_fd, watch);
}

/* Once more does no harm: the directory may be another one now. */
static void watch(struct weir_tail *tail, struct tail_dir *dir)
{
    const int before = dir->watch;
    int watch = -1;
    if (tail->notify_fd >= 0 && !is_remote(dir->path))
        watch = inotify_add_watch(tail->notify_fd, dir->path, WATCH_MASK);
    if (watch < 0 && errno == ENOSPC && tail->notify_fd >= 0 && tail->polled_count == 0)
        wi_tail_note(tail, dir->path,
                     "is looked at now and then, since there are too many watches "
                     "(fs.inotify.max_user_watches)");
    set_watch(tail, dir, watch);
    if (before >= 0 && before != watch)
        unwatch(tail, before);
}

struct tail_dir *wi_tail_dir(struct weir_tail *tail, const char *path)
{
    const uint64_t hash = wi_tail_hash(path, strlen(path), 0);
    for (struct tail_link *link = wi_tail_table_first(&tail->dirs_by_path, hash); link != NULL;
         link = wi_tail_table_next(link)) {
        struct tail_dir *dir = weir_container_of(link, struct tail_dir, by_path);
        if (strcmp(dir->path, path) != 0)
            continue;
        dir->gone = false;
        watch(tail, dir);
        return dir;
    }
    struct tail_dir *dir = calloc(1, sizeof *dir);
    if (dir == NULL || (dir->path = strdup(path)) == NULL ||
        wi_tail_table_add(&tail->dirs_by_path, &dir->by_path, hash) < 0) {
        if (dir != NULL)
            free(dir->path);
        free(dir);
        return NULL;
    }
    dir->watch = -1;
    dir->next = tail->dirs;
    tail->dirs = dir;
    tail->dir_count++;
    tail->polled_count++;
    watch(tail, dir);
    return dir;
}

/* --- names that changed -------------------------------------------------------------------------------- */

static void queue(struct tail_dir *dir, struct weir_tail *tail)
{
    if (dir->changed)
        return;
    dir->changed = true;
    dir->next_changed = tail->changed;
    tail->changed = dir;
}

void wi_tail_dir_whole(struct tail_dir *dir, struct weir_tail *tail)
{
    wi_tail_dir_clear(dir);
    dir->whole = true;
    queue(dir, tail);
}

void wi_tail_dir_clear(struct tail_dir *dir)
{
    for (size_t i = 0; i < dir->name_count; i++)
        free(dir->names[i]);
    dir->name_count = 0;
    dir->whole = false;
}

static bool add_name(struct tail_dir *dir, const char *name)
{
    if (dir->name_count == dir->name_room) {
        const size_t room = dir->name_room == 0 ? 8 : dir->name_room * 2;
        char **names = room <= NAMES_MAX ? realloc(dir->names, room * sizeof(char *)) : NULL;
        if (names == NULL)
            return false;
        dir->names = names;
        dir->name_room = room;
    }
    char *copy = strdup(name);
    if (copy == NULL)
        return false;
    dir->names[dir->name_count++] = copy;
    return true;
}

void wi_tail_dir_changed(struct tail_dir *dir, struct weir_tail *tail, const char *name)
{
    queue(dir, tail);
    if (dir->whole)
        return;
    for (size_t i = 0; i < dir->name_count; i++)
        if (strcmp(dir->names[i], name) == 0)
            return;
    if (!add_name(dir, name))
        wi_tail_dir_whole(dir, tail);
}

/* --- events ------------------------------------------------------------------------------------------------ */

/* One that matches and isn't followed was taken for a copy in the making: it is looked at again. */
static void look_again(struct weir_tail *tail, struct tail_dir *dir, const char *name)
{
    char *path = dir->listed ? wi_tail_join(dir->path, name) : NULL;
    if (path != NULL && !wi_is_packed_name(name) && wi_tail_matches(tail, path))
        wi_tail_dir_changed(dir, tail, name);
    free(path);
}

static void wake_named(struct weir_tail *tail, struct tail_dir *dir, const char *name)
{
    bool any = false;
    const uint64_t hash = wi_tail_name_hash(dir, name);
    for (struct tail_link *link = wi_tail_table_first(&tail->files_by_name, hash); link != NULL;
         link = wi_tail_table_next(link)) {
        struct weir_tail_file *file = weir_container_of(link, struct weir_tail_file, by_name);
        if (file->dir == dir && strcmp(file->name, name) == 0) {
            wi_tail_file_wake(file);
            any = true;
        }
    }
    if (!any)
        look_again(tail, dir, name);
}

/* It isn't there any more, or has another path: whoever needs it makes it again. */
static void lose(struct weir_tail *tail, struct tail_dir *dir)
{
    set_watch(tail, dir, -1);
    dir->gone = true;
    if (dir->base)
        for (struct tail_root *root = tail->roots; root != NULL; root = root->next)
            root->look = tail->roots_changed = true;
    wi_tail_dir_whole(dir, tail);
}

static void overflow(struct weir_tail *tail)
{
    tail->stats.overflows++;
    for (struct tail_root *root = tail->roots; root != NULL; root = root->next)
        root->look = tail->roots_changed = true;
    for (struct tail_dir *dir = tail->dirs; dir != NULL; dir = dir->next)
        wi_tail_dir_whole(dir, tail);
    for (struct weir_tail_file *file = tail->files; file != NULL; file = file->next)
        wi_tail_file_wake(file);
    for (struct tail_stream *stream = tail->streams; stream != NULL; stream = stream->next)
        wi_tail_search_later(stream, tail);
}

static void name_event(struct weir_tail *tail, struct tail_dir *dir, const char *name, uint32_t mask)
{
    if ((mask & ~(uint32_t)IN_MODIFY) != 0)
        wi_tail_alias_event(tail, dir, name);
    if ((mask & (IN_MODIFY | IN_ATTRIB)) != 0)
        wake_named(tail, dir, name);
    if ((mask & (IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB)) != 0)
        wi_tail_dir_changed(dir, tail, name);
}

void wi_tail_event(struct weir_tail *tail, const struct inotify_event *event)
{
    if ((event->mask & IN_Q_OVERFLOW) != 0) {
        overflow(tail);
        return;
    }
    /* The same directory under two paths has one watch. */
    struct tail_link *next;
    for (struct tail_link *link = wi_tail_table_first(&tail->dirs_by_watch, watch_hash(event->wd)); link != NULL;
         link = next) {
        struct tail_dir *dir = from_watch(link);
        next = wi_tail_table_next(link);
        if (dir->watch != event->wd)
            continue;
        if ((event->mask & IN_MOVE_SELF) != 0)
            (void)inotify_rm_watch(tail->notify_fd, event->wd);
        if ((event->mask & (IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF)) != 0)
            lose(tail, dir);
        else if (event->len > 0)
            name_event(tail, dir, event->name, event->mask);
        else if ((event->mask & IN_ATTRIB) != 0)
            wi_tail_dir_whole(dir, tail); /* what may be read in it */
    }
}

/* --- what is due without an event ------------------------------------------------------------------------ */

static bool is_partial_due(const struct weir_tail_file *file, int64_t now_ns)
{
    const int64_t flush_ns = file->tail->options.flush_ns;
    return flush_ns > 0 && file->partial_ns > 0 && now_ns >= file->partial_ns + flush_ns;
}

static bool is_nameless_due(const struct weir_tail_file *file, int64_t now_ns)
{
    return file->nameless_ns > 0 && now_ns >= file->nameless_ns + file->tail->options.linger_ns;
}

static void wake_due(struct weir_tail *tail, int64_t now_ns)
{
    for (struct weir_tail_file *file = tail->files; file != NULL; file = file->next)
        if (!file->ending && (is_partial_due(file, now_ns) || is_nameless_due(file, now_ns))) {
            file->ending = true;
            if (file->fd < 0 && file->dir == NULL)
                wi_tail_file_end(file);
            else
                wi_tail_file_wake(file);
        }
}

static bool polls(const struct weir_tail *tail)
{
    bool missing = false;
    for (const struct tail_root *root = tail->roots; root != NULL; root = root->next)
        missing = missing || root->missing;
    return missing || tail->unsure || tail->polled_count > 0 || tail->blocked_count > 0;
}

static void poll_all(struct weir_tail *tail)
{
    const bool all = tail->unsure;
    tail->unsure = false;
    for (struct tail_root *root = tail->roots; root != NULL; root = root->next)
        if (root->missing || all)
            root->look = tail->roots_changed = true;
    for (struct tail_dir *dir = tail->dirs; dir != NULL; dir = dir->next)
        if ((dir->watch < 0 || all) && !dir->gone)
            wi_tail_dir_whole(dir, tail);
    for (struct tail_stream *stream = tail->streams; all && stream != NULL; stream = stream->next)
        if (stream->lost != NULL || stream->restoring)
            wi_tail_search_later(stream, tail);
    for (struct weir_tail_file *file = tail->files; file != NULL; file = file->next)
        if (file->blocked)
            wi_tail_file_wake(file);
}

int64_t weir_tail_due_ns(const weir_tail *tail)
{
    int64_t due_ns = polls(tail) ? tail->polled_ns + tail->options.poll_ns : INT64_MAX;
    if (tail->waiting_count == 0)
        return due_ns;
    for (const struct weir_tail_file *file = tail->files; file != NULL; file = file->next) {
        const int64_t linger_ns = file->nameless_ns + tail->options.linger_ns;
        const int64_t flush_ns = file->partial_ns + tail->options.flush_ns;
        if (file->nameless_ns > 0 && !file->ending && linger_ns < due_ns)
            due_ns = linger_ns;
        if (file->partial_ns > 0 && !file->ending && flush_ns < due_ns)
            due_ns = flush_ns;
    }
    return due_ns;
}

void weir_tail_hear(weir_tail *tail)
{
    union {
        struct inotify_event event;
        char bytes[16384];
    } buffer;
    ssize_t got = tail->notify_fd >= 0 ? sizeof buffer : 0;
    /* With room left for one more there was no more. */
    while (got > (ssize_t)(sizeof buffer - sizeof(struct inotify_event) - NAME_MAX - 1) &&
           (got = read(tail->notify_fd, &buffer, sizeof buffer)) > 0)
        for (char *at = buffer.bytes; at < buffer.bytes + got;) {
            const struct inotify_event *event = (const struct inotify_event *)(const void *)at;
            wi_tail_event(tail, event);
            at += sizeof *event + event->len;
        }
    if (tail->waiting_count == 0 && !polls(tail))
        return;
    const int64_t now_ns = weir_now_ns();
    if (tail->waiting_count > 0)
        wake_due(tail, now_ns);
    if (polls(tail) && now_ns >= tail->polled_ns + tail->options.poll_ns) {
        tail->polled_ns = now_ns;
        poll_all(tail);
    }
}

void wi_tail_dirs_fini(struct weir_tail *tail)
{
    for (struct tail_dir *dir = tail->dirs, *next; dir != NULL; dir = next) {
        next = dir->next;
        wi_tail_dir_clear(dir);
        free(dir->names);
        free(dir->path);
        free(dir);
    }
}

/* --- waiting ------------------------------------------------------------------------------------------------ */

static weir_tail_ready_future *from_head(weir_future *future)
{
    return weir_container_of(future, weir_tail_ready_future, future);
}

static weir_poll ready_poll(weir_future *future, weir_cx *cx)
{
    weir_tail_ready_future *self = from_head(future);
    int error = 0;
    if (self->tail->notify_fd < 0)
        return WEIR_PENDING; /* whoever waits has a timer beside it */
    const weir_poll poll_ = wi_ready_poll(&self->wait, self->tail->notify_fd, POLLIN, cx, &error);
    self->output = error;
    return poll_;
}

static void ready_drop(weir_future *future)
{
    wi_ready_drop(&from_head(future)->wait);
}

static const weir_future_type ready_type =
    WEIR_FUTURE_TYPE(weir_tail_ready_future, "tail_ready", ready_poll, ready_drop);

weir_tail_ready_future weir_tail_ready(weir_tail *tail)
{
    return (weir_tail_ready_future){ .future = WEIR_FUTURE_INIT(&ready_type), .tail = tail };
}
