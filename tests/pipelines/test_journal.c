/* test_journal.c - a journal gives back its last whole record, wherever it was torn, and says when it is damaged. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <weir/text.h>

#include "check.h"
#include "journal/journal.h"
#include "journal/restore.h"
#include "temp_tree.h"

struct rig {
    struct temp_tree tree;
    char dir[300], file[320];
    struct journal *journal;
    weir_text errors;
};

static void rig_open(struct rig *rig)
{
    temp_tree_init(&rig->tree);
    snprintf(rig->dir, sizeof rig->dir, "%s/state/x", rig->tree.path);
    snprintf(rig->file, sizeof rig->file, "%s/journal", rig->dir);
    rig->journal = NULL;
    rig->errors = (weir_text){ 0 };
    CHECK_EQ(wp_journal_open(rig->dir, JOURNAL_WRITE, &rig->journal, &rig->errors), 0);
    CHECK(rig->journal != NULL);
}

static int reopen(struct rig *rig)
{
    wp_journal_close(rig->journal);
    rig->journal = NULL;
    rig->errors.size = 0;
    const int error = wp_journal_open(rig->dir, JOURNAL_WRITE, &rig->journal, &rig->errors);
    CHECK_EQ(rig->journal != NULL, error == 0);
    return error;
}

static void rig_close(struct rig *rig)
{
    wp_journal_close(rig->journal);
    weir_text_fini(&rig->errors);
    temp_tree_fini(&rig->tree);
}

/* Checkpoint `number`, with one entry that has the number as its state, and an output if there is one. */
static int append(struct rig *rig, uint64_t number, const struct item *output)
{
    weir_text items = { 0 }, text = { 0 };
    const struct item state = { .kind = ITEM_STATE, .more = { (const char *)&number, sizeof number } };
    const struct record_head head = { .checkpoint = number, .time_ns = 5, .entries = 1 };
    CHECK_EQ(wp_item_append(&items, &state), 0);
    if (output != NULL)
        CHECK_EQ(wp_item_append(&items, output), 0);
    const struct record_entry entry = { .keeps = output != NULL ? RECORD_OUTPUT : RECORD_STATE,
                                        .name = { "count", 5 },
                                        .stage = { "count", 5 },
                                        .items = { (unsigned char *)items.data,
                                                   (unsigned char *)items.data + items.size } };
    CHECK_EQ(wp_record_begin(&text, RECORD_CHECKPOINT), 0);
    CHECK_EQ(wp_record_put_head(&text, &head), 0);
    CHECK_EQ(wp_record_put_entry(&text, &entry), 0);
    const int error = wp_journal_append(rig->journal, &text);
    weir_text_fini(&text);
    weir_text_fini(&items);
    return error;
}

static void append_opening(struct rig *rig, uint64_t behind, const char *path, uint64_t size, bool is_new)
{
    weir_text text = { 0 };
    const struct record opening = {
        .checkpoint = behind, .is_new = is_new, .size = size, .path = { path, strlen(path) }, .name = { "write", 5 }
    };
    CHECK_EQ(wp_record_begin(&text, RECORD_OPENING), 0);
    CHECK_EQ(wp_record_put_opening(&text, &opening), 0);
    CHECK_EQ(wp_journal_append(rig->journal, &text), 0);
    weir_text_fini(&text);
}

/* The number of the last checkpoint, as its entry says. 0: there is none. */
static uint64_t last_of(const struct journal *journal)
{
    struct record record;
    struct record_entry entry;
    struct item item;
    uint64_t number;
    if (!wp_journal_last(journal, &record))
        return 0;
    CHECK_EQ(wp_record_entry(&record.rest, &entry), 1);
    CHECK(entry.name.size == 5 && memcmp(entry.name.data, "count", 5) == 0);
    CHECK_EQ(wp_item_next(&entry.items, &item), 1);
    CHECK(item.kind == ITEM_STATE && item.more.size == sizeof number);
    memcpy(&number, item.more.data, sizeof number);
    CHECK_EQ(record.checkpoint, number);
    return number;
}

