/*
 * dedupe.c - stage "dedupe": of equal records the first one.
 *
 * Equal is what has the same key: the fields that are named, or the whole record.
 * Neighbours are compared byte by byte; what lies further apart by 128 bits of
 * XXH3, which are all that is kept of it.
 */
#include <stdlib.h>
#include <string.h>
#include <weir/digest.h>
#include <weir/time.h>

#include "aggregate/key_code.h"
#include "nodes/node.h"
#include "run/format_json.h"
#include "run/row.h"
#include "run/rows.h"
#include "seen/seen_log.h"
#include "seen/seen_set.h"
#include "seen/seen_window.h"

static const weir_opt dedupe_opts[] = {
    { "fields", "what is compared; none: the line, or the JSON of a record that was changed", WEIR_OPT_FIELDS, 0,
      .positional = true },
    { "consecutive", "only neighbours are compared, as uniq(1) does", WEIR_OPT_BOOL, 0, .def = false },
    { "within", "one goes on again so many records, or so long (10m, by the clock), after the last that did",
      WEIR_OPT_SPAN, 0, .min = 1, .max = INT64_MAX },
    { 0 },
};

struct key {
    const char *data;
    size_t size;
};

struct dedupe {
    struct run_node *node;
    const weir_digest_algo *algo;
    bool has_fields;
    bool consecutive;
    bool is_window, is_time;
    int64_t record; /* its number, or the time of its batch */
    int64_t ahead;  /* of the clock of this boot: time goes on where it was at the last checkpoint */
    struct arena arena;
    weir_text text;     /* of the key at hand, if it has to be made */
    weir_text previous; /* consecutive: the key of the last record of the batch before */
    bool has_previous;
    struct seen_set set;
    struct seen_log log; /* of the set's keys, or the window's sightings */
    bool is_logged;
    struct seen_window window;
};

static int open_dedupe(struct run_node *node, void **ret_state)
{
    struct dedupe *self = calloc(1, sizeof *self);
    if (self == NULL)
        return wp_run_fail(node, -ENOMEM, "no memory");
    *ret_state = self;
    self->node = node;
    self->is_logged = wp_checkpoint_is_on(node);
    self->algo = weir_digest_find("xxh128");
    self->has_fields = wp_plan_setting(node->plan, "fields") != NULL;
    self->consecutive = wp_plan_number(node->plan, "consecutive") != 0;
    const struct setting *within = wp_plan_setting(node->plan, "within");
    self->is_window = within != NULL;
    self->is_time = within != NULL && within->is_time;
    wp_seen_log_init(&self->log, node, within != NULL ? sizeof(struct sighting) : sizeof(struct seen_key));
    if (self->consecutive && self->is_window)
        return wp_run_fail(node, -EINVAL,
                           "consecutive and within= don't go together: neighbours are as near as can be");
    const size_t bytes_max = wp_run_held_bytes(node);
    const int error = self->consecutive ? 0
                      : within != NULL  ? wp_seen_window_init(&self->window, within->number, bytes_max / 2)
                                        : wp_seen_set_init(&self->set, bytes_max / 3 * 2);
    return error < 0 ? wp_run_fail(node, error, "no memory") : 0;
}

/* --- keys ----------------------------------------------------------------------------------------------- */

static int append_fields(struct dedupe *self, const struct row *row)
{
    int error = 0;
    for (const struct setting *setting = self->node->plan->settings; error == 0 && setting != NULL;
         setting = setting->next) {
        if (setting->expr == NULL)
            continue;
        struct eval eval = wp_row_eval(row, &self->arena);
        error = wp_key_append(&self->text, wp_eval_path(&eval, setting->expr->steps));
    }
    return self->arena.failed ? -ENOMEM : error;
}

/* Is a record as its line says? */
static bool is_line(const struct row *row)
{
    return row->fields == NULL && (row->decoder == NULL || (row->flags & ROW_RELINED) == 0);
}

