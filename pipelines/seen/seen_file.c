/* seen_file.c - linear probing by pages, which are so large that hardly any is ever full. */
#include "seen/seen_file.h"

#include <stdlib.h>
#include <string.h>

#define BITS_MIN 8
#define PAGE_BYTES (SEEN_PAGE_KEYS * sizeof(struct seen_key))

/* The first byte makes the file, the last one its size: pages that nobody has written are nothing but zeros. */
static int init(struct seen_file *file, unsigned bits)
{
    *file = (struct seen_file){ .spill = SPILL_NONE, .bits = bits };
    file->keys = malloc(PAGE_BYTES);
    if (file->keys == NULL)
        return -ENOMEM;
    const int error = wp_spill_append(&file->spill, "", 1);
    file->spill.size = ((uint64_t)PAGE_BYTES << bits) - 1;
    return error == 0 ? wp_spill_append(&file->spill, "", 1) : error;
}

int wp_seen_file_init(struct seen_file *file)
{
    return init(file, BITS_MIN);
}

void wp_seen_file_fini(struct seen_file *file)
{
    if (file->bits > 0)
        wp_spill_close(&file->spill);
    free(file->keys);
    *file = (struct seen_file){ 0 };
}

static int save(struct seen_file *file)
{
    if (!file->dirty)
        return 0;
    file->dirty = false;
    file->spill.size = file->page * PAGE_BYTES; /* where it goes on */
    return wp_spill_append(&file->spill, file->keys, PAGE_BYTES);
}

static int load(struct seen_file *file, uint64_t page)
{
    if (file->loaded && file->page == page)
        return 0;
    int error = save(file);
    file->loaded = false;
    if (error == 0)
        error = wp_spill_read(&file->spill, page * PAGE_BYTES, file->keys, PAGE_BYTES);
    file->page = page;
    file->loaded = error == 0;
    return error;
}

/* There is room. */
static int add(struct seen_file *file, struct seen_key key)
{
    const uint64_t mask = ((uint64_t)1 << file->bits) - 1;
    for (uint64_t page = seen_place(key, file->bits);; page = (page + 1) & mask) {
        const int error = load(file, page);
        if (error < 0)
            return error;
        for (unsigned i = 0; i < SEEN_PAGE_KEYS; i++) {
            if (seen_same(file->keys[i], key))
                return 1;
            if (!seen_is_none(file->keys[i]))
                continue;
            file->keys[i] = key;
            file->dirty = true;
            file->count++;
            return 0;
        }
    }
}

/* Page by page into a file of twice as many, in which they go to two pages next to each other. */
static int grow(struct seen_file *file)
{
    struct seen_file larger;
    int error = init(&larger, file->bits + 1);
    for (uint64_t page = 0; error >= 0 && page < (uint64_t)1 << file->bits; page++) {
        error = load(file, page);
        for (unsigned i = 0; error >= 0 && i < SEEN_PAGE_KEYS && !seen_is_none(file->keys[i]); i++)
            error = add(&larger, file->keys[i]);
    }
    if (error < 0) {
        wp_seen_file_fini(&larger);
        return error;
    }
    wp_spill_close(&file->spill);
    free(file->keys);
    file->spill = larger.spill;
    file->bits = larger.bits;
    file->count = larger.count;
    file->page = larger.page;
    file->loaded = larger.loaded;
    file->dirty = larger.dirty;
    file->keys = larger.keys;
    return 0;
}

int wp_seen_file_add(struct seen_file *file, struct seen_key key)
{
    const uint64_t room = (uint64_t)SEEN_PAGE_KEYS << file->bits;
    const int error = 4 * (file->count + 1) > 3 * room ? grow(file) : 0;
    return error < 0 ? error : add(file, key);
}
