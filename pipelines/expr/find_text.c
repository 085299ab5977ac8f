/*
 * find_text.c - where a text stands in bytes.
 *
 * W. Mula, "SIMD-friendly algorithms for substring searching" (2016), with the two
 * bytes chosen by how rare they are, which in logs decides how many places are
 * looked at in vain: of "/api/v2/checkout" the first byte and the last agree at
 * every hundredth place of an access log, its k and its v at hardly more than the
 * text itself. Bytes that fool the choice are left to memmem(3), whose time is linear.
 */
#include "expr/find_text.h"

#include <string.h>

#ifdef __x86_64__
#include <immintrin.h>
#endif

/* How common a byte is: the logarithm of its share in access logs, lines of JSON, stack traces, prose and sources. */
static const char ranks[] = "000000000ac000000000000000000000"
                            "e0d20185aa79cbdcdddcbccbbbc97978"
                            "7a8a9a9aaa68aaaaa6abb9898889390a"
                            "4ebdcebbcdaaccddc9dddcbaab882800"
                            "30220000000000000100001101101011"
                            "00001110041011001100013100003000"
                            "00440100000000003200000000000000"
                            "00230020100000001000000000000000";

static char rank_of(const char *text, size_t at)
{
    return ranks[(unsigned char)text[at]];
}

struct text_finder wp_text_finder(const char *text, size_t size)
{
    struct text_finder finder = { .text = text, .size = size };
    size_t *rare = finder.rare;
    for (size_t i = 1; i < size; i++)
        if (rank_of(text, i) < rank_of(text, rare[0]))
            rare[0] = i;
    rare[1] = rare[0] == 0 && size > 1;
    for (size_t i = 0; i < size; i++) {
        if (i == rare[0])
            continue;
        /* The same byte again says little. */
        const bool is_new = text[i] != text[rare[0]], has_new = text[rare[1]] != text[rare[0]];
        if (is_new != has_new ? is_new : rank_of(text, i) < rank_of(text, rare[1]))
            rare[1] = i;
    }
    return finder;
}

/* Places that were looked at in vain: too many for what was passed over, and memmem(3) takes less. */
static bool is_fooled(size_t vain, size_t passed)
{
    return vain > 64 + passed / 16;
}

static const char *find_portable(const struct text_finder *self, const char *bytes, size_t size)
{
    const size_t text_size = self->size, rare = self->rare[0];
    if (text_size < 2 || size < text_size)
        return memmem(bytes, size, self->text, text_size);
    const char *at = bytes + rare, *end = bytes + size - text_size + rare + 1;
    for (size_t vain = 0; (at = memchr(at, self->text[rare], (size_t)(end - at))) != NULL; at++) {
        const char *place = at - rare;
        if (memcmp(place, self->text, text_size) == 0)
            return place;
        if (is_fooled(++vain, (size_t)(place - bytes)))
            return memmem(place, (size_t)(bytes + size - place), self->text, text_size);
    }
    return NULL;
}

#ifdef __x86_64__

#define AVX2 __attribute__((target("avx2,bmi")))
#define STEP 32

/* Ones at those of STEP places from `at` on that have both bytes. */
AVX2 static inline __m256i ask(const struct text_finder *self, const char *at)
{
    const __m256i first = _mm256_set1_epi8(self->text[self->rare[0]]),
                  second = _mm256_set1_epi8(self->text[self->rare[1]]);
    const __m256i a = _mm256_loadu_si256((const __m256i *)(const void *)(at + self->rare[0])),
                  b = _mm256_loadu_si256((const __m256i *)(const void *)(at + self->rare[1]));
    return _mm256_and_si256(_mm256_cmpeq_epi8(a, first), _mm256_cmpeq_epi8(b, second));
}

AVX2 static inline uint64_t bits(__m256i places)
{
    return (uint32_t)_mm256_movemask_epi8(places);
}

AVX2 static inline const char *compare(const struct text_finder *self, const char *at, uint64_t places, size_t *vain)
{
    for (; places != 0; places &= places - 1) {
        const char *place = at + __builtin_ctzll(places);
        if (memcmp(place, self->text, self->size) == 0)
            return place;
        ++*vain;
    }
    return NULL;
}

#define UNROLLED 4

/*
 * Passes over UNROLLED steps at a time as long as none of them has both bytes at a place. Not inlined: around a call
 * the bytes that are looked for would not stay in registers, and it takes twice as long.
 */
AVX2 __attribute__((noinline)) static const char *skip(const struct text_finder *self, const char *at, const char *last)
{
    for (; at <= last; at += UNROLLED * STEP) {
        const __m256i low = _mm256_or_si256(ask(self, at), ask(self, at + STEP)),
                      high = _mm256_or_si256(ask(self, at + 2 * STEP), ask(self, at + 3 * STEP)),
                      any = _mm256_or_si256(low, high);
        if (!_mm256_testz_si256(any, any))
            break;
    }
    return at;
}

AVX2 static const char *find_avx2(const struct text_finder *self, const char *bytes, size_t size)
{
    if (self->size < 2 || size < self->size + STEP - 1)
        return find_portable(self, bytes, size);
    /* All of the STEP places from `last` on lie in the bytes, and no others behind them. */
    const char *at = bytes, *const last = bytes + size - self->size - (STEP - 1), *place;
    size_t vain = 0;
    while (last - at >= (UNROLLED - 1) * STEP) {
        at = skip(self, at, last - (UNROLLED - 1) * STEP);
        for (unsigned i = 0; i < UNROLLED && at <= last; i++, at += STEP)
            if ((place = compare(self, at, bits(ask(self, at)), &vain)) != NULL)
                return place;
        if (is_fooled(vain, (size_t)(at - bytes)))
            return memmem(at, (size_t)(bytes + size - at), self->text, self->size);
    }
    for (; at < last; at += STEP)
        if ((place = compare(self, at, bits(ask(self, at)), &vain)) != NULL)
            return place;
    const size_t seen = (size_t)(at - last); /* of the last places, which overlap those before */
    return seen < STEP ? compare(self, last, bits(ask(self, last)) >> seen << seen, &vain) : NULL;
}

#endif

find_text_call *wp_find_text_at(size_t index)
{
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && index-- == 0)
        return find_avx2;
#endif
    return index == 0 ? find_portable : NULL;
}

const char *wp_text_finder_find(const struct text_finder *finder, const char *bytes, size_t size)
{
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi"))
        return find_avx2(finder, bytes, size);
#endif
    return find_portable(finder, bytes, size);
}

const char *wp_find_text(const char *bytes, size_t size, const char *text, size_t text_size)
{
    const struct text_finder finder = wp_text_finder(text, text_size);
    return wp_text_finder_find(&finder, bytes, size);
}
