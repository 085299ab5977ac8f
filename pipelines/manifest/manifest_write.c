/*
 * manifest_write.c - lines of manifests, byte for byte what the tools of that format write.
 *
 * Room for the longest line possible is made first; after that the line is put
 * down without another look at the buffer's end.
 */
#include <weir/manifest.h>

#include <string.h>

#include "text/spelling.h"

const char *const weir_manifest_format_names[] = { "gnu", "bsd", "json", "csv", "sfv", NULL };

int weir_manifest_style_check(const weir_manifest_style *style, const char **ret_reason)
{
    const char *reason = NULL;
    if (style->algo_count == 0 || style->algo_count > WEIR_HASHER_ALGOS_MAX)
        reason = "a manifest needs at least one algorithm";
    else if (style->format == WEIR_MANIFEST_SFV &&
             (style->algo_count != 1 || style->algos[0] != weir_digest_find("crc32")))
        reason = "sfv holds crc32 and nothing else: add -a crc32, or take another format";
    else if (style->zero && (style->format == WEIR_MANIFEST_CSV || style->format == WEIR_MANIFEST_SFV))
        reason = "csv and sfv have no form with NUL at the end of a line";
    if (reason == NULL)
        return 0;
    *ret_reason = reason;
    return -EINVAL;
}

static char *put(char *at, const char *data, size_t size)
{
    memcpy(at, data, size);
    return at + size;
}

static char *put_word(char *at, const char *word)
{
    return put(at, word, strlen(word));
}

