/* test_find_text.c - texts are found where memmem(3) finds them, at every place and of every size. */
#include "run/find_text.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"

/* Few different bytes, so that there are many near misses. */
static void fill(char *bytes, size_t size, unsigned *seed)
{
    for (size_t i = 0; i < size; i++) {
        *seed = *seed * 1664525u + 1013904223u;
        bytes[i] = "aab\0"[*seed >> 30];
    }
}

static void test_as_memmem(void)
{
    unsigned seed = 7;
    for (size_t size = 0; size < 90; size++)
        for (size_t text_size = 0; text_size < 24; text_size++)
            for (int round = 0; round < 8; round++) {
                char *bytes = malloc(size + 1), text[24]; /* of its own size: a byte too many is seen */
                CHECK(bytes != NULL);
                fill(bytes, size, &seed);
                fill(text, text_size, &seed);
                if (round % 2 == 0 && text_size <= size)
                    memcpy(text, bytes + (seed >> 8) % (size - text_size + 1), text_size);
                CHECK(wp_find_text(bytes, size, text, text_size) == memmem(bytes, size, text, text_size));
                free(bytes);
            }
}

int main(void)
{
    RUN(test_as_memmem);
    return check_done();
}
