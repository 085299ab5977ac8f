/* functions_regex.c - functions of a text and a regular expression; replace and split take a plain text in its place.
 */
#include <string.h>

#include "expr/functions.h"
#include "expr/regex.h"

/* That there is no memory says nothing of the row. */
static void give_up(struct eval *eval, int error)
{
    eval->arena->failed |= error != -ELOOP;
    wp_eval_fail(eval, error == -ELOOP ? "the regular expression takes too long on this text" : "no memory");
}

/* 1, 0, or it failed and the evaluation knows why. */
static int find(struct eval *eval, const struct regex *regex, struct datum text, size_t from, const size_t **ret_places)
{
    const int found = wp_regex_find(regex, text.text, text.size, from, ret_places);
    if (found < 0)
        give_up(eval, found);
    return found;
}

bool wp_eval_match(struct eval *eval, const struct regex *regex, struct datum text)
{
    if (text.kind != DATUM_STRING || regex == NULL)
        return false;
    const int found = wp_regex_test(regex, text.text, text.size);
    if (found < 0)
        give_up(eval, found);
    return found > 0;
}

/* "$1" is a group, "$$" is a dollar; any other dollar is one, too. Returns the byte behind a group; 0: it is none. */
static size_t group_reference(struct datum with, size_t at, unsigned *ret_group)
{
    size_t to = at + 1;
    unsigned group = 0;
    for (; to < with.size && to < at + 3 && with.text[to] >= '0' && with.text[to] <= '9'; to++)
        group = group * 10 + (unsigned)(with.text[to] - '0');
    *ret_group = group;
    return to > at + 1 ? to : 0;
}

static int append_expanded(weir_text *out, struct datum with, struct datum text, const size_t *places, unsigned groups)
{
    int error = 0;
    for (size_t at = 0; error == 0 && at < with.size;) {
        const char *dollar = memchr(with.text + at, '$', with.size - at);
        const size_t to = dollar != NULL ? (size_t)(dollar - with.text) : with.size;
        error = weir_text_append(out, with.text + at, to - at);
        if (error != 0 || dollar == NULL)
            break;
        unsigned group = 0;
        const size_t behind = group_reference(with, to, &group);
        at = behind != 0 ? behind : to + 1;
        if (behind == 0) {
            error = weir_text_append(out, "$", 1);
            at += at < with.size && with.text[at] == '$';
        } else if (group <= groups && places[2 * group] != REGEX_NO_GROUP) {
            error = weir_text_append(out, text.text + places[2 * group], places[2 * group + 1] - places[2 * group]);
        }
    }
    return error;
}

static struct datum replace_all(struct eval *eval, const struct datum *args, bool expand)
{
    const struct datum text = args[0], with = args[2];
    const struct regex *regex = args[1].regex;
    if (text.kind != DATUM_STRING || with.kind != DATUM_STRING)
        return datum_null();
    weir_text out = { 0 };
    const size_t *places;
    const unsigned groups = wp_regex_groups(regex);
    size_t at = 0, copied = 0; /* where the search goes on; what of the text is in `out` */
    int error = 0, found = 1;
    while (error == 0 && at <= text.size && out.size <= eval->left &&
           (found = find(eval, regex, text, at, &places)) > 0) {
        const size_t from = places[0] > copied ? places[0] : copied, to = places[1] > from ? places[1] : from;
        error = weir_text_append(&out, text.text + copied, from - copied);
        if (error == 0)
            error = expand ? append_expanded(&out, with, text, places, groups)
                           : weir_text_append(&out, with.text, with.size);
        copied = to;
        at = to > at && to > from ? to : to + 1; /* behind an empty match one byte on, or it would be found again */
    }
    if (found == 0 && error == 0 && copied == 0 && out.size == 0)
        return text; /* no match: nothing is made */
    if (error == 0)
        error = weir_text_append(&out, text.text + copied, text.size - copied);
    return wp_eval_take_text(eval, &out, found < 0 ? -ELOOP : error);
}

struct datum wp_regex_replace(struct eval *eval, const struct datum *args, unsigned count)
{
    return args[1].kind == DATUM_REGEX ? replace_all(eval, args, true) : wp_string_replace(eval, args, count);
}

struct datum wp_regex_mask(struct eval *eval, const struct datum *args, unsigned count)
{
    return args[1].kind == DATUM_REGEX ? replace_all(eval, args, false) : wp_string_replace(eval, args, count);
}

/* The group that is asked for; without a question the first one, or the whole where there is none. */
static bool choose_group(const struct regex *regex, const struct datum *args, unsigned count, unsigned *ret_group)
{
    const unsigned groups = wp_regex_groups(regex);
    *ret_group = groups > 0;
    if (count < 3)
        return true;
    if (args[2].kind == DATUM_INT && args[2].number >= 0 && args[2].number <= groups) {
        *ret_group = (unsigned)args[2].number;
        return true;
    }
    char name[64];
    if (args[2].kind != DATUM_STRING || args[2].size >= sizeof name)
        return false;
    memcpy(name, args[2].text, args[2].size);
    name[args[2].size] = '\0';
    *ret_group = wp_regex_group(regex, name);
    return *ret_group != 0;
}

struct datum wp_regex_extract(struct eval *eval, const struct datum *args, unsigned count)
{
    unsigned group;
    const size_t *places;
    if (args[0].kind != DATUM_STRING || args[1].kind != DATUM_REGEX ||
        !choose_group(args[1].regex, args, count, &group) || find(eval, args[1].regex, args[0], 0, &places) <= 0)
        return datum_null();
    const size_t from = places[2 * group], to = places[2 * group + 1];
    if (from == REGEX_NO_GROUP || to < from)
        return datum_null();
    return datum_string(args[0].text + from, to - from);
}

struct pieces_list {
    struct datum *items;
    uint32_t count, room;
};

static bool add_piece(struct eval *eval, struct pieces_list *list, const char *text, size_t size)
{
    if (list->count == list->room) {
        const uint32_t room = list->room == 0 ? 8 : 2 * list->room;
        struct datum *items = (struct datum *)(void *)wp_eval_room(eval, room * sizeof *items);
        if (items == NULL)
            return false;
        if (list->count > 0)
            memcpy(items, list->items, list->count * sizeof *items);
        list->items = items;
        list->room = room;
    }
    list->items[list->count++] = datum_string(text, size);
    return true;
}

static struct datum split_by(struct eval *eval, struct datum text, const struct regex *regex)
{
    struct pieces_list list = { 0 };
    const size_t *places;
    size_t at = 0, copied = 0;
    int found = 1;
    while (at <= text.size && (found = find(eval, regex, text, at, &places)) > 0) {
        const size_t from = places[0], to = places[1];
        if (to <= from) { /* nothing can't be between two pieces */
            at = (to > at ? to : at) + 1;
            continue;
        }
        if (from < copied || !add_piece(eval, &list, text.text + copied, from - copied))
            return datum_null();
        at = copied = to;
    }
    if (found < 0 || !add_piece(eval, &list, text.text + copied, text.size - copied))
        return datum_null();
    return (struct datum){ .kind = DATUM_LIST, .size = list.count, .items = list.items };
}

struct datum wp_regex_split(struct eval *eval, const struct datum *args, unsigned count)
{
    if (args[1].kind != DATUM_REGEX)
        return wp_string_split(eval, args, count);
    return args[0].kind == DATUM_STRING ? split_by(eval, args[0], args[1].regex) : datum_null();
}
