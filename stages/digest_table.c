/* digest_table.c - the table of algorithms: rows, names, aliases, and hex. */
#include <weir/suggest.h>

#include <string.h>

#include "digest_rows.h"

/* XXH3's two come first, in the copy for this processor: xxh128 is the default of weir. */
static const weir_digest_algo *const other_rows[] = {
    &wi_digest_xxh64, &wi_digest_xxh32, &wi_digest_sha256, &wi_digest_sha512, &wi_digest_blake2b,  &wi_digest_md5,
    &wi_digest_crc32, &wi_digest_sha1,  &wi_digest_sha224, &wi_digest_sha384, &wi_digest_sha3_256,
};

enum { OTHER_ROWS = sizeof(other_rows) / sizeof(other_rows[0]), ROWS = OTHER_ROWS + 2 };

const char *const weir_digest_names[ROWS + 1] = {
    "xxh128", "xxh3",  "xxh64", "xxh32",  "sha256", "sha512",   "blake2b",
    "md5",    "crc32", "sha1",  "sha224", "sha384", "sha3-256", NULL,
};

const weir_digest_algo *weir_digest_at(size_t index)
{
    switch (index) {
    case 0:
        return wi_xxh3_variant_at(0)->xxh128;
    case 1:
        return wi_xxh3_variant_at(0)->xxh3;
    default:
        return index < ROWS ? other_rows[index - 2] : NULL;
    }
}

/* Spellings in use besides name and tag; lower case. openssl(1) prints SHA2-256. "crc" is absent: cksum's is another.
 */
static const struct {
    const char *alias, *name;
} aliases[] = {
    { "xxh3-64", "xxh3" },       { "xxh3_64", "xxh3" },      { "xxh3-64bits", "xxh3" }, { "xxh3-128", "xxh128" },
    { "xxh3_128", "xxh128" },    { "xxh-128", "xxh128" },    { "xxhash128", "xxh128" }, { "xxh-64", "xxh64" },
    { "xxhash64", "xxh64" },     { "xxh-32", "xxh32" },      { "xxhash32", "xxh32" },   { "sha-256", "sha256" },
    { "sha2-256", "sha256" },    { "sha-512", "sha512" },    { "sha2-512", "sha512" },  { "blake2b-512", "blake2b" },
    { "blake2b512", "blake2b" }, { "b2", "blake2b" },        { "md-5", "md5" },         { "crc-32", "crc32" },
    { "sha-1", "sha1" },         { "sha-224", "sha224" },    { "sha2-224", "sha224" },  { "sha-384", "sha384" },
    { "sha2-384", "sha384" },    { "sha3_256", "sha3-256" },
};

/* tolower() would follow the locale, in which a Turkish "XXH128" may not be what it seems. */
static bool same_word(const char *known, const char *name, size_t size)
{
    if (strlen(known) != size)
        return false;
    for (size_t i = 0; i < size; i++) {
        char left = known[i], right = name[i];
        left = left >= 'A' && left <= 'Z' ? (char)(left | 0x20) : left;
        right = right >= 'A' && right <= 'Z' ? (char)(right | 0x20) : right;
        if (left != right)
            return false;
    }
    return true;
}

/* The tags differ from the names in nothing but case, so a name finds both. */
static const weir_digest_algo *find_name(const char *name, size_t size)
{
    for (size_t i = 0; i < ROWS; i++)
        if (same_word(weir_digest_names[i], name, size))
            return weir_digest_at(i);
    return NULL;
}

const weir_digest_algo *weir_digest_find_n(const char *name, size_t size)
{
    const weir_digest_algo *algo = find_name(name, size);
    for (size_t i = 0; algo == NULL && i < sizeof(aliases) / sizeof(aliases[0]); i++)
        if (same_word(aliases[i].alias, name, size))
            algo = find_name(aliases[i].name, strlen(aliases[i].name));
    return algo;
}

const weir_digest_algo *weir_digest_find(const char *name)
{
    return weir_digest_find_n(name, strlen(name));
}

const char *weir_digest_suggest(const char *name)
{
    weir_suggest suggest;
    weir_suggest_init(&suggest, name);
    for (size_t i = 0; i < ROWS; i++)
        weir_suggest_offer(&suggest, weir_digest_names[i]);
    return suggest.best;
}

size_t weir_digest_pack(const weir_digest_algo *const *algos, size_t count, const weir_digest *digests,
                        uint8_t *ret_packed)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++) {
        memcpy(ret_packed + size, digests[i].bytes, algos[i]->digest_size);
        size += algos[i]->digest_size;
    }
    return size;
}

void weir_digest_hex(const uint8_t *bytes, size_t size, char *ret_hex)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        ret_hex[2 * i] = digits[bytes[i] >> 4];
        ret_hex[2 * i + 1] = digits[bytes[i] & 15];
    }
}

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

int weir_digest_unhex(const char *hex, size_t size, uint8_t *ret_bytes)
{
    int wrong = 0;
    for (size_t i = 0; i < size; i++)
        wrong |= hex_value(hex[2 * i]) | hex_value(hex[2 * i + 1]); /* only -1 has a sign */
    if (wrong < 0)
        return -EINVAL;
    for (size_t i = 0; i < size; i++)
        ret_bytes[i] = (uint8_t)(hex_value(hex[2 * i]) << 4 | hex_value(hex[2 * i + 1]));
    return 0;
}
