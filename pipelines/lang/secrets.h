/* secrets.h - what ${secret.NAME} stood for: it goes where the text says, and into no words for people. */
#ifndef WP_SECRETS_H
#define WP_SECRETS_H

#include <stddef.h>

#include <weir/text.h>

/* In the arena of the syntax. */
struct secret {
    struct secret *next;
    const char *name, *value;
    size_t size;
};

/* Shorter ones would be found in any text. */
#define SECRET_SIZE_MIN 4

/*
 * Where the value of a secret stands in `text` its name does in what is returned, in ${...}. Takes the text, which was
 * malloc()ed, or NULL; so was what it returns. NULL: there was none, or there is no memory.
 */
char *wp_secrets_mask(const struct secret *secrets, char *text);
/* The same of all that `from` has, which is freed, behind what `to` has. 0 or -ENOMEM. */
WEIR_MUST_USE int wp_secrets_append(const struct secret *secrets, weir_text *from, weir_text *to);

#endif
