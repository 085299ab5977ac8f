/* window_files.c - runs of windows in files that several of them share. */
#include "aggregate/window_files.h"

#include <stdlib.h>
#include <string.h>

#include "run/checkpoint.h"

/* One that is larger takes no more, so that what is given is not kept for long by what isn't. */
#define FILE_BYTES_MAX ((uint64_t)256 << 20)

static struct spill_file *file_of(const struct partition_run *run)
{
    return (struct spill_file *)((char *)run->file - offsetof(struct spill_file, spill));
}

struct spill_file *wp_window_files_open(struct windows *windows)
{
    if (windows->files != NULL && windows->files->spill.size < FILE_BYTES_MAX)
        return windows->files;
    return wp_spill_file_add(&windows->files, windows->node);
}

int wp_window_spill(struct window *window, struct spill_file *file)
{
    const size_t before = window->partitions.count;
    const int error = wp_partitions_add(&window->partitions, &file->spill, &window->groups);
    file->runs += window->partitions.count - before;
    wp_groups_fini(&window->groups);
    return error;
}

void wp_window_forget(struct windows *windows, struct window *window)
{
    for (size_t i = 0; i < window->partitions.count; i++)
        file_of(&window->partitions.runs[i])->runs--;
    wp_partitions_fini(&window->partitions);
    for (struct spill_file **link = &windows->files; *link != NULL;)
        if ((*link)->runs > 0)
            link = &(*link)->next;
        else
            wp_spill_file_close(link);
}

void wp_window_files_close(struct windows *windows)
{
    while (windows->files != NULL)
        wp_spill_file_close(&windows->files);
}

/* --- checkpoints ------------------------------------------------------------------------------------- */

struct saved_run {
    int64_t from_ns; /* of its window */
    uint64_t file;   /* its number */
    uint64_t offset, size;
    uint32_t first, last;
};

static int save_runs(const struct window *window, weir_text *out)
{
    int error = 0;
    for (size_t i = 0; error == 0 && i < window->partitions.count; i++) {
        const struct partition_run *run = &window->partitions.runs[i];
        const struct saved_run saved = { .from_ns = window->from_ns,
                                         .file = run->file->number,
                                         .offset = run->offset,
                                         .size = run->size,
                                         .first = run->first,
                                         .last = run->last };
        error = weir_text_append(out, &saved, sizeof saved);
    }
    return error;
}

int wp_window_files_save(const struct windows *windows, struct wp_save *save)
{
    weir_text runs = { 0 };
    int error = 0;
    for (const struct window *window = windows->open; error == 0 && window != NULL; window = window->next)
        error = save_runs(window, &runs);
    if (error == 0 && runs.size > 0)
        error = wp_save_bytes(save, runs.data, runs.size);
    weir_text_fini(&runs);
    for (const struct spill_file *file = windows->files; error == 0 && file != NULL; file = file->next)
        error = wp_spill_save(&file->spill, save);
    return error;
}

static int load_run(struct windows *windows, const struct saved_run *saved)
{
    struct spill_file *file = windows->files;
    while (file != NULL && file->spill.number != saved->file)
        file = file->next;
    if (file == NULL || saved->offset > file->spill.size || saved->size > file->spill.size - saved->offset)
        return -EBADMSG;
    struct window *window = wp_window_at(windows, saved->from_ns);
    const struct partition_run run = {
        .file = &file->spill, .offset = saved->offset, .size = saved->size, .first = saved->first, .last = saved->last
    };
    const int error = window == NULL ? -ENOMEM : wp_partitions_add_run(&window->partitions, &run);
    file->runs += error == 0;
    return error;
}

int wp_window_files_load(struct windows *windows, struct wp_load *load)
{
    const void *bytes;
    size_t size;
    int error = wp_spill_load_list(&windows->files, windows->node, load); /* the first is appended to, as before */
    if (error < 0 || windows->files == NULL)
        return error;
    if (wp_load_bytes(load, &bytes, &size) != 1 || size % sizeof(struct saved_run) != 0)
        return -EBADMSG;
    for (size_t at = 0; error == 0 && at < size; at += sizeof(struct saved_run)) {
        struct saved_run saved;
        memcpy(&saved, (const char *)bytes + at, sizeof saved);
        error = load_run(windows, &saved);
    }
    return error;
}
