/*
 * syslog_line.c - lines of syslog: RFC 5424, RFC 3164, and what the daemons write to files, which has no priority.
 *
 *     <165>1 2026-03-01T12:00:00.003Z host app 8710 ID47 [a@1 b="c"] words
 *     <34>Oct 11 22:14:15 host su[230]: words
 *     2026-03-01T12:00:00.003+01:00 host su: words
 */
#include <string.h>

#include "line/line_formats.h"
#include "lang/digits.h"

enum { FACILITY, SEVERITY, VERSION, TIMESTAMP, HOSTNAME, APPNAME, PROCID, MSGID, STRUCTURED_DATA, MESSAGE };

static const struct cell_name names[] = {
    CELL_NAME("facility"),        CELL_NAME("severity"), CELL_NAME("version"), CELL_NAME("timestamp"),
    CELL_NAME("hostname"),        CELL_NAME("appname"),  CELL_NAME("procid"),  CELL_NAME("msgid"),
    CELL_NAME("structured_data"), CELL_NAME("message"),
};

static const char *const facilities[] = {
    "kern",   "user",   "mail",     "daemon", "auth",   "syslog", "lpr",    "news",
    "uucp",   "cron",   "authpriv", "ftp",    "ntp",    "audit",  "alert",  "clock",
    "local0", "local1", "local2",   "local3", "local4", "local5", "local6", "local7",
};
static const char *const severities[] = { "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug" };

static const char *word_end(const char *at, const char *end)
{
    const char *blank = at < end ? memchr(at, ' ', (size_t)(end - at)) : NULL;
    return blank != NULL ? blank : end;
}

/* "<34>". Returns what stands behind it, which may be `at`; NULL: it has failed. */
static const char *cut_priority(struct cutting *self, const char *at, const char *end)
{
    unsigned priority = 0;
    if (at == end || *at != '<')
        return at;
    const char *to = wp_skip_digits(at + 1, end);
    for (const char *digit = at + 1; digit < to && to - at <= 4; digit++)
        priority = priority * 10 + (unsigned)(*digit - '0');
    if (to == at + 1 || to - at > 4 || to == end || *to != '>' || priority > 191)
        return (void)wp_cut_fail(self, at, "the priority is no <0> to <191>"), NULL;
    const char *facility = facilities[priority / 8], *severity = severities[priority % 8];
    wp_cut_add(self, FACILITY, CELL_TEXT, facility, strlen(facility));
    wp_cut_add(self, SEVERITY, CELL_TEXT, severity, strlen(severity));
    return to + 1;
}