/* It lies in the row, or in self->text. 0 or -ENOMEM. */
static int find_key(struct dedupe *self, const struct row *row, struct key *ret_key)
{
    if (!self->has_fields && ((row->flags & ROW_RECORD) == 0 || is_line(row))) {
        *ret_key = (struct key){ row->path, row->path_size };
        return 0;
    }
    self->text.size = 0;
    const int error = self->has_fields ? append_fields(self, row) : wp_format_json_append(&self->text, row);
    *ret_key = (struct key){ self->text.data, self->text.size };
    return error;
}

static int hash_key(struct dedupe *self, const struct row *row, struct seen_key *ret_hash)
{
    struct key key;
    uint8_t digest[16] = { 0 };
    int error = find_key(self, row, &key);
    if (error == 0)
        error = self->algo->oneshot(key.data, key.size, digest);
    memcpy(&ret_hash->high, digest, sizeof ret_hash->high);
    memcpy(&ret_hash->low, digest + sizeof ret_hash->high, sizeof ret_hash->low);
    return error;
}

/* --- neighbours ------------------------------------------------------------------------------------------ */

static int keep_previous(struct dedupe *self, struct key key)
{
    self->previous.size = 0;
    return weir_text_append(&self->previous, key.data, key.size);
}

/* A key that lies in its row stays there while the batch is at hand; one that was made gives way to the next. */
static int drop_neighbours(struct dedupe *self, struct batch *batch)
{
    struct key previous = { self->previous.data, self->previous.size }, key;
    bool has_previous = self->has_previous;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < batch->count; i++) {
        int error = find_key(self, &batch->rows[i], &key);
        if (error < 0)
            return error;
        const bool same = has_previous && key.size == previous.size && memcmp(key.data, previous.data, key.size) == 0;
        if (same)
            continue;
        has_previous = true;
        batch->rows[kept++] = batch->rows[i];
        if (key.data != self->text.data || key.size == 0) {
            previous = key;
            continue;
        }
        const weir_text made = self->text;
        self->text = self->previous;
        self->previous = made;
        previous = key;
    }
    batch->count = kept;
    self->has_previous = has_previous;
    if (!has_previous || previous.data == self->previous.data)
        return 0;
    return keep_previous(self, previous);
}

/* --- those that lie apart ----------------------------------------------------------------------------------- */

static int add_to_set(struct dedupe *self, struct seen_key hash)
{
    const int seen = wp_seen_set_add(&self->set, hash);
    return seen == 0 && self->is_logged ? wp_seen_log_add(&self->log, &hash) : seen;
}

static int add_to_window(struct dedupe *self, struct seen_key hash)
{
    const struct sighting sighting = { .key = hash, .stamp = self->record };
    const int seen = wp_seen_window_add(&self->window, hash, self->record);
    self->record += self->is_time ? 0 : 1;
    return seen == 0 && self->is_logged ? wp_seen_log_add(&self->log, &sighting) : seen;
}

static int drop_seen(struct dedupe *self, struct batch *batch)
{
    struct seen_key hashes[BATCH_ROWS];
    uint32_t kept = 0;
    int error = 0;
    if (self->is_time)
        self->record = weir_now_ns() + self->ahead;
    if (self->is_window)
        wp_seen_log_forget(&self->log, self->record - self->window.span);
    for (uint32_t i = 0; error == 0 && i < batch->count; i++) {
        error = hash_key(self, &batch->rows[i], &hashes[i]);
        if (!self->is_window)
            wp_seen_set_prefetch(&self->set, hashes[i]);
    }
    for (uint32_t i = 0; error == 0 && i < batch->count; i++) {
        const int seen = self->is_window ? add_to_window(self, hashes[i]) : add_to_set(self, hashes[i]);
        if (seen < 0)
            return seen;
        if (seen == 0 && kept++ != i)
            batch->rows[kept - 1] = batch->rows[i];
    }
    batch->count = kept;
    return error;
}

static int disk_failed(struct dedupe *self, int error)
{
    return wp_run_fail(self->node, error, "dedupe on disk ($TMPDIR or /tmp%s): %s",
                       self->is_logged ? ", or the state directory" : "", strerror(-error));
}

