/* state_dir.h - where a pipeline's state is kept. */
#ifndef STATE_DIR_H
#define STATE_DIR_H

#include "pipeline_text.h"

struct state_choice {
    const char *dir; /* NULL: the pipeline says so itself, or has none */
    bool adapt;
    unsigned every_ms;    /* 0: the default, */
    uint64_t every_bytes; /* as well */
};

/*
 * Opens the state directory for the pipeline, or the one that a pipeline with start=checkpoint has by itself,
 * if it is one. 0, also if there is none; else what is wrong was said, and the exit code.
 */
int state_keep(const char *command, weir_pipeline *pipeline, const struct pipeline_choice *choice, int operands,
               char **argv, const struct state_choice *state);

/* Lines for standard error, each behind "weir: ", which are freed. */
void state_say_lines(weir_text *lines);

/* The directory of all states, and the one of a pipeline's file or text. The caller's; NULL: no memory, or no home. */
char *state_root(void);
char *state_dir_of(const struct pipeline_choice *choice, const char *operand);

#endif