static void add_message(struct cutting *self, const char *at, const char *end)
{
    if (end - at >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
        at += 3;
    wp_cut_add(self, MESSAGE, CELL_TEXT, at, (size_t)(end - at));
}

static enum cell_kind kind_of_id(const char *at, const char *to)
{
    return wp_skip_digits(at, to) == to ? wp_cell_kind_of(at, (size_t)(to - at)) : CELL_TEXT;
}

/* --- structured data ---------------------------------------------------------------------------------- */

static bool is_sd_name(char letter)
{
    return letter > ' ' && letter < 0x7f && letter != '=' && letter != ']' && letter != '"';
}

static const char *sd_name_end(const char *at, const char *end)
{
    while (at < end && is_sd_name(*at))
        at++;
    return at;
}

/* The quote at the end of a value that begins at `at`; NULL: there is none. */
static const char *sd_value_end(const char *at, const char *end)
{
    for (; at < end && *at != '"'; at++)
        at += *at == '\\' && end - at > 1;
    return at < end ? at : NULL;
}

/* name="value", at its name. Returns what stands behind it; NULL: it is none. */
static const char *sd_param_end(const char *at, const char *end)
{
    const char *to = sd_name_end(at, end);
    if (to == at || end - to < 2 || to[0] != '=' || to[1] != '"')
        return NULL;
    to = sd_value_end(to + 2, end);
    return to != NULL ? to + 1 : NULL;
}

/* [id name="value"...]..., at the first '['. NULL: it is none; *ret_bad says where. */
static const char *sd_end(const char *at, const char *end, const char **ret_bad)
{
    while (at < end && *at == '[') {
        const char *to = sd_name_end(at + 1, end);
        *ret_bad = at;
        if (to == at + 1)
            return NULL;
        while (to < end && *to == ' ') {
            *ret_bad = to;
            if ((to = sd_param_end(to + 1, end)) == NULL)
                return NULL;
        }
        if (to == end || *to != ']')
            return NULL;
        at = to + 1;
    }
    return at;
}

static struct datum sd_value(const char *at, const char *end, struct arena *arena)
{
    if (memchr(at, '\\', (size_t)(end - at)) == NULL)
        return datum_string(at, (size_t)(end - at));
    char *text = wp_arena_alloc(arena, (size_t)(end - at) + 1), *to = text;
    if (text == NULL)
        return datum_null();
    while (at < end) {
        at += *at == '\\' && end - at > 1 && strchr("\"\\]", at[1]) != NULL && at[1] != '\0';
        *to++ = *at++;
    }
    return datum_string(text, (size_t)(to - text));
}

/* The parameters of one id, at what stands behind that; it is known to be right. */
static struct datum make_params(const char **at, const char *end, struct arena *arena)
{
    uint32_t count = 0;
    for (const char *param = *at; param < end && *param == ' '; count++)
        param = sd_param_end(param + 1, end);
    struct member *members = wp_arena_alloc(arena, (count + 1) * sizeof *members);
    for (uint32_t i = 0; members != NULL && i < count; i++) {
        const char *name = *at + 1, *name_to = sd_name_end(name, end), *value = name_to + 2;
        const char *to = sd_value_end(value, end);
        members[i].name = wp_arena_copy(arena, name, (size_t)(name_to - name));
        members[i].value = sd_value(value, to, arena);
        *at = to + 1;
    }
    return (struct datum){ .kind = DATUM_MAP, .size = members != NULL ? count : 0, .members = members };
}

/* A map of maps. */
static struct datum make_data(const char *text, size_t size, struct arena *arena)
{
    const char *at = text, *const end = text + size;
    uint32_t count = 0;
    for (; at < end; count++) {
        const char *to = sd_name_end(at + 1, end);
        while (*to == ' ')
            to = sd_param_end(to + 1, end);
        at = to + 1;
    }
    struct member *members = wp_arena_alloc(arena, (count + 1) * sizeof *members);
    at = text;
    for (uint32_t i = 0; members != NULL && i < count; i++) {
        const char *name = at + 1;
        at = sd_name_end(name, end);
        members[i].name = wp_arena_copy(arena, name, (size_t)(at - name));
        members[i].value = make_params(&at, end, arena);
        at++; /* its ']' */
    }
    return arena->failed ? datum_null() : (struct datum){ .kind = DATUM_MAP, .size = count, .members = members };
}

/* --- RFC 5424 ----------------------------------------------------------------------------------------- */

static int cut_new(struct cutting *self, const char *at, const char *end)
{
    static const unsigned words[] = { TIMESTAMP, HOSTNAME, APPNAME, PROCID, MSGID };
    const char *bad = NULL;
    wp_cut_add(self, VERSION, CELL_NUMBER, at, 1);
    at++;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (at == end || *at != ' ')
            return wp_cut_fail(self, at, "after <priority>1 stand time, host, app, process, message id and data");
        const char *from = at + 1;
        at = word_end(from, end);
        if (at == from)
            return wp_cut_fail(self, from, "an empty word: what isn't known is \"-\"");
        if (at - from != 1 || *from != '-')
            wp_cut_add(self, words[i], words[i] == PROCID ? kind_of_id(from, at) : CELL_TEXT, from,
                       (size_t)(at - from));
    }
    if (end - at < 2 || (at[1] != '-' && at[1] != '['))
        return wp_cut_fail(self, at, "no structured data, nor \"-\" for none");
    const char *data = at + 1;
    at = *data == '-' ? data + 1 : sd_end(data, end, &bad);
    if (at == NULL)
        return wp_cut_fail(self, bad, "structured data is no [id name=\"value\"]");
    if (*data == '[')
        wp_cut_add(self, STRUCTURED_DATA, CELL_MADE, data, (size_t)(at - data));
    if (at < end && *at != ' ')
        return wp_cut_fail(self, at, "no blank behind the structured data");
    if (at < end)
        add_message(self, at + 1, end);
    return 0;
}

