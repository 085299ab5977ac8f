/* tls_files.h - the certificates and keys that a stage's options name. */
#ifndef WP_TLS_FILES_H
#define WP_TLS_FILES_H

#include <weir/tls.h>

#include "run/run.h"

/*
 * weir_tls_context_create() in a poll: loading OpenSSL and reading files blocks, so the worker is lent out meanwhile. 0
 * or a negative errno that was told.
 */
WEIR_MUST_USE int wp_tls_context(struct run_node *node, const weir_tls_options *options,
                                 weir_tls_context **ret_context);

#endif
