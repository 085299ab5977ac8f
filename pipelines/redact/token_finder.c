/* token_finder.c - secrets that are known by how they begin. */
#include <string.h>
#include <strings.h>

#include "redact/finders.h"

/* `least` letters, digits, '-' and '_' behind the beginning, and all that follow, are the token. */
static const struct token_kind {
    const char *begin;
    unsigned least;
    bool keeps_begin; /* which is no secret, and may be written in either case */
    bool dots;        /* '.' and what base64 has are of it, too */
} kinds[] = {
    { "AKIA", 16, false, false },     { "ASIA", 16, false, false },        { "ghp_", 20, false, false },
    { "gho_", 20, false, false },     { "ghu_", 20, false, false },        { "ghs_", 20, false, false },
    { "ghr_", 20, false, false },     { "github_pat_", 20, false, false }, { "glpat-", 16, false, false },
    { "xoxb-", 10, false, false },    { "xoxp-", 10, false, false },       { "xoxa-", 10, false, false },
    { "xoxr-", 10, false, false },    { "xoxs-", 10, false, false },       { "sk_live_", 10, false, false },
    { "rk_live_", 10, false, false }, { "sk_test_", 10, false, false },    { "sk-", 20, false, false },
    { "AIza", 30, false, false },     { "npm_", 20, false, false },        { "hf_", 20, false, false },
    { "SG.", 20, false, true },       { "eyJ", 20, false, true },          { "Bearer ", 8, true, true },
    { "Basic ", 8, true, true },
};

static bool is_part(char c, const struct token_kind *kind)
{
    if (finder_is_letter(c) || finder_is_digit(c) || c == '-' || c == '_')
        return true;
    return kind->dots && c != '\0' && strchr(".~+/=", c) != NULL;
}

static bool takes(const struct token_kind *kind, const char *text, size_t size, size_t at, struct found *ret_found)
{
    const size_t begin = strlen(kind->begin);
    if (size - at < begin + kind->least ||
        (kind->keeps_begin ? strncasecmp(text + at, kind->begin, begin) : memcmp(text + at, kind->begin, begin)) != 0)
        return false;
    size_t to = at + begin;
    while (to < size && is_part(text[to], kind))
        to++;
    *ret_found = (struct found){ kind->keeps_begin ? at + begin : at, to };
    return to - at - begin >= kind->least;
}

bool wp_find_token(const char *text, size_t size, size_t from, struct found *ret_found)
{
    for (size_t at = from; at < size; at++) {
        if (strchr("AgxsrnhSeBb", text[at]) == NULL || text[at] == '\0' || !finder_is_start(text, at))
            continue;
        for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
            if (takes(&kinds[i], text, size, at, ret_found))
                return true;
    }
    return false;
}
