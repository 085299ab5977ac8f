/* shown.h - text of strangers on a terminal: nothing of it may move the cursor, or worse. */
#ifndef WEIR_SHOWN_H
#define WEIR_SHOWN_H

#include <weir/base.h>

#pragma GCC visibility push(default)

/*
 * weir_shown() - the character at `text`, of which `left` bytes (at least one) are there, as it may be shown.
 *
 * It stays if it is UTF-8 (RFC 3629); control characters, marks that turn the direction around (UAX 9), and bytes that
 * are no UTF-8 become \n, \t, \r or \xHH. Writes 1 to 4 bytes, and returns how many of the text's they stand for.
 */
WEIR_PUBLIC size_t weir_shown(const char *text, size_t left, char ret_shown[4], size_t *ret_shown_size);

#pragma GCC visibility pop

#endif
