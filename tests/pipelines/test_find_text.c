/* test_find_text.c - texts are found where memmem(3) finds them, at every place and of every size. */
#include "expr/find_text.h"

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

/* By each way that there is. */
static void check_all(const char *bytes, size_t size, const char *text, size_t text_size)
{
    const char *wanted = memmem(bytes, size, text, text_size);
    const struct text_finder finder = wp_text_finder(text, text_size);
    find_text_call *find;
    for (size_t i = 0; (find = wp_find_text_at(i)) != NULL; i++)
        CHECK(find(&finder, bytes, size) == wanted);
    CHECK(wp_text_finder_find(&finder, bytes, size) == wanted);
    CHECK(wp_find_text(bytes, size, text, text_size) == wanted);
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
                check_all(bytes, size, text, text_size);
                free(bytes);
            }
}

/* Every place of it, in bytes of which none is like those of the text: nothing of a block is left out or seen twice. */
static void test_every_place(void)
{
    static const char text[] = "/api/v2/checkout";
    char bytes[200];
    for (size_t size = 0; size < sizeof bytes; size++)
        for (size_t at = 0; at + sizeof text - 1 <= size; at++) {
            char *exact = malloc(size + 1);
            CHECK(exact != NULL);
            memset(exact, '.', size);
            memcpy(exact + at, text, sizeof text - 1);
            check_all(exact, size, text, sizeof text - 1);
            check_all(exact, size, "/api/v2/checkouts", sizeof text);
            free(exact);
        }
}

/* What is rare in logs is all that there is here: the time stays that of memmem(3), and so does the answer. */
static void test_bytes_that_fool_the_choice(void)
{
    enum { SIZE = 1 << 20, TEXT = 1 << 12 };
    char *bytes = malloc(SIZE), *text = malloc(TEXT);
    CHECK(bytes != NULL && text != NULL);
    memset(bytes, 'Q', SIZE);
    memset(text, 'Q', TEXT);
    text[TEXT / 2] = 'e'; /* the most common one: not looked for */
    check_all(bytes, SIZE, text, TEXT);
    memcpy(bytes + SIZE - TEXT, text, TEXT);
    check_all(bytes, SIZE, text, TEXT);
    free(bytes);
    free(text);
}

/* The two that are looked for are the rarest, in another place each, and not the same if they needn't be. */
static void test_rare_bytes_are_chosen(void)
{
    const struct text_finder finder = wp_text_finder("/api/v2/checkout", 16);
    CHECK(finder.rare[0] != finder.rare[1]);
    CHECK(finder.text[finder.rare[0]] == 'k' || finder.text[finder.rare[0]] == 'v');
    CHECK(finder.text[finder.rare[1]] == 'k' || finder.text[finder.rare[1]] == 'v');
    const struct text_finder same = wp_text_finder("eee", 3), mixed = wp_text_finder("ZeZZ", 4),
                             one = wp_text_finder("x", 1);
    CHECK(same.rare[0] != same.rare[1]);
    CHECK(mixed.rare[1] == 1);
    CHECK(one.rare[0] == 0 && one.rare[1] == 0);
}

int main(void)
{
    RUN(test_as_memmem);
    RUN(test_every_place);
    RUN(test_bytes_that_fool_the_choice);
    RUN(test_rare_bytes_are_chosen);
    return check_done();
}
