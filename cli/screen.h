/* screen.h - what a terminal can show, and names that must not reach it as they are. */
#ifndef SCREEN_H
#define SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Columns of the terminal behind `stream` (COLUMNS wins); 80 where there is none. */
int screen_width(FILE *stream);

/* True when `stream` is a terminal that may be given colours: NO_COLOR and TERM=dumb say no. */
bool screen_colours(FILE *stream);

/*
 * A name for human eyes: control characters and bytes that are no UTF-8 become
 * \n, \t, \xHH; everything else stays. Writes at most size - 1 bytes and a NUL;
 * returns `buffer`. What doesn't fit is cut in the middle, with "...".
 */
const char *screen_name(char *buffer, size_t size, const char *name, size_t name_size);

/* Lines of text with whatever in it: all but their ends as screen_name() has it. */
void screen_put(FILE *out, const char *text, size_t size);

#endif
