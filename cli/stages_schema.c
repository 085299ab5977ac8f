/* stages_schema.c - the catalogue for programs: a JSON Schema, from the stages' own tables. */
#include "stages_schema.h"

#include <inttypes.h>

#include <weir/pipeline.h>

#include "json_text.h"

static void put_member(FILE *out, const char *name, const char *text)
{
    fprintf(out, ", \"%s\": ", name);
    json_text_put(out, text);
}

static void put_choices(FILE *out, const weir_opt *opt)
{
    fputs("\"enum\": [", out);
    for (size_t i = 0; opt->choices[i] != NULL; i++) {
        fputs(i > 0 ? ", " : "", out);
        json_text_put(out, opt->choices[i]);
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

/* Those of others are words beside their values, or in them. */
static bool is_of_choices(weir_opt_type type)
{
    return type == WEIR_OPT_CHOICE || type == WEIR_OPT_LIST || type == WEIR_OPT_STRING;
}

/* One value. Numbers with units are texts, as in a pipeline; a size may be a plain number, too. */
static void put_item(FILE *out, const weir_opt *opt)
{
    switch (opt->type) {
    case WEIR_OPT_INT:
        fputs("\"type\": \"integer\"", out);
        break;
    case WEIR_OPT_SIZE:
        fputs("\"type\": [\"integer\", \"string\"], \"pattern\": \"^[0-9.]+([kKMGTPE](i?B)?|B)?$\"", out);
        break;
    case WEIR_OPT_SPAN:
        fputs("\"type\": [\"integer\", \"string\"], \"pattern\": \"^[0-9.]+(k|M|G|ns|us|ms|s|m|h|d|w)?$\"", out);
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
    case WEIR_OPT_BLOCK:
        fputs("\"$ref\": \"#/$defs/stages\"", out);
        break;
    case WEIR_OPT_CASES: /* without "when" it is the rest's */
        fputs("\"type\": \"object\", \"additionalProperties\": false, \"required\": [\"block\"], \"properties\": {"
              " \"when\": { \"type\": [\"string\", \"boolean\"] }, \"block\": { \"$ref\": \"#/$defs/stages\" } }",
              out);
        break;
    default:
        if (opt->choices != NULL && is_of_choices(opt->type))
            put_choices(out, opt);
        else
            fputs("\"type\": [\"string\", \"integer\", \"boolean\"]", out);
        break;
    }
}

static bool is_list(const weir_opt *opt)
{
    return opt->type == WEIR_OPT_LIST || opt->type == WEIR_OPT_FIELDS || opt->type == WEIR_OPT_ASSIGN ||
           opt->type == WEIR_OPT_BLOCK || opt->type == WEIR_OPT_CALLS;
}

/* A list of one is that one, if you like. */
static void put_type(FILE *out, const weir_opt *opt)
{
    if (opt->type == WEIR_OPT_CASES) {
        fputs("\"type\": \"array\", \"minItems\": 1, \"items\": { ", out);
        put_item(out, opt);
        fputs(" }", out);
        return;
    }
    if (!is_list(opt)) {
        put_item(out, opt);
        return;
    }
    fputs("\"anyOf\": [{ \"type\": \"array\", \"minItems\": 1, \"items\": { ", out);
    put_item(out, opt);
    fputs(" } }, { ", out);
    put_item(out, opt);
    fputs(" }]", out);
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
    fputs("          ", out);
    json_text_put(out, opt->name);
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
            json_text_put(out, opt->name);
            comma = ", ";
        }
    putc(']', out);
}

/* What may stand for all the options: the value of the one that needs no name; or nothing at all. */
static void put_short_forms(FILE *out, const weir_stage *stage)
{
    const weir_opt *positional = NULL;
    for (const weir_opt *opt = stage->opts; opt != NULL && opt->name != NULL && positional == NULL; opt++)
        positional = opt->positional ? opt : NULL;
    fputs(",\n        { \"type\": \"null\" }", out);
    if (positional == NULL)
        return;
    fputs(",\n        { ", out);
    put_type(out, positional);
    fputs(" }", out);
}

static void put_stage(FILE *out, const weir_stage *stage)
{
    const char *comma = "\n";
    fputs("        ", out);
    json_text_put(out, stage->name);
    fputs(": {", out);
    fputs(" \"title\": ", out);
    json_text_put(out, stage->name);
    put_member(out, "description", stage->summary);
    put_ports(out, "x-in", stage->in);
    put_ports(out, "x-out", stage->out);
    fputs(", \"anyOf\": [\n        { \"type\": \"object\", \"additionalProperties\": false", out);
    put_required(out, stage);
    fputs(",\n        \"patternProperties\": { \"^@(par|order|queue|pool|timeout|retry|onerror|rate|name)$\":"
          " { \"type\": [\"string\", \"integer\"] } }",
          out);
    fputs(",\n        \"properties\": {", out);
    for (const weir_opt *opt = stage->opts; opt != NULL && opt->name != NULL; opt++) {
        fputs(comma, out);
        put_option(out, opt);
        comma = ",\n";
    }
    fputs(" } }", out);
    put_short_forms(out, stage);
    fputs(" ] }", out);
}

static void put_stages(FILE *out)
{
    fputs("    \"stage\": { \"anyOf\": [\n      { \"enum\": [", out);
    for (size_t i = 0; weir_catalogue_at(i) != NULL; i++) {
        fputs(i > 0 ? ", " : "", out);
        json_text_put(out, weir_catalogue_at(i)->name);
    }
    fputs("] },\n      { \"type\": \"object\", \"additionalProperties\": false, \"minProperties\": 1,"
          " \"maxProperties\": 1, \"properties\": {\n",
          out);
    for (size_t i = 0; weir_catalogue_at(i) != NULL; i++) {
        fputs(i > 0 ? ",\n" : "", out);
        put_stage(out, weir_catalogue_at(i));
    }
    fputs(" } } ] }\n", out);
}

/* The shape that pipelines/document/ reads. */
static const char shape[] =
    "  \"type\": \"object\", \"additionalProperties\": false,\n"
    "  \"properties\": {\n"
    "    \"let\": { \"type\": \"object\", \"description\": \"variables\", \"additionalProperties\":"
    " { \"type\": [\"string\", \"number\", \"boolean\", \"null\"] } },\n"
    "    \"stages\": { \"$ref\": \"#/$defs/stages\" },\n"
    "    \"pipelines\": { \"type\": \"array\", \"items\": { \"$ref\": \"#/$defs/pipeline\" } },\n"
    "    \"dead\": { \"type\": \"array\", \"items\": { \"$ref\": \"#/$defs/pipeline\", \"required\": [\"name\"] } },\n"
    "    \"tests\": { \"type\": \"array\", \"items\": { \"$ref\": \"#/$defs/test\" } }\n"
    "  },\n  \"$defs\": {\n"
    "    \"stages\": { \"type\": \"array\", \"minItems\": 1, \"items\": { \"$ref\": \"#/$defs/stage\" } },\n"
    "    \"pipeline\": { \"type\": \"object\", \"additionalProperties\": false, \"required\": [\"stages\"],\n"
    "      \"properties\": { \"name\": { \"type\": \"string\" }, \"stages\": { \"$ref\": \"#/$defs/stages\" } } },\n"
    "    \"test\": { \"type\": \"object\", \"additionalProperties\": false, \"required\": [\"name\", \"steps\"],\n"
    "      \"properties\": { \"name\": { \"type\": \"string\" }, \"steps\": { \"type\": \"array\", \"items\": {\n"
    "        \"type\": \"object\", \"additionalProperties\": false, \"minProperties\": 1, \"maxProperties\": 1,\n"
    "        \"properties\": { \"in\": true, \"count\": { \"type\": \"string\", \"pattern\": \"^(==|!=|<=?|>=?) "
    "*[0-9]+$\" } },\n"
    "        \"patternProperties\": { \"^out\\\\[[0-9]+\\\\]$\": { \"type\": [\"string\", \"boolean\"] } } } } } },\n";

void stages_schema(FILE *out)
{
    fprintf(out,
            "{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
            "  \"title\": \"a pipeline of weir %s\",\n%s",
            WEIR_VERSION, shape);
    put_stages(out);
    fputs("  }\n}\n", out);
}
