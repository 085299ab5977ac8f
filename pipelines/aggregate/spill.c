/* spill.c - a file without a name, or one of the state. */
#include "aggregate/spill.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "run/checkpoint.h"

static int open_unnamed(void)
{
    const char *dir = getenv("TMPDIR");
    char name[4096];
    if (dir == NULL || dir[0] == '\0')
        dir = "/tmp";
    int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0)
        return fd;
    if (snprintf(name, sizeof name, "%s/weir-XXXXXX", dir) >= (int)sizeof name)
        return -ENAMETOOLONG;
    fd = mkostemp(name, O_CLOEXEC);
    if (fd < 0)
        return -errno;
    (void)unlink(name);
    return fd;
}

static int open_new(struct spill *spill)
{
    const bool is_kept = spill->node != NULL && wp_checkpoint_is_on(spill->node);
    const int fd = is_kept ? wp_checkpoint_spill(spill->node, &spill->number) : open_unnamed();
    if (fd < 0)
        return fd;
    spill->fd = fd;
    return 0;
}

int wp_spill_append(struct spill *spill, const void *data, size_t size)
{
    const int error = spill->fd < 0 ? open_new(spill) : 0;
    if (error < 0)
        return error;
    for (const char *at = data; size > 0;) {
        const ssize_t written = pwrite(spill->fd, at, size, (off_t)spill->size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return written < 0 ? -errno : -EIO;
        at += written;
        size -= (size_t)written;
        spill->size += (uint64_t)written;
    }
    return 0;
}

int wp_spill_read(const struct spill *spill, uint64_t offset, void *ret_data, size_t size)
{
    for (char *at = ret_data; size > 0;) {
        const ssize_t taken = pread(spill->fd, at, size, (off_t)offset);
        if (taken < 0 && errno == EINTR)
            continue;
        if (taken <= 0)
            return taken < 0 ? -errno : -EIO;
        at += taken;
        size -= (size_t)taken;
        offset += (uint64_t)taken;
    }
    return 0;
}

void wp_spill_forget(const struct spill *spill, uint64_t offset, uint64_t size)
{
    (void)fallocate(spill->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)size);
}

void wp_spill_close(struct spill *spill)
{
    if (spill->fd >= 0)
        (void)close(spill->fd);
    *spill = (struct spill){ .fd = -1, .node = spill->node };
}

int wp_spill_save(const struct spill *spill, struct wp_save *save)
{
    return spill->number > 0 ? wp_save_spilled(save, spill->number, spill->fd, spill->size) : 0;
}

/* --- lists -------------------------------------------------------------------------------------------- */

struct spill_file *wp_spill_file_add(struct spill_file **link, const struct run_node *node)
{
    struct spill_file *file = calloc(1, sizeof *file);
    if (file == NULL)
        return NULL;
    *file = (struct spill_file){ .next = *link, .spill = { .fd = -1, .node = node } };
    *link = file;
    return file;
}

void wp_spill_file_close(struct spill_file **link)
{
    struct spill_file *file = *link;
    *link = file->next;
    wp_spill_close(&file->spill);
    free(file);
}

int wp_spill_load_list(struct spill_file **list, const struct run_node *node, struct wp_load *load)
{
    struct spill spill = { .node = node };
    while (wp_load_spilled(load, &spill.number, &spill.size) > 0) {
        struct spill_file *file = wp_spill_file_add(list, node);
        if (file == NULL)
            return -ENOMEM;
        spill.fd = wp_checkpoint_spill(node, &spill.number);
        if (spill.fd < 0)
            return spill.fd;
        file->spill = spill;
        list = &file->next;
    }
    return 0;
}
