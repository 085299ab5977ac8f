/*
 * digest.h - digests: one table of algorithms, and a hasher that runs several over one stream.
 *
 * A digest is bytes in the order its tools print them: XXH values big-endian
 * (xxHash's "canonical" form), everything else as its standard says.
 */
#ifndef WEIR_DIGEST_H
#define WEIR_DIGEST_H

#include <weir/base.h>

#pragma GCC visibility push(default)

#define WEIR_DIGEST_SIZE_MAX 64
#define WEIR_HASHER_ALGOS_MAX 16

typedef struct weir_digest {
    uint8_t bytes[WEIR_DIGEST_SIZE_MAX];
} weir_digest;

/*
 * One algorithm. Rows live as long as the process and there is one row a name,
 * so two pointers are equal exactly when the algorithms are.
 *
 * A state is `state_size` bytes at `state_align`, zeroed before its first
 * init(); init() begins a stream, also again after any other call, and keeps
 * what it allocated before. States may move between threads, one at a time.
 * The functions return 0 or a negative errno: -ENOMEM, -ENOTSUP (this libcrypto
 * has no such digest, as MD5 under FIPS), -EIO (libcrypto refused).
 */
typedef struct weir_digest_algo {
    const char *name;       /* "sha256": what a user types, JSON key, CSV column */
    const char *tag;        /* "SHA256": in a BSD-style line, as coreutils, xxhsum and rhash spell it */
    const char *gnu_prefix; /* before the hex in a GNU-style line: "XXH3_" or "" */
    const char *backend;    /* who computes it here: "avx512", "libcrypto", ... */
    uint32_t digest_size;   /* bytes */
    uint32_t state_size;
    uint32_t state_align;
    uint32_t ns_per_kib; /* a first guess for a scheduler that will measure */
    int (*init)(void *state);
    int (*update)(void *state, const void *data, size_t size);
    int (*final)(void *state, uint8_t *ret_digest);
    void (*fini)(void *state); /* NULL when a state owns nothing */
    int (*oneshot)(const void *data, size_t size, uint8_t *ret_digest);
} weir_digest_algo;

/* weir_digest_at() - row `index` of the table, the default algorithm first; NULL past the end. */
const weir_digest_algo *weir_digest_at(size_t index);

/* The names of the table in its order, NULL at the end: the choices of an option. */
extern const char *const weir_digest_names[];

/*
 * weir_digest_find() - the row called `name`: a name, a tag or a usual alias
 * ("sha-256", "xxh3-64", "BLAKE2b-512"), upper or lower case alike.
 *
 * Returns NULL when there is none. weir_digest_find_n() takes a name without a
 * NUL at its end.
 */
const weir_digest_algo *weir_digest_find(const char *name);
const weir_digest_algo *weir_digest_find_n(const char *name, size_t size);

/* weir_digest_suggest() - the name that `name` was perhaps meant to be, or NULL. */
const char *weir_digest_suggest(const char *name);

/* weir_digest_hex() - writes 2 * size lower-case digits to `ret_hex`, and no NUL. */
void weir_digest_hex(const uint8_t *bytes, size_t size, char *ret_hex);

/*
 * weir_digest_unhex() - reads 2 * size digits, upper or lower case.
 *
 * Returns 0, or -EINVAL when one of them is no hex digit.
 */
int weir_digest_unhex(const char *hex, size_t size, uint8_t *ret_bytes);

/* weir_digest_pack() - the digests without their spare bytes, one behind the other. Returns how many bytes that is. */
size_t weir_digest_pack(const weir_digest_algo *const *algos, size_t count, const weir_digest *digests,
                        uint8_t *ret_packed);

/* Several algorithms over one stream of bytes. Nothing in it is yours to touch. */
typedef struct weir_hasher {
    const weir_digest_algo *algos[WEIR_HASHER_ALGOS_MAX];
    void *states[WEIR_HASHER_ALGOS_MAX];
    void *memory;
    size_t count;
    int error; /* the first of this stream; final() tells it */
} weir_hasher;

/*
 * weir_hasher_init() - ready for a stream, with `count` algorithms.
 *
 * This is the only call that allocates: a hasher used for a million files
 * allocates once. Returns 0, -EINVAL (no algorithm, or too many), -ENOMEM, or
 * what an algorithm's init() says; on failure there is nothing to fini.
 *
 * Ownership: `algos` is copied. Move a hasher between threads as you like, but
 * use it from one at a time.
 */
WEIR_MUST_USE int weir_hasher_init(weir_hasher *self, const weir_digest_algo *const *algos, size_t count);

/* weir_hasher_fini() - releases what init took. Takes a zeroed hasher, and twice the same. */
void weir_hasher_fini(weir_hasher *self);

/* weir_hasher_reset() - begins the next stream, from whatever state. */
void weir_hasher_reset(weir_hasher *self);

/* weir_hasher_update() - the next bytes of the stream. A failure is kept for final(). */
void weir_hasher_update(weir_hasher *self, const void *data, size_t size);

/* weir_hasher_update_zeros() - the next `size` bytes are zeros: the hole of a sparse file, which nobody need read. */
void weir_hasher_update_zeros(weir_hasher *self, uint64_t size);

/*
 * weir_hasher_final() - ends the stream: digests[i] is that of algos[i].
 *
 * Returns 0 or the first error of the stream. Reset before the next one.
 */
WEIR_MUST_USE int weir_hasher_final(weir_hasher *self, weir_digest *ret_digests);

/*
 * weir_hasher_oneshot() - the digests of one buffer that is the whole stream.
 *
 * Forgets a stream begun before. The cheapest way for small files: where an
 * algorithm needs no state, none is touched.
 */
WEIR_MUST_USE int weir_hasher_oneshot(weir_hasher *self, const void *data, size_t size, weir_digest *ret_digests);

/* weir_hasher_ns_per_kib() - the guesses of its algorithms, added up. */
uint32_t weir_hasher_ns_per_kib(const weir_hasher *self);

#pragma GCC visibility pop

#endif
