/* sketch.c - counters by logarithm. */
#include "aggregate/sketch.h"

#include <math.h>
#include <string.h>

#define ERROR 0.01
#define GAMMA ((1 + ERROR) / (1 - ERROR))
#define ROOM_FIRST 32u

static int32_t bin_of(double magnitude)
{
    return (int32_t)ceil(log(magnitude) / log(GAMMA));
}

/* The middle of what falls in the bin, as far from its ends in proportion. */
static double value_of(int32_t bin)
{
    return 2 * pow(GAMMA, bin) / (GAMMA + 1);
}

/* Bins from `first` on, `room` of them: what lies below shares the first. */
static int move_bins(struct sketch_side *side, struct stash *stash, int32_t first, uint32_t room)
{
    uint64_t *bins = wp_stash_alloc(stash, room * sizeof *bins);
    if (bins == NULL)
        return -ENOMEM;
    memset(bins, 0, room * sizeof *bins);
    for (uint32_t i = 0; i < side->room; i++) {
        const int64_t place = (int64_t)side->first + i - first;
        if (side->bins[i] > 0)
            bins[place < 0 ? 0 : place] += side->bins[i];
    }
    side->bins = bins;
    side->first = first;
    side->room = room;
    return 0;
}

static uint32_t room_for(int64_t span)
{
    uint32_t room = ROOM_FIRST;
    while (room < span && room < SKETCH_BINS)
        room *= 2;
    return room;
}

static int64_t last_used(const struct sketch_side *side)
{
    uint32_t i = side->room;
    while (i > 0 && side->bins[i - 1] == 0)
        i--;
    return (int64_t)side->first + i - 1;
}

/* Makes room for this bin; where that would be too many the lowest are given up. */
static int reach(struct sketch_side *side, struct stash *stash, int32_t bin)
{
    if (side->room == 0)
        return move_bins(side, stash, bin - (int32_t)ROOM_FIRST / 2, ROOM_FIRST);
    const int64_t last = last_used(side);
    if (bin >= side->first) {
        const uint32_t room = room_for((int64_t)bin - side->first + 1);
        const int64_t first = (int64_t)bin - room + 1;
        return move_bins(side, stash, first > side->first ? (int32_t)first : side->first, room);
    }
    const uint32_t room = room_for(last - bin + 1);
    const int64_t lowest = last - room + 1;
    return move_bins(side, stash, lowest > bin ? (int32_t)lowest : bin, room);
}

static int count_in(struct sketch_side *side, struct stash *stash, int32_t bin, uint64_t count)
{
    const bool full = side->room == SKETCH_BINS && bin < side->first;
    if (!full && (bin < side->first || (int64_t)bin >= (int64_t)side->first + side->room)) {
        const int error = reach(side, stash, bin);
        if (error < 0)
            return error;
    }
    side->bins[bin < side->first ? 0 : bin - side->first] += count;
    side->count += count;
    return 0;
}

int wp_sketch_add(struct sketch *sketch, struct stash *stash, double number)
{
    if (number != number)
        return 0;
    if (number == 0) {
        sketch->zeros++;
        return 0;
    }
    return count_in(number > 0 ? &sketch->above : &sketch->below, stash, bin_of(fabs(number)), 1);
}

/* --- as bytes ------------------------------------------------------------------------------------------- */

static int save_side(const struct sketch_side *side, weir_text *out)
{
    uint64_t used = 0;
    for (uint32_t i = 0; i < side->room; i++)
        used += side->bins[i] > 0;
    int error = weir_text_append(out, &used, sizeof used);
    for (uint32_t i = 0; error == 0 && i < side->room; i++) {
        const int64_t bin = (int64_t)side->first + i;
        if (side->bins[i] == 0)
            continue;
        error = weir_text_append(out, &bin, sizeof bin);
        if (error == 0)
            error = weir_text_append(out, &side->bins[i], sizeof side->bins[i]);
    }
    return error;
}

int wp_sketch_save(const struct sketch *sketch, weir_text *out)
{
    int error = weir_text_append(out, &sketch->zeros, sizeof sketch->zeros);
    if (error == 0)
        error = save_side(&sketch->above, out);
    return error == 0 ? save_side(&sketch->below, out) : error;
}

static uint64_t take_number(const char **at)
{
    uint64_t number;
    memcpy(&number, *at, sizeof number);
    *at += sizeof number;
    return number;
}

static int load_side(struct sketch_side *side, struct stash *stash, const char **at)
{
    int error = 0;
    for (uint64_t left = take_number(at); error == 0 && left > 0; left--) {
        const int64_t bin = (int64_t)take_number(at);
        error = count_in(side, stash, (int32_t)bin, take_number(at));
    }
    return error;
}

int wp_sketch_load(struct sketch *sketch, struct stash *stash, const char **at)
{
    sketch->zeros += take_number(at);
    const int error = load_side(&sketch->above, stash, at);
    return error == 0 ? load_side(&sketch->below, stash, at) : error;
}

/* --- the answer -------------------------------------------------------------------------------------------- */

/* The bin in which the k-th lies, counted from the smallest magnitude. */
static double find(const struct sketch_side *side, uint64_t k)
{
    uint32_t i = 0;
    while (i + 1 < side->room && k >= side->bins[i])
        k -= side->bins[i++];
    return value_of(side->first + (int32_t)i);
}

struct datum wp_sketch_quantile(const struct sketch *sketch, uint64_t part, uint64_t whole)
{
    const uint64_t below = sketch->below.count, count = below + sketch->zeros + sketch->above.count;
    if (count == 0)
        return datum_null();
    uint64_t k = (uint64_t)((unsigned __int128)count * part / whole);
    if (k >= count)
        k = count - 1;
    if (k < below) /* the smallest number has the largest magnitude */
        return datum_double(-find(&sketch->below, below - 1 - k));
    if (k < below + sketch->zeros)
        return datum_double(0);
    return datum_double(find(&sketch->above, k - below - sketch->zeros));
}
