/*
 * fuzz_manifest.c - whatever a manifest holds: reading ends, gives the same
 * however the bytes are cut, and what was read can be written in every format
 * and read again.
 *
 * The first byte of the input chooses the hints, the second the window.
 */
#include <weir/manifest.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

static weir_manifest_reader *make_reader(uint8_t choice)
{
    static const char *const file_names[] = { NULL, "MD5SUMS", "x.sfv", "b2sums.txt" };
    const weir_manifest_hints hints = {
        .algo = (choice & 0x70) != 0 ? weir_digest_at((choice & 0x70) >> 4) : NULL,
        .file_name = file_names[choice & 3],
        .zero = (choice & 4) != 0,
        .line_size_max = (choice & 8) != 0 ? 50 : 0,
    };
    weir_manifest_reader *reader = weir_manifest_reader_create(&hints);
    must(reader != NULL);
    return reader;
}

/* Feeds the next window when the last is used up, each in memory of its own, so that ASan sees a look past it. */
struct source {
    const uint8_t *data;
    size_t size, window;
    uint8_t *fed;
};

static int next(weir_manifest_reader *reader, struct source *source, weir_manifest_entry *entry)
{
    for (;;) {
        const int result = weir_manifest_next(reader, entry);
        must(result >= 0);
        if (result != WEIR_MANIFEST_MORE || source->size == 0)
            return result;
        const size_t size = source->size < source->window ? source->size : source->window;
        free(source->fed);
        source->fed = malloc(size);
        must(source->fed != NULL);
        memcpy(source->fed, source->data, size);
        source->data += size;
        source->size -= size;
        weir_manifest_feed(reader, source->fed, size, source->size == 0);
    }
}

static void check_same(const weir_manifest_entry *left, const weir_manifest_entry *right)
{
    must(left->name_size == right->name_size && memcmp(left->name, right->name, left->name_size) == 0);
    must(left->count == right->count);
    for (size_t i = 0; i < left->count; i++) {
        must(left->algos[i] == right->algos[i]);
        must(memcmp(left->digests[i].bytes, right->digests[i].bytes, left->algos[i]->digest_size) == 0);
    }
}

static void check_entry(const weir_manifest_entry *entry)
{
    must(entry->name_size > 0 && strlen(entry->name) == entry->name_size);
    must(entry->count > 0 && entry->count <= WEIR_HASHER_ALGOS_MAX && entry->line > 0 && entry->size >= -1);
}

/* One algorithm at a time in the text formats, since there each has a line of its own. */
static void check_round_trip(const weir_manifest_entry *entry, weir_manifest_style style)
{
    const char *reason;
    if (weir_manifest_style_check(&style, &reason) != 0)
        return;
    uint8_t packed[WEIR_HASHER_ALGOS_MAX * WEIR_DIGEST_SIZE_MAX];
    weir_text text = { 0 };
    weir_digest_pack(style.algos, style.algo_count, entry->digests, packed);
    must(weir_manifest_write_head(&text, &style) == 0);
    const int error = weir_manifest_write(&text, &style, entry->name, entry->name_size, entry->size, packed);
    must(error == 0 || (error == -EILSEQ && style.format == WEIR_MANIFEST_SFV));
    /* in sfv some names come back with "./" in front */
    if (error == 0 && !(style.format == WEIR_MANIFEST_SFV && strchr(";#{\\\xef", entry->name[0]) != NULL)) {
        const weir_manifest_hints hints = { .algo = style.algos[0],
                                            .file_name = style.format == WEIR_MANIFEST_SFV ? "x.sfv" : NULL,
                                            .zero = style.zero };
        weir_manifest_reader *reader = weir_manifest_reader_create(&hints);
        weir_manifest_entry again;
        must(reader != NULL);
        weir_manifest_feed(reader, text.data, text.size, true);
        must(weir_manifest_next(reader, &again) == WEIR_MANIFEST_ENTRY);
        weir_manifest_entry wanted = *entry;
        wanted.count = style.algo_count;
        check_same(&again, &wanted);
        if (style.format == WEIR_MANIFEST_JSON || style.format == WEIR_MANIFEST_CSV)
            must(again.size == entry->size);
        must(weir_manifest_next(reader, &again) == WEIR_MANIFEST_MORE);
        weir_manifest_reader_destroy(reader);
    }
    weir_text_fini(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct source whole = { data + 2, size - 2, size, NULL }, cut = { data + 2, size - 2, 1 + data[1] % 31, NULL };
    weir_manifest_reader *left = make_reader(data[0]), *right = make_reader(data[0]);
    weir_manifest_entry entry, again;
    int result;
    do {
        result = next(left, &whole, &entry);
        must(next(right, &cut, &again) == result);
        if (result == WEIR_MANIFEST_MORE)
            break;
        must(entry.line == again.line);
        if (result == WEIR_MANIFEST_BAD) {
            must(strcmp(entry.reason, again.reason) == 0);
            continue;
        }
        check_entry(&entry);
        check_same(&entry, &again);
        for (int format = WEIR_MANIFEST_GNU; format <= WEIR_MANIFEST_SFV; format++) {
            const bool text = format == WEIR_MANIFEST_GNU || format == WEIR_MANIFEST_BSD;
            for (int zero = 0; zero < 2; zero++)
                check_round_trip(&entry, (weir_manifest_style){ .format = (weir_manifest_format)format,
                                                                .algos = entry.algos,
                                                                .algo_count = text ? 1 : entry.count,
                                                                .zero = zero != 0,
                                                                .xxh3_prefix = (data[1] & 0x80) != 0 });
        }
    } while (result != WEIR_MANIFEST_MORE);
    weir_manifest_reader_destroy(left);
    weir_manifest_reader_destroy(right);
    free(whole.fed);
    free(cut.fed);
    return 0;
}
