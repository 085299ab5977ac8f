/*
 * fuzz_multiline.c - lines into events: the same ones however the lines come in batches, each line in one of them, and
 * none longer than `max`.
 *
 * The first byte is how many lines a batch has, the second the longest event; a line that begins with a digit begins
 * an event.
 */
#include "line/event_joiner.h"

#include "fuzz.h"

static const struct regex *start_of_event(void)
{
    static struct regex *start;
    struct regex_fault fault;
    if (start == NULL)
        must(wp_regex_create("^[0-9]", 6, false, &start, &fault) == 0);
    return start;
}

static void take(struct batch *batch, size_t max, weir_text *out)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        must(batch->rows[i].raw_size <= max);
        must(weir_text_append(out, batch->rows[i].raw, batch->rows[i].raw_size) == 0);
        must(weir_text_append(out, "\n;", 2) == 0);
    }
    wp_batch_free(batch);
}

/* What it said; the events are behind `out`. */
static uint64_t join(const char *text, size_t size, uint32_t lines, size_t max, weir_text *out)
{
    struct event_joiner joiner = { .start = start_of_event(), .join = "\n", .join_size = 1, .max = max };
    const char *at = text, *const end = text + size;
    while (at < end) {
        struct batch *batch = wp_batch_create();
        uint32_t row;
        must(batch != NULL);
        while (at < end && batch->count < lines) {
            const char *newline = memchr(at, '\n', (size_t)(end - at)), *stop = newline != NULL ? newline : end;
            must(wp_batch_add_record(batch, at, (size_t)(stop - at)) != NULL);
            at = newline != NULL ? newline + 1 : end;
        }
        must(wp_join_events(&joiner, batch, true, &row) == 0);
        take(batch, max, out);
    }
    struct batch *rest = wp_batch_create();
    must(rest != NULL && wp_join_rest(&joiner, rest) == 0 && !joiner.open);
    take(rest, max, out);
    wp_join_fini(&joiner);
    return joiner.dropped;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    const size_t max = data[1] < 128 ? data[1] : 1 << 20;
    char *text = fuzz_copy(data + 2, size - 2);
    weir_text whole = { 0 }, parts = { 0 };
    must(weir_text_append(&whole, "", 1) == 0 && weir_text_append(&parts, "", 1) == 0);
    const uint64_t dropped = join(text, size - 2, BATCH_ROWS, max, &whole);
    must(join(text, size - 2, 1 + data[0] % 7, max, &parts) == dropped);
    must(whole.size == parts.size && memcmp(whole.data, parts.data, whole.size) == 0);
    weir_text_fini(&whole);
    weir_text_fini(&parts);
    free(text);
    return 0;
}
