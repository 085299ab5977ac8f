/*
 * reload.h - weir run reads its pipeline's file again.
 *
 * The new text is checked while the old one runs. Then that takes a last checkpoint,
 * and the process begins anew, as the same one: exec(2) with --adapt.
 */
#ifndef RELOAD_H
#define RELOAD_H

#include <stdbool.h>

#include "pipeline_text.h"
#include "sandbox.h"

struct reloading {
    const struct pipeline_choice *choice;
    const char *operand; /* or NULL */
    bool kept;           /* it has a state to go on from */
    struct sandbox *sandbox;
    char **words; /* of the command line, for the program that it becomes; malloc()ed */
};

/* For interrupt.hangup, with a struct reloading: does the text check as it is now? What is wrong is said. */
bool reload_check(void *reloading);
/* Keeps the words of the command line, those of the command and one before, as they stand. 0 or -ENOMEM. */
int reload_prepare(struct reloading *reloading, int argc, char **argv);
/* Begins anew; returns only if that fails, which was said: the exit code. */
int reload_now(const struct reloading *reloading);

#endif
