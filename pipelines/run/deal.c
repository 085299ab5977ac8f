/* deal.c - the rows of a batch dealt to lanes by what they have in a field. */
#include "run/deal.h"

#include <weir/text.h>

#include "aggregate/key_code.h"
#include "run/row.h"

int wp_deal_hash(const struct row *row, const struct expr *key, weir_text *room, uint64_t *ret_hash)
{
    struct arena arena = { 0 };
    struct eval eval = wp_row_eval(row, &arena);
    room->size = 0;
    int error = wp_key_append(room, wp_eval_path(&eval, key->steps));
    error = arena.failed ? -ENOMEM : error;
    wp_arena_fini(&arena);
    if (error == 0)
        (void)weir_digest_find("xxh3")->oneshot(room->data, room->size, (uint8_t *)ret_hash);
    return error;
}

/* ways[i]: the lane of row i. *ret_same: all have the same. */
static int find_lanes(const struct batch *batch, const struct expr *key, unsigned lanes, uint32_t *ways, bool *ret_same)
{
    weir_text room = { 0 };
    uint64_t hash = 0;
    int error = 0;
    *ret_same = true;
    for (uint32_t i = 0; error == 0 && i < batch->count; i++) {
        error = wp_deal_hash(&batch->rows[i], key, &room, &hash);
        ways[i] = (uint32_t)(hash % lanes);
        *ret_same &= ways[i] == ways[0];
    }
    weir_text_fini(&room);
    return error;
}

/* Where each row of the part was in the batch. */
static int keep_places(const struct batch *batch, struct batch *part, const uint32_t *ways, uint32_t lane)
{
    uint8_t *places = wp_arena_alloc(&part->arena, part->count);
    if (places == NULL)
        return -ENOMEM;
    for (uint32_t i = 0, to = 0; i < batch->count; i++)
        if (ways[i] == lane)
            places[to++] = (uint8_t)i;
    part->places = places;
    part->before = batch->before;
    return 0;
}

/* Its rows in so many batches of their own, or -ENOMEM. */
static int cut(const struct batch *batch, const uint32_t *ways, struct batch **ret_parts)
{
    int parts = 0;
    for (uint32_t i = 0; i < batch->count; i++) {
        struct batch **part = &ret_parts[ways[i]];
        if (*part != NULL)
            continue;
        *part = wp_batch_pick(batch, ways, ways[i]);
        if (*part == NULL || keep_places(batch, *part, ways, ways[i]) < 0)
            return -ENOMEM;
        parts++;
    }
    return parts;
}

int wp_deal(struct batch *batch, const struct expr *key, unsigned lanes, struct batch **ret_parts)
{
    uint32_t ways[BATCH_ROWS];
    bool same;
    int result = find_lanes(batch, key, lanes, ways, &same);
    if (result == 0 && batch->count > 0 && same) {
        ret_parts[ways[0]] = batch;
        return 1;
    }
    if (result == 0)
        result = cut(batch, ways, ret_parts);
    wp_batch_free(batch);
    for (unsigned lane = 0; result < 0 && lane < lanes; lane++) {
        wp_batch_free(ret_parts[lane]);
        ret_parts[lane] = NULL;
    }
    return result;
}