static weir_text slurp(const char *path)
{
    weir_text text = { 0 };
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0);
    CHECK_EQ(wp_journal_slurp(fd, &text), 0);
    (void)close(fd);
    return text;
}

static void spit(const char *path, const char *data, size_t size)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CHECK(fd >= 0);
    CHECK_EQ(write(fd, data, size), (ssize_t)size);
    (void)close(fd);
}

static void test_what_was_appended_is_there_after_a_restart(void)
{
    struct rig rig;
    rig_open(&rig);
    CHECK_EQ(last_of(rig.journal), 0);
    for (uint64_t number = 1; number <= 5; number++)
        CHECK_EQ(append(&rig, number, NULL), 0);
    CHECK_EQ(last_of(rig.journal), 5);
    CHECK_EQ(reopen(&rig), 0);
    CHECK_EQ(last_of(rig.journal), 5);
    CHECK_EQ(rig.journal->checkpoint, 5);
    CHECK_EQ(append(&rig, 6, NULL), 0);
    CHECK_EQ(reopen(&rig), 0);
    CHECK_EQ(last_of(rig.journal), 6);
    rig_close(&rig);
}

/* A loss of power leaves any part of the last append. */
static void test_torn_at_any_byte_it_goes_on_from_the_record_before(void)
{
    struct rig rig;
    rig_open(&rig);
    uint64_t ends[4] = { JOURNAL_HEAD_BYTES };
    for (uint64_t number = 1; number <= 3; number++) {
        CHECK_EQ(append(&rig, number, NULL), 0);
        ends[number] = rig.journal->size;
    }
    const weir_text whole = slurp(rig.file);
    CHECK_EQ(whole.size, ends[3]);
    for (size_t size = 0; size <= whole.size; size++) {
        const struct item_name text = { whole.data, size };
        struct journal_scan scan;
        wp_journal_scan(&text, false, NULL, NULL, &scan);
        CHECK(!scan.damaged && !scan.no_journal);
        CHECK_EQ(scan.checkpoints, size >= ends[3] ? 3 : size >= ends[2] ? 2 : size >= ends[1] ? 1 : 0);
        if (size % 64 > 1) /* the rest waits for the disk */
            continue;
        spit(rig.file, whole.data, size);
        CHECK_EQ(reopen(&rig), 0);
        const uint64_t number = size >= ends[3] ? 3 : size >= ends[2] ? 2 : size >= ends[1] ? 1 : 0;
        CHECK_EQ(last_of(rig.journal), number);
        CHECK_EQ(append(&rig, 9, NULL), 0); /* and can be gone on with */
        CHECK_EQ(reopen(&rig), 0);
        CHECK_EQ(last_of(rig.journal), 9);
    }
    free(whole.data);
    rig_close(&rig);
}

/* What opening says of a flipped bit there. */
static void check_opened(struct rig *rig, const weir_text *flipped, size_t byte, uint64_t last)
{
    spit(rig->file, flipped->data, flipped->size);
    const int error = reopen(rig);
    if (byte >= last) {
        CHECK_EQ(error, 0);
        CHECK(rig->journal != NULL);
        CHECK_EQ(last_of(rig->journal), 2);
        CHECK_EQ(rig->journal->cut_bytes, flipped->size - last);
    } else {
        const char *words = byte < JOURNAL_HEAD_BYTES ? "no journal" : "fsck --repair";
        CHECK_EQ(error, -EBADMSG);
        CHECK(memmem(rig->errors.data, rig->errors.size, words, strlen(words)) != NULL);
    }
}

/* A flipped bit in the last record is as if it were torn; in front of others it is damage, which is said. */
static void test_any_flipped_bit_is_found(void)
{
    struct rig rig;
    rig_open(&rig);
    CHECK_EQ(append(&rig, 1, NULL), 0);
    CHECK_EQ(append(&rig, 2, NULL), 0);
    const uint64_t last = rig.journal->size;
    CHECK_EQ(append(&rig, 3, NULL), 0);
    weir_text whole = slurp(rig.file);
    for (size_t bit = 0; bit < 8 * whole.size; bit++) {
        whole.data[bit / 8] = (char)(whole.data[bit / 8] ^ (1 << bit % 8));
        const struct item_name text = { whole.data, whole.size };
        struct journal_scan scan;
        wp_journal_scan(&text, false, NULL, NULL, &scan);
        CHECK_EQ(scan.no_journal, bit / 8 < JOURNAL_HEAD_BYTES);
        CHECK_EQ(scan.damaged, bit / 8 >= JOURNAL_HEAD_BYTES && bit / 8 < last);
        if (bit % 203 == 0)
            check_opened(&rig, &whole, bit / 8, last);
        whole.data[bit / 8] = (char)(whole.data[bit / 8] ^ (1 << bit % 8));
    }
    free(whole.data);
    rig_close(&rig);
}

