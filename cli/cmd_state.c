/* cmd_state.c - weir state: checkpoints and journals, looked at, mended and taken up from elsewhere. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <weir/state.h>
#include <weir/suggest.h>

#include "args.h"
#include "cmd.h"
#include "state_dir.h"

struct values {
    bool all, json, repair;
    unsigned to;
    const char *source;
};

#define OPT(kind_, name_, value_, field_, help_, ...)                                                            \
    {                                                                                                            \
        .kind = kind_, .name = name_, .value = value_, .offset = offsetof(struct values, field_), .help = help_, \
        ##__VA_ARGS__                                                                                            \
    }

static const struct arg_opt state_opts[] = {
    { .kind = ARG_HEADING, .name = "ls" },
    OPT(ARG_FLAG, "all", NULL, all, "every checkpoint that the journal still has"),
    { .kind = ARG_HEADING, .name = "fsck" },
    OPT(ARG_FLAG, "repair", NULL, repair, "write a damaged journal anew from its last whole checkpoint"),
    { .kind = ARG_HEADING, .name = "rewind" },
    OPT(ARG_NUMBER, "to", "RECORD", to, "to the checkpoint of this record; outputs are cut to it", .min = 1,
        .max = UINT32_MAX),
    OPT(ARG_STRING, "source", "FILE=BYTE", source, "only where FILE is read from; outputs stay"),
    { .kind = ARG_HEADING, .name = "ls, fsck" },
    OPT(ARG_FLAG, "json", NULL, json, "a JSON object a directory"),
    { .name = NULL },
};

static const struct arg_section state_sections[] = {
    { .title = "STATE DIRECTORIES",
      .text =
          "A DIR is what 'weir run --state DIR' was given. Without one, those are meant that pipelines with "
          "start=checkpoint have by themselves: $STATE_DIRECTORY, which systemd sets, and all below "
          "${XDG_STATE_HOME:-~/.local/state}/weir. In each lie `journal` and `lock`. To begin a pipeline anew, remove "
          "the directory." },
    { .title = "EXAMPLES",
      .verbatim = true,
      .text = "weir state ls\nweir state ls --json /var/lib/weir/nginx | jq .checkpoints[0].sources\n"
              "weir state fsck --repair st\nweir state rewind --to 57 st\n"
              "weir state rewind --source /var/log/app.log=0 st" },
    { .title = NULL },
};

const struct args state_args = {
    .command = "weir state",
    .brief = "checkpoints and journals of pipelines",
    .usage = "ls|fsck|rewind [OPTION...] [DIR...]",
    .operands = ARGS_FILES,
    .summary = "What pipelines with a --state have kept: 'ls' shows where sources are and how\n"
               "long outputs are at the last checkpoint; 'fsck' says whether the journal is\n"
               "whole, and what the next start would do; 'rewind' has the next start go on from\n"
               "an older checkpoint, or read a file from elsewhere.\n",
    .footer = "Exit code: 0 done; 1 something isn't well, or there is no state there; 2 usage.\n",
    .opts = state_opts,
    .sections = state_sections,
};

enum deed { LS, FSCK, REWIND, NO_DEED };
static const char *const deeds[] = { "ls", "fsck", "rewind", NULL };

static enum deed find_deed(const char *word)
{
    weir_suggest suggest;
    weir_suggest_init(&suggest, word);
    for (int i = 0; deeds[i] != NULL; i++) {
        if (strcmp(deeds[i], word) == 0)
            return (enum deed)i;
        weir_suggest_offer(&suggest, deeds[i]);
    }
    fprintf(stderr, "weir state: ls, fsck or rewind, and not '%s'", word);
    if (suggest.best != NULL)
        fprintf(stderr, " (did you mean '%s'?)", suggest.best);
    fputs("\nTry 'weir state --help'.\n", stderr);
    return NO_DEED;
}

static int usage(const char *why)
{
    fprintf(stderr, "weir state: %s\nTry 'weir state --help'.\n", why);
    return EXIT_USAGE;
}

/* "FILE=BYTE": the file's name may hold '=', too. The caller's; NULL: it is none. */
static char *read_source(const char *text, uint64_t *ret_offset)
{
    const char *sign = strrchr(text, '=');
    char *end = NULL;
    if (sign == NULL || sign == text || sign[1] < '0' || sign[1] > '9')
        return NULL;
    errno = 0;
    *ret_offset = strtoull(sign + 1, &end, 10);
    return *end == '\0' && errno == 0 ? strndup(text, (size_t)(sign - text)) : NULL;
}

