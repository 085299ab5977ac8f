/* fuzz_addr.c - a text is an address that comes back from what is written of it, or none; a framing by lengths too. */
#include <weir/buffered.h>
#include <weir/net.h>

#include "fuzz.h"

static void check_addr(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1), written[WEIR_ADDR_TEXT_MAX];
    must(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    weir_addr addr, again;
    memset(&addr, 0, sizeof addr);
    memset(&again, 0, sizeof again);
    if (weir_addr_parse(text, &addr) == 0) {
        const size_t length = weir_addr_format(&addr, written);
        must(length < sizeof written && strlen(written) == length);
        for (size_t i = 0; i < length; i++)
            must(written[i] >= ' ' && written[i] < 127);
        if (addr.at.family != AF_UNIX) { /* whose names are escaped, and cut off */
            must(weir_addr_parse(written, &again) == 0 && again.size == addr.size);
            must(memcmp(&again.at, &addr.at, addr.size) == 0);
        }
    }
    free(text);
}

/* In parts and at once: the same frames, up to the same fault. */
static size_t count_frames(weir_decoder *decoder, const uint8_t *data, size_t size, size_t step, int64_t *ret_error)
{
    size_t count = 0, at = 0;
    *ret_error = 0;
    for (size_t end = step < size ? step : size;; end = end + step < size ? end + step : size) {
        const bool ended = end == size;
        int64_t used;
        do {
            weir_frame frame;
            char *here = fuzz_copy(data + at, end - at);
            used = end > at ? decoder->decode(decoder, (const uint8_t *)here, end - at, ended, &frame) : 0;
            free(here);
            must(used <= (int64_t)(end - at));
            at += used > 0 ? (size_t)used : 0;
            count += used > 0;
        } while (used > 0);
        if (used < 0)
            *ret_error = used;
        if (used < 0 || ended)
            return count;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3)
        return 0;
    int64_t whole_error, error;
    weir_lengths whole = weir_length_decoder(1 + data[0] % 8, data[0] >= 128, 1 + data[1]);
    weir_lengths parts = whole;
    check_addr(data, size);
    const size_t count = count_frames(&whole.decoder, data + 3, size - 3, size, &whole_error);
    must(count_frames(&parts.decoder, data + 3, size - 3, 1 + data[2] % 9, &error) == count && error == whole_error);
    return 0;
}
