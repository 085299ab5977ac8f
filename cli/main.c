/* main.c - weir(1): finds the command. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <weir/base.h>
#include <weir/codec.h>
#include <weir/digest.h>
#include <weir/pipeline.h>
#include <weir/suggest.h>

#include "args.h"
#include "cmd.h"
#include "web.h"

static void print_help(FILE *out)
{
    fputs("usage: weir COMMAND [ARGUMENT...]\n\n", out);
    for (size_t i = 0; command_at(i) != NULL; i++)
        fprintf(out, "  %-10s %s\n", command_name(command_at(i)), command_at(i)->args->brief);
    fputs("\n  --version  what this weir is made of\n  --help     this; 'weir help COMMAND' for a command\n"
          "  --man      a page for man(1); 'weir COMMAND --man' for a command's\n",
          out);
}

static void print_man(FILE *out)
{
    fprintf(out,
            ".TH weir 1 \"\" \"weir %s\" \"weir manual\"\n.SH NAME\nweir \\- dataflow for files and streams\n"
            ".SH SYNOPSIS\n\\fBweir\\fR \\fICOMMAND\\fR [\\fIARGUMENT\\fR...]\n.SH COMMANDS\n",
            WEIR_VERSION);
    for (size_t i = 0; command_at(i) != NULL; i++)
        fprintf(out, ".TP\n\\fBweir\\-%s\\fR(1)\n%s\n", command_name(command_at(i)), command_at(i)->args->brief);
    fputs(".SH OPTIONS\n.TP\n\\fB\\-\\-version\\fR\nwhat this weir is made of\n.TP\n\\fB\\-\\-help\\fR\n"
          "the commands; after a command, its options\n.TP\n\\fB\\-\\-man\\fR\nthis page; after a command, its page\n",
          out);
}

static void print_version(void)
{
    printf("weir %s\nio: %s\ndigests:", WEIR_VERSION,
#ifdef WEIR_URING
           "io_uring, epoll");
#else
           "epoll");
#endif
    for (size_t i = 0; weir_digest_at(i) != NULL; i++)
        printf(" %s (%s)", weir_digest_at(i)->name, weir_digest_at(i)->backend);
    printf("\ncodecs:");
    for (size_t i = 0; weir_codec_at(i) != NULL; i++)
        printf(" %s (%s)", weir_codec_at(i)->name, weir_codec_at(i)->backend);
    printf("\nregular expressions: %s\nYAML and JSON: %s\nmetrics and live page: %s\n", weir_pipeline_regex(),
           weir_pipeline_documents(), web_backend());
}

static const char *const own_options[] = { "--version", "--help", "--man" };

static int unknown(const char *name)
{
    weir_suggest suggest;
    weir_suggest_init(&suggest, name);
    for (size_t i = 0; command_at(i) != NULL; i++)
        weir_suggest_offer(&suggest, command_name(command_at(i)));
    for (size_t i = 0; i < sizeof own_options / sizeof own_options[0]; i++)
        weir_suggest_offer(&suggest, own_options[i]);
    fprintf(stderr, "weir: unknown %s '%s'", name[0] == '-' ? "option" : "command", name);
    if (suggest.best != NULL)
        fprintf(stderr, " (did you mean '%s'?)", suggest.best);
    fputs("\nTry 'weir --help'.\n", stderr);
    return EXIT_USAGE;
}

/*
 * A stream that was closed is one that fails. Else the next file we open, a cache, say, would be standard output, and
 * a manifest would be written over it.
 */
static void hold_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
            _exit(EXIT_DATA);
}

int main(int argc, char **argv)
{
    hold_standard_streams();
    if (argc < 2) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "help") == 0 && argc == 3) { /* help COMMAND: COMMAND --help */
        char *asked[] = { argv[2], "--help", NULL };
        const struct command *command = command_find(argv[2]);
        return command != NULL ? command->run(2, asked) : unknown(argv[2]);
    }
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
        print_version();
        return 0;
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        print_help(stdout);
        return 0;
    }
    if (strcmp(name, "--man") == 0) {
        print_man(stdout);
        return 0;
    }
    const struct command *command = command_find(name);
    return command != NULL ? command->run(argc - 1, argv + 1) : unknown(name);
}
