/* tls_context.h - what the connections of one side share. */
#ifndef WI_TLS_CONTEXT_H
#define WI_TLS_CONTEXT_H

#include <weir/tls.h>

#include "libssl.h"

struct weir_tls_context {
    uint32_t refs;
    const struct libssl *lib;
    SSL_CTX *ctx;
    BIO_METHOD *method; /* of tls_bio.c */
    bool is_server, verify;
};

#endif
