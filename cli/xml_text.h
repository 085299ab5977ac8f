/* xml_text.h - any bytes as text of XML or HTML. */
#ifndef XML_TEXT_H
#define XML_TEXT_H

#include <stddef.h>
#include <stdio.h>

/*
 * Writes it, fit for an element's text and for an attribute in double quotes. What XML can't hold, control characters
 * and bytes that are no UTF-8, is a '?'.
 */
void xml_text(FILE *out, const char *text, size_t size);

#endif
