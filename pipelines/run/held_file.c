/* held_file.c - a file that stays open as long as anybody, the kernel included, may use it. */
#include "run/held_file.h"

#include <fcntl.h>
#include <stdlib.h>

struct held_file *wp_held_file_create(void)
{
    struct held_file *file = calloc(1, sizeof *file);
    if (file == NULL)
        return NULL;
    file->refs = 1;
    file->output.fd = -1;
    file->output.dir_fd = file->place.dir_fd = AT_FDCWD;
    return file;
}

struct held_file *wp_held_file_ref(struct held_file *file)
{
    (void)__atomic_fetch_add(&file->refs, 1, __ATOMIC_RELAXED);
    return file;
}

void wp_held_file_unref(void *arg)
{
    struct held_file *file = arg;
    if (file == NULL || __atomic_fetch_sub(&file->refs, 1, __ATOMIC_ACQ_REL) != 1)
        return;
    weir_output_discard(&file->output);
    wp_place_fini(&file->place);
    wp_seal_fini(&file->seal);
    free(file);
}

static void let_go(void *arg)
{
    struct held_file *file = arg;
    weir_chunk_put(file->chunk);
    file->chunk = NULL;
    wp_held_file_unref(file);
}

weir_io_hold wp_held_file_hold(struct held_file *file, weir_chunk *chunk)
{
    file->chunk = weir_chunk_hold(chunk);
    return (weir_io_hold){ let_go, wp_held_file_ref(file) };
}
