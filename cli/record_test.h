/* record_test.h - records become a test at the end of a pipeline's file, which expects what it makes of them now. */
#ifndef RECORD_TEST_H
#define RECORD_TEST_H

#include <weir/text.h>

/* `input` has lines of a test: in "...". The file is replaced as a whole. 0; else it was told, and the exit code. */
int record_test(const char *command, const char *path, const char *stage, const weir_text *input);

#endif
