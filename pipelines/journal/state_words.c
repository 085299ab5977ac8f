/* state_words.c - what stands in a state directory, in lines or as JSON. */
#include <weir/state.h>

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "expr/datum.h"
#include "journal/journal.h"
#include "journal/restore.h"

struct telling {
    weir_text *out;
    bool json, failed, any;
};

WEIR_PRINTF(2, 3) static void say(struct telling *self, const char *format, ...)
{
    char *words = NULL;
    va_list args;
    va_start(args, format);
    const int size = vasprintf(&words, format, args);
    va_end(args);
    self->failed |= size < 0 || weir_text_append(self->out, words, (size_t)size) < 0;
    free(size < 0 ? NULL : words);
}

static void say_string(struct telling *self, struct item_name name)
{
    self->failed |= wp_datum_append_json(self->out, datum_string(name.data, name.size)) < 0;
}

static struct item_name name_of(const char *text)
{
    return (struct item_name){ text, strlen(text) };
}

/* "2026-11-26T18:41:57Z". */
static void say_time(struct telling *self, uint64_t time_ns)
{
    char text[32];
    struct tm utc;
    const time_t seconds = (time_t)(time_ns / 1000000000);
    say(self, "%s",
        gmtime_r(&seconds, &utc) != NULL && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc) > 0 ? text : "?");
}

/* --- a checkpoint --------------------------------------------------------------------------------------------------
 */

static void say_comma(struct telling *self, bool *any)
{
    say(self, "%s", *any ? "," : "");
    *any = true;
}

static uint64_t bytes_of(struct item_reader items)
{
    struct item item;
    uint64_t bytes = 0;
    while (wp_item_next(&items, &item) == 1)
        bytes += item.kind == ITEM_STATE ? item.more.size : 0;
    return bytes;
}

static void say_item_json(struct telling *self, const struct record_entry *entry, const struct item *item)
{
    say(self, "{\"stage\":");
    say_string(self, entry->name);
    say(self, ",\"path\":");
    say_string(self, item->path);
    say(self, ",\"%s\":%" PRIu64, item->kind == ITEM_POSITION ? "offset" : "size", item->number);
    if (item->kind == ITEM_FILE)
        say(self, ",\"complete\":%s", item->complete ? "true" : "false");
    if (item->kind == ITEM_FILE && item->more.data != NULL) {
        say(self, ",\"becomes\":");
        say_string(self, item->more);
    }
    say(self, "}");
}

static void say_item(struct telling *self, const struct record_entry *entry, const struct item *item)
{
    const bool renamed = item->kind == ITEM_FILE && item->more.data != NULL;
    static const char *const what[] = {
        [ITEM_POSITION] = "source", [ITEM_FILE] = "output", [ITEM_SPILLED] = "spilled"
    };
    say(self, "  %-8s  %.*s  %.*s  %s %" PRIu64 "%s%s%.*s\n", what[item->kind], (int)entry->name.size, entry->name.data,
        (int)item->path.size, item->path.data, item->kind == ITEM_POSITION ? "offset" : "size", item->number,
        item->complete ? "  complete" : "", renamed ? ", becomes " : "", renamed ? (int)item->more.size : 0,
        renamed ? item->more.data : "");
}

static void say_items(struct telling *self, const struct record *record, enum item_kind kind)
{
    struct item_reader rest = record->rest;
    struct record_entry entry;
    struct item item;
    bool any = false;
    while (wp_record_entry(&rest, &entry) == 1)
        for (struct item_reader items = entry.items; wp_item_next(&items, &item) == 1;) {
            if (item.kind != kind)
                continue;
            if (self->json)
                say_comma(self, &any);
            if (self->json)
                say_item_json(self, &entry, &item);
            else
                say_item(self, &entry, &item);
        }
}

static void say_states(struct telling *self, const struct record *record)
{
    struct item_reader rest = record->rest;
    struct record_entry entry;
    bool any = false;
    while (wp_record_entry(&rest, &entry) == 1) {
        const uint64_t bytes = bytes_of(entry.items);
        if (entry.keeps != RECORD_STATE)
            continue;
        if (!self->json) {
            say(self, "  state     %.*s  %" PRIu64 " bytes\n", (int)entry.name.size, entry.name.data, bytes);
            continue;
        }
        say_comma(self, &any);
        say(self, "{\"stage\":");
        say_string(self, entry.name);
        say(self, ",\"bytes\":%" PRIu64 "}", bytes);
    }
}

static void say_checkpoint_json(struct telling *self, const struct record *record)
{
    say_comma(self, &self->any);
    say(self, "{\"record\":%" PRIu64 ",\"checkpoint\":%" PRIu64 ",\"time\":\"", record->number, record->checkpoint);
    say_time(self, record->time_ns);
    say(self, "\",\"ended\":%s,\"sources\":[", record->ended ? "true" : "false");
    say_items(self, record, ITEM_POSITION);
    say(self, "],\"outputs\":[");
    say_items(self, record, ITEM_FILE);
    say(self, "],\"spilled\":[");
    say_items(self, record, ITEM_SPILLED);
    say(self, "],\"states\":[");
    say_states(self, record);
    say(self, "]}");
}

