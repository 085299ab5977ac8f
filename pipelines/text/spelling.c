/* spelling.c - how bytes are spelled in text: UTF-8 or not, base64, escapes of JSON, CSV and coreutils. */
#include "text/spelling.h"

#include <string.h>

/* Sixteen bytes at once; the compiler has instructions for them, or makes do with smaller ones. */
typedef signed char block __attribute__((vector_size(16)));

static bool any(block bits)
{
    uint64_t halves[2];
    memcpy(halves, &bits, sizeof halves);
    return (halves[0] | halves[1]) != 0;
}

static bool is_ascii(const char *data)
{
    block bytes;
    memcpy(&bytes, data, sizeof bytes);
    return !any(bytes < 0);
}

/* Bytes that follow the lead byte, or -1 when it can't lead. */
static int continuation_count(unsigned char lead)
{
    if (lead < 0x80)
        return 0;
    if (lead >= 0xc2 && lead <= 0xdf)
        return 1;
    if (lead >= 0xe0 && lead <= 0xef)
        return 2;
    if (lead >= 0xf0 && lead <= 0xf4)
        return 3;
    return -1;
}

/* The second byte is what tells overlong forms, surrogates and too large values (Unicode, table 3-7). */
static bool second_is_valid(unsigned char lead, unsigned char second)
{
    const unsigned char low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    const unsigned char high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    return second >= low && second <= high;
}

bool wi_utf8_valid(const char *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        while (size - i >= sizeof(block) && is_ascii(data + i))
            i += sizeof(block);
        if (i == size)
            break;
        const unsigned char lead = (unsigned char)data[i];
        const int count = continuation_count(lead);
        if (count == 0)
            continue;
        if (count < 0 || (size_t)count >= size - i || !second_is_valid(lead, (unsigned char)data[i + 1]))
            return false;
        for (int j = 2; j <= count; j++)
            if (((unsigned char)data[i + (size_t)j] & 0xc0) != 0x80)
                return false;
        i += (size_t)count;
    }
    return true;
}

