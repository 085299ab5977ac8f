/* redactor.c - the first of all that is found, one after the other. */
#include "redact/redactor.h"

#include <string.h>

#include "expr/datum.h"
#include "json/json_index.h"
#include "redact/finders.h"

const char *const wp_redact_kinds[] = { "email", "ipv4", "ipv6", "card", "token", NULL };

static const finder_fn finders[] = { wp_find_email, wp_find_ipv4, wp_find_ipv6, wp_find_card, wp_find_token };

enum { KINDS = sizeof finders / sizeof finders[0] };

/* What each kind would find next; size: nothing. */
struct search {
    const struct redactor *redactor;
    const char *text;
    size_t size;
    struct found next[KINDS];
};

static void look(struct search *search, unsigned kind, size_t from)
{
    if (!finders[kind](search->text, search->size, from, &search->next[kind]))
        search->next[kind] = (struct found){ SIZE_MAX, SIZE_MAX };
}

/* The first one from `from` on; of two that begin there the longer. False: there is none. */
static bool find_first(struct search *search, size_t from, struct found *ret_found)
{
    *ret_found = (struct found){ SIZE_MAX, SIZE_MAX };
    for (unsigned kind = 0; kind < KINDS; kind++) {
        if ((search->redactor->kinds >> kind & 1) == 0)
            continue;
        if (search->next[kind].from < from || search->next[kind].to == 0)
            look(search, kind, from);
        const struct found found = search->next[kind];
        if (found.from < ret_found->from || (found.from == ret_found->from && found.to > ret_found->to))
            *ret_found = found;
    }
    return ret_found->from != SIZE_MAX;
}

static int append_replacement(const struct redactor *redactor, const char *text, size_t size, weir_text *out)
{
    weir_digest digest;
    char hex[16];
    if (redactor->algo == NULL)
        return weir_text_append(out, redactor->with, strlen(redactor->with));
    weir_text keyed = { 0 };
    int error = weir_text_append(&keyed, redactor->key, strlen(redactor->key));
    if (error == 0)
        error = weir_text_append(&keyed, text, size);
    if (error == 0)
        error = redactor->algo->oneshot(keyed.data, keyed.size, digest.bytes);
    weir_text_fini(&keyed);
    if (error < 0)
        return error;
    weir_digest_hex(digest.bytes, sizeof hex / 2, hex);
    return weir_text_append(out, hex, sizeof hex);
}

int wp_redact_text(const struct redactor *redactor, const char *text, size_t size, weir_text *out)
{
    struct search search = { .redactor = redactor, .text = text, .size = size };
    struct found found;
    size_t at = 0;
    while (find_first(&search, at, &found)) {
        int error = weir_text_append(out, text + at, found.from - at);
        if (error == 0)
            error = append_replacement(redactor, text + found.from, found.to - found.from, out);
        if (error < 0)
            return error;
        at = found.to;
    }
    if (at == 0)
        return 0;
    const int error = weir_text_append(out, text + at, size - at);
    return error < 0 ? error : 1;
}

/* --- JSON ----------------------------------------------------------------------------------------------- */

static bool is_name(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n'))
        at++;
    return at < end && *at == ':';
}

/* As it is, or redacted: 1, 0 or a negative errno. */
static int append_token(const struct redactor *redactor, const char *text, size_t size, weir_text *out)
{
    struct arena arena = { 0 };
    weir_text redacted = { 0 };
    const bool is_string = text[0] == '"';
    size_t plain_size = is_string ? size - 2 : size;
    const char *plain = is_string ? text + 1 : text;
    if (is_string && memchr(text, '\\', size) != NULL)
        plain = wp_json_unescape(plain, plain_size, &arena, &plain_size);
    int result = plain != NULL ? wp_redact_text(redactor, plain, plain_size, &redacted) : -ENOMEM;
    int error = result < 0 ? result : 0;
    if (result > 0)
        error = wp_datum_append_json(out, datum_string(redacted.data, redacted.size));
    else if (result == 0)
        error = weir_text_append(out, text, size);
    weir_text_fini(&redacted);
    wp_arena_fini(&arena);
    return error < 0 ? error : result;
}

int wp_redact_json(const struct redactor *redactor, const char *text, size_t size, weir_text *out)
{
    const char *const end = text + size;
    const size_t before = out->size;
    bool changed = false;
    for (const char *at = text; at < end;) {
        const size_t token = wp_json_token_size(at, end);
        const bool is_value = token > 1 && !(*at == '"' && is_name(at + token, end));
        const int result = is_value ? append_token(redactor, at, token, out) : weir_text_append(out, at, token);
        if (result < 0)
            return result;
        changed = changed || result > 0;
        at += token;
    }
    if (!changed)
        out->size = before;
    return changed;
}
