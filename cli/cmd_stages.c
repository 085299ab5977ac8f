/* cmd_stages.c - weir stages: the catalogue, from the stages' own tables. */
#include <stdio.h>
#include <string.h>

#include <weir/pipeline.h>

#include "args.h"
#include "cmd.h"
#include "pipeline_text.h"
#include "stages_schema.h"

struct values {
    struct arg_strings plugins;
    bool schema;
};

static const struct arg_opt stages_opts[] = {
    PIPELINE_PLUGIN_OPT(struct values, plugins),
    { .kind = ARG_FLAG,
      .name = "schema",
      .offset = offsetof(struct values, schema),
      .help = "all of them as a JSON Schema, for programs" },
    { .name = NULL },
};

const struct args stages_args = {
    .command = "weir stages",
    .brief = "the stages of pipelines, and their options",
    .usage = "[--schema] [NAME...]",
    .operands = ARGS_STAGES,
    .summary = "Lists the stages that a pipeline can be made of, or what one of them takes.\n",
    .opts = stages_opts,
};

static const char *port_words(weir_port ports)
{
    static char words[64];
    static const char *const names[] = { "bytes", "records", "files", "what its block gives" };
    words[0] = '\0';
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
        if ((ports & (1u << i)) != 0)
            snprintf(words + strlen(words), sizeof words - strlen(words), "%s%s", words[0] != '\0' ? " or " : "",
                     names[i]);
    return words[0] != '\0' ? words : "nothing";
}

static void print_ports(const weir_stage *stage)
{
    if (stage->in == WEIR_NONE)
        printf("source of ");
    else
        printf("%s%s -> ", port_words(stage->in), stage->source ? ", or a source" : "");
    printf("%s\n", stage->out == WEIR_NONE ? "nothing: a sink" : port_words(stage->out));
}

/* Words behind column `at`, at most 80 wide; lines but the first stand behind `indent` columns. */
static void print_wrapped(const char *text, size_t at, int indent)
{
    while (*text != '\0') {
        const size_t size = strcspn(text, " ");
        if (at + 1 + size > 80 && at > (size_t)indent) {
            printf("\n%*s", indent, "");
            at = (size_t)indent;
        }
        printf(" %.*s", (int)size, text);
        at += 1 + size;
        text += size + (text[size] == ' ');
    }
    putchar('\n');
}

static void print_all(void)
{
    for (size_t i = 0; weir_catalogue_at(i) != NULL; i++) {
        printf("%-12s", weir_catalogue_at(i)->name);
        print_wrapped(weir_catalogue_at(i)->summary, 12, 12);
    }
    printf("\n'weir stages NAME' says what one takes. Any stage takes @par @order @queue @pool\n"
           "@timeout @retry @onerror @rate @name.\n");
}

static void print_option(const weir_opt *opt)
{
    char left[40], range[200];
    (void)weir_opt_describe(opt, range, sizeof range);
    if (opt->intro != NULL)
        snprintf(left, sizeof left, "%s ...", opt->intro);
    else if (opt->positional)
        snprintf(left, sizeof left, "%s", opt->name);
    else
        snprintf(left, sizeof left, opt->type == WEIR_OPT_BOOL ? "%s" : "%s=", opt->name);
    const bool has_range = range[0] != '\0' && opt->type != WEIR_OPT_BOOL;
    const char *given = opt->required ? "must be given" : "";
    char text[600];
    if (has_range || opt->required)
        (void)snprintf(text, sizeof text, "%s (%s%s%s)", opt->help, has_range ? range : "",
                       has_range && opt->required ? "; " : "", given);
    else
        (void)snprintf(text, sizeof text, "%s", opt->help);
    printf("  %-12s", left);
    print_wrapped(text, strlen(left) > 12 ? 2 + strlen(left) : 14, 14);
}

static int print_one(const char *name)
{
    const weir_stage *stage = weir_catalogue_find(name);
    if (stage == NULL) {
        const char *meant = weir_catalogue_suggest(name);
        fprintf(stderr, "weir stages: unknown stage '%s'%s%s%s\n", name, meant != NULL ? " (did you mean '" : "",
                meant != NULL ? meant : "", meant != NULL ? "'?)" : "");
        return EXIT_USAGE;
    }
    printf("%s -", stage->name);
    print_wrapped(stage->summary, strlen(stage->name) + 2, 1);
    print_ports(stage);
    for (const weir_opt *opt = stage->opts; opt != NULL && opt->name != NULL; opt++)
        print_option(opt);
    return 0;
}

int cmd_stages(int argc, char **argv)
{
    static struct values values;
    int operands;
    const int parsed = args_parse(&stages_args, argc, argv, &values, &operands);
    if (parsed != 0)
        return parsed > 0 ? 0 : EXIT_USAGE;
    if (values.schema && operands > 0) {
        fputs("weir stages: --schema is about all stages: leave the names away\n", stderr);
        return EXIT_USAGE;
    }
    int status = pipeline_plugins("weir stages", &values.plugins);
    if (status == 0 && values.schema)
        stages_schema(stdout);
    else if (status == 0 && operands == 0)
        print_all();
    for (int i = 0; status == 0 && i < operands; i++)
        status = print_one(argv[i]);
    return status;
}
