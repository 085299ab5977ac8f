/* redactor.h - texts without what is nobody's business. */
#ifndef WP_REDACTOR_H
#define WP_REDACTOR_H

#include <weir/digest.h>
#include <weir/text.h>

/* The kinds of things, NULL at the end: bit n of `kinds` is the n-th. */
extern const char *const wp_redact_kinds[];

struct redactor {
    unsigned kinds;
    const char *with;             /* what stands in their place */
    const weir_digest_algo *algo; /* not NULL: in place of that 16 hex digits of this, of `key` and the thing */
    const char *key;              /* "": none */
};

/*
 * wp_redact_text(), wp_redact_json() - appends the text with all that is found replaced. Of JSON, which must have been
 * checked, that is done to what its strings mean, and to numbers, which become strings then; names stay.
 *
 * Returns 1; 0: nothing was found, and nothing was appended; or a negative errno.
 */
WEIR_MUST_USE int wp_redact_text(const struct redactor *redactor, const char *text, size_t size, weir_text *out);
WEIR_MUST_USE int wp_redact_json(const struct redactor *redactor, const char *text, size_t size, weir_text *out);

#endif
