/* args.c - options of a subcommand, from one table that is also its help. */
#include "args.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/suggest.h>

#include "screen.h"

#define HELP_COLUMN 26

static void *at(void *values, const struct arg_opt *opt)
{
    return (char *)values + opt->offset;
}

/* Prints `text` from HELP_COLUMN on, broken between words at the width of the screen. */
static void print_wrapped(const char *text)
{
    const int width = screen_width(stdout);
    int column = HELP_COLUMN;
    while (*text != '\0') {
        const int word = (int)strcspn(text, " ");
        if (column > HELP_COLUMN && column + 1 + word >= width) {
            printf("\n%*s", HELP_COLUMN, "");
            column = HELP_COLUMN;
        } else if (column > HELP_COLUMN) {
            putchar(' ');
            column++;
        }
        printf("%.*s", word, text);
        column += word;
        text += word;
        text += *text == ' ';
    }
    putchar('\n');
}

void args_help(const struct args *args)
{
    printf("usage: %s %s\n%s", args->command, args->usage, args->summary);
    for (const struct arg_opt *opt = args->opts; opt->name != NULL; opt++) {
        if (opt->kind == ARG_HEADING) {
            printf("\n%s\n", opt->name);
            continue;
        }
        char left[80];
        const char short_name[3] = { opt->short_name != 0 ? '-' : ' ', opt->short_name != 0 ? opt->short_name : ' ',
                                     0 };
        const int used =
            snprintf(left, sizeof left, "  %s%s --%s%s%s%s", short_name, opt->short_name != 0 ? "," : " ", opt->name,
                     opt->value == NULL ? ""
                     : opt->alone != 0  ? "[="
                                        : " ",
                     opt->value != NULL ? opt->value : "", opt->value != NULL && opt->alone != 0 ? "]" : "");
        if (used < HELP_COLUMN - 1)
            printf("%-*s", HELP_COLUMN, left);
        else
            printf("%s\n%*s", left, HELP_COLUMN, "");
        print_wrapped(opt->help);
    }
    if (args->footer != NULL)
        printf("\n%s", args->footer);
}

static int fail(const struct args *args, const char *format, const char *a, const char *b)
{
    fprintf(stderr, "%s: ", args->command);
    fprintf(stderr, format, a, b);
    fprintf(stderr, "\nTry '%s --help'.\n", args->command);
    return -1;
}

static const struct arg_opt *find_long(const struct args *args, const char *name, size_t size)
{
    for (const struct arg_opt *opt = args->opts; opt->name != NULL; opt++)
        if (opt->kind != ARG_HEADING && strlen(opt->name) == size && memcmp(opt->name, name, size) == 0)
            return opt;
    return NULL;
}

static const struct arg_opt *find_short(const struct args *args, char name)
{
    for (const struct arg_opt *opt = args->opts; opt->name != NULL; opt++)
        if (opt->kind != ARG_HEADING && opt->short_name == name)
            return opt;
    return NULL;
}

static int unknown_option(const struct args *args, const char *word, const char *name, size_t size)
{
    char given[64];
    snprintf(given, sizeof given, "%.*s", (int)size, name);
    weir_suggest suggest;
    weir_suggest_init(&suggest, given);
    for (const struct arg_opt *opt = args->opts; opt->name != NULL; opt++)
        if (opt->kind != ARG_HEADING)
            weir_suggest_offer(&suggest, opt->name);
    const char *meant = suggest.best;
    if (meant != NULL)
        return fail(args, "unknown option '%s' (did you mean '--%s'?)", word, meant);
    return fail(args, "unknown option '%s'", word, "");
}

/* 64, 64K, 64KiB (1024), 64kB (1000), ... False: no size. */
static bool parse_size(const char *text, uint64_t *ret_size)
{
    static const char units[] = "KMGTP";
    char *end;
    if (*text < '0' || *text > '9')
        return false;
    const double number = strtod(text, &end);
    double factor = 1;
    if (*end != '\0' && *end != 'B') {
        const char *unit = strchr(units, *end == 'k' ? 'K' : *end);
        if (unit == NULL)
            return false;
        const bool decimal = end[1] == 'B';
        for (const char *u = units; u <= unit; u++)
            factor *= decimal ? 1000 : 1024;
        end += end[1] == 'i' && end[2] == 'B' ? 3 : decimal ? 2 : 1;
    } else if (*end == 'B') {
        end++;
    }
    if (*end != '\0' || number * factor >= 9.2e18)
        return false;
    *ret_size = (uint64_t)(number * factor);
    return true;
}

static void set_flag(const struct arg_opt *opt, void *values)
{
    if (opt->kind == ARG_FLAG)
        *(bool *)at(values, opt) = true;
    else
        *(int *)at(values, opt) = opt->alone;
}

