/*
 * lookup_table.h - the rows of a file by one of their fields: CSV with a header, or lines of JSON objects.
 *
 * Keys are compared as text, so that 5 of a record finds the 5 of a CSV file.
 */
#ifndef WP_LOOKUP_TABLE_H
#define WP_LOOKUP_TABLE_H

#include "expr/datum.h"

enum lookup_format { LOOKUP_AUTO, LOOKUP_CSV, LOOKUP_JSON };
enum lookup_twice { LOOKUP_TWICE_FAIL, LOOKUP_TWICE_FIRST, LOOKUP_TWICE_LAST };

struct lookup_entry {
    const char *key;
    uint32_t key_size;
    uint32_t count;               /* of its other fields */
    const struct member *members; /* in their order, without the key */
    uint64_t line;
};

struct lookup_table {
    struct arena arena;
    weir_text text; /* the file */
    struct lookup_entry *entries;
    size_t count, room;
    size_t *slots; /* entries, +1 */
    size_t slot_count;
    char reason[256]; /* after an error: why, perhaps with the line in front */
};

/*
 * wp_lookup_load() - reads all of `fd`, at most `bytes_max`; what is twice in it is treated as `twice` says. It blocks.
 *
 * `table` is zeroed to begin. 0, or a negative errno, and table->reason says why. wp_lookup_fini() is due in any case.
 */
WEIR_MUST_USE int wp_lookup_load(struct lookup_table *table, int fd, enum lookup_format format, const char *key,
                                 enum lookup_twice twice, size_t bytes_max);
void wp_lookup_fini(struct lookup_table *table);

/* The entry of this key; NULL: there is none. */
const struct lookup_entry *wp_lookup_find(const struct lookup_table *table, const char *key, size_t size);

#endif
