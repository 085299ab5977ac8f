/* args_man.c - a subcommand's page of the manual, in man(7)'s macros, from the table that is its help. */
#include <stdio.h>
#include <string.h>

#include <weir/base.h>

#include "args.h"

/* Text of ours into roff: a '\' and a '-' are escaped, no line begins with a control character, one sentence a line is
 * not asked for. */
static void put_text(FILE *out, const char *text)
{
    bool at_start = true;
    for (; *text != '\0'; text++) {
        if (at_start && (*text == '.' || *text == '\''))
            fputs("\\&", out);
        if (*text == '\\')
            fputs("\\e", out);
        else if (*text == '-')
            fputs("\\-", out);
        else
            putc(*text, out);
        at_start = *text == '\n';
    }
}

static void put_line(FILE *out, const char *text)
{
    put_text(out, text);
    if (*text != '\0' && text[strlen(text) - 1] != '\n')
        putc('\n', out);
}

/* "What is hashed:" is a subsection "What is hashed". */
static void put_heading(FILE *out, const char *text)
{
    const size_t size = strcspn(text, ":");
    fprintf(out, ".SS %.*s\n", (int)size, text);
}

static void put_option(FILE *out, const struct arg_opt *opt)
{
    fputs(".TP\n", out);
    if (opt->short_name != 0)
        fprintf(out, "\\fB\\-%c\\fR, ", opt->short_name);
    fputs("\\fB\\-\\-", out);
    put_text(out, opt->name);
    fputs("\\fR", out);
    if (opt->value != NULL) {
        fputs(opt->alone != 0 ? "[=\\fI" : " \\fI", out);
        put_text(out, opt->value);
        fputs(opt->alone != 0 ? "\\fR]" : "\\fR", out);
    }
    putc('\n', out);
    put_line(out, opt->help);
}

void args_man(FILE *out, const struct args *args)
{
    char page[64];
    snprintf(page, sizeof page, "%s", args->command);
    for (char *c = page; *c != '\0'; c++)
        if (*c == ' ')
            *c = '-';
    fputs(".TH ", out);
    put_text(out, page);
    fprintf(out, " 1 \"\" \"weir %s\" \"weir manual\"\n.SH NAME\n", WEIR_VERSION);
    put_text(out, page);
    fputs(" \\- ", out);
    put_line(out, args->brief);
    fprintf(out, ".SH SYNOPSIS\n\\fB%s\\fR ", args->command);
    put_line(out, args->usage);
    fputs(".SH DESCRIPTION\n", out);
    put_line(out, args->summary);
    fputs(".SH OPTIONS\n", out);
    for (const struct arg_opt *opt = args->opts; opt->name != NULL; opt++)
        if (opt->kind == ARG_HEADING)
            put_heading(out, opt->name);
        else
            put_option(out, opt);
    for (const struct arg_section *section = args->sections; section != NULL && section->title != NULL; section++) {
        fprintf(out, ".SH %s\n", section->title);
        if (section->verbatim)
            fputs(".nf\n", out);
        put_line(out, section->text);
        if (section->verbatim)
            fputs(".fi\n", out);
    }
    fputs(".SH SEE ALSO\n\\fBweir\\fR(1)\n", out);
}
