/* name_table.h - names of fields that are known before a line is, but not when weir is compiled: of a header, a regex.
 */
#ifndef WP_NAME_TABLE_H
#define WP_NAME_TABLE_H

#include "line/cells.h"

struct name_table {
    unsigned count;
    uint32_t max; /* the longest */
    struct arena arena;
    struct cell_name names[CELLS_MAX];
};

/* One more. 0; -EINVAL: it is empty, not UTF-8, has a NUL in it or is there already; -E2BIG; -ENOMEM. */
WEIR_MUST_USE int wp_names_add(struct name_table *self, const char *text, size_t size);
/* The names of this cutting are these from now on: copied to its batch, which may outlive them. 0 or -ENOMEM. */
WEIR_MUST_USE int wp_names_use(const struct name_table *self, struct cutting *cutting);
void wp_names_fini(struct name_table *self);

#endif
