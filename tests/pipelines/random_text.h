/* random_text.h - texts of pipelines at random, the same ones each time: with blanks and comments where they may stand.
 */
#ifndef RANDOM_TEXT_H
#define RANDOM_TEXT_H

#include <weir/text.h>

#include "check.h"

/* '^' is a blank, '`' may be one. */
static const char *const random_stages[] = {
    "read^a/b.c",
    "read^\"x # y\"^block`=`64KiB",
    "hash^sha256`,`md5^as^.h^@name=x",
    "null",
    "write^\"{.a}\"^atomic",
    "where^.a`==`1`&&`(`.b=~`/a|  b#/i`||`!`.c`)",
    "where^.s^in`[`1`,`-2`]`&&`len(`.x`)`??`0`>`2",
    "zstd^level=3^@par`=`2",
    "files^\"a\"^match=\"**/*\"^xdev^@queue=1MiB",
    "group^.a`,`.b`>`2",
    "print^\"{.a}\"",
    "fail-if^any",
    "write^x^keep`=`mtime`,`mode^fsync",
    "where^if^.a^then^1`+`2`*`.b^else^\"s\"",
    "fail-if^.x`-`1`>`-`.y",
    "each^{`read`|`gunzip^@pool=inline`|`write^y`}^@par=2",
    "each^{`each^{`read`|`null`}`}",
};

enum { RANDOM_STAGES = sizeof random_stages / sizeof random_stages[0] };

static uint64_t random_seed = 1;

static inline unsigned random_below(unsigned limit)
{
    random_seed = random_seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(random_seed >> 33) % limit;
}

static inline void random_append(weir_text *text, const char *words)
{
    CHECK(weir_text_append(text, words, strlen(words)) == 0);
}

static inline void random_append_blank(weir_text *text, bool may_miss)
{
    static const char *const blanks[] = {
        " ", "  ", "\n", "\r\n\t", "\n\n\n", " # c \"{|\n", "# d\n#e\n", "\n  # f\r\n"
    };
    if (!may_miss || random_below(2) == 0)
        random_append(text, blanks[random_below(10) < 9 ? random_below(4) : random_below(8)]);
}

static inline void random_append_stage(weir_text *text)
{
    for (const char *c = random_stages[random_below(RANDOM_STAGES)]; *c != '\0'; c++)
        if (*c == '^' || *c == '`')
            random_append_blank(text, *c == '`');
        else
            CHECK(weir_text_append(text, c, 1) == 0);
}

static inline void random_append_statement(weir_text *text, unsigned number)
{
    char name[32];
    snprintf(name, sizeof name, "n%u", number);
    if (random_below(4) == 0) {
        random_append(text, "let ");
        random_append(text, name);
        random_append_blank(text, true);
        random_append(text, "=");
        random_append_blank(text, true);
        random_append(text, random_below(2) == 0 ? "\"v # ${x}\"" : "10k/s");
        return;
    }
    random_append(text, name);
    random_append(text, ": ");
    for (unsigned left = 1 + random_below(6); left > 0; left--) {
        random_append_stage(text);
        random_append_blank(text, false);
        if (left > 1)
            random_append(text, "| ");
    }
}

/* A few statements; the caller frees it. */
static inline weir_text random_text(void)
{
    weir_text text = { 0 };
    random_append_blank(&text, true);
    for (unsigned i = 0; i <= random_below(4); i++) {
        random_append_statement(&text, i);
        random_append(&text, "\n");
        random_append_blank(&text, true);
    }
    return text;
}

#endif