/* Not sprintf(), which would take longer than the rest of the line. */
static char *put_number(char *at, uint64_t number)
{
    char digits[20];
    size_t count = 0;
    do {
        digits[sizeof(digits) - ++count] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return put(at, digits + sizeof(digits) - count, count);
}

static char *put_hex(char *at, const uint8_t *digest, size_t size)
{
    weir_digest_hex(digest, size, at);
    return at + 2 * size;
}

/* Whether a byte is one of two or three: a loop the compiler turns into vectors. */
static bool has_line_break(const char *name, size_t size)
{
    unsigned found = 0;
    for (size_t i = 0; i < size; i++)
        found |= (unsigned)(name[i] == '\n') | (unsigned)(name[i] == '\r');
    return found != 0;
}

static bool has_line_break_or_backslash(const char *name, size_t size)
{
    unsigned found = 0;
    for (size_t i = 0; i < size; i++)
        found |= (unsigned)(name[i] == '\n') | (unsigned)(name[i] == '\r') | (unsigned)(name[i] == '\\');
    return found != 0;
}

static bool needs_escape(const weir_digest_algo *algo, const char *name, size_t size)
{
    return strncmp(algo->tag, "XXH", 3) == 0 ? has_line_break(name, size) : has_line_break_or_backslash(name, size);
}

static char *put_name(char *at, const char *name, size_t size, bool escape)
{
    if (!escape)
        return put(at, name, size);
    for (size_t i = 0; i < size; i++) {
        const char letter = name[i];
        if (letter == '\n' || letter == '\r' || letter == '\\') {
            *at++ = '\\';
            *at++ = letter == '\n' ? 'n' : letter == '\r' ? 'r' : '\\';
        } else {
            *at++ = letter;
        }
    }
    return at;
}

/* Both text formats, a line for each algorithm. */
static char *put_lines(char *at, const weir_manifest_style *style, const char *name, size_t name_size,
                       const uint8_t *digest)
{
    for (size_t i = 0; i < style->algo_count; i++) {
        const weir_digest_algo *algo = style->algos[i];
        const bool bsd = style->format == WEIR_MANIFEST_BSD || (algo->gnu_prefix[0] != 0 && !style->xxh3_prefix);
        const bool escape = !style->zero && needs_escape(algo, name, name_size);
        if (escape)
            *at++ = '\\';
        if (bsd) {
            at = put_word(at, algo->tag);
            at = put(at, " (", 2);
            at = put_name(at, name, name_size, escape);
            at = put(at, ") = ", 4);
            at = put_hex(at, digest, algo->digest_size);
        } else {
            at = put_word(at, algo->gnu_prefix);
            at = put_hex(at, digest, algo->digest_size);
            *at++ = ' ';
            *at++ = style->binary ? '*' : ' ';
            at = put_name(at, name, name_size, escape);
        }
        *at++ = style->zero ? 0 : '\n';
        digest += algo->digest_size;
    }
    return at;
}

static char *put_json(char *at, const weir_manifest_style *style, const char *name, size_t name_size, int64_t size,
                      const uint8_t *digest)
{
    *at++ = '{';
    at = wi_json_put_name(at, "path", name, name_size);
    if (size >= 0) {
        at = put_word(at, ",\"size\":");
        at = put_number(at, (uint64_t)size);
    }
    for (size_t i = 0; i < style->algo_count; i++) {
        const weir_digest_algo *algo = style->algos[i];
        at = put(at, ",\"", 2);
        at = put_word(at, algo->name);
        at = put(at, "\":\"", 3);
        at = put_hex(at, digest, algo->digest_size);
        *at++ = '"';
        digest += algo->digest_size;
    }
    *at++ = '}';
    *at++ = style->zero ? 0 : '\n';
    return at;
}

static char *put_csv(char *at, const weir_manifest_style *style, const char *name, size_t name_size, int64_t size,
                     const uint8_t *digest)
{
    at = wi_csv_put_name(at, name, name_size);
    *at++ = ',';
    if (size >= 0)
        at = put_number(at, (uint64_t)size);
    for (size_t i = 0; i < style->algo_count; i++) {
        *at++ = ',';
        at = put_hex(at, digest, style->algos[i]->digest_size);
        digest += style->algos[i]->digest_size;
    }
    return put(at, "\r\n", 2);
}

/* A name that begins as a comment or another format does gets "./" in front, which names the same file. */
static char *put_sfv(char *at, const weir_manifest_style *style, const char *name, size_t name_size,
                     const uint8_t *digest)
{
    if (strchr(";#{\\\xef", name[0]) != NULL) /* \xef: a byte order mark */
        at = put(at, "./", 2);
    at = put(at, name, name_size);
    *at++ = ' ';
    at = put_hex(at, digest, style->algos[0]->digest_size);
    *at++ = '\n';
    return at;
}

int weir_manifest_write_head(weir_text *text, const weir_manifest_style *style)
{
    if (style->format != WEIR_MANIFEST_CSV)
        return 0;
    size_t room = 16;
    for (size_t i = 0; i < style->algo_count; i++)
        room += 1 + strlen(style->algos[i]->name);
    const int error = weir_text_reserve(text, room);
    if (error != 0)
        return error;
    char *at = put_word(text->data + text->size, "path,size");
    for (size_t i = 0; i < style->algo_count; i++) {
        *at++ = ',';
        at = put_word(at, style->algos[i]->name);
    }
    at = put(at, "\r\n", 2);
    text->size = (size_t)(at - text->data);
    return 0;
}

enum {
    /* Everything of a line but the names: tag or key, prefix, digits, marks. */
    LINE_ROOM = 2 * WEIR_DIGEST_SIZE_MAX + 48,
    NUMBER_ROOM = 64,
};

/* The most that a name of `size` bytes can become: \u001b for each in JSON, two bytes a line in the text formats. */
static size_t longest(const weir_manifest_style *style, size_t size)
{
    switch (style->format) {
    case WEIR_MANIFEST_GNU:
    case WEIR_MANIFEST_BSD:
        return style->algo_count * (LINE_ROOM + 2 * size);
    case WEIR_MANIFEST_JSON:
        return style->algo_count * LINE_ROOM + NUMBER_ROOM + 6 * size;
    case WEIR_MANIFEST_CSV:
    case WEIR_MANIFEST_SFV:
        break;
    }
    return style->algo_count * LINE_ROOM + NUMBER_ROOM + 2 * size;
}

int weir_manifest_write(weir_text *text, const weir_manifest_style *style, const char *name, size_t name_size,
                        int64_t size, const uint8_t *digests)
{
    if (name_size == 0 || memchr(name, 0, name_size) != NULL)
        return -EINVAL;
    if (name_size > SIZE_MAX / 64)
        return -ENOMEM;
    const char last = name[name_size - 1];
    if (style->format == WEIR_MANIFEST_SFV && (last == ' ' || last == '\t' || has_line_break(name, name_size)))
        return -EILSEQ;
    const int error = weir_text_reserve(text, longest(style, name_size));
    if (error != 0)
        return error;

    char *at = text->data + text->size;
    switch (style->format) {
    case WEIR_MANIFEST_GNU:
    case WEIR_MANIFEST_BSD:
        at = put_lines(at, style, name, name_size, digests);
        break;
    case WEIR_MANIFEST_JSON:
        at = put_json(at, style, name, name_size, size, digests);
        break;
    case WEIR_MANIFEST_CSV:
        at = put_csv(at, style, name, name_size, size, digests);
        break;
    case WEIR_MANIFEST_SFV:
        at = put_sfv(at, style, name, name_size, digests);
        break;
    }
    text->size = (size_t)(at - text->data);
    return 0;
}
