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

struct reloading {
    const struct pipeline_choice *choice;
    const char *operand; /* or NULL */
    bool kept;           /* it has a state to go on from */
};

/* For interrupt.hangup, with a struct reloading: does the text check as it is now? What is wrong is said. */
bool reload_check(void *reloading);
/* Begins anew; returns only if that fails, which was said: the exit code. */
int reload_now(void);

#endif