/* What lies behind the end of a file that was cut and has grown again must not come back. */
static void test_an_old_record_behind_a_new_one_is_none(void)
{
    struct rig rig;
    rig_open(&rig);
    CHECK_EQ(append(&rig, 1, NULL), 0);
    const uint64_t first = rig.journal->size;
    CHECK_EQ(append(&rig, 2, NULL), 0);
    weir_text whole = slurp(rig.file);
    const size_t size = whole.size;
    CHECK_EQ(weir_text_append(&whole, whole.data + first, size - first), 0);
    spit(rig.file, whole.data, whole.size);
    CHECK_EQ(reopen(&rig), 0);
    CHECK_EQ(rig.journal->size, size);
    free(whole.data);
    rig_close(&rig);
}

static void test_a_large_journal_is_written_anew_with_what_a_restart_needs(void)
{
    struct rig rig;
    rig_open(&rig);
    rig.journal->bytes_max = 4096;
    for (uint64_t number = 1; number <= 100; number++) {
        CHECK_EQ(append(&rig, number, NULL), 0);
        if (number % 10 == 9)
            append_opening(&rig, number, "/tmp/nothing/x", number, false);
        CHECK(rig.journal->size <= 4096 + 512);
    }
    append_opening(&rig, 100, "/tmp/nothing/y", 1, true);
    for (unsigned i = 0; i < 30; i++)
        CHECK_EQ(append(&rig, 100, NULL), 0);
    CHECK_EQ(reopen(&rig), 0);
    CHECK_EQ(last_of(rig.journal), 100);
    struct record record;
    uint64_t behind;
    const struct item_name opened = { rig.journal->opened.data, rig.journal->opened.size };
    CHECK_EQ(wp_record_read(&opened, 0, &record, &behind), 1);
    CHECK(record.is_new && record.checkpoint == 100 && behind == opened.size);
    CHECK_EQ(wp_journal_restored(rig.journal), 0);
    CHECK_EQ(reopen(&rig), 0);
    CHECK_EQ(rig.journal->opened.size, 0);
    CHECK_EQ(last_of(rig.journal), 100);
    rig_close(&rig);
}

static void test_two_at_once_are_one_too_many(void)
{
    struct rig rig;
    struct journal *other = NULL;
    char own[32];
    rig_open(&rig);
    snprintf(own, sizeof own, "process %ld has", (long)getpid());
    CHECK_EQ(wp_journal_open(rig.dir, JOURNAL_WRITE, &other, &rig.errors), -EBUSY);
    CHECK(memmem(rig.errors.data, rig.errors.size, own, strlen(own)) != NULL);
    rig_close(&rig);
}

/* --- outputs ---------------------------------------------------------------------------------------------------- */

static uint64_t size_of(const char *path)
{
    struct stat meta;
    return stat(path, &meta) == 0 ? (uint64_t)meta.st_size : UINT64_MAX;
}

struct outputs {
    char a[300], temp[300], named[300], grown[300];
};

static void name_outputs(const struct rig *rig, struct outputs *outputs)
{
    snprintf(outputs->a, sizeof outputs->a, "%s/a", rig->tree.path);
    snprintf(outputs->temp, sizeof outputs->temp, "%s/t.weir-1", rig->tree.path);
    snprintf(outputs->named, sizeof outputs->named, "%s/t", rig->tree.path);
    snprintf(outputs->grown, sizeof outputs->grown, "%s/g", rig->tree.path);
}

