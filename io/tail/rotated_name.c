/* rotated_name.c - the habits of logrotate, log4j, lumberjack and others. */
#include "tail/rotated_name.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

static const char *const packed_ends[] = { ".gz", ".zst", ".lz4", ".xz", ".bz2", ".Z", NULL };
static const char *const words[] = { "old", "bak", "prev", NULL };

/* The name without the end of a compressed one. */
static size_t plain_size(const char *name)
{
    const size_t size = strlen(name);
    for (size_t i = 0; packed_ends[i] != NULL; i++) {
        const size_t end = strlen(packed_ends[i]);
        if (size > end && memcmp(name + size - end, packed_ends[i], end) == 0)
            return size - end;
    }
    return size;
}

bool wi_is_packed_name(const char *name)
{
    return plain_size(name) < strlen(name);
}

/* "1", "20261126", "old" and what follows it. */
static bool begins_rotation(const char *text, size_t size)
{
    if (size > 0 && text[0] >= '0' && text[0] <= '9')
        return true;
    for (size_t i = 0; words[i] != NULL; i++) {
        const size_t word = strlen(words[i]);
        if (size >= word && memcmp(text, words[i], word) == 0 && (size == word || text[word] == '.'))
            return true;
    }
    return false;
}

/* ".log" of app-20261126.log: letters behind the last dot. Its size, 0: none. */
static size_t extension_size(const char *text, size_t size)
{
    const char *dot = memrchr(text, '.', size);
    if (dot == NULL || dot == text || dot + 1 == text + size || (dot[1] >= '0' && dot[1] <= '9'))
        return 0;
    return size - (size_t)(dot - text);
}

bool wi_rotated_base(const char *name, size_t *at, char *ret_base)
{
    const size_t size = plain_size(name);
    if (size > NAME_MAX)
        return false;
    /* Two turns a separator: what stands before it, and that with the name's extension. */
    for (size_t turn = *at < 2 ? 2 : *at; turn / 2 < size; turn++) {
        const size_t i = turn / 2;
        if (strchr(".-_", name[i]) == NULL || !begins_rotation(name + i + 1, size - i - 1))
            continue;
        const size_t extension = turn % 2 == 0 ? 0 : extension_size(name + i + 1, size - i - 1);
        if (turn % 2 == 1 && extension == 0)
            continue;
        (void)snprintf(ret_base, NAME_MAX + 1, "%.*s%.*s", (int)i, name, (int)extension, name + size - extension);
        *at = turn + 1;
        return true;
    }
    return false;
}

bool wi_is_rotated(const char *name, const char *base)
{
    char found[NAME_MAX + 1];
    for (size_t at = 0; wi_rotated_base(name, &at, found);)
        if (strcmp(found, base) == 0)
            return true;
    return false;
}

bool wi_is_packed_head(const uint8_t *head, size_t size)
{
    static const struct {
        const char *bytes;
        size_t size;
    } magics[] = { { "\x1f\x8b\x08", 3 }, { "\x28\xb5\x2f\xfd", 4 }, { "\x04\x22\x4d\x18", 4 }, { "\xfd\x37zXZ", 5 },
                   { "BZh", 3 },          { "\x1f\x9d", 2 } };
    for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++)
        if (size >= magics[i].size && memcmp(head, magics[i].bytes, magics[i].size) == 0)
            return true;
    return false;
}
