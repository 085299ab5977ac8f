/* items.c - what one node keeps, as bytes. */
#include "journal/items.h"

#include <string.h>

#include "journal/words.h"

enum { FLAG_COMPLETE = 1, FLAG_RENAMES = 2 };

static size_t size_of(const struct item *item)
{
    switch (item->kind) {
    case ITEM_STATE:
        return item->more.size;
    case ITEM_POSITION:
    case ITEM_SPILLED:
        return 12 + item->path.size + item->more.size;
    case ITEM_FILE:
        return 13 + item->path.size + item->more.size;
    }
    return 0;
}

static char *put_bytes(char *to, struct item_name name)
{
    if (name.size > 0)
        memcpy(to, name.data, name.size);
    return to + name.size;
}

int wp_item_append(weir_text *to, const struct item *item)
{
    const size_t size = size_of(item);
    if (size > UINT32_MAX || weir_text_reserve(to, 5 + size) < 0)
        return -ENOMEM;
    char *at = to->data + to->size;
    *at++ = (char)item->kind;
    at = wp_put_u32(at, (uint32_t)size);
    if (item->kind != ITEM_STATE)
        at = wp_put_u64(at, item->number);
    if (item->kind == ITEM_FILE)
        *at++ = (char)((item->complete ? FLAG_COMPLETE : 0) | (item->more.data != NULL ? FLAG_RENAMES : 0));
    if (item->kind != ITEM_STATE)
        at = put_bytes(wp_put_u32(at, (uint32_t)item->path.size), item->path);
    (void)put_bytes(at, item->more);
    to->size += 5 + size;
    return 0;
}

static bool take(struct item_reader *reader, size_t size, const unsigned char **ret_at)
{
    if ((size_t)(reader->end - reader->at) < size)
        return false;
    *ret_at = reader->at;
    reader->at += size;
    return true;
}

static int read_fields(struct item_reader *fields, struct item *item)
{
    const unsigned char *at;
    unsigned flags = FLAG_RENAMES;
    if (item->kind != ITEM_STATE) {
        if (!take(fields, 8, &at))
            return -EBADMSG;
        item->number = wp_get_u64(at);
        if (item->kind == ITEM_FILE) {
            if (!take(fields, 1, &at) || *at > 3)
                return -EBADMSG;
            flags = *at;
        }
        if (!take(fields, 4, &at))
            return -EBADMSG;
        item->path.size = wp_get_u32(at);
        if (!take(fields, item->path.size, &at))
            return -EBADMSG;
        item->path.data = (const char *)at;
    }
    item->complete = item->kind == ITEM_FILE && (flags & FLAG_COMPLETE) != 0;
    item->more.size = (size_t)(fields->end - fields->at);
    if ((flags & FLAG_RENAMES) != 0)
        item->more.data = (const char *)fields->at;
    return (flags & FLAG_RENAMES) == 0 && item->more.size > 0 ? -EBADMSG : 1;
}

int wp_item_next(struct item_reader *reader, struct item *ret_item)
{
    const unsigned char *head, *body;
    if (reader->at == reader->end)
        return 0;
    if (!take(reader, 5, &head) || !take(reader, wp_get_u32(head + 1), &body))
        return -EBADMSG;
    if (head[0] < ITEM_STATE || head[0] > ITEM_SPILLED)
        return -EBADMSG;
    struct item_reader fields = { body, reader->at };
    *ret_item = (struct item){ .kind = (enum item_kind)head[0] };
    return read_fields(&fields, ret_item);
}
