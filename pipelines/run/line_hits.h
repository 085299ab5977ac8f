/* line_hits.h - where in a chunk lines stand that may pass a filter: found by who read it, for who cuts it. */
#ifndef WP_LINE_HITS_H
#define WP_LINE_HITS_H

#include <weir/base.h>

/* Where more lines than that may pass, looking for them apart from cutting them doesn't pay. */
#define LINE_HITS_MAX 61

struct line_hits {
    uint32_t count;
    uint32_t end;               /* so far the chunk was looked through: to its end, unless there were too many */
    uint32_t next;              /* the cutter's */
    uint32_t at[LINE_HITS_MAX]; /* a byte of each of the lines, in their order */
};

#endif
