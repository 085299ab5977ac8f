/* manifest_sums.c - the lines of md5sum, sha256sum, b2sum, xxhsum, of BSD's and OpenSSL's tools, and of SFV files. */
#include "manifest/manifest_read.h"

#include <string.h>

#include "text/spelling.h"

static bool is_hex(char letter)
{
    return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'f') || (letter >= 'A' && letter <= 'F');
}

static size_t count_hex(const char *text, size_t size)
{
    size_t count = 0;
    while (count < size && is_hex(text[count]))
        count++;
    return count;
}

static int take_name(weir_manifest_reader *self, const char *name, size_t size, bool escaped,
                     weir_manifest_entry *entry)
{
    if (size == 0)
        return wi_manifest_bad(entry, "no name");
    const int error = escaped ? wi_unescape_name(name, size, &self->name) : weir_text_append(&self->name, name, size);
    if (error == -EINVAL)
        return wi_manifest_bad(entry, "an escape that isn't \\\\, \\n or \\r");
    return error;
}

/* `TAG (name) = hex`; OpenSSL leaves two of the blanks out. The last ')' counts: the name may hold more of them. */
struct bsd_line {
    const char *tag, *name, *hex;
    size_t tag_size, name_size, digits;
};

static bool split_bsd(const char *line, size_t size, struct bsd_line *ret)
{
    size_t at = 0;
    while (at < size && ((line[at] >= '0' && line[at] <= '9') || (line[at] >= 'A' && line[at] <= 'Z') ||
                         (line[at] >= 'a' && line[at] <= 'z') || line[at] == '-' || line[at] == '_' || line[at] == '/'))
        at++;
    ret->tag = line;
    ret->tag_size = at;
    if (at < size && line[at] == ' ')
        at++;
    if (ret->tag_size == 0 || at >= size || line[at] != '(')
        return false;
    ret->name = line + at + 1;
    const char *close = memrchr(ret->name, ')', size - at - 1);
    if (close == NULL)
        return false;
    ret->name_size = (size_t)(close - ret->name);

    const char *end = line + size, *equals = close + 1;
    while (equals < end && wi_is_blank(*equals))
        equals++;
    if (equals == end || *equals != '=')
        return false;
    ret->hex = equals + 1;
    while (ret->hex < end && wi_is_blank(*ret->hex))
        ret->hex++;
    ret->digits = (size_t)(end - ret->hex);
    return ret->digits > 0 && count_hex(ret->hex, ret->digits) == ret->digits;
}

/* xxhsum --little-endian --tag: XXH64_LE, and the bytes the other way round. */
static bool strip_little_endian(struct bsd_line *bsd)
{
    if (bsd->tag_size <= 6 || memcmp(bsd->tag, "XXH", 3) != 0 || memcmp(bsd->tag + bsd->tag_size - 3, "_LE", 3) != 0)
        return false;
    bsd->tag_size -= 3;
    return true;
}

static void reverse(uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size / 2; i++) {
        const uint8_t byte = bytes[i];
        bytes[i] = bytes[size - 1 - i];
        bytes[size - 1 - i] = byte;
    }
}

static int parse_bsd(weir_manifest_reader *self, struct bsd_line *bsd, bool escaped, weir_manifest_entry *entry)
{
    const bool little_endian = strip_little_endian(bsd);
    const weir_digest_algo *algo = weir_digest_find_n(bsd->tag, bsd->tag_size);
    if (algo == NULL)
        return wi_manifest_bad(entry, "an unknown algorithm");
    int result = wi_manifest_add_digest(entry, algo, bsd->hex, bsd->digits);
    if (result != 0)
        return result;
    if (little_endian)
        reverse(entry->digests[0].bytes, algo->digest_size);
    result = take_name(self, bsd->name, bsd->name_size, escaped, entry);
    entry->format = WEIR_MANIFEST_BSD;
    return result != 0 ? result : WEIR_MANIFEST_ENTRY;
}

/*
 * After the digest stands one blank and then ' ' or '*' and the name; in the
 * format of BSD's `md5 -r` the name follows at once. A name that begins with a
 * blank could make the one look like the other, so what the first line was,
 * all have to be (coreutils does the same, and for the same reason).
 */
