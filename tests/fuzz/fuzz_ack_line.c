/*
 * fuzz_ack_line.c - what either side of an acknowledged connection may say: a line that is understood is one way to say
 * it and no other, what isn't whole yet is never longer than a line, and nothing is read behind what is there.
 */
#include "listen/ack_line.h"

#include <errno.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = fuzz_copy((const char *)data, size), text[ACK_LINE_MAX];
    struct ack_line line;
    const int took = wp_ack_line_parse(copy, size, &line);
    must(took == -EPROTO || (took >= 0 && (size_t)took <= size && took <= (int)ACK_LINE_MAX));
    if (took > 0) {
        must(wp_ack_line_put(&line, text) == (size_t)took && memcmp(text, copy, (size_t)took) == 0);
        must(line.number <= INT64_MAX);
        for (size_t part = 0; part < (size_t)took; part++) /* nothing is taken before its end */
            must(wp_ack_line_parse(copy, part, &line) == 0);
    }
    must(took != 0 || size < ACK_LINE_MAX);
    free(copy);
    return 0;
}
