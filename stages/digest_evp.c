/* digest_evp.c - the digests of OpenSSL's libcrypto, which has the assembly for them (SHA-NI and the like). */
#include "digest_rows.h"
#include "libcrypto.h"

enum { MD_SHA256, MD_SHA512, MD_BLAKE2B, MD_MD5, MD_SHA1, MD_SHA224, MD_SHA384, MD_SHA3_256, MD_COUNT };

static const char *const md_names[MD_COUNT] = {
    [MD_SHA256] = "SHA2-256", [MD_SHA512] = "SHA2-512", [MD_BLAKE2B] = "BLAKE2B-512", [MD_MD5] = "MD5",
    [MD_SHA1] = "SHA1",       [MD_SHA224] = "SHA2-224", [MD_SHA384] = "SHA2-384",     [MD_SHA3_256] = "SHA3-256",
};

/*
 * A fetch searches the providers under a lock and takes microseconds, so each
 * is done once. They are never freed: hashers of any thread may hold them
 * until the process ends.
 */
static EVP_MD *fetched[MD_COUNT];

static const EVP_MD *fetch(int which)
{
    EVP_MD *md = __atomic_load_n(&fetched[which], __ATOMIC_ACQUIRE);
    if (weir_likely(md != NULL))
        return md;
    const struct libcrypto *crypto = libcrypto_get();
    EVP_MD *mine = crypto == NULL ? NULL : crypto->md_fetch(NULL, md_names[which], NULL);
    if (mine == NULL)
        return NULL;
    if (__atomic_compare_exchange_n(&fetched[which], &md, mine, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return mine;
    crypto->md_free(mine); /* another thread was first */
    return md;
}

struct evp_state {
    EVP_MD_CTX *ctx;
};

static int evp_init(void *state, int which)
{
    struct evp_state *self = state;
    const EVP_MD *md = fetch(which);
    if (md == NULL)
        return -ENOTSUP;
    if (self->ctx == NULL && (self->ctx = libcrypto_get()->ctx_new()) == NULL)
        return -ENOMEM;
    /* With the same md as before the context keeps its memory: no allocation from the second stream on. */
    return libcrypto_get()->init(self->ctx, md, NULL) == 1 ? 0 : -EIO;
}

static int evp_update(void *state, const void *data, size_t size)
{
    struct evp_state *self = state;
    return libcrypto_get()->update(self->ctx, data, size) == 1 ? 0 : -EIO;
}

static int evp_final(void *state, uint8_t *ret_digest)
{
    struct evp_state *self = state;
    return libcrypto_get()->final(self->ctx, ret_digest, NULL) == 1 ? 0 : -EIO;
}

static void evp_fini(void *state)
{
    struct evp_state *self = state;
    if (self->ctx != NULL)
        libcrypto_get()->ctx_free(self->ctx);
    self->ctx = NULL;
}

static int evp_oneshot(const void *data, size_t size, uint8_t *ret_digest, int which)
{
    const EVP_MD *md = fetch(which);
    if (md == NULL)
        return -ENOTSUP;
    return libcrypto_get()->digest(data, size, ret_digest, NULL, md, NULL) == 1 ? 0 : -EIO;
}

#define EVP_ROW(id, which, name_text, tag_text, digest_bytes, cost)             \
    static int id##_init(void *state)                                           \
    {                                                                           \
        return evp_init(state, which);                                          \
    }                                                                           \
    static int id##_oneshot(const void *data, size_t size, uint8_t *ret_digest) \
    {                                                                           \
        return evp_oneshot(data, size, ret_digest, which);                      \
    }                                                                           \
    const weir_digest_algo wi_digest_##id = {                                   \
        .name = name_text,                                                      \
        .tag = tag_text,                                                        \
        .gnu_prefix = "",                                                       \
        .backend = "libcrypto",                                                 \
        .digest_size = digest_bytes,                                            \
        .state_size = sizeof(struct evp_state),                                 \
        .state_align = _Alignof(struct evp_state),                              \
        .ns_per_kib = cost,                                                     \
        .init = id##_init,                                                      \
        .update = evp_update,                                                   \
        .final = evp_final,                                                     \
        .fini = evp_fini,                                                       \
        .oneshot = id##_oneshot,                                                \
    }

EVP_ROW(sha256, MD_SHA256, "sha256", "SHA256", 32, 600);
EVP_ROW(sha512, MD_SHA512, "sha512", "SHA512", 64, 1050);
EVP_ROW(blake2b, MD_BLAKE2B, "blake2b", "BLAKE2b", 64, 850);
EVP_ROW(md5, MD_MD5, "md5", "MD5", 16, 1400);
EVP_ROW(sha1, MD_SHA1, "sha1", "SHA1", 20, 580);
EVP_ROW(sha224, MD_SHA224, "sha224", "SHA224", 28, 600);
EVP_ROW(sha384, MD_SHA384, "sha384", "SHA384", 48, 1050);
EVP_ROW(sha3_256, MD_SHA3_256, "sha3-256", "SHA3-256", 32, 2050);
