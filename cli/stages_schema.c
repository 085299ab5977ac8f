/* stages_schema.c - the catalogue for programs: a JSON Schema, from the stages' own tables. */
#include "stages_schema.h"

#include <inttypes.h>

#include <weir/pipeline.h>

static void put_string(FILE *out, const char *text)
{
    putc('"', out);
    for (; *text != '\0'; text++)
        if (*text == '"' || *text == '\\')
            fprintf(out, "\\%c", *text);
        else if ((unsigned char)*text < ' ')
            fprintf(out, "\\u%04x", (unsigned)*text);
        else
            putc(*text, out);
    putc('"', out);
}

static void put_member(FILE *out, const char *name, const char *text)
{
    fprintf(out, ", \"%s\": ", name);
    put_string(out, text);
}

static void put_choices(FILE *out, const weir_opt *opt)
{
    fputs("\"enum\": [", out);
    for (size_t i = 0; opt->choices[i] != NULL; i++) {
        fputs(i > 0 ? ", " : "", out);
        put_string(out, opt->choices[i]);
    }
    putc(']', out);
}

static void put_ports(FILE *out, const char *name, weir_port ports)
{
    static const char *const names[] = { "bytes", "records", "files", "as its block" };
    const char *comma = "";
    fprintf(out, ", \"%s\": [", name);
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
        if ((ports & (1u << i)) != 0) {
            fprintf(out, "%s\"%s\"", comma, names[i]);
            comma = ", ";
        }
    putc(']', out);
}

/* Numbers with units are texts, as in a pipeline; a size may be a plain number, too. */
static void put_type(FILE *out, const weir_opt *opt)
{
    switch (opt->type) {
    case WEIR_OPT_INT:
        fputs("\"type\": \"integer\"", out);
        break;
    case WEIR_OPT_SIZE:
        fputs("\"type\": [\"integer\", \"string\"], \"pattern\": \"^[0-9.]+([kKMGTPE](i?B)?|B)?$\"", out);
        break;
    case WEIR_OPT_DURATION:
        fputs("\"type\": \"string\", \"pattern\": \"^[0-9.]+(ns|us|ms|s|m|h|d)$\"", out);
        break;
    case WEIR_OPT_RATE:
        fputs("\"type\": \"string\", \"pattern\": \"^[0-9.]+[A-Za-z]*/s$\"", out);
        break;
    case WEIR_OPT_BOOL:
        fputs("\"type\": \"boolean\"", out);
        break;
    case WEIR_OPT_CHOICE:
        put_choices(out, opt);
        break;
    case WEIR_OPT_LIST:
    case WEIR_OPT_FIELDS:
    case WEIR_OPT_ASSIGN:
    case WEIR_OPT_CALLS:
        fputs("\"type\": \"array\", \"items\": { ", out);
        if (opt->type == WEIR_OPT_LIST && opt->choices != NULL)
            put_choices(out, opt);
        else
            fputs("\"type\": \"string\"", out);
        fputs(" }", out);
        break;
    case WEIR_OPT_CASES: /* {"when": ".n > 1", "block": [...]}; without "when" it is the rest's */
        fputs("\"type\": \"array\", \"items\": { \"type\": \"object\" }", out);
        break;
    case WEIR_OPT_BLOCK:
        fputs("\"type\": \"array\", \"items\": { \"$ref\": \"#\" }", out);
        break;
    case WEIR_OPT_STRING:
    case WEIR_OPT_TEMPLATE:
    case WEIR_OPT_FIELD:
    case WEIR_OPT_EXPR:
    case WEIR_OPT_REGEX:
        fputs("\"type\": \"string\"", out);
        break;
    }
}

static void put_default(FILE *out, const weir_opt *opt)
{
    if (opt->required || opt->type == WEIR_OPT_DURATION || opt->type == WEIR_OPT_RATE)
        return;
    if (opt->type == WEIR_OPT_INT || opt->type == WEIR_OPT_SIZE)
        fprintf(out, ", \"default\": %" PRId64, opt->def);
    else if (opt->type == WEIR_OPT_BOOL)
        fprintf(out, ", \"default\": %s", opt->def != 0 ? "true" : "false");
    else if (opt->type == WEIR_OPT_CHOICE)
        put_member(out, "default", opt->choices[opt->def]);
    else if (opt->def_text != NULL && opt->type != WEIR_OPT_LIST)
        put_member(out, "default", opt->def_text);
}

static void put_option(FILE *out, const weir_opt *opt)
{
    fputs("        ", out);
    put_string(out, opt->name);
    fputs(": { ", out);
    put_type(out, opt);
    put_member(out, "description", opt->help);
    put_default(out, opt);
    if ((opt->min != 0 || opt->max != 0) && (opt->type == WEIR_OPT_INT || opt->type == WEIR_OPT_SIZE)) {
        fprintf(out, ", \"minimum\": %" PRId64, opt->min);
        if (opt->max != INT64_MAX)
            fprintf(out, ", \"maximum\": %" PRId64, opt->max);
    }
    fputs(" }", out);
}

static void put_required(FILE *out, const weir_stage *stage)
{
    const char *comma = "";
    fputs(", \"required\": [", out);
    for (const weir_opt *opt = stage->opts; opt != NULL && opt->name != NULL; opt++)
        if (opt->required && !(stage->source && stage->in != WEIR_NONE)) { /* else its block may feed it */
            fputs(comma, out);
            put_string(out, opt->name);
            comma = ", ";
        }
    putc(']', out);
}

static void put_stage(FILE *out, const weir_stage *stage)
{
    const char *comma = "\n";
    fputs("    ", out);
    put_string(out, stage->name);
    fputs(": {\n      \"type\": \"object\", \"additionalProperties\": false", out);
    put_member(out, "description", stage->summary);
    put_ports(out, "x-in", stage->in);
    put_ports(out, "x-out", stage->out);
    put_required(out, stage);
    fputs(",\n      \"properties\": {", out);
    for (const weir_opt *opt = stage->opts; opt != NULL && opt->name != NULL; opt++) {
        fputs(comma, out);
        put_option(out, opt);
        comma = ",\n";
    }
    fputs(" }\n    }", out);
}

void stages_schema(FILE *out)
{
    fprintf(out,
            "{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
            "  \"title\": \"a stage of weir %s\",\n  \"type\": \"object\", \"additionalProperties\": false,\n"
            "  \"minProperties\": 1, \"maxProperties\": 1,\n  \"properties\": {",
            WEIR_VERSION);
    for (size_t i = 0; weir_catalogue_at(i) != NULL; i++) {
        fputs(i > 0 ? ",\n" : "\n", out);
        put_stage(out, weir_catalogue_at(i));
    }
    fputs("\n  }\n}\n", out);
}
