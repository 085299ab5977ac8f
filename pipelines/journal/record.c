/* record.c - records of a journal, as bytes. */
#include "journal/record.h"

#include <string.h>
#include <weir/digest.h>

#include "journal/words.h"

#define RECORD_MAGIC 0x43455257u
enum { AT_MAGIC = 16, AT_KIND = 20, AT_SIZE = 24, AT_NUMBER = 32 };
enum { FLAG_ENDED = 1, FLAG_NEW = 1 };

static const weir_digest_algo *xxh3(void)
{
    return weir_digest_find("xxh128");
}

struct record_digest wp_record_digest(const void *data, size_t size)
{
    struct record_digest digest;
    (void)xxh3()->oneshot(data, size, digest.bytes); /* of its own code: it can't fail */
    return digest;
}

/* Of a record: of what stands behind its place. */
static struct record_digest seal_of(const void *record, size_t size)
{
    return wp_record_digest((const char *)record + RECORD_DIGEST_BYTES, size - RECORD_DIGEST_BYTES);
}

/* --- reading -------------------------------------------------------------------------------------------------- */

static bool take(struct item_reader *reader, size_t size, const unsigned char **ret_at)
{
    if ((size_t)(reader->end - reader->at) < size)
        return false;
    *ret_at = reader->at;
    reader->at += size;
    return true;
}

static bool take_name(struct item_reader *reader, struct item_name *ret_name)
{
    const unsigned char *at;
    if (!take(reader, 4, &at))
        return false;
    ret_name->size = wp_get_u32(at);
    if (!take(reader, ret_name->size, &at))
        return false;
    ret_name->data = (const char *)at;
    return true;
}

int wp_record_entry(struct item_reader *rest, struct record_entry *ret_entry)
{
    const unsigned char *at;
    struct item_name items;
    if (rest->at == rest->end)
        return 0;
    if (!take(rest, 1 + RECORD_DIGEST_BYTES, &at) || *at < RECORD_STATE || *at > RECORD_OUTPUT)
        return -EBADMSG;
    ret_entry->keeps = (enum record_keeps) * at;
    memcpy(ret_entry->options.bytes, at + 1, RECORD_DIGEST_BYTES);
    if (!take_name(rest, &ret_entry->name) || !take_name(rest, &ret_entry->stage) || !take_name(rest, &items))
        return -EBADMSG;
    ret_entry->items.at = (const unsigned char *)items.data;
    ret_entry->items.end = ret_entry->items.at + items.size;
    return 1;
}

static bool are_items_whole(struct item_reader items)
{
    struct item item;
    int more;
    do
        more = wp_item_next(&items, &item);
    while (more > 0);
    return more == 0;
}

static bool read_checkpoint(struct item_reader *body, struct record *record)
{
    const unsigned char *at;
    struct record_entry entry;
    if (!take(body, 17 + RECORD_DIGEST_BYTES + 4, &at) || at[16] > FLAG_ENDED)
        return false;
    record->checkpoint = wp_get_u64(at);
    record->time_ns = wp_get_u64(at + 8);
    record->ended = at[16] == FLAG_ENDED;
    memcpy(record->plan.bytes, at + 17, RECORD_DIGEST_BYTES);
    record->entries = wp_get_u32(at + 17 + RECORD_DIGEST_BYTES);
    record->rest = *body;
    for (uint32_t i = 0; i < record->entries; i++)
        if (wp_record_entry(body, &entry) != 1 || !are_items_whole(entry.items))
            return false;
    return body->at == body->end;
}

static bool read_opening(struct item_reader *body, struct record *record)
{
    const unsigned char *at;
    if (!take(body, 17, &at) || at[8] > FLAG_NEW)
        return false;
    record->checkpoint = wp_get_u64(at);
    record->is_new = at[8] == FLAG_NEW;
    record->size = wp_get_u64(at + 9);
    return take_name(body, &record->path) && take_name(body, &record->name) && body->at == body->end;
}

