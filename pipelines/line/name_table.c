/* name_table.c - names of fields that a stage keeps. */
#include "line/name_table.h"

#include <string.h>

#include "text/spelling.h"

static bool is_known(const struct name_table *self, const char *text, size_t size)
{
    for (unsigned i = 0; i < self->count; i++)
        if (self->names[i].size == size && memcmp(self->names[i].text, text, size) == 0)
            return true;
    return false;
}

/* A key of JSON that fits; else it is made each time. */
static void set_key(struct cell_name *name, struct arena *arena)
{
    char text[6 * CELL_KEY_BYTES], *to = text;
    if (name->size > CELL_KEY_BYTES - 4)
        return;
    *to++ = '"';
    to = wi_json_put_string(to, name->text, name->size);
    *to++ = '"';
    *to++ = ':';
    char *key = to - text <= (ptrdiff_t)CELL_KEY_BYTES ? wp_arena_alloc(arena, CELL_KEY_BYTES) : NULL;
    if (key == NULL)
        return;
    memcpy(key, text, (size_t)(to - text));
    name->key = key;
    name->key_size = (uint32_t)(to - text);
}

int wp_names_add(struct name_table *self, const char *text, size_t size)
{
    if (self->count == CELLS_MAX)
        return -E2BIG;
    if (size == 0 || memchr(text, '\0', size) != NULL || !wi_utf8_valid(text, size) || is_known(self, text, size))
        return -EINVAL;
    struct cell_name name = { .text = wp_arena_copy(&self->arena, text, size), .size = (uint32_t)size };
    if (name.text == NULL)
        return -ENOMEM;
    set_key(&name, &self->arena);
    self->names[self->count++] = name;
    if (name.size > self->max)
        self->max = name.size;
    return 0;
}

int wp_names_use(const struct name_table *self, struct cutting *cutting)
{
    if (cutting->names != NULL)
        return 0;
    struct arena *arena = cutting->arena;
    struct cell_name *copy = wp_arena_alloc(arena, (self->count + 1) * sizeof *copy);
    for (unsigned i = 0; copy != NULL && i < self->count; i++) {
        copy[i] = self->names[i];
        copy[i].text = wp_arena_copy(arena, self->names[i].text, self->names[i].size);
        if (copy[i].key_size > 0)
            copy[i].key = wp_arena_copy(arena, self->names[i].key, CELL_KEY_BYTES);
    }
    if (arena->failed)
        return -ENOMEM;
    cutting->names = copy;
    cutting->name_max = self->max;
    return 0;
}

void wp_names_fini(struct name_table *self)
{
    wp_arena_fini(&self->arena);
    self->count = 0;
}