/* --- RFC 3164 ----------------------------------------------------------------------------------------- */

/* "Mar  1 12:00:00", or an ISO time; its end, or `at`. */
static const char *time_end(const char *at, const char *end)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    static const char digits[] = "... d0 00:00:00"; /* d: a digit or a blank */
    if (at < end && wp_is_digit(*at)) {
        const char *to = word_end(at, end);
        return to - at >= 19 && at[4] == '-' && at[7] == '-' && at[10] == 'T' && at[13] == ':' ? to : at;
    }
    if ((size_t)(end - at) < sizeof digits - 1)
        return at;
    bool is_month = false;
    for (size_t i = 0; i < sizeof months - 1; i += 3)
        is_month = is_month || memcmp(at, months + i, 3) == 0;
    for (size_t i = 3; i < sizeof digits - 1; i++) {
        const bool fits = digits[i] == '0'   ? wp_is_digit(at[i])
                          : digits[i] == 'd' ? wp_is_digit(at[i]) || at[i] == ' '
                                             : at[i] == digits[i];
        is_month = is_month && fits;
    }
    return is_month ? at + sizeof digits - 1 : at;
}

/* "su[230]: words" */
static void cut_tag(struct cutting *self, const char *at, const char *end)
{
    const char *to = at;
    while (to<end && * to> ' ' && *to != ':' && *to != '[')
        to++;
    const char *tag_end = to, *pid = to + 1;
    if (to > at && to < end && *to == '[') {
        const char *close = memchr(to, ']', (size_t)(end - to));
        to = close != NULL ? close + 1 : end;
    }
    if (tag_end == at || to == end || *to != ':') {
        add_message(self, at, end);
        return;
    }
    wp_cut_add(self, APPNAME, CELL_TEXT, at, (size_t)(tag_end - at));
    if (to > tag_end)
        wp_cut_add(self, PROCID, kind_of_id(pid, to - 1), pid, (size_t)(to - 1 - pid));
    to++;
    add_message(self, to < end && *to == ' ' ? to + 1 : to, end);
}

static int cut_old(struct cutting *self, const char *at, const char *end)
{
    const char *to = time_end(at, end);
    if (to == at && self->count == 0)
        return wp_cut_fail(self, at, "neither a <priority> nor a time");
    if (to > at) {
        wp_cut_add(self, TIMESTAMP, CELL_TEXT, at, (size_t)(to - at));
        at = to < end && *to == ' ' ? to + 1 : to;
        to = word_end(at, end);
        if (to > at && to < end && to[-1] != ':') { /* else it is the tag, and the host isn't said */
            wp_cut_add(self, HOSTNAME, CELL_TEXT, at, (size_t)(to - at));
            at = to + 1;
        }
    }
    cut_tag(self, at, end);
    return 0;
}

int wp_cut_syslog(void *format, struct cutting *self)
{
    (void)format;
    const char *end = self->line + self->size;
    if (self->size == 0)
        return CUT_NOTHING;
    self->names = names;
    self->name_max = sizeof "structured_data";
    self->make = make_data;
    const char *at = cut_priority(self, self->line, end);
    if (at == NULL)
        return -EBADMSG;
    return self->count > 0 && end - at > 1 && at[0] == '1' && at[1] == ' ' ? cut_new(self, at, end)
                                                                           : cut_old(self, at, end);
}