static bool is_single(const char *rest, size_t size)
{
    return size <= 1 || (rest[0] != ' ' && rest[0] != '*');
}

/* How many bytes of `rest` come before the name, or -EINVAL. */
static int take_separator(weir_manifest_reader *self, const char *rest, size_t size, weir_manifest_entry *entry)
{
    const bool single = is_single(rest, size);
    if (!self->separator_known) {
        self->separator_known = true;
        self->separator_single = single;
    }
    if (self->separator_single)
        return 0;
    if (single)
        return -EINVAL;
    entry->binary = rest[0] == '*';
    return 1;
}

/* "20240131 photo.jpg 89ab0123" is of an SFV file: eight digits and one blank make no digest, unless we are told so. */
static bool is_more_likely_sfv(const weir_manifest_reader *self, size_t digits, const weir_digest_algo *algo)
{
    return algo == NULL || (digits == 8 && self->algo_hint != algo && !self->has_sums);
}

static int parse_gnu(weir_manifest_reader *self, const char *line, size_t size, bool escaped,
                     weir_manifest_entry *entry)
{
    const bool is_xxh3 = size > 5 && memcmp(line, "XXH3_", 5) == 0;
    const char *hex = is_xxh3 ? line + 5 : line;
    const size_t digits = count_hex(hex, size - (size_t)(hex - line));
    const char *rest = hex + digits;
    size_t left = size - (size_t)(rest - line);
    if (digits < 8 || left < 2 || !wi_is_blank(*rest))
        return LINE_OTHER;
    rest++;
    left--;

    bool guessed = false;
    const weir_digest_algo *algo = is_xxh3 ? weir_digest_find("xxh3") : wi_manifest_guess(self, digits, &guessed);
    if (is_single(rest, left) && is_more_likely_sfv(self, digits, algo))
        return LINE_OTHER;
    if (algo == NULL)
        return wi_manifest_bad(entry, "no digest has that many digits");
    int result = wi_manifest_add_digest(entry, algo, hex, digits);
    if (result != 0)
        return result;
    const int separator = take_separator(self, rest, left, entry);
    if (separator < 0)
        return wi_manifest_bad(entry, "one blank before the name, where other lines have two");
    result = take_name(self, rest + separator, left - (size_t)separator, escaped, entry);
    entry->format = WEIR_MANIFEST_GNU;
    entry->guessed = guessed;
    return result != 0 ? result : WEIR_MANIFEST_ENTRY;
}

int wi_manifest_parse_sums(weir_manifest_reader *self, const char *line, size_t size, weir_manifest_entry *entry)
{
    bool escaped = false;
    if (!self->zero) {
        while (size > 0 && wi_is_blank(*line)) {
            line++;
            size--;
        }
        escaped = size > 0 && *line == '\\';
        line += escaped;
        size -= escaped;
    }
    struct bsd_line bsd;
    if (split_bsd(line, size, &bsd))
        return parse_bsd(self, &bsd, escaped, entry);
    const int result = parse_gnu(self, line, size, escaped, entry);
    return result == LINE_OTHER && escaped ? wi_manifest_bad(entry, "not a line of a manifest") : result;
}

/* `name crc32`, from the end: blanks between the two are padding, as many as they are. */
int wi_manifest_parse_sfv(weir_manifest_reader *self, const char *line, size_t size, weir_manifest_entry *entry)
{
    while (size > 0 && wi_is_blank(line[size - 1]))
        size--;
    if (size < 10 || !wi_is_blank(line[size - 9]) || count_hex(line + size - 8, 8) != 8)
        return LINE_OTHER;
    size_t name_size = size - 9;
    while (name_size > 0 && wi_is_blank(line[name_size - 1]))
        name_size--;
    int result = wi_manifest_add_digest(entry, weir_digest_find("crc32"), line + size - 8, 8);
    if (result == 0)
        result = take_name(self, line, name_size, false, entry);
    entry->format = WEIR_MANIFEST_SFV;
    return result != 0 ? result : WEIR_MANIFEST_ENTRY;
}
