/* stage_opt.c - options: from their table to the fields of a state, and to the words of the help. */
#include <weir/stage.h>

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void *field(const weir_opt *opt, void *state)
{
    return (char *)state + opt->offset;
}

static void put_int(const weir_opt *opt, void *state, int64_t value)
{
    if (opt->type == WEIR_OPT_BOOL)
        *(bool *)field(opt, state) = value != 0;
    else
        *(int64_t *)field(opt, state) = value;
}

static void set_default(const weir_opt *opt, void *state)
{
    switch (opt->type) {
    case WEIR_OPT_INT:
    case WEIR_OPT_SIZE:
    case WEIR_OPT_DURATION:
    case WEIR_OPT_RATE:
    case WEIR_OPT_BOOL:
    case WEIR_OPT_CHOICE:
        put_int(opt, state, opt->def);
        break;
    case WEIR_OPT_TEMPLATE:
    case WEIR_OPT_FIELDS:
    case WEIR_OPT_CALLS:
    case WEIR_OPT_EXPR:
    case WEIR_OPT_BLOCK:
    case WEIR_OPT_ASSIGN:
    case WEIR_OPT_REGEX:
    case WEIR_OPT_CASES:
    case WEIR_OPT_SPAN:
        break; /* in the plan, not in a state */
    case WEIR_OPT_STRING:
    case WEIR_OPT_FIELD:
        *(const char **)field(opt, state) = opt->def_text;
        break;
    case WEIR_OPT_LIST:
        *(weir_opt_list *)field(opt, state) =
            (weir_opt_list){ .items = &opt->def_text, .count = opt->def_text != NULL };
        break;
    }
}

void weir_stage_set_defaults(const weir_stage *stage, void *state)
{
    for (const weir_opt *opt = stage->opts; opt != NULL && opt->name != NULL; opt++)
        set_default(opt, state);
}

const weir_opt *weir_opt_find(const weir_stage *stage, const char *name)
{
    for (const weir_opt *opt = stage->opts; opt != NULL && opt->name != NULL; opt++)
        if (strcmp(opt->name, name) == 0)
            return opt;
    return NULL;
}

int weir_opt_set_int(const weir_opt *opt, void *state, int64_t value)
{
    switch (opt->type) {
    case WEIR_OPT_INT:
    case WEIR_OPT_SIZE:
    case WEIR_OPT_DURATION:
    case WEIR_OPT_RATE:
        if ((opt->min != 0 || opt->max != 0) && (value < opt->min || value > opt->max))
            return -ERANGE;
        break;
    case WEIR_OPT_BOOL:
        if (value != 0 && value != 1)
            return -ERANGE;
        break;
    default:
        return -EINVAL;
    }
    put_int(opt, state, value);
    return 0;
}

static int find_choice(const weir_opt *opt, const char *text)
{
    for (int i = 0; opt->choices[i] != NULL; i++)
        if (strcmp(opt->choices[i], text) == 0)
            return i;
    return -ENOENT;
}

int weir_opt_set_text(const weir_opt *opt, void *state, const char *text)
{
    if (opt->type == WEIR_OPT_STRING || opt->type == WEIR_OPT_FIELD) {
        *(const char **)field(opt, state) = text;
        return 0;
    }
    if (opt->type != WEIR_OPT_CHOICE)
        return -EINVAL;
    const int choice = find_choice(opt, text);
    if (choice < 0)
        return choice;
    put_int(opt, state, choice);
    return 0;
}

int weir_opt_set_list(const weir_opt *opt, void *state, weir_opt_list list, size_t *ret_index)
{
    if (opt->type != WEIR_OPT_LIST)
        return -EINVAL;
    for (size_t i = 0; opt->choices != NULL && i < list.count; i++) {
        if (find_choice(opt, list.items[i]) < 0) {
            *ret_index = i;
            return -ENOENT;
        }
    }
    *(weir_opt_list *)field(opt, state) = list;
    return 0;
}

struct words {
    char *text;
    size_t size, length;
};

static void WEIR_PRINTF(2, 3) say(struct words *self, const char *format, ...)
{
    const size_t room = self->size - self->length;
    va_list args;
    va_start(args, format);
    const int wanted = vsnprintf(self->text + self->length, room, format, args);
    va_end(args);
    if (wanted > 0)
        self->length += (size_t)wanted < room ? (size_t)wanted : room - 1;
}