static int drop_repeats(void *state, struct batch **batch, const weir_job *job)
{
    (void)job;
    struct dedupe *self = state;
    const int error = self->consecutive ? drop_neighbours(self, *batch) : drop_seen(self, *batch);
    wp_arena_fini(&self->arena);
    if (error == -ENOMEM)
        return wp_run_fail(self->node, error, "no memory");
    return error < 0 ? disk_failed(self, error) : 0;
}

static bool blocks(const void *state)
{
    const struct dedupe *self = state;
    if (self->consecutive)
        return false;
    return (self->is_logged && wp_seen_log_blocks(&self->log, BATCH_ROWS)) ||
           (self->is_window ? wp_seen_window_blocks(&self->window, BATCH_ROWS)
                            : wp_seen_set_blocks(&self->set, BATCH_ROWS));
}

static void close_dedupe(void *state)
{
    struct dedupe *self = state;
    wp_arena_fini(&self->arena);
    weir_text_fini(&self->text);
    weir_text_fini(&self->previous);
    wp_seen_set_fini(&self->set);
    wp_seen_log_fini(&self->log);
    wp_seen_window_fini(&self->window);
    free(self);
}

/* --- what outlives the run: what has been seen. Clocks are of a boot: time stands still between two runs. ----------
 */

struct saved_dedupe {
    int64_t record; /* or now */
    uint64_t has_previous;
};

static int save(void *state, struct wp_save *save)
{
    const struct dedupe *self = state;
    const struct saved_dedupe head = { .record = self->is_time ? weir_now_ns() + self->ahead : self->record,
                                       .has_previous = self->has_previous };
    int error = wp_save_bytes(save, &head, sizeof head);
    if (error == 0)
        error = self->consecutive ? wp_save_bytes(save, self->previous.data, self->previous.size)
                                  : wp_seen_log_save(&self->log, save);
    return error < 0 ? wp_run_fail(self->node, error, "%s", strerror(-error)) : 0;
}

static int take_key(void *arg, const void *item)
{
    struct dedupe *self = arg;
    struct seen_key key;
    memcpy(&key, item, sizeof key);
    return wp_seen_set_add(&self->set, key);
}

static int take_sighting(void *arg, const void *item)
{
    struct dedupe *self = arg;
    struct sighting sighting;
    memcpy(&sighting, item, sizeof sighting);
    return wp_seen_window_add(&self->window, sighting.key, sighting.stamp);
}

static int load(void *state, struct wp_load *load)
{
    struct dedupe *self = state;
    struct saved_dedupe head;
    const void *bytes, *keys;
    size_t size;
    if (wp_load_bytes(load, &bytes, &size) != 1 || size != sizeof head)
        return 0;
    memcpy(&head, bytes, sizeof head);
    self->has_previous = head.has_previous != 0;
    self->record = head.record;
    self->ahead = self->is_time ? head.record - weir_now_ns() : 0;
    int error = 0;
    if (!self->consecutive)
        error = wp_seen_log_load(&self->log, load, self->is_window ? take_sighting : take_key, self);
    else if (wp_load_bytes(load, &keys, &size) == 1)
        error = weir_text_append(&self->previous, keys, size);
    if (error == -ENOMEM)
        return wp_run_fail(self->node, error, "no memory");
    return error < 0 ? disk_failed(self, error) : 0;
}

static const struct rows_ops ops = { .open = open_dedupe,
                                     .batch = drop_repeats,
                                     .close = close_dedupe,
                                     .kept = { save, load },
                                     .blocks = blocks,
                                     .lane = WEIR_LANE_IO };

static int spawn(struct run_node *node, weir_join_set *set)
{
    return wp_rows_spawn(node, &ops, set);
}

const struct node_type wp_node_dedupe = {
    .stage = { .name = "dedupe",
               .summary = "of equal records the first one, in their order; exact",
               .in = WEIR_FILES | WEIR_RECORDS,
               .out = WEIR_FILES | WEIR_RECORDS,
               .opts = dedupe_opts },
    .runs =
        "keeps 16 bytes of each record (24 with `within`) inline; past its share of the memory on disk, on the io lane",
    .spawn = spawn,
    .touches = TOUCHES_TEMPORARY,
    .keeps = KEEPS_STATE,
    .holds = true,
};
