/* digest_rows.h - the rows that the files of algorithms offer to digest_table.c. */
#ifndef DIGEST_ROWS_H
#define DIGEST_ROWS_H

#include <weir/digest.h>

/* XXH3 is compiled once for each instruction set. */
struct wi_xxh3_variant {
    const weir_digest_algo *xxh128;
    const weir_digest_algo *xxh3;
};

extern const struct wi_xxh3_variant wi_xxh3_portable;
extern const struct wi_xxh3_variant wi_xxh3_avx2;
extern const struct wi_xxh3_variant wi_xxh3_avx512;

/* Variant `index` of those this processor runs, the fastest first; NULL past the end. */
const struct wi_xxh3_variant *wi_xxh3_variant_at(size_t index);

extern const weir_digest_algo wi_digest_xxh64, wi_digest_xxh32;
extern const weir_digest_algo wi_digest_sha256, wi_digest_sha512, wi_digest_blake2b, wi_digest_md5, wi_digest_sha1,
    wi_digest_sha224, wi_digest_sha384, wi_digest_sha3_256;
extern const weir_digest_algo wi_digest_crc32;

#endif
