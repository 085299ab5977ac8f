/* manifest_codec.c - how names are spelled in manifests: UTF-8 or not, base64, escapes. */
#include "manifest_codec.h"

#include <string.h>

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

char *wi_json_put_string(char *at, const char *name, size_t size)
{
    static const char short_escapes[] = { ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r' };
    for (size_t i = 0; i < size; i++) {
        const unsigned char byte = (unsigned char)name[i];
        unsigned control = byte < 0x20 || byte == 0x7f ? byte : 0;
        if (byte == 0xc2 && (unsigned char)name[i + 1] < 0xa0) /* valid UTF-8 doesn't end in a lead byte */
            control = (unsigned char)name[++i];
        if (byte == '"' || byte == '\\') {
            *at++ = '\\';
            *at++ = (char)byte;
        } else if (control != 0 && control < sizeof(short_escapes) && short_escapes[control] != 0) {
            *at++ = '\\';
            *at++ = short_escapes[control];
        } else if (control != 0) {
            memcpy(at, "\\u00", 4); /* NOLINT(bugprone-not-null-terminated-result): two more digits follow */
            at += 4;
            *at++ = "0123456789abcdef"[control >> 4];
            *at++ = "0123456789abcdef"[control & 15];
        } else {
            *at++ = (char)byte;
        }
    }
    return at;
}
