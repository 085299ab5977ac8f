/* json_text.h - text as JSON has it. */
#ifndef JSON_TEXT_H
#define JSON_TEXT_H

#include <stdio.h>

/* A string of JSON, with its quotes, of a text that is UTF-8. */
void json_text_put(FILE *out, const char *text);

#endif
