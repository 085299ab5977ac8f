/* rewind.c - the next start goes on from an older checkpoint, or reads a file from elsewhere. */
#include <weir/state.h>

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "journal/state_files.h"
#include "journal/words.h"

WEIR_PRINTF(2, 3) static int say(weir_text *to, const char *format, ...)
{
    char *words = NULL;
    va_list args;
    va_start(args, format);
    const int size = vasprintf(&words, format, args);
    va_end(args);
    const int error = size < 0 ? -ENOMEM : weir_text_append(to, words, (size_t)size);
    free(size < 0 ? NULL : words);
    return error;
}

static int fault(weir_text *errors, int error, const char *dir, const char *why)
{
    return say(errors, "%s: %s\n", dir, why) < 0 ? -ENOMEM : error;
}

/* The same checkpoint once more, as a new one; `items` of an entry may be others. */
struct remaking {
    const char *source; /* NULL: as it is */
    uint64_t offset;
    bool found;
};

static int put_position(struct remaking *self, const struct item *item, weir_text *items)
{
    struct item changed = *item;
    if (self->source != NULL && item->kind == ITEM_POSITION && item->path.size == strlen(self->source) &&
        memcmp(item->path.data, self->source, item->path.size) == 0) {
        changed.number = self->offset;
        self->found = true;
    }
    return wp_item_append(items, &changed);
}

static int put_entry(struct remaking *self, struct record_entry entry, weir_text *record)
{
    weir_text items = { 0 };
    struct item item;
    int error = 0;
    while (error == 0 && wp_item_next(&entry.items, &item) == 1)
        error = put_position(self, &item, &items);
    entry.items.at = (const unsigned char *)items.data;
    entry.items.end = entry.items.at + items.size;
    if (error == 0)
        error = wp_record_put_entry(record, &entry);
    weir_text_fini(&items);
    return error;
}

static int remake(struct remaking *self, const struct record *from, uint64_t number, weir_text *record)
{
    const struct record_head head = { .checkpoint = number,
                                      .time_ns = from->time_ns,
                                      .ended = from->ended,
                                      .plan = from->plan,
                                      .entries = from->entries };
    struct item_reader rest = from->rest;
    struct record_entry entry;
    int error = wp_record_begin(record, RECORD_CHECKPOINT);
    if (error == 0)
        error = wp_record_put_head(record, &head);
    while (error == 0 && wp_record_entry(&rest, &entry) == 1)
        error = put_entry(self, entry, record);
    return error;
}

/* --- to an older one -------------------------------------------------------------------------------------------------
 */

struct looking {
    struct journal *journal;
    uint64_t number; /* of the record that is looked for */
    const struct item_name *text;
    struct record from;
    bool found;
    weir_text openings; /* since: to be appended behind it */
    uint64_t behind;    /* the checkpoint that these are behind then */
    int error;
    weir_text *errors;
};

static int put_opening(struct looking *self, struct item_name path, struct item_name name, uint64_t size, bool is_new)
{
    weir_text one = { 0 };
    const struct record opening = {
        .checkpoint = self->behind, .is_new = is_new, .size = size, .path = path, .name = name
    };
    int error = wp_record_begin(&one, RECORD_OPENING);
    if (error == 0)
        error = wp_record_put_opening(&one, &opening);
    if (error == 0)
        wp_record_end(&one, 1);
    if (error == 0)
        error = weir_text_append(&self->openings, one.data, one.size);
    weir_text_fini(&one);
    return error;
}

static bool is_open_in(const struct record *record, struct item_name path)
{
    struct item_reader rest = record->rest;
    struct record_entry entry;
    struct item item;
    while (wp_record_entry(&rest, &entry) == 1)
        while (wp_item_next(&entry.items, &item) == 1)
            if (item.kind == ITEM_FILE && item.path.size == path.size &&
                memcmp(item.path.data, path.data, path.size) == 0)
                return true;
    return false;
}

/* A file that was complete after the checkpoint, and has its name now: it goes, too, if it was begun after it. */
static void see_complete(struct looking *self, const struct record *record)
{
    struct item_reader rest = record->rest;
    struct record_entry entry;
    struct item item;
    while (self->error == 0 && wp_record_entry(&rest, &entry) == 1)
        while (self->error == 0 && wp_item_next(&entry.items, &item) == 1) {
            if (item.kind != ITEM_FILE || !item.complete || item.more.data == NULL)
                continue;
            if (!is_open_in(&self->from, item.path))
                self->error = put_opening(self, item.more, entry.name, 0, true);
            else if (say(self->errors,
                         "%.*s: was open at that checkpoint and has become %.*s since: take a later one\n",
                         (int)item.path.size, item.path.data, (int)item.more.size, item.more.data) == 0)
                self->error = -EEXIST;
        }
}

