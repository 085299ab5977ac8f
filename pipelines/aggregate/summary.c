/* summary.c - sums, ends and values of a field. */
#include "aggregate/summary.h"

#include <math.h>
#include <string.h>

#include "aggregate/key_code.h"
#include "aggregate/total_order.h"

/* Whole numbers as long as they fit, and beside them broken ones, with what rounding lost (Neumaier 1974). */
struct sum {
    uint64_t count;
    int64_t whole;
    double real, lost;
    bool broken; /* some of it is in `real` */
};

/* Of null, lists and maps: none of them is the smallest or largest. */
struct end {
    struct datum value;
    uint32_t room; /* for the text */
};

static size_t part_size(unsigned part)
{
    switch (part) {
    case SUMMARY_SUM:
        return sizeof(struct sum);
    case SUMMARY_MIN:
    case SUMMARY_MAX:
        return sizeof(struct end);
    case SUMMARY_VALUES:
        return sizeof(struct values);
    default:
        return sizeof(struct sketch);
    }
}

static size_t part_at(unsigned parts, unsigned wanted)
{
    size_t at = 0;
    for (unsigned part = 1; part < wanted; part *= 2)
        at += (parts & part) != 0 ? (part_size(part) + 7) & ~(size_t)7 : 0;
    return at;
}

size_t wp_summary_size(unsigned parts)
{
    return part_at(parts, 2 * SUMMARY_SKETCH);
}

unsigned wp_summary_part(const struct measure *measure, bool approx)
{
    switch (measure->kind) {
    case MEASURE_COUNT:
        return 0;
    case MEASURE_SUM:
    case MEASURE_AVG:
        return SUMMARY_SUM;
    case MEASURE_MIN:
        return SUMMARY_MIN;
    case MEASURE_MAX:
        return SUMMARY_MAX;
    case MEASURE_QUANTILE:
        break;
    }
    return approx ? SUMMARY_SKETCH : SUMMARY_VALUES;
}

/* --- sums ----------------------------------------------------------------------------------------- */

static void add_real(struct sum *sum, double real)
{
    const double total = sum->real + real;
    sum->lost += fabs(sum->real) >= fabs(real) ? (sum->real - total) + real : (real - total) + sum->real;
    sum->real = total;
    sum->broken = true;
}

static void add_whole(struct sum *sum, int64_t whole)
{
    int64_t total;
    if (!__builtin_add_overflow(sum->whole, whole, &total)) {
        sum->whole = total;
    } else {
        add_real(sum, (double)sum->whole);
        sum->whole = whole;
    }
}

static void add_to_sum(struct sum *sum, struct datum number)
{
    sum->count++;
    if (number.kind == DATUM_INT)
        add_whole(sum, number.number);
    else
        add_real(sum, number.real);
}

static void join_sums(struct sum *sum, const struct sum *more)
{
    sum->count += more->count;
    add_whole(sum, more->whole);
    if (!more->broken)
        return;
    add_real(sum, more->real);
    sum->lost += more->lost;
}

static struct datum sum_of(const struct sum *sum, bool average)
{
    const long double real = (long double)sum->whole + sum->real + sum->lost;
    if (average)
        return sum->count > 0 ? datum_double((double)(real / (long double)sum->count)) : datum_null();
    return sum->broken ? datum_double((double)real) : datum_int(sum->whole);
}

/* --- smallest and largest ---------------------------------------------------------------------------- */

static int keep_text(struct end *end, struct stash *stash, struct datum datum)
{
    char *text = (char *)(uintptr_t)end->value.text;
    if (end->room < datum.size || end->room == 0) {
        text = wp_stash_alloc(stash, (size_t)datum.size + 16);
        if (text == NULL)
            return -ENOMEM;
        end->room = datum.size + 16;
    }
    memcpy(text, datum.text, datum.size);
    end->value = datum_string(text, datum.size);
    return 0;
}

static int take_end(struct end *end, struct stash *stash, struct datum datum, bool smallest)
{
    if (datum.kind == DATUM_NULL || datum.kind == DATUM_LIST || datum.kind == DATUM_MAP)
        return 0;
    if (end->value.kind != DATUM_NULL) {
        const int order = wp_total_order(datum, end->value);
        if (smallest ? order >= 0 : order <= 0)
            return 0;
    }
    if (datum.kind == DATUM_STRING)
        return keep_text(end, stash, datum);
    end->value = datum;
    end->room = 0;
    return 0;
}

/* --- all of them ---------------------------------------------------------------------------------------- */

static void *part_of(const void *summary, unsigned parts, unsigned part)
{
    return (parts & part) != 0 ? (char *)(uintptr_t)summary + part_at(parts, part) : NULL;
}

int wp_summary_add(void *summary, unsigned parts, struct stash *stash, struct datum datum)
{
    int error = 0;
    const bool number = datum_is_number(datum);
    if ((parts & SUMMARY_SUM) != 0 && number)
        add_to_sum(part_of(summary, parts, SUMMARY_SUM), datum);
    if ((parts & SUMMARY_MIN) != 0)
        error = take_end(part_of(summary, parts, SUMMARY_MIN), stash, datum, true);
    if (error == 0 && (parts & SUMMARY_MAX) != 0)
        error = take_end(part_of(summary, parts, SUMMARY_MAX), stash, datum, false);
    if (error == 0 && (parts & SUMMARY_VALUES) != 0 && number)
        error = wp_values_add(part_of(summary, parts, SUMMARY_VALUES), stash, datum);
    if (error == 0 && (parts & SUMMARY_SKETCH) != 0 && number)
        error = wp_sketch_add(part_of(summary, parts, SUMMARY_SKETCH), stash,
                              datum.kind == DATUM_INT ? (double)datum.number : datum.real);
    return error;
}