size_t wi_utf8_put(uint32_t code, char *ret_bytes)
{
    if (code < 0x80) {
        ret_bytes[0] = (char)code;
        return 1;
    }
    const size_t count = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char leads[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
    for (size_t i = count - 1; i > 0; i--) {
        ret_bytes[i] = (char)(0x80 | (code & 0x3f));
        code >>= 6;
    }
    ret_bytes[0] = (char)(leads[count] | code);
    return count;
}

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *wi_base64_encode(const char *data, size_t size, char *ret_text)
{
    const unsigned char *bytes = (const unsigned char *)data;
    for (size_t i = 0; i < size; i += 3) {
        const size_t left = size - i;
        const uint32_t bits =
            (uint32_t)bytes[i] << 16 | (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) | (left > 2 ? bytes[i + 2] : 0);
        *ret_text++ = base64_digits[bits >> 18];
        *ret_text++ = base64_digits[bits >> 12 & 63];
        *ret_text++ = left > 1 ? base64_digits[bits >> 6 & 63] : '=';
        *ret_text++ = left > 2 ? base64_digits[bits & 63] : '=';
    }
    return ret_text;
}

static int base64_value(char digit)
{
    const char *found = digit != 0 ? strchr(base64_digits, digit) : NULL;
    return found != NULL ? (int)(found - base64_digits) : -1;
}

int wi_base64_decode(const char *text, size_t size, weir_text *bytes)
{
    if (size % 4 != 0)
        return -EINVAL;
    const int error = weir_text_reserve(bytes, size / 4 * 3);
    if (error != 0)
        return error;
    for (size_t i = 0; i < size; i += 4) {
        const bool end = i + 4 == size;
        const size_t padding = end && text[i + 3] == '=' ? (text[i + 2] == '=' ? 2 : 1) : 0;
        uint32_t bits = 0;
        for (size_t j = 0; j < 4; j++) {
            const int value = j >= 4 - padding ? 0 : base64_value(text[i + j]);
            if (value < 0)
                return -EINVAL;
            bits = bits << 6 | (uint32_t)value;
        }
        /* Bits that padding makes meaningless must be zero: one name, one spelling. */
        if (padding > 0 && (bits & ((1U << 8 * padding) - 1)) != 0)
            return -EINVAL;
        for (size_t j = 0; j < 3 - padding; j++)
            bytes->data[bytes->size++] = (char)(bits >> (16 - 8 * j) & 0xff);
    }
    return 0;
}

int wi_unescape_name(const char *text, size_t size, weir_text *name)
{
    const int error = weir_text_reserve(name, size);
    if (error != 0)
        return error;
    char *to = name->data + name->size;
    for (size_t i = 0; i < size; i++) {
        char letter = text[i];
        if (letter == '\\') {
            if (++i == size)
                return -EINVAL;
            if (text[i] == 'n')
                letter = '\n';
            else if (text[i] == 'r')
                letter = '\r';
            else if (text[i] != '\\')
                return -EINVAL;
        }
        *to++ = letter;
    }
    name->size = (size_t)(to - name->data);
    return 0;
}

/* JSON takes them all as they are. */
static bool is_plain(block bytes)
{
    return !any((bytes < 0x20) | (bytes == '"') | (bytes == '\\') | (bytes == 0x7f));
}

/* Sixteen bytes, if they are plain. */
static bool copy_plain(char *at, const char *text)
{
    block bytes;
    memcpy(&bytes, text, sizeof bytes);
    if (!is_plain(bytes))
        return false;
    memcpy(at, &bytes, sizeof bytes);
    return true;
}

/* Fewer than sixteen, if they are plain: two words that overlap, or what there is. */
static bool copy_plain_few(char *at, const char *text, size_t size)
{
    uint64_t words[2] = { 0x2020202020202020, 0x2020202020202020 };
    block bytes;
    const size_t half = size >= 8 ? 8 : size >= 4 ? 4 : 0;
    if (half == 8) {
        memcpy(&words[0], text, 8);
        memcpy(&words[1], text + size - 8, 8);
    } else if (half == 4) {
        memcpy(&words[0], text, 4);
        memcpy(&words[1], text + size - 4, 4);
    } else {
        for (size_t i = 0; i < size; i++)
            ((char *)words)[i] = text[i];
    }
    memcpy(&bytes, words, sizeof bytes);
    if (!is_plain(bytes))
        return false;
    if (half == 8) {
        memcpy(at, &words[0], 8);
        memcpy(at + size - 8, &words[1], 8);
    } else if (half == 4) {
        memcpy(at, &words[0], 4);
        memcpy(at + size - 4, &words[1], 4);
    } else {
        for (size_t i = 0; i < size; i++)
            at[i] = text[i];
    }
    return true;
}

/* How much of it is plain, as far as blocks show it: that was copied. */
static size_t copy_plain_start(char *at, const char *text, size_t size)
{
    size_t done = 0;
    if (size < sizeof(block))
        return copy_plain_few(at, text, size) ? size : 0;
    while (size - done >= sizeof(block) && copy_plain(at + done, text + done))
        done += sizeof(block);
    const size_t last = size - sizeof(block);
    return done > last && copy_plain(at + last, text + last) ? size : done;
}

char *wi_json_put_string(char *at, const char *name, size_t size)
{
    static const char short_escapes[] = { ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r' };
    size_t i = copy_plain_start(at, name, size);
    for (at += i; i < size; i++) {
        const unsigned char byte = (unsigned char)name[i];
        bool is_control = byte < 0x20 || byte == 0x7f;
        unsigned control = byte;
        if (byte == 0xc2 && (unsigned char)name[i + 1] < 0xa0) { /* valid UTF-8 doesn't end in a lead byte */
            is_control = true;
            control = (unsigned char)name[++i];
        }
        if (byte == '"' || byte == '\\') {
            *at++ = '\\';
            *at++ = (char)byte;
        } else if (is_control && control < sizeof(short_escapes) && short_escapes[control] != 0) {
            *at++ = '\\';
            *at++ = short_escapes[control];
        } else if (is_control) {
            memcpy(at, "\\u00", 4); /* NOLINT(bugprone-not-null-terminated-result): two more digits follow */
            at += 4;
            *at++ = "0123456789abcdef"[control >> 4];
            *at++ = "0123456789abcdef"[control & 15];
        } else {
            *at++ = (char)byte;
        }
        for (; size - i > sizeof(block) && copy_plain(at, name + i + 1); i += sizeof(block))
            at += sizeof(block);
    }
    return at;
}

/* Most names are ASCII without anything to escape. */
static bool is_plain_ascii(const char *name, size_t size)
{
    unsigned found = 0;
    for (size_t i = 0; i < size; i++)
        found |= (unsigned)(name[i] < ' ') | (unsigned)(name[i] == 0x7f) | (unsigned)(name[i] == '"') |
                 (unsigned)(name[i] == '\\') | (unsigned)((unsigned char)name[i] >= 0x80);
    return found == 0;
}

char *wi_json_put_name(char *at, const char *key, const char *name, size_t size)
{
    const bool is_plain = is_plain_ascii(name, size), is_text = is_plain || wi_utf8_valid(name, size);
    *at++ = '"';
    at = stpcpy(at, key);
    at = stpcpy(at, is_text ? "\":\"" : "_b64\":\"");
    if (is_plain)
        at = mempcpy(at, name, size);
    else
        at = is_text ? wi_json_put_string(at, name, size) : wi_base64_encode(name, size, at);
    *at++ = '"';
    return at;
}

/* Blanks at the ends are quoted too: many readers trim what isn't. */
static bool needs_quotes(const char *name, size_t size)
{
    unsigned found = name[0] == ' ' || name[size - 1] == ' ';
    for (size_t i = 0; i < size; i++)
        found |= (unsigned)(name[i] == '"') | (unsigned)(name[i] == ',') | (unsigned)(name[i] == '\n') |
                 (unsigned)(name[i] == '\r');
    return found != 0;
}

char *wi_csv_put_name(char *at, const char *name, size_t size)
{
    if (!needs_quotes(name, size))
        return mempcpy(at, name, size);
    *at++ = '"';
    for (size_t i = 0; i < size; i++) {
        if (name[i] == '"')
            *at++ = '"';
        *at++ = name[i];
    }
    *at++ = '"';
    return at;
}
