/* walk_dir.c - reads a directory: open, list, choose, sort, and all of it into one piece of memory. */
#include "walk_list.h"
#include "walk_sort.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A bind mount or a followed link may lead into one of its own ancestors. */
static bool is_loop(const weir_walk_node *node)
{
    for (const weir_walk_node *up = node->parent; up != NULL; up = up->parent)
        if (up->ino == node->ino && up->dev == node->dev)
            return true;
    return false;
}

/* The directory is open: is it one to go into? */
static int inspect(weir_walk_node *node, int fd)
{
    const struct walk_origin *const origin = node->origin;
    struct stat stat;
    if (fstat(fd, &stat) < 0) {
        const int error = -errno;
        if (!is_shortage(error))
            weir_walk_tell_error(node, NULL, 0, error);
        return error;
    }
    node->dev = stat.st_dev;
    node->ino = stat.st_ino;
    node->opened = true;
    if (is_loop(node)) {
        weir_walk_tell(node, WEIR_NOTE_LOOP, NULL, 0, -ELOOP);
        return -ELOOP;
    }
    if (node->dev != origin->dev && origin->walk->rules.given.same_device) {
        weir_walk_tell(node, WEIR_NOTE_OTHER_DEVICE, NULL, 0, -EXDEV);
        return -EXDEV;
    }
    /*
     * Asked once for each mounted file system the walk comes into. A cache by
     * device number that lived longer would be wrong one day: the kernel gives
     * a number of an unmounted tmpfs to the next FUSE.
     */
    const weir_walk_node *const parent = node->parent;
    const bool is_mounted_here = parent == NULL || parent->dev != node->dev;
    node->short_read_is_eof = is_mounted_here ? weir_fs_short_read_is_eof(fd) : parent->short_read_is_eof;
    node->in_memory = is_mounted_here ? weir_fs_in_memory(fd) : parent->in_memory;
    return 0;
}

static int open_dir(weir_walk_node *node, int parent_fd)
{
    const int fd = wi_node_open(node, parent_fd);
    if (fd >= 0 || is_shortage(fd))
        return fd;
    if (node->is_link && fd == -ELOOP)
        weir_walk_tell(node, WEIR_NOTE_LOOP, NULL, 0, fd);
    else
        weir_walk_tell_error(node, NULL, 0, fd);
    return fd;
}

static void fill_in(weir_dir *dir, const struct walk_list *list, const struct sort_item *items, char *names)
{
    const weir_entry *const entries = list->scratch->entries.data;
    const weir_file_meta *const metas = list->scratch->meta.data;
    const char *const old_names = list->scratch->names.data;
    uint32_t at = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        const uint32_t from = items[i].index;
        weir_entry *const entry = &dir->entries[i];
        *entry = entries[from];
        memcpy(names + at, old_names + entry->name, entry->name_len + 1u);
        entry->name = at;
        at += entry->name_len + 1u;
        if (dir->meta != NULL)
            dir->meta[i] = metas[from];
    }
}

static size_t count_name_bytes(const struct walk_list *list)
{
    const weir_entry *const entries = list->scratch->entries.data;
    size_t bytes = 0;
    for (uint32_t i = 0; i < list->count; i++)
        bytes += entries[i].name_len + 1u;
    return bytes;
}

static int build(const struct walk_list *list, weir_dir **ret_dir)
{
    struct walk_scratch *const scratch = list->scratch;
    const size_t count = list->count;
    const int rc = wi_scratch_reserve(&scratch->items, 2 * count * sizeof(struct sort_item));
    if (rc < 0)
        return rc;
    wi_sort_by_name(scratch->entries.data, scratch->names.data, list->count, scratch->items.data);

    const bool meta = list->rules->given.meta;
    const size_t entries_at = sizeof(weir_dir);
    const size_t meta_at = entries_at + count * sizeof(weir_entry);
    const size_t names_at = meta_at + (meta ? count * sizeof(weir_file_meta) : 0);
    const size_t bytes = names_at + count_name_bytes(list);
    char *const memory = malloc(bytes);
    if (memory == NULL)
        return -ENOMEM;
    weir_dir *const dir = (weir_dir *)(void *)memory;
    *dir = (weir_dir){
        .node = weir_walk_node_ref(list->node),
        .fd = list->fd,
        .error = list->error,
        .count = list->count,
        .links_skipped = list->links_skipped,
        .short_read_is_eof = list->node->short_read_is_eof,
        .in_memory = list->node->in_memory,
        .entries = (weir_entry *)(void *)(memory + entries_at),
        .meta = meta ? (weir_file_meta *)(void *)(memory + meta_at) : NULL,
        .names = memory + names_at,
        .bytes = bytes,
    };
    fill_in(dir, list, scratch->items.data, memory + names_at);
    *ret_dir = dir;
    return 0;
}

int weir_dir_read(weir_walk_node *node, int parent_fd, weir_dir **ret_dir)
{
    struct walk_list list = { .node = node, .rules = &node->origin->walk->rules };
    list.fd = open_dir(node, parent_fd);
    if (list.fd < 0)
        return list.fd;
    int rc = inspect(node, list.fd);
    if (rc == 0) {
        list.scratch = wi_scratch_get();
        rc = list.scratch == NULL ? -ENOMEM : wi_list_gather(&list);
        if (rc == 0)
            rc = wi_list_choose(&list);
        if (rc == 0)
            rc = build(&list, ret_dir);
        if (list.scratch != NULL)
            wi_scratch_put(list.scratch);
    }
    if (rc < 0)
        close(list.fd);
    return rc;
}

void weir_dir_close_fd(weir_dir *dir)
{
    if (dir->fd >= 0)
        close(dir->fd);
    dir->fd = -1;
}

int weir_dir_reopen_fd(weir_dir *dir)
{
    if (dir->fd >= 0)
        return 0;
    const int fd = weir_walk_reopen(dir->node);
    if (fd < 0)
        return fd;
    dir->fd = fd;
    return 0;
}

void weir_dir_free(weir_dir *dir)
{
    if (dir == NULL)
        return;
    weir_dir_close_fd(dir);
    weir_walk_node_put(dir->node);
    free(dir->by_inode);
    free(dir);
}

const uint32_t *weir_dir_by_inode(weir_dir *dir)
{
    if (dir->by_inode != NULL)
        return dir->by_inode;
    struct sort_item *const items = malloc((2 * (size_t)dir->count + 1) * sizeof *items);
    uint32_t *const order = malloc(((size_t)dir->count + 1) * sizeof *order);
    if (items != NULL && order != NULL) {
        wi_sort_by_inode(dir->entries, dir->count, items);
        for (uint32_t i = 0; i < dir->count; i++)
            order[i] = items[i].index;
        dir->by_inode = order;
    } else {
        free(order);
    }
    free(items);
    return dir->by_inode;
}

int weir_dir_open_file(const weir_dir *dir, const weir_entry *entry)
{
    struct stat stat;
    int fd;
    do
        fd = openat(dir->fd, weir_entry_name(dir, entry), weir_entry_open_flags(entry) | O_NONBLOCK);
    while (fd < 0 && errno == EINTR);
    if (fd < 0)
        return errno == ENXIO ? -ESTALE : -errno; /* a socket, or a device without a driver */
    int rc = fstat(fd, &stat) < 0 ? -errno : 0;
    if (rc == 0 && !S_ISREG(stat.st_mode))
        rc = -ESTALE;
    if (rc < 0) {
        close(fd);
        return rc;
    }
    return fd;
}
