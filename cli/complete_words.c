/* complete_words.c - completion of a command line: commands, their options and values, operands. */
#include <string.h>

#include <weir/pipeline.h>

#include "args.h"
#include "cmd.h"
#include "complete.h"
#include "control.h"

static const struct arg_opt *find_option(const struct args *args, const char *word)
{
    const size_t size = strcspn(word, "=");
    for (const struct arg_opt *opt = args->opts; opt->name != NULL; opt++) {
        const bool is_long = size > 2 && strlen(opt->name) == size - 2 && memcmp(opt->name, word + 2, size - 2) == 0;
        const bool is_short = word[0] == '-' && opt->short_name != 0 && word[1] == opt->short_name && word[2] == '\0';
        if (opt->kind != ARG_HEADING && (is_short || (is_long && word[0] == '-' && word[1] == '-')))
            return opt;
    }
    return NULL;
}

static void offer_value(FILE *out, const struct arg_opt *opt, const char *before, size_t before_size, const char *part)
{
    if (opt->kind == ARG_CHOICE) {
        for (size_t i = 0; opt->choices[i] != NULL; i++)
            complete_offer(out, before, before_size, part, opt->choices[i], "", opt->help);
    } else if (opt->value != NULL && strcmp(opt->value, "TEXT") == 0) {
        complete_text(out, part);
    } else if (opt->kind == ARG_STRING || opt->kind == ARG_STRINGS) {
        fputs(":files\n", out);
    }
}

static void offer_options(FILE *out, const struct args *args, const char *part)
{
    for (const struct arg_opt *opt = args->opts; opt->name != NULL; opt++) {
        char option[64];
        snprintf(option, sizeof option, "--%s", opt->name);
        if (opt->kind != ARG_HEADING)
            complete_offer(out, "", 0, part, option, "", opt->help);
    }
    complete_offer(out, "", 0, part, "--help", "", "what it takes");
    complete_offer(out, "", 0, part, "--man", "", "the same as a page for man(1)");
}

static void offer_peers(FILE *out, const char *part)
{
    pid_t pids[64];
    const size_t count = control_list(pids, sizeof pids / sizeof pids[0]);
    for (size_t i = 0; i < count; i++) {
        char pid[16], command[200];
        snprintf(pid, sizeof pid, "%d", (int)pids[i]);
        complete_offer(out, "", 0, part, pid, "", control_command(pids[i], command, sizeof command));
    }
}

static void offer_operand(FILE *out, const struct args *args, const char *part)
{
    static const char *const shells[] = { "bash", "zsh", "fish" };
    switch (args->operands) {
    case ARGS_NO_OPERANDS:
        break;
    case ARGS_FILES:
        fputs(":files\n", out);
        break;
    case ARGS_PIPELINE:
        if (strchr(part, ' ') == NULL)
            fputs(":files\n", out);
        complete_text(out, part);
        break;
    case ARGS_STAGES:
        for (size_t i = 0; weir_catalogue_at(i) != NULL; i++)
            complete_offer(out, "", 0, part, weir_catalogue_at(i)->name, "", weir_catalogue_at(i)->summary);
        break;
    case ARGS_PEERS:
        offer_peers(out, part);
        break;
    case ARGS_SHELLS:
        for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++)
            complete_offer(out, "", 0, part, shells[i], "", "its script");
        break;
    }
}

/* The option that the word before the last one leaves without its value; NULL: there is none. */
static const struct arg_opt *find_pending(const struct args *args, int count, char **words)
{
    const char *before = words[count - 2];
    if (before[0] != '-' || strchr(before, '=') != NULL)
        return NULL;
    const struct arg_opt *opt = find_option(args, before);
    return opt != NULL && !args_is_flag(opt) ? opt : NULL;
}

void complete_words(FILE *out, int count, char **words)
{
    if (count < 2)
        return;
    const char *part = words[count - 1];
    if (count == 2) {
        for (size_t i = 0; command_at(i) != NULL; i++)
            complete_offer(out, "", 0, part, command_name(command_at(i)), "", command_at(i)->args->brief);
        if (part[0] == '-') {
            complete_offer(out, "", 0, part, "--help", "", "the commands");
            complete_offer(out, "", 0, part, "--version", "", "what this weir is made of");
            complete_offer(out, "", 0, part, "--man", "", "a page for man(1)");
        }
        return;
    }
    const struct command *command = command_find(words[1]);
    if (command == NULL)
        return;
    const struct args *args = command->args;
    const char *equals = strchr(part, '=');
    const struct arg_opt *opt = count > 3 ? find_pending(args, count, words) : NULL;
    if (opt != NULL)
        offer_value(out, opt, "", 0, part);
    else if (part[0] == '-' && equals != NULL && (opt = find_option(args, part)) != NULL)
        offer_value(out, opt, part, (size_t)(equals + 1 - part), equals + 1);
    else if (part[0] == '-')
        offer_options(out, args, part);
    else
        offer_operand(out, args, part);
}
