/* test_digest.c - every algorithm gives its published digests, however the stream is cut and whoever computes it. */
#include <weir/digest.h>

#include <pthread.h>

#include "check.h"
#include "digest_rows.h"

static uint8_t pattern[(1 << 20) + 64];

/* The bytes of xxHash's own sanity test: the high byte of powers of a prime. */
static void fill_pattern(void)
{
    uint64_t value = 2654435761U;
    for (size_t i = 0; i < sizeof(pattern); i++) {
        pattern[i] = (uint8_t)(value >> 56);
        value *= UINT64_C(11400714785074694797);
    }
}

static const char *to_text(const weir_digest_algo *algo, const uint8_t *digest)
{
    static char text[2 * WEIR_DIGEST_SIZE_MAX + 1];
    weir_digest_hex(digest, algo->digest_size, text);
    text[2 * algo->digest_size] = 0;
    return text;
}

static const char *digest_of(const char *name, const void *data, size_t size)
{
    static weir_digest digest;
    const weir_digest_algo *algo = weir_digest_find(name);
    CHECK(algo != NULL);
    CHECK_EQ(algo->oneshot(data, size, digest.bytes), 0);
    return to_text(algo, digest.bytes);
}

/* FIPS 180-4, FIPS 202, RFC 1321, RFC 7693, the CRC catalogue, xxHash's own test. */
static void test_published_vectors(void)
{
    static const struct {
        const char *name, *empty, *abc;
    } cases[] = {
        { "xxh128", "99aa06d3014798d86001c324468d497f", "06b05ab6733a618578af5f94892f3950" },
        { "xxh3", "2d06800538d394c2", "78af5f94892f3950" },
        { "xxh64", "ef46db3751d8e999", "44bc2cf5ad770999" },
        { "xxh32", "02cc5d05", "32d153ff" },
        { "crc32", "00000000", "352441c2" },
        { "md5", "d41d8cd98f00b204e9800998ecf8427e", "900150983cd24fb0d6963f7d28e17f72" },
        { "sha1", "da39a3ee5e6b4b0d3255bfef95601890afd80709", "a9993e364706816aba3e25717850c26c9cd0d89d" },
        { "sha224", "d14a028c2a3a2bc9476102bb288234c415a2b01f828ea62ac5b3e42f",
          "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7" },
        { "sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
          "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
        { "sha3-256", "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a",
          "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532" },
        { "sha384", "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b",
          "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7" },
        { "sha512",
          "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
          "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
          "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
          "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f" },
        { "blake2b",
          "786a02f742015903c6c6fd852552d272912f4740e15847618a86e217f71f5419"
          "d25e1031afee585313896444934eb04b903a685b1448b755d56f701afe9be2ce",
          "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
          "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923" },
    };
    size_t rows = 0;
    while (weir_digest_at(rows) != NULL)
        rows++;
    CHECK_EQ(sizeof(cases) / sizeof(cases[0]), rows);
    for (size_t i = 0; i < rows; i++) {
        CHECK_STR(digest_of(cases[i].name, "", 0), cases[i].empty);
        CHECK_STR(digest_of(cases[i].name, "abc", 3), cases[i].abc);
    }
    CHECK_STR(digest_of("crc32", "123456789", 9), "cbf43926");
}

/* XXH3 has another algorithm for each range of sizes: 1-3, 4-8, 9-16, 17-128, 129-240, and longer. */
static void test_xxhash_vectors_of_every_range_of_sizes(void)
{
    static const struct {
        size_t size;
        const char *xxh3, *xxh128;
    } cases[] = {
        { 1, "c44bdff4074eecdb", "a6cd5e9392000f6ac44bdff4074eecdb" },
        { 6, "27b56a84cd2d7325", "082afe0b8162d12a3e7039bdda43cfc6" },
        { 12, "a713daf0dfbb77e7", "6e3efd8fc7802b18061a192713f69ad9" },
        { 24, "a3fe70bf9d3510eb", "0ce966e4678d37611e7044d28b1b901d" },
        { 48, "397da259ecba1f11", "a002ac4e5478227ef942219aed80f67b" },
        { 80, "bcdefbbb2c47c90a", "fdf2cefde9eaac8a454ae6bf7a8a532d" },
        { 195, "cd94217ee362ec3a", "7729543a26b207ee3fb593c086a66075" },
        { 403, "cdeb804d65c6dea4", "1b6de21e332dd73dcdeb804d65c6dea4" },
        { 512, "617e49599013cb6b", "18d2d110dcc9bca1617e49599013cb6b" },
        { 2048, "dd59e2c3a5f038e0", "f736557fd47073a5dd59e2c3a5f038e0" },
        { 2240, "6e73a90539cf2948", "ccb134fbfa7ce49d6e73a90539cf2948" },
        { 2367, "cb37aeb9e5d361ed", "e89c0f6ff369b427cb37aeb9e5d361ed" },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CHECK_STR(digest_of("xxh3", pattern, cases[i].size), cases[i].xxh3);
        CHECK_STR(digest_of("xxh128", pattern, cases[i].size), cases[i].xxh128);
    }
    CHECK_STR(digest_of("xxh64", pattern, 2367), "a82418ddec0ea581");
    CHECK_STR(digest_of("xxh64", pattern, 24), "f75a6dea42dc5bf4");
    CHECK_STR(digest_of("xxh32", pattern, 2367), "4c8a9773");
    CHECK_STR(digest_of("xxh32", pattern, 12), "e89b5f9b");
}

static void check_streamed(const weir_digest_algo *algo, void *state, size_t size, size_t split, const uint8_t *wanted)
{
    weir_digest digest;
    CHECK_EQ(algo->init(state), 0);
    CHECK_EQ(algo->update(state, pattern, split), 0);
    CHECK_EQ(algo->update(state, NULL, 0), 0);
    CHECK_EQ(algo->update(state, pattern + split, size - split), 0);
    CHECK_EQ(algo->final(state, digest.bytes), 0);
    CHECK(memcmp(digest.bytes, wanted, algo->digest_size) == 0);
}

static void *make_state(const weir_digest_algo *algo)
{
    void *state = aligned_alloc(64, (algo->state_size + 63) / 64 * 64);
    CHECK(state != NULL);
    memset(state, 0, algo->state_size);
    return state;
}

static void free_state(const weir_digest_algo *algo, void *state)
{
    if (algo->fini != NULL)
        algo->fini(state);
    free(state);
}

/* Where the stream was cut must not show; all cuts of a stream longer than every internal buffer. */
static void test_streaming_equals_oneshot_at_every_cut(void)
{
    const weir_digest_algo *algo;
    for (size_t i = 0; (algo = weir_digest_at(i)) != NULL; i++) {
        static const size_t sizes[] = { 0, 1, 63, 64, 65, 129, 257, 700, 1100 };
        void *state = make_state(algo);
        for (size_t j = 0; j < sizeof(sizes) / sizeof(sizes[0]); j++) {
            weir_digest wanted;
            CHECK_EQ(algo->oneshot(pattern, sizes[j], wanted.bytes), 0);
            for (size_t split = 0; split <= sizes[j]; split++)
                check_streamed(algo, state, sizes[j], split, wanted.bytes);
        }
        free_state(algo, state);
    }
}

/* The instruction set is nobody's business: a manifest made here is checked elsewhere. */
static void compare_variants(const weir_digest_algo *left, const weir_digest_algo *right, size_t size)
{
    weir_digest wanted, got;
    CHECK_EQ(left->oneshot(pattern + size % 7, size, wanted.bytes), 0);
    CHECK_EQ(right->oneshot(pattern + size % 7, size, got.bytes), 0);
    CHECK(memcmp(wanted.bytes, got.bytes, left->digest_size) == 0);
}

static void test_all_variants_of_xxh3_agree(void)
{
    const struct wi_xxh3_variant *variant;
    size_t count = 0;
    for (; (variant = wi_xxh3_variant_at(count)) != NULL; count++) {
        printf("   xxh3 by %s\n", variant->xxh3->backend);
        for (size_t size = 0; size <= (1 << 20) + 50; size += size == 2048 ? (1 << 20) - 70 - 2048 : 1) {
            compare_variants(wi_xxh3_portable.xxh3, variant->xxh3, size);
            compare_variants(wi_xxh3_portable.xxh128, variant->xxh128, size);
        }
        void *state = make_state(variant->xxh128);
        for (size_t size = 0; size <= 2048; size += 31) {
            weir_digest wanted;
            CHECK_EQ(wi_xxh3_portable.xxh128->oneshot(pattern, size, wanted.bytes), 0);
            check_streamed(variant->xxh128, state, size, size / 3, wanted.bytes);
        }
        free_state(variant->xxh128, state);
    }
    CHECK(count >= 1);
}

/* A hasher with all algorithms at once is as good as each alone, also after reset, and over blocks of any size. */
static void test_a_hasher_runs_all_algorithms_over_one_stream(void)
{
    const weir_digest_algo *algos[WEIR_HASHER_ALGOS_MAX];
    size_t count = 0;
    while ((algos[count] = weir_digest_at(count)) != NULL)
        count++;
    weir_hasher hasher;
    CHECK_EQ(weir_hasher_init(&hasher, algos, count), 0);
    CHECK(weir_hasher_ns_per_kib(&hasher) > 1000);
    for (size_t size = 0; size < sizeof(pattern); size = size * 3 + 1) {
        weir_digest streamed[WEIR_HASHER_ALGOS_MAX], oneshot[WEIR_HASHER_ALGOS_MAX];
        weir_hasher_reset(&hasher);
        weir_hasher_update(&hasher, pattern, size / 2);
        weir_hasher_update(&hasher, pattern + size / 2, size - size / 2);
        CHECK_EQ(weir_hasher_final(&hasher, streamed), 0);
        CHECK_EQ(weir_hasher_oneshot(&hasher, pattern, size, oneshot), 0);
        for (size_t i = 0; i < count; i++) {
            weir_digest alone;
            CHECK_EQ(algos[i]->oneshot(pattern, size, alone.bytes), 0);
            CHECK(memcmp(streamed[i].bytes, alone.bytes, algos[i]->digest_size) == 0);
            CHECK(memcmp(oneshot[i].bytes, alone.bytes, algos[i]->digest_size) == 0);
        }
    }
    weir_hasher_fini(&hasher);
    weir_hasher_fini(&hasher);
}

/* A hole is zeros, and nobody has to read them. */
static void test_zeros_of_a_hole_count_like_zeros_that_were_read(void)
{
    const weir_digest_algo *algos[] = { weir_digest_find("xxh128"), weir_digest_find("sha256") };
    static uint8_t file[300000];
    memset(file, 0, sizeof(file));
    file[0] = 1;
    file[sizeof(file) - 1] = 2;
    weir_hasher hasher;
    weir_digest read[2], skipped[2];
    CHECK_EQ(weir_hasher_init(&hasher, algos, 2), 0);
    CHECK_EQ(weir_hasher_oneshot(&hasher, file, sizeof(file), read), 0);
    weir_hasher_reset(&hasher);
    weir_hasher_update(&hasher, file, 1);
    weir_hasher_update_zeros(&hasher, sizeof(file) - 2);
    weir_hasher_update(&hasher, file + sizeof(file) - 1, 1);
    CHECK_EQ(weir_hasher_final(&hasher, skipped), 0);
    CHECK(memcmp(read[0].bytes, skipped[0].bytes, 16) == 0);
    CHECK(memcmp(read[1].bytes, skipped[1].bytes, 32) == 0);
    weir_hasher_fini(&hasher);
}

static void *fetch_and_hash(void *arg)
{
    pthread_barrier_wait(arg);
    CHECK_STR(weir_digest_find("sha384")->backend, "libcrypto");
    weir_digest digest;
    CHECK_EQ(weir_digest_find("sha384")->oneshot("abc", 3, digest.bytes), 0);
    CHECK_EQ(digest.bytes[0], 0xcb);
    return NULL;
}

/* Whoever comes first fetches an algorithm for all; with TSan this is worth most, and when it runs first. */
static void test_threads_may_meet_at_the_first_use(void)
{
    enum { THREADS = 4 };
    pthread_t threads[THREADS];
    pthread_barrier_t barrier;
    CHECK_EQ(pthread_barrier_init(&barrier, NULL, THREADS), 0);
    for (size_t i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, fetch_and_hash, &barrier), 0);
    for (size_t i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
    pthread_barrier_destroy(&barrier);
}

static int failing_init(void *state)
{
    (void)state;
    return -ENOTSUP;
}

static int failing_update(void *state, const void *data, size_t size)
{
    (void)state;
    (void)data;
    (void)size;
    return -EIO;
}

/* An error in the middle of a stream is not forgotten, and doesn't reach the next one. */
static void test_a_failure_is_told_by_final_and_gone_after_reset(void)
{
    weir_digest_algo broken = *weir_digest_find("xxh64");
    const weir_digest_algo *algos[] = { weir_digest_find("md5"), &broken };
    weir_hasher hasher;
    weir_digest digests[2];
    memset(digests, 7, sizeof(digests));
    broken.update = failing_update;
    CHECK_EQ(weir_hasher_init(&hasher, algos, 2), 0);
    weir_hasher_update(&hasher, "abc", 3);
    CHECK_EQ(weir_hasher_final(&hasher, digests), -EIO);
    CHECK_EQ(digests[0].bytes[0], 7);
    weir_hasher_reset(&hasher);
    CHECK_EQ(weir_hasher_final(&hasher, digests), 0);
    weir_hasher_fini(&hasher);

    broken.init = failing_init;
    CHECK_EQ(weir_hasher_init(&hasher, algos, 2), -ENOTSUP);
    CHECK_EQ(weir_hasher_init(&hasher, algos, 0), -EINVAL);
    CHECK_EQ(weir_hasher_init(&hasher, algos, WEIR_HASHER_ALGOS_MAX + 1), -EINVAL);
}

/* Users type what they know from other tools. */
static void test_names_tags_and_aliases_find_their_row(void)
{
    const weir_digest_algo *algo;
    size_t rows = 0;
    for (; (algo = weir_digest_at(rows)) != NULL; rows++) {
        CHECK_STR(weir_digest_names[rows], algo->name);
        CHECK(weir_digest_find(algo->name) == algo);
        CHECK(weir_digest_find(algo->tag) == algo);
        CHECK(algo->digest_size <= WEIR_DIGEST_SIZE_MAX && algo->state_align <= 64);
    }
    CHECK(weir_digest_names[rows] == NULL);
    CHECK_STR(weir_digest_at(0)->name, "xxh128");
    CHECK_STR(weir_digest_find("XXH3-64")->name, "xxh3");
    CHECK_STR(weir_digest_find("Blake2b-512")->name, "blake2b");
    CHECK_STR(weir_digest_find("SHA-256")->name, "sha256");
    CHECK_STR(weir_digest_find("SHA2-256")->name, "sha256");
    CHECK_STR(weir_digest_find_n("sha1sum", 4)->name, "sha1");
    CHECK(weir_digest_find("") == NULL);
    CHECK(weir_digest_find("blake2b-256") == NULL);
    CHECK(weir_digest_find("sha25") == NULL);
}

static void test_a_typo_gets_a_suggestion(void)
{
    CHECK_STR(weir_digest_suggest("sha265"), "sha256");
    CHECK_STR(weir_digest_suggest("xhx128"), "xxh128");
    CHECK_STR(weir_digest_suggest("Md6"), "md5");
    CHECK_STR(weir_digest_suggest("blake2"), "blake2b");
    CHECK(weir_digest_suggest("") == NULL);
    CHECK(weir_digest_suggest("z") == NULL);
    CHECK(weir_digest_suggest("mx") == NULL);
    CHECK(weir_digest_suggest("whirlpool") == NULL);
    char long_name[300];
    memset(long_name, 'x', sizeof(long_name));
    long_name[sizeof(long_name) - 1] = 0;
    CHECK(weir_digest_suggest(long_name) == NULL);
}

static void test_hex_goes_there_and_back_and_nothing_else_is_hex(void)
{
    uint8_t bytes[256], back[256];
    char hex[512];
    for (size_t i = 0; i < 256; i++)
        bytes[i] = (uint8_t)i;
    weir_digest_hex(bytes, 256, hex);
    CHECK(memcmp(hex + 2 * 0xa5, "a5", 2) == 0);
    CHECK_EQ(weir_digest_unhex(hex, 256, back), 0);
    CHECK(memcmp(bytes, back, 256) == 0);
    for (int c = 0; c < 256; c++) {
        char two[2] = { '0', (char)c };
        const bool is_hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        CHECK_EQ(weir_digest_unhex(two, 1, back), is_hex ? 0 : -EINVAL);
    }
}

int main(void)
{
    fill_pattern();
    RUN(test_threads_may_meet_at_the_first_use);
    RUN(test_published_vectors);
    RUN(test_xxhash_vectors_of_every_range_of_sizes);
    RUN(test_streaming_equals_oneshot_at_every_cut);
    RUN(test_all_variants_of_xxh3_agree);
    RUN(test_a_hasher_runs_all_algorithms_over_one_stream);
    RUN(test_zeros_of_a_hole_count_like_zeros_that_were_read);
    RUN(test_a_failure_is_told_by_final_and_gone_after_reset);
    RUN(test_names_tags_and_aliases_find_their_row);
    RUN(test_a_typo_gets_a_suggestion);
    RUN(test_hex_goes_there_and_back_and_nothing_else_is_hex);
    return check_done();
}
