/* args.h - options of a subcommand, from one table that is also its help. */
#ifndef ARGS_H
#define ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum arg_kind {
    ARG_FLAG,    /* bool */
    ARG_ONE_OF,  /* int: set to `alone`; of several that share it the last one counts */
    ARG_STRING,  /* const char * */
    ARG_STRINGS, /* struct arg_strings: may be given again */
    ARG_NUMBER,  /* unsigned, from min to max */
    ARG_SIZE,    /* uint64_t: 64KiB, 1MiB, 2GB */
    ARG_CHOICE,  /* int: index in choices */
    ARG_HEADING, /* a line of the help */
};

struct arg_strings {
    const char **items;
    size_t count;
};

struct arg_opt {
    enum arg_kind kind;
    char short_name; /* 0: none */
    const char *name;
    const char *value; /* what the help calls its value */
    const char *help;
    size_t offset; /* of the variable, in the struct of values */
    const char *const *choices;
    unsigned min, max;
    int alone; /* see ARG_ONE_OF; of a choice, not 0: its value is given by '=' only, and without one it is this */
};

/* What the page of the manual says beside the options. */
struct arg_section {
    const char *title;
    const char *text;
    bool verbatim; /* line for line, as examples are */
};

/* What operands are: for completion. */
enum args_operands {
    ARGS_NO_OPERANDS,
    ARGS_FILES,
    ARGS_PIPELINE, /* a text, or a file with one */
    ARGS_STAGES,   /* names of stages */
    ARGS_SHELLS,
    ARGS_PEERS, /* the processes of weirs that run */
};

struct args {
    const char *command; /* "weir hash" */
    const char *brief;   /* half a line: what it does */
    const char *usage;   /* "[OPTION...] [PATH...]" */
    enum args_operands operands;
    const char *summary;                /* lines after the usage */
    const char *footer;                 /* after the options */
    const struct arg_opt *opts;         /* ended by a row without a name */
    const struct arg_section *sections; /* ended by one without a title; may be NULL */
};

/* It takes no value. */
static inline bool args_is_flag(const struct arg_opt *opt)
{
    return opt->kind == ARG_FLAG || opt->kind == ARG_ONE_OF;
}

/*
 * Parses argv[1..]. Options and operands may be mixed; after "--" all are
 * operands. Operands are moved to argv[0..] and counted in *ret_operands.
 * Returns 0; 1 after --help or --man was printed; -1 after an error was printed.
 */
int args_parse(const struct args *args, int argc, char **argv, void *values, int *ret_operands);

void args_help(const struct args *args);
/* The same as a page for man(1); what --man prints. */
void args_man(FILE *out, const struct args *args);

#endif
