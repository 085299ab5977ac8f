/* series.c - the names of files that one write begins one after the other. */
#include "run/series.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define NUMBER_MAX 1000000u

void wp_series_fini(struct series *series)
{
    free(series->base);
    series->base = NULL;
}

int wp_series_add(struct series *series, struct held_file *file)
{
    series->files++;
    if (series->base == NULL || strcmp(series->base, file->place.shown) != 0) {
        free(series->base);
        series->base = strdup(file->place.shown);
        series->next = 0;
    }
    file->number = series->next;
    return series->base == NULL ? -ENOMEM : 0;
}

/* Whether there is a file of the place's name, and how large it is. */
static bool exists(const struct place *place, uint64_t *ret_size)
{
    struct stat meta;
    if (fstatat(place->dir_fd, place->name, &meta, place->dir_fd != AT_FDCWD ? AT_SYMLINK_NOFOLLOW : 0) < 0)
        return false;
    *ret_size = S_ISREG(meta.st_mode) ? (uint64_t)meta.st_size : 0;
    return true;
}

int wp_series_append(struct series *series, struct held_file *file, uint64_t bytes_max)
{
    uint64_t size = 0;
    const bool is_first = series->base == NULL || strcmp(series->base, file->place.shown) != 0;
    int error = wp_series_add(series, file);
    if (error == 0)
        error = wp_place_number(&file->place, file->number);
    while (error == 0 && file->number < NUMBER_MAX && exists(&file->place, &size))
        error = wp_place_number(&file->place, ++file->number);
    const bool has_room = bytes_max == 0 || size < bytes_max;
    if (error == 0 && is_first && file->number > 0 && has_room) /* the last one that there is */
        error = wp_place_number(&file->place, --file->number);
    return error;
}

int wp_series_commit(struct held_file *file)
{
    int error = -EEXIST;
    for (; error == -EEXIST && file->number < NUMBER_MAX; file->number += error == -EEXIST) {
        error = wp_place_number(&file->place, file->number);
        if (error < 0)
            break;
        if (file->output.path != NULL)
            file->output.path = file->place.name;
        error = wp_output_commit_new(&file->output);
    }
    return error;
}

void wp_series_named(struct series *series, const struct held_file *file)
{
    series->next = file->number + 1;
}
