/* fuzz_journal.c - a journal of any bytes: read, looked through for whole records, and each record made again the same.
 */
#include <stdlib.h>
#include <string.h>

#include "journal/journal.h"

/* What was read of a whole record is all that is in it: written again it has the same bytes. */
static void see(void *arg, const struct record *record)
{
    const struct item_name *text = arg;
    weir_text again = { 0 };
    struct item_reader rest = record->rest;
    struct record_entry entry;
    struct item item;
    int error = wp_record_begin(&again, record->kind);
    const struct record_head head = { .checkpoint = record->checkpoint,
                                      .time_ns = record->time_ns,
                                      .ended = record->ended,
                                      .plan = record->plan,
                                      .entries = record->entries };
    if (error == 0 && record->kind == RECORD_CHECKPOINT)
        error = wp_record_put_head(&again, &head);
    while (error == 0 && record->kind == RECORD_CHECKPOINT && wp_record_entry(&rest, &entry) == 1) {
        weir_text items = { 0 };
        struct item_reader left = entry.items;
        while (error == 0 && wp_item_next(&left, &item) == 1)
            error = wp_item_append(&items, &item);
        if (items.size != (size_t)(entry.items.end - entry.items.at) ||
            (items.size > 0 && memcmp(items.data, entry.items.at, items.size) != 0))
            abort();
        weir_text_fini(&items);
        if (error == 0)
            error = wp_record_put_entry(&again, &entry);
    }
    if (error == 0 && record->kind == RECORD_OPENING)
        error = wp_record_put_opening(&again, record);
    if (error == 0) {
        wp_record_end(&again, record->number);
        if (again.size != RECORD_HEAD_BYTES + record->body.size ||
            memcmp(again.data, text->data + record->offset, again.size) != 0)
            abort();
    }
    weir_text_fini(&again);
}

/* The digests that the fuzzer can't guess: every place that looks like a record gets the right one. */
static void seal(char *data, size_t size)
{
    for (size_t at = JOURNAL_HEAD_BYTES; at + RECORD_HEAD_BYTES <= size; at++) {
        uint64_t body;
        memcpy(&body, data + at + 24, sizeof body);
        if (memcmp(data + at + RECORD_DIGEST_BYTES, "WREC", 4) != 0 || body > size - at - RECORD_HEAD_BYTES)
            continue;
        const struct record_digest digest =
            wp_record_digest(data + at + RECORD_DIGEST_BYTES, RECORD_HEAD_BYTES - RECORD_DIGEST_BYTES + (size_t)body);
        memcpy(data + at, digest.bytes, RECORD_DIGEST_BYTES);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = malloc(size + 1);
    if (copy == NULL)
        return 0;
    memcpy(copy, data, size);
    for (unsigned turn = 0; turn < 2; turn++) {
        struct item_name text = { copy, size };
        struct journal_scan scan;
        wp_journal_scan(&text, false, see, &text, &scan);
        wp_journal_scan(&text, true, see, &text, &scan);
        if (scan.whole > size)
            abort();
        seal(copy, size);
    }
    free(copy);
    return 0;
}