/* The largest unit that divides the value, as the user would write it: 65536 is 64KiB, 1500000000 is 1500ms. */
static void say_number(struct words *self, weir_opt_type type, int64_t value)
{
    static const struct unit {
        weir_opt_type type;
        int64_t factor;
        const char *name;
    } units[] = {
        { WEIR_OPT_SIZE, INT64_C(1) << 30, "GiB" },
        { WEIR_OPT_SIZE, 1 << 20, "MiB" },
        { WEIR_OPT_SIZE, 1 << 10, "KiB" },
        { WEIR_OPT_DURATION, INT64_C(86400000000000), "d" },
        { WEIR_OPT_DURATION, INT64_C(3600000000000), "h" },
        { WEIR_OPT_DURATION, INT64_C(60000000000), "m" },
        { WEIR_OPT_DURATION, 1000000000, "s" },
        { WEIR_OPT_DURATION, 1000000, "ms" },
        { WEIR_OPT_DURATION, 1000, "us" },
        { WEIR_OPT_DURATION, 1, "ns" },
    };
    for (size_t i = 0; value != 0 && i < sizeof(units) / sizeof(units[0]); i++) {
        if (units[i].type == type && value % units[i].factor == 0) {
            say(self, "%" PRId64 "%s", value / units[i].factor, units[i].name);
            return;
        }
    }
    say(self, "%" PRId64, value);
}

static void say_range(struct words *self, const weir_opt *opt)
{
    if (opt->min != 0 || opt->max != 0) {
        say_number(self, opt->type, opt->min);
        if (opt->max == INT64_MAX) {
            say(self, " or more");
        } else {
            say(self, " to ");
            say_number(self, opt->type, opt->max);
        }
        say(self, ", ");
    }
    say(self, "default ");
    say_number(self, opt->type, opt->def);
}

/* As it would be written: in quotes where it has to be. */
static void say_default(struct words *self, weir_opt_type type, const char *text)
{
    const bool is_plain = text[0] != '\0' && strpbrk(text, " \t\n\"") == NULL;
    say(self, "%sdefault %s", self->length > 0 ? ", " : "", !is_plain ? "\"" : type == WEIR_OPT_FIELD ? "." : "");
    for (; *text != '\0'; text++) {
        const char *escaped = *text == '\n' ? "\\n" : *text == '\t' ? "\\t" : *text == '"' ? "\\\"" : NULL;
        say(self, "%.*s", escaped != NULL ? 2 : 1, escaped != NULL ? escaped : text);
    }
    say(self, "%s", is_plain ? "" : "\"");
}

size_t weir_opt_describe(const weir_opt *opt, char *ret_text, size_t size)
{
    if (size == 0)
        return 0;
    struct words words = { .text = ret_text, .size = size };
    ret_text[0] = 0;
    for (size_t i = 0; opt->choices != NULL && opt->choices[i] != NULL; i++)
        say(&words, "%s%s", i == 0 ? "" : "|", opt->choices[i]);

    switch (opt->type) {
    case WEIR_OPT_INT:
    case WEIR_OPT_SIZE:
    case WEIR_OPT_DURATION:
        say_range(&words, opt);
        break;
    case WEIR_OPT_RATE:
        say(&words, "such as 10k/s or 50MiB/s");
        break;
    case WEIR_OPT_EXPR:
        say(&words, "%san expression", words.length > 0 ? ", or " : "");
        break;
    case WEIR_OPT_FIELDS:
        say(&words, "%s.a,.b", words.length > 0 ? " behind each of " : "");
        break;
    case WEIR_OPT_CALLS:
        say(&words, ": count, sum(.a), max(.a) as .b");
        break;
    case WEIR_OPT_BLOCK:
        say(&words, "{ ... }");
        break;
    case WEIR_OPT_CASES:
        say(&words, "{ an expression -> { ... } ... else -> { ... } }");
        break;
    case WEIR_OPT_SPAN:
        say(&words, "at least 1 or 1ns");
        break;
    case WEIR_OPT_ASSIGN:
        say(&words, ".a = an expression, .b = ...");
        break;
    case WEIR_OPT_REGEX:
        say(&words, "/a regular expression/");
        break;
    case WEIR_OPT_TEMPLATE:
        say(&words, "\"{.field}\" is filled in");
        break;
    case WEIR_OPT_BOOL:
        say(&words, "default %s", opt->def != 0 ? "true" : "false");
        break;
    case WEIR_OPT_CHOICE:
        if (opt->choices != NULL && !opt->required)
            say(&words, ", default %s", opt->choices[opt->def]);
        break;
    case WEIR_OPT_STRING:
    case WEIR_OPT_FIELD:
    case WEIR_OPT_LIST:
        if (opt->def_text != NULL)
            say_default(&words, opt->type, opt->def_text);
        break;
    }
    return words.length;
}
