/* walk_sort.h - the two orders of a directory's entries. */
#ifndef WI_WALK_SORT_H
#define WI_WALK_SORT_H

#include <weir/walk.h>

struct sort_item {
    uint64_t key;
    uint32_t index; /* of the entry */
};

/*
 * Fills items[0..count) with the entries' order by name: bytes, and a directory
 * as if its name ended in '/', which is how its files' paths go on. `items`
 * has room for 2 * count. Never slower than n log n, whatever the names.
 */
void wi_sort_by_name(const weir_entry *entries, const char *names, uint32_t count, struct sort_item *items);

/* The same by inode number. */
void wi_sort_by_inode(const weir_entry *entries, uint32_t count, struct sort_item *items);

#endif
