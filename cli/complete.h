/*
 * complete.h - what could stand where the cursor is, for shells.
 *
 * A line a candidate: what replaces the word under the cursor, a tab, the part of it to show, a tab, what it is. The
 * line ":files" asks the shell for its own names of files.
 */
#ifndef COMPLETE_H
#define COMPLETE_H

#include <stdio.h>

/* One candidate, if it begins with `part`; `before` is what stands before that in the word. */
void complete_offer(FILE *out, const char *before, size_t before_size, const char *part, const char *candidate,
                    const char *after, const char *what);

/* In the text of a pipeline, at its end: stages, their options and values, names of files in quotes. */
void complete_text(FILE *out, const char *text);

/* In a command line of `weir`: words[0] is the command, the last word the one under the cursor. */
void complete_words(FILE *out, int count, char **words);

#endif
