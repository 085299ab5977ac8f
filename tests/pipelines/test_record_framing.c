/* test_record_framing.c - records in the bytes of a connection are the same however the bytes come. */
#include "listen/record_framing.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"

/* What comes out, as text: each record in <>, what was too long in [], what is no frame as ! */
struct heard {
    char text[4096];
    size_t size;
};

static void note(struct heard *heard, char open, const char *text, size_t size, char close)
{
    CHECK(heard->size + size + 2 < sizeof heard->text);
    heard->text[heard->size++] = open;
    if (size > 0)
        memcpy(heard->text + heard->size, text, size);
    heard->size += size;
    heard->text[heard->size++] = close;
}

/* In parts of `step` bytes, each time in memory of just the size. */
static void hear(enum framing_kind kind, size_t max, const char *bytes, size_t size, size_t step, struct heard *heard)
{
    struct framing framing = { .kind = kind, .max = max };
    *heard = (struct heard){ 0 };
    size_t at = 0;
    for (size_t end = 0; at <= size; end = end + step < size ? end + step : size) {
        const bool ended = end == size;
        char *here = malloc(end - at + 1);
        CHECK(here != NULL);
        memcpy(here, bytes + at, end - at);
        enum frame_kind got;
        size_t took = 0;
        do {
            struct frame frame;
            got = ended ? wp_framing_rest(&framing, here + took, end - at - took, &frame)
                        : wp_framing_next(&framing, here + took, end - at - took, &frame);
            if (got == FRAME_RECORD)
                note(heard, '<', frame.text, frame.size, '>');
            else if (got == FRAME_TOO_LONG)
                note(heard, '[', frame.text, frame.size, ']');
            else if (got == FRAME_BAD)
                note(heard, '!', "", 0, '!');
            took += frame.took;
            CHECK(took <= end - at);
        } while (got == FRAME_RECORD || got == FRAME_TOO_LONG);
        free(here);
        at += took;
        if (ended || got == FRAME_BAD)
            break;
    }
}

static void check(enum framing_kind kind, size_t max, const char *bytes, size_t size, const char *wanted)
{
    for (size_t step = 1; step <= size + 1; step++) {
        struct heard heard;
        hear(kind, max, bytes, size, step, &heard);
        CHECK(heard.size == strlen(wanted) && memcmp(heard.text, wanted, heard.size) == 0);
    }
}

#define CHECK_FRAMES(kind, max, bytes, wanted) check(kind, max, bytes, sizeof bytes - 1, wanted)

static void test_lines(void)
{
    CHECK_FRAMES(FRAMING_LINES, 10, "", "");
    CHECK_FRAMES(FRAMING_LINES, 10, "\n", "<>");
    CHECK_FRAMES(FRAMING_LINES, 10, "a\r\n\r\nb\rc\n", "<a><><b\rc>");
    CHECK_FRAMES(FRAMING_LINES, 10, "a\nlast", "<a><last>");
    CHECK_FRAMES(FRAMING_LINES, 4, "abcd\nabcde\nx\nabcd\r\n", "<abcd>[abcd]<x><abcd>");
    CHECK_FRAMES(FRAMING_LINES, 4, "abcdefghijkl\nx\nabcdefgh", "[abcd]<x>[abcd]");
    CHECK_FRAMES(FRAMING_LINES, 4, "x\nabcde", "<x>[abcd]");
    CHECK_FRAMES(FRAMING_LINES, 4, "x\nabcd\r", "<x><abcd>");
}

static void test_octets(void)
{
    CHECK_FRAMES(FRAMING_OCTETS, 10, "3 abc2 \n\n1 x", "<abc><\n\n><x>");
    CHECK_FRAMES(FRAMING_OCTETS, 10, "3 abc10 01234", "<abc>");
    CHECK_FRAMES(FRAMING_OCTETS, 2, "1 a5 abcde2 ok", "<a>[ab]<ok>");
    CHECK_FRAMES(FRAMING_OCTETS, 10, "1 ax", "<a>!!");
    CHECK_FRAMES(FRAMING_OCTETS, 10, "1 a05 abc", "<a>!!");
    CHECK_FRAMES(FRAMING_OCTETS, 10, "99999999999 a", "!!");
    CHECK_FRAMES(FRAMING_OCTETS, 10, "3a", "!!");
}

static void test_syslog(void)
{
    CHECK_FRAMES(FRAMING_SYSLOG, 20, "<13>one\n5 <1>ab\n\0<14>two\r\n6 <1>a\nb", "<<13>one><<1>ab><<14>two><<1>a\nb>");
    CHECK_FRAMES(FRAMING_SYSLOG, 4, "<1>abc\n9 <1>abcdef<2>\n", "[<1>a][<1>a]<<2>>");
    CHECK_FRAMES(FRAMING_SYSLOG, 20, "<13>last", "<<13>last>");
    CHECK_FRAMES(FRAMING_SYSLOG, 20, "12 <13>half", "");
}

/* Random bytes of a few kinds: the same records whole and in parts, and never a byte too many. */
static void test_random(void)
{
    unsigned seed = 3;
    for (unsigned round = 0; round < 3000; round++) {
        char bytes[60];
        const size_t size = round % sizeof bytes;
        for (size_t i = 0; i < size; i++) {
            seed = seed * 1664525u + 1013904223u;
            bytes[i] = "a\n1 2\r<\0"[seed >> 29];
        }
        for (enum framing_kind kind = FRAMING_LINES; kind <= FRAMING_SYSLOG; kind++) {
            struct heard whole, parts;
            hear(kind, 5, bytes, size, size + 1, &whole);
            hear(kind, 5, bytes, size, 1 + round % 7, &parts);
            CHECK(whole.size == parts.size && memcmp(whole.text, parts.text, whole.size) == 0);
        }
    }
}

int main(void)
{
    test_lines();
    test_octets();
    test_syslog();
    test_random();
    return 0;
}
