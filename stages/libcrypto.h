/*
 * libcrypto.h - OpenSSL's libcrypto, loaded when a digest first wants it.
 *
 * Its 5 MB take 3 ms to load and relocate, a third of the start of a program
 * that mostly computes XXH digests.
 */
#ifndef STAGES_LIBCRYPTO_H
#define STAGES_LIBCRYPTO_H

#include <openssl/evp.h>

struct libcrypto {
    __typeof__(EVP_MD_fetch) *md_fetch;
    __typeof__(EVP_MD_free) *md_free;
    __typeof__(EVP_MD_CTX_new) *ctx_new;
    __typeof__(EVP_MD_CTX_free) *ctx_free;
    __typeof__(EVP_DigestInit_ex2) *init;
    __typeof__(EVP_DigestUpdate) *update;
    __typeof__(EVP_DigestFinal_ex) *final;
    __typeof__(EVP_Digest) *digest;
};

/* NULL: this machine has none that fits. Any thread. Stays loaded. */
const struct libcrypto *libcrypto_get(void);

#endif
