/*
 * fuzz_framing.c - where records end: the same ones however the bytes come, none longer than it may be, and what was
 * taken never more than there was. For what `listen` reads, and for records of csv with newlines in them.
 *
 * The first byte is the framing, the second the longest record, the third the size of the parts.
 */
#include "listen/record_framing.h"

#include <weir/text.h>

#include "fuzz.h"
#include "line/csv_quotes.h"

/* What came out, with a byte for what it was in front of each. */
static void hear(struct framing framing, const char *data, size_t size, size_t step, weir_text *heard)
{
    enum frame_kind got = FRAME_MORE;
    size_t at = 0;
    for (size_t end = step < size ? step : size; got != FRAME_BAD; end = end + step < size ? end + step : size) {
        const bool ended = end == size;
        char *here = fuzz_copy(data + at, end - at);
        size_t took = 0;
        do {
            struct frame frame = { .text = here };
            const size_t left = end - at - took;
            got = ended ? wp_framing_rest(&framing, here + took, left, &frame)
                        : wp_framing_next(&framing, here + took, left, &frame);
            must(frame.took <= left);
            took += frame.took;
            if (got == FRAME_RECORD || got == FRAME_TOO_LONG) {
                const char kind = (char)got;
                must(frame.size <= framing.max && frame.took > 0);
                must(frame.size == 0 || (frame.text >= here && frame.text + frame.size <= here + (end - at)));
                must(weir_text_append(heard, &kind, 1) == 0 && weir_text_append(heard, frame.text, frame.size) == 0);
            }
        } while (got == FRAME_RECORD || got == FRAME_TOO_LONG);
        free(here);
        at += took;
        if (ended)
            break;
    }
    const char last = (char)(got == FRAME_BAD);
    must(weir_text_append(heard, &last, 1) == 0);
}

static void check_framing(const uint8_t *data, size_t size)
{
    const struct framing framing = { .kind = (enum framing_kind)(data[0] % 3), .max = 1 + data[1] % 40 };
    weir_text whole = { 0 }, parts = { 0 };
    hear(framing, (const char *)data + 3, size - 3, size, &whole);
    hear(framing, (const char *)data + 3, size - 3, 1 + data[2] % 20, &parts);
    must(whole.size == parts.size && memcmp(whole.data, parts.data, whole.size) == 0);
    weir_text_fini(&whole);
    weir_text_fini(&parts);
}

/* Bytes one by one say of the whole what the whole says at once. */
static void check_quotes(const char *data, size_t size)
{
    struct csv_quotes whole = { .delimiter = ',' }, single = { .delimiter = ',' };
    char *copy = fuzz_copy(data, size);
    bool open = false;
    for (size_t i = 0; i < size; i++)
        open = wp_csv_quotes_are_open(&single, copy + i, 1);
    must(wp_csv_quotes_are_open(&whole, copy, size) == open && whole.place == single.place);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3)
        return 0;
    check_framing(data, size);
    check_quotes((const char *)data + 3, size - 3);
    return 0;
}