static void see(void *arg, const struct record *record)
{
    struct looking *self = arg;
    if (self->error < 0)
        return;
    if (record->number == self->number && record->kind == RECORD_CHECKPOINT) {
        self->from = *record;
        self->found = true;
    } else if (self->found && record->kind == RECORD_OPENING) {
        self->error = put_opening(self, record->path, record->name, record->size, record->is_new);
    } else if (self->found) {
        see_complete(self, record);
    }
}

static int append_openings(struct looking *self)
{
    const struct item_name text = { self->openings.data, self->openings.size };
    struct record record;
    uint64_t at = 0, behind;
    int error = 0;
    for (; error == 0 && wp_record_read(&text, at, &record, &behind) == 1; at = behind) {
        weir_text one = { 0 };
        error = weir_text_append(&one, text.data + at, behind - at);
        if (error == 0)
            error = wp_journal_append(self->journal, &one);
        weir_text_fini(&one);
    }
    return error;
}

static int rewind_to(struct journal *journal, uint64_t number, weir_text *out, weir_text *errors)
{
    weir_text bytes = { 0 }, record = { 0 };
    struct remaking remaking = { 0 };
    struct journal_scan scan;
    int error = wp_journal_slurp(journal->fd, &bytes);
    const struct item_name text = { bytes.data, bytes.size };
    struct looking looking = {
        .journal = journal, .number = number, .text = &text, .behind = journal->checkpoint + 1, .errors = errors
    };
    if (error == 0)
        wp_journal_scan(&text, false, see, &looking, &scan);
    if (error == 0)
        error = looking.error;
    if (error == 0 && !looking.found)
        error =
            fault(errors, -ENOENT, journal->dir, "there is no checkpoint of that number: weir state ls --all has them");
    if (error == 0 && !wp_state_files_are_there(journal, &looking.from))
        error = fault(errors, -ENOENT, journal->dir,
                      "what a stage had on disk at that checkpoint is gone, since later ones had no need of it: take a "
                      "later one");
    if (error == 0)
        error = remake(&remaking, &looking.from, journal->checkpoint + 1, &record);
    if (error == 0)
        error = wp_journal_append(journal, &record);
    if (error == 0)
        error = append_openings(&looking);
    if (error == 0)
        error =
            say(out, "%s: the next start goes on from the checkpoint of record %" PRIu64 "\n", journal->dir, number);
    weir_text_fini(&bytes);
    weir_text_fini(&record);
    weir_text_fini(&looking.openings);
    return error;
}

/* --- a source
 * ------------------------------------------------------------------------------------------------------------ */

static int rewind_source(struct journal *journal, const char *source, uint64_t offset, weir_text *out,
                         weir_text *errors)
{
    weir_text record = { 0 };
    struct remaking remaking = { .source = source, .offset = offset };
    struct record last;
    if (!wp_journal_last(journal, &last))
        return fault(errors, -ENOENT, journal->dir, "has no checkpoint yet");
    int error = remake(&remaking, &last, last.checkpoint + 1, &record);
    if (error == 0 && !remaking.found)
        error = fault(errors, -ENOENT, journal->dir, "no source has read that file: weir state ls has those that were");
    if (error == 0)
        error = wp_journal_append(journal, &record);
    if (error == 0)
        error = say(out, "%s: the next start reads %s from byte %" PRIu64 " on; outputs stay as they are\n",
                    journal->dir, source, offset);
    weir_text_fini(&record);
    return error;
}

int weir_state_rewind(const char *dir, uint64_t record, const char *source, uint64_t offset, weir_text *out,
                      weir_text *errors)
{
    struct journal *journal, *look;
    int error = wp_journal_open(dir, JOURNAL_LOOK_AT, &look, errors); /* which makes nothing */
    if (error < 0)
        return error;
    wp_journal_close(look);
    error = wp_journal_open(dir, JOURNAL_WRITE, &journal, errors);
    if (error < 0)
        return error;
    error = record > 0 ? rewind_to(journal, record, out, errors) : rewind_source(journal, source, offset, out, errors);
    wp_journal_close(journal);
    return error;
}
