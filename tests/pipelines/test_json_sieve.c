/* test_json_sieve.c - the search over a chunk stops in the line that the glance, line by line, is the first to let
 * pass. */
#include "nodes/json_sieve.h"

#include <stdlib.h>
#include <string.h>
#include <weir/text.h>

#include "check.h"
#include "random_text.h"

/* What makes a line of interest, what looks like it, and what lies between, longer than a step now and then. */
static const char *const words[] = {
    "\"status\":200,",
    "\"status\":500}",
    "\"status\" : 499 }",
    "\"status\"",
    "\"status\":",
    "\"statu\":999,",
    "\\u0061",
    "\\\\",
    "\"xstatus\":700,",
    "\"status\":-5,",
    "\"status\":1234,",
    "\"status\":\"x\"",
    "\"status\":5e2,",
    "u\\",
    "\"bytes\":12345,",
    "\"a\":[1,2],",
    "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
    "\r",
    "status\":777,",
    "\n",
    "\n",
    "\n",
};

static weir_text random_lines(void)
{
    weir_text text = { 0 };
    for (unsigned left = random_below(60); left > 0; left--)
        random_append(&text, words[random_below(random_below(3) == 0 ? sizeof words / sizeof words[0] : 2)]);
    return text;
}

/* The line that the place lies in: the first one is 0. -1: none. */
static int line_of(const char *text, const char *place)
{
    int line = place != NULL ? 0 : -1;
    for (; place != NULL && text < place; text++)
        line += *text == '\n';
    return line;
}

static int first_line(const struct json_glance *glance, const char *text, size_t size)
{
    int line = 0;
    for (const char *at = text, *end = text + size; at < end; line++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at)), *stop = newline != NULL ? newline : end;
        if (!wp_json_glance_rules_out(glance, at, (size_t)(stop - at)))
            return line;
        at = newline != NULL ? newline + 1 : end;
    }
    return -1;
}

static void check_all(const struct push_number *filter)
{
    struct json_glance glance;
    CHECK(wp_json_glance_init(&glance, filter));
    weir_text text = random_lines();
    char *bytes = malloc(text.size > 0 ? text.size : 1); /* of its own size: a byte too many is seen */
    CHECK(bytes != NULL);
    if (text.size > 0)
        memcpy(bytes, text.data, text.size);
    const int wanted = first_line(&glance, bytes, text.size);
    json_sieve_call *call;
    for (size_t i = 0; (call = wp_json_sieve_at(i)) != NULL; i++)
        CHECK_EQ(line_of(bytes, call(&glance, bytes, text.size)), wanted);
    free(bytes);
    weir_text_fini(&text);
}

static void test_stops_where_the_glance_does(void)
{
    static const struct push_number filters[] = {
        { "status", 6, OP_GE, 500 }, { "status", 6, OP_LT, 300 },  { "status", 6, OP_EQ, 777 },
        { "s", 1, OP_GT, 0 },        { "bytes", 5, OP_GE, 10000 },
    };
    for (int round = 0; round < 20000; round++)
        check_all(&filters[random_below(sizeof filters / sizeof filters[0])]);
}

int main(void)
{
    RUN(test_stops_where_the_glance_does);
    return check_done();
}
