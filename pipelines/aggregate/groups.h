/*
 * groups.h - records by their keys: a table of groups, each with what is found of its records.
 *
 * The table is open addressing over the XXH3 of a key's bytes; a group lies in the
 * table's stash, so none is freed alone. Tables are filled beside each other and
 * joined in the end; what goes to disk is the bytes that a group is saved as.
 */
#ifndef WP_GROUPS_H
#define WP_GROUPS_H

#include "aggregate/questions.h"
#include "run/batch.h"

struct group_entry {
    uint64_t hash;
    uint64_t count; /* of its records */
    uint64_t first; /* place of the first of them in the input */
    uint32_t key_size;
    uint32_t unused;
    char memory[]; /* summaries, then the key */
};

struct group_slot {
    uint64_t hash;
    struct group_entry *group; /* NULL: free */
};

struct groups {
    const struct questions *questions;
    struct group_slot *slots;
    size_t slot_count, count; /* a power of two, or 0; how many are taken */
    struct stash stash;
    weir_text key;
    struct datum *cells; /* of the fields of some records, a column each; NULL: no room was needed yet */
    const weir_digest_algo *xxh3;
};

void wp_groups_init(struct groups *groups, const struct questions *questions);
void wp_groups_fini(struct groups *groups);

/* The memory it holds. */
size_t wp_groups_bytes(const struct groups *groups);

/* More records, from the `place`-th of the input on. What their fields need is made in `arena`. 0 or -ENOMEM. */
WEIR_MUST_USE int wp_groups_add(struct groups *groups, const struct row *rows, uint32_t count, uint64_t place,
                                struct arena *arena);

/* All that `more` has goes over, memory and all; it is empty then. 0 or -ENOMEM. */
WEIR_MUST_USE int wp_groups_join(struct groups *groups, struct groups *more);

/* A group without a record, of no fields: what there is of no input when nobody asked for groups. 0 or -ENOMEM. */
WEIR_MUST_USE int wp_groups_add_empty(struct groups *groups);

/* One group as bytes, its size in front; and back, joined with that of the same key. 0 or -ENOMEM. */
WEIR_MUST_USE int wp_group_save(const struct groups *groups, const struct group_entry *group, weir_text *out);
WEIR_MUST_USE int wp_groups_load(struct groups *groups, const char *saved);
uint64_t wp_group_saved_hash(const char *saved);

/* All of them in the order of their first records: an array for free(3), or NULL: no memory. */
struct group_entry **wp_groups_sorted(const struct groups *groups);
/* The same, those that have most records first. */
struct group_entry **wp_groups_by_count(const struct groups *groups);

/* Its record, as the next of the batch, where there must be room: the fields of the key, then the answers. 0 or
 * -ENOMEM. */
WEIR_MUST_USE int wp_group_answer(const struct groups *groups, const struct group_entry *group,
                                  struct value_sorter *sorter, struct batch *batch);

/*
 * One field of such a record, behind **link, which goes on behind it; the value is copied. `json`: it is the JSON of a
 * list or map, as wp_key_read() gives it. 0 or -ENOMEM.
 */
WEIR_MUST_USE int wp_answer_field(struct batch *batch, struct field ***link, const char *name, struct datum value,
                                  bool json);

#endif