static void say_checkpoint(void *arg, const struct record *record)
{
    struct telling *self = arg;
    if (record->kind != RECORD_CHECKPOINT)
        return;
    if (self->json) {
        say_checkpoint_json(self, record);
        return;
    }
    say(self, "record %" PRIu64 "  checkpoint %" PRIu64 "  ", record->number, record->checkpoint);
    say_time(self, record->time_ns);
    say(self, "%s\n", record->ended ? "  at the end of the input" : "");
    say_items(self, record, ITEM_POSITION);
    say_items(self, record, ITEM_FILE);
    say_items(self, record, ITEM_SPILLED);
    say_states(self, record);
}

/* --- listing ---------------------------------------------------------------------------------------------------------
 */

static void say_head(struct telling *self, const struct journal *journal)
{
    const int64_t owner = wp_journal_owner(journal);
    if (!self->json) {
        say(self, "%s: %" PRIu64 " checkpoints in %" PRIu64 " bytes", journal->dir, journal->scan.checkpoints,
            journal->size);
        if (owner > 0)
            say(self, ", in use by process %" PRId64, owner);
        say(self, "%s\n", journal->scan.damaged ? ", damaged" : "");
        return;
    }
    say(self, "{\"dir\":");
    say_string(self, name_of(journal->dir));
    say(self, ",\"bytes\":%" PRIu64 ",\"damaged\":%s,\"process\":", journal->size,
        journal->scan.damaged ? "true" : "false");
    say(self, owner > 0 ? "%" PRId64 : "null", owner);
}

int weir_state_list(const char *dir, bool all, bool json, weir_text *out, weir_text *errors)
{
    struct telling self = { .out = out, .json = json };
    struct journal *journal;
    struct journal_scan scan;
    struct record last;
    weir_text bytes = { 0 };
    int error = wp_journal_open(dir, JOURNAL_LOOK_AT, &journal, errors);
    if (error < 0)
        return error;
    say_head(&self, journal);
    if (json)
        say(&self, ",\"checkpoints\":[");
    error = all ? wp_journal_slurp(journal->fd, &bytes) : 0;
    const struct item_name text = { bytes.data, bytes.size };
    if (all && error == 0)
        wp_journal_scan(&text, true, say_checkpoint, &self, &scan);
    else if (wp_journal_last(journal, &last))
        say_checkpoint(&self, &last);
    if (json)
        say(&self, "]}\n");
    weir_text_fini(&bytes);
    wp_journal_close(journal);
    return error < 0 ? error : self.failed ? -ENOMEM : 0;
}

/* --- checking
 * ---------------------------------------------------------------------------------------------------------- */

/* Lines as JSON strings. */
static void say_lines_json(struct telling *self, const char *name, const weir_text *lines)
{
    bool any = false;
    say(self, ",\"%s\":[", name);
    for (size_t at = 0; at < lines->size;) {
        const char *line = lines->data + at, *end = memchr(line, '\n', lines->size - at);
        const size_t size = end != NULL ? (size_t)(end - line) : lines->size - at;
        say_comma(self, &any);
        say_string(self, (struct item_name){ line, size });
        at += size + 1;
    }
    say(self, "]");
}

static void say_whole(struct telling *self, const struct journal *journal, bool repaired)
{
    const struct journal_scan *scan = &journal->scan;
    if (self->json) {
        say(self, ",\"records\":%" PRIu64 ",\"checkpoints\":%" PRIu64 ",\"torn_bytes\":%" PRIu64 ",\"repaired\":%s",
            scan->records, scan->checkpoints, scan->damaged ? 0 : journal->cut_bytes, repaired ? "true" : "false");
    } else if (scan->damaged) {
        say(self, "%s/journal: damaged at byte %" PRIu64 "; the next whole record is at byte %" PRIu64 "%s\n",
            journal->dir, scan->whole, scan->resumed,
            repaired ? ": written anew from the last whole checkpoint; the old one is journal.damaged" : "");
    } else if (journal->cut_bytes > 0) {
        say(self, "%s/journal: the last %" PRIu64 " bytes are no whole record: the next start cuts them off\n",
            journal->dir, journal->cut_bytes);
    } else {
        say(self, "%s/journal: whole: %" PRIu64 " records, %" PRIu64 " checkpoints\n", journal->dir, scan->records,
            scan->checkpoints);
    }
}

int weir_state_check(const char *dir, bool repair, bool json, weir_text *out, weir_text *errors)
{
    struct telling self = { .out = out, .json = json };
    struct journal *journal;
    weir_text faults = { 0 }, changes = { 0 };
    int error = wp_journal_open(dir, repair ? JOURNAL_MEND : JOURNAL_LOOK_AT, &journal, errors);
    if (error < 0)
        return error;
    const bool mends = repair && journal->scan.damaged;
    error = mends ? wp_journal_mend(journal) : 0;
    if (json)
        say_head(&self, journal);
    say_whole(&self, journal, mends && error == 0);
    const int restored = wp_restore_look(journal, &faults, &changes);
    if (json) {
        say_lines_json(&self, "faults", &faults);
        say_lines_json(&self, "changes", &changes);
        say(&self, "}\n");
    } else {
        self.failed |= weir_text_append(out, faults.data, faults.size) < 0;
        if (changes.size > 0)
            say(&self, "the next start:\n%.*s", (int)changes.size, changes.data);
    }
    const bool is_well = restored == 0 && (!journal->scan.damaged || mends);
    weir_text_fini(&faults);
    weir_text_fini(&changes);
    wp_journal_close(journal);
    return error < 0 ? error : self.failed ? -ENOMEM : is_well ? 0 : 1;
}