static void test_outputs_are_cut_to_the_checkpoint_and_what_came_behind_goes(void)
{
    struct rig rig;
    struct outputs outputs;
    rig_open(&rig);
    name_outputs(&rig, &outputs);
    temp_tree_file(&rig.tree, "a", "abcdef");
    temp_tree_file(&rig.tree, "g", "before+new");
    temp_tree_file(&rig.tree, "t.weir-1", "new file");
    const struct item a = { .kind = ITEM_FILE, .number = 3, .path = { outputs.a, strlen(outputs.a) } };
    append_opening(&rig, 0, "/tmp/nothing/old", 5, false); /* before the checkpoint: it has what counts */
    CHECK_EQ(append(&rig, 1, &a), 0);
    append_opening(&rig, 1, outputs.grown, 6, false);
    append_opening(&rig, 1, outputs.temp, 0, true);
    for (unsigned i = 0; i < 2; i++) { /* killed while it is at it, it is done again */
        CHECK_EQ(wp_restore(rig.journal, &rig.errors), 0);
        CHECK_EQ(size_of(outputs.a), 3);
        CHECK_EQ(size_of(outputs.grown), 6);
        CHECK_EQ(size_of(outputs.temp), UINT64_MAX);
    }
    rig_close(&rig);
}

static void test_a_complete_file_gets_its_name_once(void)
{
    struct rig rig;
    struct outputs outputs;
    rig_open(&rig);
    name_outputs(&rig, &outputs);
    temp_tree_file(&rig.tree, "t.weir-1", "whole");
    const struct item done = { .kind = ITEM_FILE,
                               .number = 5,
                               .complete = true,
                               .path = { outputs.temp, strlen(outputs.temp) },
                               .more = { outputs.named, strlen(outputs.named) } };
    CHECK_EQ(append(&rig, 1, &done), 0);
    for (unsigned i = 0; i < 2; i++) {
        CHECK_EQ(wp_restore(rig.journal, &rig.errors), 0);
        CHECK_EQ(size_of(outputs.named), 5);
        CHECK_EQ(size_of(outputs.temp), UINT64_MAX);
    }
    temp_tree_file(&rig.tree, "t.weir-1", "whole"); /* and somebody else has taken its name */
    CHECK_EQ(wp_restore(rig.journal, &rig.errors), -EEXIST);
    CHECK_EQ(size_of(outputs.temp), 5);
    rig_close(&rig);
}

/* Then nothing is changed: the user may have the file elsewhere. */
static void test_an_output_that_has_less_is_told_and_nothing_is_changed(void)
{
    struct rig rig;
    struct outputs outputs;
    rig_open(&rig);
    name_outputs(&rig, &outputs);
    temp_tree_file(&rig.tree, "a", "ab");
    temp_tree_file(&rig.tree, "g", "before+new");
    const struct item a = { .kind = ITEM_FILE, .number = 3, .path = { outputs.a, strlen(outputs.a) } };
    CHECK_EQ(append(&rig, 1, &a), 0);
    append_opening(&rig, 1, outputs.grown, 6, false);
    CHECK_EQ(wp_restore(rig.journal, &rig.errors), -ESTALE);
    CHECK(memmem(rig.errors.data, rig.errors.size, "has 2 bytes, but 3 were written", 31) != NULL);
    CHECK_EQ(size_of(outputs.grown), 10);
    CHECK_EQ(unlink(outputs.a), 0);
    CHECK_EQ(wp_restore(rig.journal, &rig.errors), -ENOENT);
    rig_close(&rig);
}

int main(void)
{
    RUN(test_what_was_appended_is_there_after_a_restart);
    RUN(test_torn_at_any_byte_it_goes_on_from_the_record_before);
    RUN(test_any_flipped_bit_is_found);
    RUN(test_an_old_record_behind_a_new_one_is_none);
    RUN(test_a_large_journal_is_written_anew_with_what_a_restart_needs);
    RUN(test_two_at_once_are_one_too_many);
    RUN(test_outputs_are_cut_to_the_checkpoint_and_what_came_behind_goes);
    RUN(test_a_complete_file_gets_its_name_once);
    RUN(test_an_output_that_has_less_is_told_and_nothing_is_changed);
    return check_done();
}
