/* functions.h - functions of expressions, by file. What an argument isn't fit for is null. */
#ifndef WP_FUNCTIONS_H
#define WP_FUNCTIONS_H

#include "expr/eval.h"

/* functions_string.c */
struct datum wp_string_contains(struct eval *eval, const struct datum *args, unsigned count);
struct datum wp_string_starts_with(struct eval *eval, const struct datum *args, unsigned count);
struct datum wp_string_ends_with(struct eval *eval, const struct datum *args, unsigned count);
struct datum wp_string_len(struct eval *eval, const struct datum *args, unsigned count);
struct datum wp_string_lower(struct eval *eval, const struct datum *args, unsigned count);
struct datum wp_string_upper(struct eval *eval, const struct datum *args, unsigned count);
struct datum wp_string_trim(struct eval *eval, const struct datum *args, unsigned count);
struct datum wp_string_slice(struct eval *eval, const struct datum *args, unsigned count);
struct datum wp_string_replace(struct eval *eval, const struct datum *args, unsigned count);
struct datum wp_string_split(struct eval *eval, const struct datum *args, unsigned count);
struct datum wp_string_join(struct eval *eval, const struct datum *args, unsigned count);
struct datum wp_string_of(struct eval *eval, const struct datum *args, unsigned count);

/* functions_regex.c: the second argument is a regular expression or a text. */
struct datum wp_regex_replace(struct eval *eval, const struct datum *args, unsigned count);
struct datum wp_regex_mask(struct eval *eval, const struct datum *args, unsigned count);
struct datum wp_regex_extract(struct eval *eval, const struct datum *args, unsigned count);
struct datum wp_regex_split(struct eval *eval, const struct datum *args, unsigned count);

/* functions_time.c */
struct datum wp_time_of(struct eval *eval, const struct datum *args, unsigned count);
struct datum wp_time_format(struct eval *eval, const struct datum *args, unsigned count);
/* The byte behind the first '%' that no format knows ('%' itself: nothing is behind it); NUL: all are known. */
char wp_time_odd_directive(struct datum format);

/* functions_net.c */
struct datum wp_net_cidr(struct eval *eval, const struct datum *args, unsigned count);
bool wp_net_is_network(struct datum text);

#endif