static int set_choice(const struct args *args, const struct arg_opt *opt, void *values, const char *value)
{
    for (int i = 0; opt->choices[i] != NULL; i++)
        if (strcmp(opt->choices[i], value) == 0) {
            *(int *)at(values, opt) = i;
            return 0;
        }
    char all[256] = "";
    for (int i = 0; opt->choices[i] != NULL; i++) {
        const size_t used = strlen(all);
        snprintf(all + used, sizeof all - used, "%s%s", i > 0 ? ", " : "", opt->choices[i]);
    }
    fprintf(stderr, "%s: --%s must be one of %s, not '%s'\n", args->command, opt->name, all, value);
    return -1;
}

static int set_number(const struct args *args, const struct arg_opt *opt, void *values, const char *value)
{
    char *end;
    const unsigned long number = strtoul(value, &end, 10);
    if (*value < '0' || *value > '9' || *end != '\0' || number < opt->min || number > opt->max) {
        fprintf(stderr, "%s: --%s must be %u to %u, not '%s'\n", args->command, opt->name, opt->min, opt->max, value);
        return -1;
    }
    *(unsigned *)at(values, opt) = (unsigned)number;
    return 0;
}

static int set(const struct args *args, const struct arg_opt *opt, void *values, const char *value)
{
    struct arg_strings *strings;
    switch (opt->kind) {
    case ARG_STRING:
        *(const char **)at(values, opt) = value;
        return 0;
    case ARG_STRINGS:
        strings = at(values, opt);
        strings->items = realloc(strings->items, (strings->count + 1) * sizeof *strings->items);
        if (strings->items == NULL)
            abort();
        strings->items[strings->count++] = value;
        return 0;
    case ARG_NUMBER:
        return set_number(args, opt, values, value);
    case ARG_SIZE:
        if (parse_size(value, at(values, opt)))
            return 0;
        return fail(args, "--%s wants a size such as 4096, 64KiB or 2GB, not '%s'", opt->name, value);
    case ARG_CHOICE:
        return set_choice(args, opt, values, value);
    case ARG_FLAG:
    case ARG_ONE_OF:
    case ARG_HEADING:
        break;
    }
    return 0;
}

/* "--name", "--name=value", "--name value". Returns how many words it took, or as args_parse(). */
static int parse_long(const struct args *args, char **argv, int left, void *values)
{
    const char *name = argv[0] + 2;
    const size_t size = strcspn(name, "=");
    if (strcmp(name, "help") == 0) {
        args_help(args);
        return 0;
    }
    if (strcmp(name, "man") == 0) {
        args_man(stdout, args);
        return 0;
    }
    const struct arg_opt *opt = find_long(args, name, size);
    if (opt == NULL)
        return unknown_option(args, argv[0], name, size);
    const bool has_value = name[size] == '=';
    if (args_is_flag(opt)) {
        if (has_value)
            return fail(args, "--%s takes no value%s", opt->name, "");
        set_flag(opt, values);
        return 1;
    }
    if (has_value)
        return set(args, opt, values, name + size + 1) < 0 ? -1 : 1;
    if (opt->alone != 0) {
        *(int *)at(values, opt) = opt->alone;
        return 1;
    }
    if (left < 2)
        return fail(args, "--%s wants a value: %s", opt->name, opt->value);
    return set(args, opt, values, argv[1]) < 0 ? -1 : 2;
}

/* "-abc", "-aVALUE", "-a VALUE". */
static int parse_short(const struct args *args, char **argv, int left, void *values)
{
    for (const char *c = argv[0] + 1; *c != '\0'; c++) {
        const char letter[2] = { *c, '\0' };
        if (*c == 'h' && find_short(args, 'h') == NULL) {
            args_help(args);
            return 0;
        }
        const struct arg_opt *opt = find_short(args, *c);
        if (opt == NULL)
            return fail(args, "unknown option '-%s'%s", letter, "");
        if (args_is_flag(opt)) {
            set_flag(opt, values);
            continue;
        }
        if (c[1] != '\0')
            return set(args, opt, values, c + 1) < 0 ? -1 : 1;
        if (left < 2)
            return fail(args, "-%s wants a value: %s", letter, opt->value);
        return set(args, opt, values, argv[1]) < 0 ? -1 : 2;
    }
    return 1;
}

int args_parse(const struct args *args, int argc, char **argv, void *values, int *ret_operands)
{
    int operands = 0;
    for (int i = 1; i < argc;) {
        if (strcmp(argv[i], "--") == 0) {
            for (i++; i < argc; i++)
                argv[operands++] = argv[i];
            break;
        }
        if (argv[i][0] != '-' || argv[i][1] == '\0') {
            argv[operands++] = argv[i++];
            continue;
        }
        const int took = argv[i][1] == '-' ? parse_long(args, argv + i, argc - i, values)
                                           : parse_short(args, argv + i, argc - i, values);
        if (took <= 0)
            return took < 0 ? -1 : 1;
        i += took;
    }
    *ret_operands = operands;
    return 0;
}