static int rewind_one(const struct values *values, const char *dir, weir_text *out, weir_text *errors)
{
    uint64_t offset = 0;
    char *source = values->source != NULL ? read_source(values->source, &offset) : NULL;
    const int error = weir_state_rewind(dir, values->to, source, offset, out, errors);
    free(source);
    return error;
}

/* One directory. The exit code. */
static int do_one(enum deed deed, const struct values *values, const char *dir)
{
    weir_text out = { 0 }, errors = { 0 };
    const int status = deed == LS     ? weir_state_list(dir, values->all, values->json, &out, &errors)
                       : deed == FSCK ? weir_state_check(dir, values->repair, values->json, &out, &errors)
                                      : rewind_one(values, dir, &out, &errors);
    if (out.size > 0)
        fwrite(out.data, 1, out.size, stdout);
    if (status < 0 && errors.size == 0)
        fprintf(stderr, "weir state: %s: %s\n", dir, strerror(-status));
    state_say_lines(&errors);
    weir_text_fini(&out);
    return status == 0 ? 0 : EXIT_DATA;
}

/* Every directory below the root that has a journal. */
static int do_root(enum deed deed, const struct values *values, const char *root)
{
    struct dirent **names;
    const int count = scandir(root, &names, NULL, alphasort);
    int status = 0;
    for (int i = 0; i < count; i++) {
        char *dir = NULL, *journal = NULL;
        if (names[i]->d_name[0] != '.' && asprintf(&dir, "%s/%s", root, names[i]->d_name) >= 0 &&
            asprintf(&journal, "%s/journal", dir) >= 0 && access(journal, F_OK) == 0)
            status |= do_one(deed, values, dir);
        free(dir);
        free(journal);
        free(names[i]);
    }
    if (count >= 0)
        free(names);
    return status;
}

static int do_all(enum deed deed, const struct values *values)
{
    const char *service = getenv("STATE_DIRECTORY");
    char *root = state_root();
    int status = 0;
    if (service != NULL && service[0] != '\0') {
        char *dir = strndup(service, strcspn(service, ":"));
        status |= dir != NULL ? do_one(deed, values, dir) : EXIT_DATA;
        free(dir);
    }
    if (root != NULL)
        status |= do_root(deed, values, root);
    free(root);
    return status;
}

static const char *refuse(enum deed deed, const struct values *values, int dirs)
{
    uint64_t offset;
    char *source = values->source != NULL ? read_source(values->source, &offset) : NULL;
    const bool is_source = source != NULL;
    free(source);
    if (deed != LS && values->all)
        return "--all is for ls";
    if (deed != FSCK && values->repair)
        return "--repair is for fsck";
    if (deed != REWIND && (values->to > 0 || values->source != NULL))
        return "--to and --source are for rewind";
    if (deed == REWIND && values->json)
        return "--json is for ls and fsck";
    if (deed == REWIND && (values->to > 0) == (values->source != NULL))
        return "rewind wants --to RECORD, or --source FILE=BYTE";
    if (deed == REWIND && values->source != NULL && !is_source)
        return "--source is FILE=BYTE, such as /var/log/app.log=0";
    if (deed == REWIND && dirs != 1)
        return "rewind wants one DIR";
    return NULL;
}

int cmd_state(int argc, char **argv)
{
    static struct values values;
    int operands;
    const int parsed = args_parse(&state_args, argc, argv, &values, &operands);
    if (parsed != 0)
        return parsed > 0 ? 0 : EXIT_USAGE;
    if (operands == 0)
        return usage("ls, fsck or rewind?");
    const enum deed deed = find_deed(argv[0]);
    if (deed == NO_DEED)
        return EXIT_USAGE;
    const char *why = refuse(deed, &values, operands - 1);
    if (why != NULL)
        return usage(why);
    int status = operands == 1 ? do_all(deed, &values) : 0;
    for (int i = 1; i < operands; i++)
        status |= do_one(deed, &values, argv[i]);
    return status;
}
