/*
 * bench_manifest.c - milliseconds for 100,000 lines of each format, written and read.
 *
 * Names are 50 bytes as in a source tree, digests xxh128 (crc32 for sfv). The
 * best of several runs. Takes about a second.
 */
#include <weir/manifest.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LINES = 100000, RUNS = 5, NAME_SIZE = 50, WINDOW = 256 * 1024 };

static char names[LINES][NAME_SIZE + 14];

static double now_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec * 1e-6;
}

static void must(bool condition)
{
    if (!condition)
        abort();
}

static double write_all(weir_text *text, const weir_manifest_style *style)
{
    uint8_t digest[WEIR_DIGEST_SIZE_MAX];
    for (size_t i = 0; i < sizeof(digest); i++)
        digest[i] = (uint8_t)(i * 73);
    const double begin = now_ms();
    text->size = 0;
    must(weir_manifest_write_head(text, style) == 0);
    for (size_t i = 0; i < LINES; i++) {
        digest[0] = (uint8_t)i;
        must(weir_manifest_write(text, style, names[i], NAME_SIZE, (int64_t)i, digest) == 0);
    }
    return now_ms() - begin;
}

static double read_all(const weir_text *text, const char *file_name)
{
    const weir_manifest_hints hints = { .file_name = file_name };
    const double begin = now_ms();
    weir_manifest_reader *reader = weir_manifest_reader_create(&hints);
    weir_manifest_entry entry;
    size_t count = 0;
    must(reader != NULL);
    for (size_t at = 0; at < text->size; at += WINDOW) {
        const size_t left = text->size - at;
        weir_manifest_feed(reader, text->data + at, left < WINDOW ? left : WINDOW, left <= WINDOW);
        int result;
        while ((result = weir_manifest_next(reader, &entry)) == WEIR_MANIFEST_ENTRY)
            count++;
        must(result == WEIR_MANIFEST_MORE);
    }
    weir_manifest_reader_destroy(reader);
    must(count == LINES);
    return now_ms() - begin;
}

int main(void)
{
    const weir_digest_algo *xxh128 = weir_digest_find("xxh128"), *crc32 = weir_digest_find("crc32");
    weir_text text = { 0 };
    for (size_t i = 0; i < LINES; i++)
        snprintf(names[i], sizeof(names[i]), "include/linux/some/driver-%06zu/and-a-header.h.in/x", i);

    printf("%-6s %9s %9s %9s\n", "format", "write ms", "read ms", "MB");
    for (int format = WEIR_MANIFEST_GNU; format <= WEIR_MANIFEST_SFV; format++) {
        const bool sfv = format == WEIR_MANIFEST_SFV;
        const weir_manifest_style style = { .format = (weir_manifest_format)format,
                                            .algos = sfv ? &crc32 : &xxh128,
                                            .algo_count = 1 };
        double best_write = 1e9, best_read = 1e9;
        for (int run = 0; run < RUNS; run++) {
            const double write_ms = write_all(&text, &style), read_ms = read_all(&text, sfv ? "x.sfv" : NULL);
            best_write = write_ms < best_write ? write_ms : best_write;
            best_read = read_ms < best_read ? read_ms : best_read;
        }
        printf("%-6s %9.2f %9.2f %9.2f\n", weir_manifest_format_names[format], best_write, best_read,
               (double)text.size / 1e6);
    }
    weir_text_fini(&text);
    return 0;
}
