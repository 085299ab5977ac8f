/* manifest_hint.c - which algorithm, when the line doesn't say; and what every parser needs. */
#include "manifest/manifest_read.h"

#include <string.h>

/*
 * For each length the algorithm that is meant most often. 32 digits are
 * xxh128, which weir and xxhsum write without a tag, and not md5, whose
 * manifests nearly always say so by their name.
 */
static const char *const likeliest[] = { "xxh32", "xxh64", "xxh128", "sha1", "sha224", "sha256", "sha384", "sha512" };

static const weir_digest_algo *guess(const weir_manifest_reader *self, size_t digits, bool *ret_open)
{
    const weir_digest_algo *hints[] = { self->algo_hint, self->name_hint };
    for (size_t i = 0; i < 2; i++)
        if (hints[i] != NULL && 2 * hints[i]->digest_size == digits)
            return hints[i];
    for (size_t i = 0; i < sizeof(likeliest) / sizeof(likeliest[0]); i++) {
        const weir_digest_algo *algo = weir_digest_find(likeliest[i]), *other;
        if (2 * algo->digest_size != digits)
            continue;
        for (size_t j = 0; (other = weir_digest_at(j)) != NULL; j++)
            if (other != algo && other->digest_size == algo->digest_size)
                *ret_open = true;
        return algo;
    }
    return NULL;
}

const weir_digest_algo *wi_manifest_guess(weir_manifest_reader *self, size_t digits, bool *ret_guessed)
{
    if (digits != self->guess_digits) {
        self->guess_is_open = false;
        self->guess = guess(self, digits, &self->guess_is_open);
        self->guess_digits = digits;
    }
    *ret_guessed = self->guess_is_open;
    return self->guess;
}

/* A suffix of the name, upper or lower case: these are ASCII, whatever the locale. */
static bool ends_in(const char *name, size_t size, const char *suffix)
{
    const size_t suffix_size = strlen(suffix);
    if (size < suffix_size)
        return false;
    for (size_t i = 0; i < suffix_size; i++) {
        const char letter = name[size - suffix_size + i];
        if ((letter >= 'A' && letter <= 'Z' ? letter | 0x20 : letter) != suffix[i])
            return false;
    }
    return true;
}

const weir_digest_algo *weir_manifest_algo_of(const char *file_name)
{
    const char *slash = strrchr(file_name, '/');
    const char *name = slash != NULL ? slash + 1 : file_name;
    size_t size = strlen(name);
    if (ends_in(name, size, ".sfv"))
        return weir_digest_find("crc32");

    /* SHA256SUMS.txt, sha256sum.asc, md5sums; then x.sha256 as well as sha256 */
    static const char *const endings[] = { ".txt", ".asc", ".sums", ".sum", "sums", "sum" };
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
        if (ends_in(name, size, endings[i]))
            size -= strlen(endings[i]);
    const char *dot = memrchr(name, '.', size);
    const char *word = dot != NULL ? dot + 1 : name;
    return weir_digest_find_n(word, size - (size_t)(word - name));
}

int wi_manifest_add_digest(weir_manifest_entry *entry, const weir_digest_algo *algo, const char *hex, size_t digits)
{
    for (size_t i = 0; i < entry->count; i++)
        if (entry->algos[i] == algo)
            return wi_manifest_bad(entry, "the same digest twice");
    if (digits != 2 * algo->digest_size || entry->count == WEIR_HASHER_ALGOS_MAX)
        return wi_manifest_bad(entry, "a digest of the wrong length");
    if (weir_digest_unhex(hex, algo->digest_size, entry->digests[entry->count].bytes) != 0)
        return wi_manifest_bad(entry, "a digest that isn't hexadecimal");
    entry->algos[entry->count++] = algo;
    return 0;
}

int wi_manifest_parse_size(const char *text, size_t size, int64_t *ret_size)
{
    int64_t value = 0;
    if (size == 0)
        return -EINVAL;
    for (size_t i = 0; i < size; i++)
        if (text[i] < '0' || text[i] > '9' || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, text[i] - '0', &value))
            return -EINVAL;
    *ret_size = value;
    return 0;
}
