/* value.c - what an option was set to, as the text of the pipeline has it: no variable is filled in, so no secret is.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explain/plan_words.h"

/* A setting's span has its name or its intro in front, and in a list the comma. */
static const char *skip_name(const struct setting *setting, const char *from, const char *to)
{
    const char *words[] = { setting->opt->name, setting->opt->intro };
    while (from < to && (isspace((unsigned char)*from) || *from == ','))
        from++;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        const size_t size = words[i] != NULL ? strlen(words[i]) : 0;
        if (size == 0 || (size_t)(to - from) <= size || memcmp(from, words[i], size) != 0)
            continue;
        const char *at = from + size;
        while (at < to && isspace((unsigned char)*at))
            at++;
        if (i == 1 || (at < to && *at == '=' && at + 1 < to && at[1] != '=' && at[1] != '~'))
            from = at + (i == 0);
        while (from < to && isspace((unsigned char)*from))
            from++;
    }
    return from;
}

/* The bytes of the character of UTF-8 at `from`; 0: it is none. */
static size_t utf8_size(const char *from, const char *to)
{
    const unsigned char c = (unsigned char)*from;
    const size_t size = c < 0x80                ? 1
                        : c >= 0xf0 && c < 0xf5 ? 4
                        : c >= 0xe0 && c < 0xf0 ? 3
                        : c >= 0xc2 && c < 0xe0 ? 2
                                                : 0;
    if (size == 0 || (size_t)(to - from) < size)
        return 0;
    for (size_t i = 1; i < size; i++)
        if (((unsigned char)from[i] & 0xc0) != 0x80)
            return 0;
    return size;
}

/* Of a case it is the condition, up to its arrow. */
static uint32_t end_of(const char *text, const struct setting *setting)
{
    uint32_t end = setting->span.to;
    if (setting->opt->type != WEIR_OPT_CASES || setting->block == NULL)
        return end;
    end = setting->block->span.from;
    while (end > setting->span.from && text[end] != '>')
        end--;
    return end > setting->span.from ? end - 1 : end;
}

char *wp_explain_value(const struct plan *plan, const struct setting *setting)
{
    const char *text = plan->syntax->source.text;
    const char *to = text + end_of(text, setting), *from = skip_name(setting, text + setting->span.from, to);
    char *value = malloc((size_t)(to - from) + 1);
    if (value == NULL)
        return NULL;
    size_t size = 0;
    while (from < to) {
        const unsigned char c = (unsigned char)*from;
        const size_t taken = utf8_size(from, to);
        if (isspace(c) && size > 0 && value[size - 1] != ' ') {
            value[size++] = ' ';
        } else if (!isspace(c) && (taken == 0 || c < ' ' || c == 0x7f)) {
            value[size++] = '?';
        } else if (!isspace(c)) {
            memcpy(value + size, from, taken);
            size += taken;
        }
        from += taken > 0 ? taken : 1;
    }
    while (size > 0 && value[size - 1] == ' ')
        size--;
    value[size] = '\0';
    return value;
}

char *wp_explain_branch(const struct plan *plan, const struct plan_node *node, unsigned index)
{
    const char letter = (char)('a' + index % 26);
    const struct setting *setting = node->settings;
    for (unsigned left = index; setting != NULL && (setting->block == NULL || left-- > 0);)
        setting = setting->next;
    char *label = NULL;
    const bool has_value = setting != NULL && setting->opt->type == WEIR_OPT_CASES;
    char *value = has_value ? wp_explain_value(plan, setting) : NULL;
    if (has_value && value == NULL)
        return NULL;
    const int size = has_value ? asprintf(&label, "branch %c, %s%s", letter, setting->expr != NULL ? "if " : "", value)
                               : asprintf(&label, "branch %c", letter);
    free(value);
    return size < 0 ? NULL : label;
}
