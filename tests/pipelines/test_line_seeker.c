/* test_line_seeker.c - one byte of each line that may pass, and how far the bytes were looked through. */
#include "nodes/line_seeker.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"

static struct line_seeker seeker_of(const char *literal)
{
    return (struct line_seeker){ .texts = { wp_text_finder(literal, strlen(literal)) }, .count = 1 };
}

/* Lines of a few bytes, of which some hold the text, some more than once; the last need not be whole. */
static size_t fill(char *bytes, size_t size, unsigned *seed)
{
    for (size_t i = 0; i < size; i++) {
        *seed = *seed * 1664525u + 1013904223u;
        bytes[i] = "ab\nabababaaaaaaa"[*seed >> 28];
    }
    return size;
}

static void check_hits(const struct line_seeker *seeker, const char *bytes, size_t size)
{
    const struct text_finder *text = &seeker->texts[seeker->looked_for];
    struct line_hits hits;
    wp_line_seeker_look(seeker, bytes, size, &hits);
    unsigned count = 0;
    size_t at = 0;
    for (; at < size && count < LINE_HITS_MAX;) {
        const char *newline = memchr(bytes + at, '\n', size - at);
        const size_t end = newline != NULL ? (size_t)(newline - bytes) : size;
        const char *found = memmem(bytes + at, end - at, text->text, text->size);
        if (found != NULL) {
            CHECK(count < hits.count);
            CHECK(hits.at[count] >= at && hits.at[count] < end);
            count++;
        }
        at = end + 1;
    }
    CHECK_EQ(hits.count, count);
    CHECK_EQ(hits.next, 0);
    CHECK(hits.end <= size);
    if (count < LINE_HITS_MAX)
        CHECK_EQ(hits.end, size);
    else
        CHECK(hits.end > hits.at[count - 1] && (hits.end == size || bytes[hits.end - 1] == '\n'));
}

/* `lines` cuts nothing but what was found: a line too few is lost. */
static void test_each_line_that_may_pass_is_found_once(void)
{
    const struct line_seeker often = seeker_of("ab"), seldom = seeker_of("babab");
    unsigned seed = 3;
    for (size_t size = 0; size < 3000; size += 1 + size / 20) {
        char *bytes = malloc(size + 1); /* of its own size: a byte too many is seen */
        CHECK(bytes != NULL);
        fill(bytes, size, &seed);
        check_hits(&often, bytes, size);
        check_hits(&seldom, bytes, size);
        free(bytes);
    }
}

/* Whichever is looked for: the lines that hold it are found. What is true of the first bytes may not be of the next. */
static void test_it_learns_what_is_rare(void)
{
    struct line_seeker seeker = seeker_of("ab");
    seeker.texts[seeker.count++] = wp_text_finder("babab", 5);
    seeker.texts[seeker.count++] = wp_text_finder("a", 1);
    static char bytes[200000];
    unsigned seed = 5;
    fill(bytes, sizeof bytes, &seed);
    wp_line_seeker_learn(&seeker, bytes, sizeof bytes);
    CHECK_EQ(seeker.looked_for, 1);
    check_hits(&seeker, bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++) /* lines that all hold the last two, and none the first */
        bytes[i] = "babab\n"[i % 6];
    seeker.texts[0] = wp_text_finder("abb", 3);
    for (unsigned blocks = 0; seeker.looked_for != 0 && blocks < 1000; blocks++)
        wp_line_seeker_learn(&seeker, bytes, sizeof bytes);
    CHECK_EQ(seeker.looked_for, 0);
    check_hits(&seeker, bytes, sizeof bytes);
}

int main(void)
{
    RUN(test_it_learns_what_is_rare);
    RUN(test_each_line_that_may_pass_is_found_once);
    return check_done();
}
