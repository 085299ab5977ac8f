/* tls_fault.h - what went wrong, in OpenSSL's words. */
#ifndef WI_TLS_FAULT_H
#define WI_TLS_FAULT_H

#include <weir/tls.h>

#include "libssl.h"

/*
 * Takes all errors that this thread has, and writes the first one's reason into `fault` (may be NULL) behind `what`.
 * Nothing is left for whoever calls OpenSSL next.
 */
void wi_tls_fault_take(const struct libssl *lib, char *fault, const char *what);

#endif