void wp_summary_prefetch(const void *summary, unsigned parts)
{
    if ((parts & SUMMARY_VALUES) != 0)
        wp_values_prefetch(part_of(summary, parts, SUMMARY_VALUES));
}

static int join_sketches(struct sketch *sketch, struct stash *stash, const struct sketch *more)
{
    weir_text saved = { 0 };
    int error = wp_sketch_save(more, &saved);
    const char *at = saved.data;
    if (error == 0)
        error = wp_sketch_load(sketch, stash, &at);
    weir_text_fini(&saved);
    return error;
}

int wp_summary_join(void *summary, unsigned parts, struct stash *stash, const void *more)
{
    int error = 0;
    if ((parts & SUMMARY_SUM) != 0)
        join_sums(part_of(summary, parts, SUMMARY_SUM), part_of(more, parts, SUMMARY_SUM));
    for (unsigned part = SUMMARY_MIN; error == 0 && part <= SUMMARY_MAX; part *= 2)
        if ((parts & part) != 0)
            error = take_end(part_of(summary, parts, part), stash,
                             ((const struct end *)part_of(more, parts, part))->value, part == SUMMARY_MIN);
    if ((parts & SUMMARY_VALUES) != 0)
        wp_values_join(part_of(summary, parts, SUMMARY_VALUES), part_of(more, parts, SUMMARY_VALUES));
    if (error == 0 && (parts & SUMMARY_SKETCH) != 0)
        error = join_sketches(part_of(summary, parts, SUMMARY_SKETCH), stash, part_of(more, parts, SUMMARY_SKETCH));
    return error;
}

int wp_summary_save(const void *summary, unsigned parts, weir_text *out)
{
    int error = 0;
    if ((parts & SUMMARY_SUM) != 0)
        error = weir_text_append(out, part_of(summary, parts, SUMMARY_SUM), sizeof(struct sum));
    for (unsigned part = SUMMARY_MIN; error == 0 && part <= SUMMARY_MAX; part *= 2)
        if ((parts & part) != 0)
            error = wp_key_append(out, ((const struct end *)part_of(summary, parts, part))->value);
    if (error == 0 && (parts & SUMMARY_VALUES) != 0)
        error = wp_values_save(part_of(summary, parts, SUMMARY_VALUES), out);
    if (error == 0 && (parts & SUMMARY_SKETCH) != 0)
        error = wp_sketch_save(part_of(summary, parts, SUMMARY_SKETCH), out);
    return error;
}

int wp_summary_load(void *summary, unsigned parts, struct stash *stash, const char **at)
{
    int error = 0;
    if ((parts & SUMMARY_SUM) != 0) {
        struct sum more;
        memcpy(&more, *at, sizeof more);
        *at += sizeof more;
        join_sums(part_of(summary, parts, SUMMARY_SUM), &more);
    }
    for (unsigned part = SUMMARY_MIN; error == 0 && part <= SUMMARY_MAX; part *= 2) {
        struct datum datum;
        bool json;
        if ((parts & part) == 0)
            continue;
        *at = wp_key_read(*at, &datum, &json);
        error = take_end(part_of(summary, parts, part), stash, datum, part == SUMMARY_MIN);
    }
    if (error == 0 && (parts & SUMMARY_VALUES) != 0)
        error = wp_values_load(part_of(summary, parts, SUMMARY_VALUES), stash, at);
    if (error == 0 && (parts & SUMMARY_SKETCH) != 0)
        error = wp_sketch_load(part_of(summary, parts, SUMMARY_SKETCH), stash, at);
    return error;
}

int wp_summary_gather(const void *summary, unsigned parts, struct value_sorter *sorter)
{
    if ((parts & SUMMARY_VALUES) == 0)
        return 0;
    return wp_values_gather(part_of(summary, parts, SUMMARY_VALUES), sorter);
}

struct datum wp_summary_result(const void *summary, unsigned parts, const struct measure *measure,
                               struct value_sorter *sorter)
{
    switch (measure->kind) {
    case MEASURE_SUM:
    case MEASURE_AVG:
        return sum_of(part_of(summary, parts, SUMMARY_SUM), measure->kind == MEASURE_AVG);
    case MEASURE_MIN:
    case MEASURE_MAX:
        return ((const struct end *)part_of(summary, parts, measure->kind == MEASURE_MIN ? SUMMARY_MIN : SUMMARY_MAX))
            ->value;
    case MEASURE_QUANTILE:
        if ((parts & SUMMARY_SKETCH) != 0)
            return wp_sketch_quantile(part_of(summary, parts, SUMMARY_SKETCH), measure->part, measure->whole);
        return wp_values_quantile(sorter, measure->part, measure->whole);
    case MEASURE_COUNT:
        break;
    }
    return datum_null();
}