int wp_record_read(const struct item_name *text, uint64_t offset, struct record *ret_record, uint64_t *ret_behind)
{
    const unsigned char *head = (const unsigned char *)text->data + offset;
    const uint64_t left = text->size - offset;
    if (left == 0)
        return 0;
    if (left < RECORD_HEAD_BYTES || wp_get_u32(head + AT_MAGIC) != RECORD_MAGIC ||
        wp_get_u64(head + AT_SIZE) > left - RECORD_HEAD_BYTES)
        return -EBADMSG;
    const size_t size = RECORD_HEAD_BYTES + (size_t)wp_get_u64(head + AT_SIZE);
    const struct record_digest digest = seal_of(head, size);
    if (memcmp(digest.bytes, head, RECORD_DIGEST_BYTES) != 0)
        return -EBADMSG;
    struct item_reader body = { head + RECORD_HEAD_BYTES, head + size };
    *ret_record = (struct record){ .kind = (enum record_kind)wp_get_u32(head + AT_KIND),
                                   .number = wp_get_u64(head + AT_NUMBER),
                                   .offset = offset,
                                   .body = { (const char *)body.at, size - RECORD_HEAD_BYTES } };
    const bool whole = ret_record->kind == RECORD_CHECKPOINT ? read_checkpoint(&body, ret_record)
                       : ret_record->kind == RECORD_OPENING  ? read_opening(&body, ret_record)
                                                             : false;
    *ret_behind = offset + size;
    return whole ? 1 : -EBADMSG;
}

/* --- making one ------------------------------------------------------------------------------------------------ */

int wp_record_begin(weir_text *text, enum record_kind kind)
{
    text->size = 0;
    if (weir_text_reserve(text, RECORD_HEAD_BYTES) < 0)
        return -ENOMEM;
    memset(text->data, 0, RECORD_HEAD_BYTES);
    (void)wp_put_u32(wp_put_u32(text->data + AT_MAGIC, RECORD_MAGIC), kind);
    text->size = RECORD_HEAD_BYTES;
    return 0;
}

int wp_record_put_head(weir_text *text, const struct record_head *head)
{
    if (weir_text_reserve(text, 17 + RECORD_DIGEST_BYTES + 4) < 0)
        return -ENOMEM;
    char *at = wp_put_u64(wp_put_u64(text->data + text->size, head->checkpoint), head->time_ns);
    *at++ = head->ended ? FLAG_ENDED : 0;
    memcpy(at, head->plan.bytes, RECORD_DIGEST_BYTES);
    at = wp_put_u32(at + RECORD_DIGEST_BYTES, head->entries);
    text->size = (size_t)(at - text->data);
    return 0;
}

static int put_name(weir_text *text, struct item_name name)
{
    if (name.size > UINT32_MAX || weir_text_reserve(text, 4 + name.size) < 0)
        return -ENOMEM;
    (void)wp_put_u32(text->data + text->size, (uint32_t)name.size);
    text->size += 4;
    return weir_text_append(text, name.data, name.size);
}

int wp_record_put_entry(weir_text *text, const struct record_entry *entry)
{
    const char keeps = (char)entry->keeps;
    const struct item_name items = { (const char *)entry->items.at, (size_t)(entry->items.end - entry->items.at) };
    int error = weir_text_append(text, &keeps, 1);
    if (error == 0)
        error = weir_text_append(text, entry->options.bytes, RECORD_DIGEST_BYTES);
    if (error == 0)
        error = put_name(text, entry->name);
    if (error == 0)
        error = put_name(text, entry->stage);
    return error == 0 ? put_name(text, items) : error;
}

int wp_record_put_opening(weir_text *text, const struct record *opening)
{
    char head[17];
    char *at = wp_put_u64(head, opening->checkpoint);
    *at++ = opening->is_new ? FLAG_NEW : 0;
    (void)wp_put_u64(at, opening->size);
    int error = weir_text_append(text, head, sizeof head);
    if (error == 0)
        error = put_name(text, opening->path);
    return error == 0 ? put_name(text, opening->name) : error;
}

void wp_record_end(weir_text *text, uint64_t number)
{
    (void)wp_put_u64(wp_put_u64(text->data + AT_SIZE, text->size - RECORD_HEAD_BYTES), number);
    const struct record_digest digest = seal_of(text->data, text->size);
    memcpy(text->data, digest.bytes, RECORD_DIGEST_BYTES);
}
