/* line_stage.c - batches of lines through a parser. */
#include "line/line_stage.h"

#include <stdlib.h>

#include "run/reject.h"

int wp_line_stage_open(struct run_node *node, wp_cut_line cut, void *format, void (*end_format)(void *format),
                       void **ret_state)
{
    struct line_stage *self = calloc(1, sizeof *self);
    if (self == NULL) {
        if (end_format != NULL)
            end_format(format);
        return wp_run_fail(node, -ENOMEM, "no memory");
    }
    *self = (struct line_stage){ .node = node, .cut = cut, .format = format, .end_format = end_format };
    *ret_state = self;
    return 0;
}

/* 1: it goes on; 0: it is left out; or a negative errno. `number` counts the records, from 1. */
static int take_line(const struct line_stage *self, struct cutting *cutting, struct row *row, uint64_t number)
{
    cutting->line = row->raw;
    cutting->size = row->raw_size;
    cutting->count = cutting->own_count = 0;
    int result = self->cut(self->format, cutting);
    if (result == 0)
        result = wp_cut_finish(cutting, row);
    if (result == 0)
        return 1;
    if (result == CUT_NOTHING)
        return 0;
    if (result == -ENOMEM)
        return wp_run_fail(self->node, result, "no memory");
    if (result == -EINVAL)
        return wp_run_fail(self->node, result, "record %lu, byte %zu: %s", (unsigned long)number, cutting->offset + 1,
                           cutting->reason);
    return wp_reject_line(self->node, row, number, cutting->offset + 1, cutting->reason, result);
}

int wp_line_stage_batch(void *state, struct batch **batch, const weir_job *job)
{
    (void)job;
    struct line_stage *self = state;
    struct batch *all = *batch;
    uint32_t kept = 0;
    int result = 0;
    struct cutting *cutting = malloc(sizeof *cutting);
    if (cutting == NULL)
        return wp_run_fail(self->node, -ENOMEM, "no memory");
    cutting->arena = &all->arena;
    cutting->make = NULL;
    cutting->names = NULL;
    for (uint32_t i = 0; result >= 0 && i < all->count; i++) {
        result = take_line(self, cutting, &all->rows[i], wp_batch_number(all, i));
        if (result > 0 && kept != i)
            all->rows[kept] = all->rows[i];
        kept += result > 0 ? 1 : 0;
    }
    free(cutting);
    all->count = kept;
    return result < 0 ? result : 0;
}

void wp_line_stage_close(void *state)
{
    struct line_stage *self = state;
    if (self->end_format != NULL)
        self->end_format(self->format);
    free(self);
}
