/*
 * combined_line.c - the access log format "combined" of nginx and Apache, by the places of its delimiters.
 *
 *     192.0.2.1 - ann [01/Mar/2026:12:00:00 +0000] "GET /a?b HTTP/1.1" 200 5 "-" "curl/8"
 */
#include <string.h>

#include "line/line_formats.h"

enum { ADDR, USER, TIME, METHOD, PATH, PROTOCOL, STATUS, BYTES, REFERER, AGENT, IDENT };

static const struct cell_name names[] = {
    CELL_NAME("remote_addr"), CELL_NAME("remote_user"), CELL_NAME("time"),   CELL_NAME("method"),
    CELL_NAME("path"),        CELL_NAME("protocol"),    CELL_NAME("status"), CELL_NAME("bytes"),
    CELL_NAME("referer"),     CELL_NAME("user_agent"),  CELL_NAME("ident"),
};

/* A word up to a blank, not an empty one. NULL: there is none. */
static const char *word_end(const char *at, const char *end)
{
    const char *blank = at < end ? memchr(at, ' ', (size_t)(end - at)) : NULL;
    return blank != at ? blank : NULL;
}

/* The quote that ends a quoted text: none behind an odd number of backslashes. NULL: there is none. */
static const char *quote_end(const char *at, const char *end)
{
    const char *from = at;
    while (at < end) {
        const char *quote = memchr(at, '"', (size_t)(end - at));
        size_t slashes = 0;
        while (quote != NULL && quote - slashes > from && quote[-1 - (ptrdiff_t)slashes] == '\\')
            slashes++;
        if (quote == NULL || slashes % 2 == 0)
            return quote;
        at = quote + 1;
    }
    return NULL;
}

static const char *digits_end(const char *at, const char *end)
{
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    return at;
}

static bool is_here(const char *at, const char *end, const char *text, size_t size)
{
    return (size_t)(end - at) >= size && memcmp(at, text, size) == 0;
}

/* Who asked, and when. Returns what stands behind it, or NULL after it has failed. */
static const char *cut_client(struct cutting *self, const char *at, const char *end)
{
    const char *to = word_end(at, end);
    if (to == NULL)
        return (void)wp_cut_fail(self, at, "no address and blank"), NULL;
    wp_cut_add(self, ADDR, CELL_TEXT, at, (size_t)(to - at));
    const char *ident = to + 1, *ident_end = word_end(ident, end);
    if (ident_end == NULL)
        return (void)wp_cut_fail(self, ident, "no \"-\" of the client's identity"), NULL;
    at = ident_end + 1;
    if ((to = word_end(at, end)) == NULL)
        return (void)wp_cut_fail(self, at, "no user"), NULL;
    wp_cut_add(self, USER, CELL_TEXT, at, (size_t)(to - at));
    at = to + 1;
    to = at < end && *at == '[' ? memchr(at, ']', (size_t)(end - at)) : NULL;
    if (to == NULL || to == at + 1)
        return (void)wp_cut_fail(self, at, "no [time]"), NULL;
    wp_cut_add(self, TIME, CELL_TEXT, at + 1, (size_t)(to - at) - 1);
    if (ident_end - ident != 1 || *ident != '-')
        wp_cut_add(self, IDENT, CELL_TEXT, ident, (size_t)(ident_end - ident));
    return to + 1;
}

static bool is_protocol(const char *at, const char *end)
{
    if (!is_here(at, end, "HTTP/", 5) || end - at == 5)
        return false;
    for (at += 5; at < end; at++)
        if ((*at < '0' || *at > '9') && *at != '.')
            return false;
    return true;
}

/* "GET /a HTTP/1.1", of which nothing is optional. */
static const char *cut_request(struct cutting *self, const char *at, const char *end)
{
    if (!is_here(at, end, " \"", 2))
        return (void)wp_cut_fail(self, at, "no quoted request"), NULL;
    at += 2;
    const char *quote = quote_end(at, end);
    if (quote == NULL)
        return (void)wp_cut_fail(self, at, "the request has no quote at its end"), NULL;
    const char *method = at;
    while (at < quote && *at >= 'A' && *at <= 'Z')
        at++;
    const char *path = at + 1, *path_end = at < quote && *at == ' ' ? word_end(path, quote) : NULL;
    if (at == method || path_end == NULL || !is_protocol(path_end + 1, quote))
        return (void)wp_cut_fail(self, method, "the request is no METHOD PATH HTTP/VERSION"), NULL;
    wp_cut_add(self, METHOD, CELL_TEXT, method, (size_t)(at - method));
    wp_cut_add(self, PATH, CELL_TEXT, path, (size_t)(path_end - path));
    wp_cut_add(self, PROTOCOL, CELL_TEXT, path_end + 1, (size_t)(quote - path_end) - 1);
    return quote + 1;
}

/* The status and the size, for which Apache has "-" where there is none. */
static const char *cut_answer(struct cutting *self, const char *at, const char *end)
{
    const char *status = at + 1, *to = at < end && *at == ' ' ? digits_end(status, end) : at;
    if (to - status != 3)
        return (void)wp_cut_fail(self, at, "no status of three digits"), NULL;
    wp_cut_add(self, STATUS, CELL_NUMBER, status, 3);
    const char *bytes = to + 1;
    const bool has_none = is_here(to, end, " -", 2);
    to = to < end && *to == ' ' ? digits_end(bytes, end) : bytes;
    if (to == bytes && !has_none)
        return (void)wp_cut_fail(self, bytes - 1, "no number of bytes"), NULL;
    wp_cut_add(self, BYTES, has_none ? CELL_NULL : CELL_NUMBER, bytes, (size_t)(to - bytes));
    return has_none ? bytes + 1 : to;
}

static const char *cut_quoted(struct cutting *self, unsigned name, const char *at, const char *end)
{
    const char *to = is_here(at, end, " \"", 2) ? quote_end(at + 2, end) : NULL;
    if (to == NULL)
        return (void)wp_cut_fail(self, at, name == REFERER ? "no quoted referer" : "no quoted user agent"), NULL;
    wp_cut_add(self, name, CELL_TEXT, at + 2, (size_t)(to - at) - 2);
    return to + 1;
}

int wp_cut_combined(void *format, struct cutting *self)
{
    (void)format;
    const char *end = self->line + self->size, *at = cut_client(self, self->line, end);
    self->names = names;
    self->name_max = sizeof "remote_addr";
    if (at != NULL)
        at = cut_request(self, at, end);
    if (at != NULL)
        at = cut_answer(self, at, end);
    if (at != NULL)
        at = cut_quoted(self, REFERER, at, end);
    if (at != NULL)
        at = cut_quoted(self, AGENT, at, end);
    if (at == NULL)
        return -EBADMSG;
    return at == end ? 0 : wp_cut_fail(self, at, "something follows the user agent");
}
