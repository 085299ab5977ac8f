/*
 * manifest_json.c - lines of JSON: an object with "path" or "path_b64", perhaps "size", and digests by name.
 *
 * Keys nobody knows are passed over, whatever their values are, so that a
 * manifest may say more than we read. Nothing recurses.
 */
#include "manifest/manifest_read.h"

#include <string.h>

#include "text/spelling.h"

enum { DEPTH_MAX = 64 };

struct cursor {
    const char *at, *end;
};

static void skip_space(struct cursor *json)
{
    while (json->at < json->end && (wi_is_blank(*json->at) || *json->at == '\r' || *json->at == '\n'))
        json->at++;
}

static bool take_letter(struct cursor *json, char letter)
{
    skip_space(json);
    if (json->at == json->end || *json->at != letter)
        return false;
    json->at++;
    return true;
}

/* Four hex digits, or -1. */
static int32_t take_unit(struct cursor *json)
{
    uint8_t bytes[2];
    if (json->end - json->at < 4 || weir_digest_unhex(json->at, 2, bytes) != 0)
        return -1;
    json->at += 4;
    return bytes[0] << 8 | bytes[1];
}

/* What follows "\u": one unit, or a pair of surrogates. A lone one is no character, and NUL is none of a name. */
static int take_code(struct cursor *json, weir_text *text)
{
    int32_t code = take_unit(json);
    if (code >= 0xd800 && code < 0xdc00) {
        if (json->end - json->at < 6 || json->at[0] != '\\' || json->at[1] != 'u')
            return -EINVAL;
        json->at += 2;
        const int32_t low = take_unit(json);
        if (low < 0xdc00 || low > 0xdfff)
            return -EINVAL;
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    } else if (code <= 0 || (code >= 0xdc00 && code < 0xe000)) {
        return -EINVAL;
    }
    char bytes[4];
    return weir_text_append(text, bytes, wi_utf8_put((uint32_t)code, bytes));
}

static int take_escape(struct cursor *json, weir_text *text)
{
    static const char letters[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    if (json->at == json->end)
        return -EINVAL;
    const char letter = *json->at++;
    if (letter == 'u')
        return take_code(json, text);
    const char *found = letter != 0 ? strchr(letters, letter) : NULL;
    return found != NULL ? weir_text_append(text, &values[found - letters], 1) : -EINVAL;
}

/* A string, decoded into `text`. Returns 0, -EINVAL or -ENOMEM. Bytes that aren't UTF-8 are taken as they are. */
static int take_string(struct cursor *json, weir_text *text)
{
    text->size = 0;
    if (!take_letter(json, '"'))
        return -EINVAL;
    for (;;) {
        const char *begin = json->at;
        while (json->at < json->end && *json->at != '"' && *json->at != '\\' && (unsigned char)*json->at >= 0x20)
            json->at++;
        int error = weir_text_append(text, begin, (size_t)(json->at - begin));
        if (error != 0)
            return error;
        if (json->at == json->end || (unsigned char)*json->at < 0x20)
            return -EINVAL;
        if (*json->at++ == '"')
            return 0;
        error = take_escape(json, text);
        if (error != 0)
            return error;
    }
}

/* A number, true, false or null; what exactly doesn't matter. */
static int skip_scalar(struct cursor *json)
{
    const char *begin = json->at;
    while (json->at < json->end && memchr(",]}: \t\r\n\"[{", *json->at, 12) == NULL)
        json->at++;
    return json->at > begin ? 0 : -EINVAL;
}

/* Any value. Brackets are matched, and what stands between them is only looked through for them. */
static int skip_value(weir_manifest_reader *self, struct cursor *json)
{
    char closing[DEPTH_MAX];
    size_t depth = 0;
    do {
        skip_space(json);
        if (json->at == json->end)
            return -EINVAL;
        const char letter = *json->at;
        int error = 0;
        if (letter == '"') {
            error = take_string(json, &self->value);
        } else if (letter == '{' || letter == '[') {
            if (depth == DEPTH_MAX)
                return -EINVAL;
            closing[depth++] = letter == '{' ? '}' : ']';
            json->at++;
        } else if (letter == '}' || letter == ']') {
            if (depth == 0 || closing[--depth] != letter)
                return -EINVAL;
            json->at++;
        } else if (depth > 0 && (letter == ',' || letter == ':')) {
            json->at++;
        } else {
            error = skip_scalar(json);
        }
        if (error != 0)
            return error;
    } while (depth > 0);
    return 0;
}

static int take_path(weir_manifest_reader *self, struct cursor *json, bool base64, weir_manifest_entry *entry)
{
    if (self->name.size > 0)
        return wi_manifest_bad(entry, "two names");
    int error = take_string(json, base64 ? &self->value : &self->name);
    if (error == 0 && base64)
        error = wi_base64_decode(self->value.data, self->value.size, &self->name);
    if (error != 0)
        return error;
    if (self->name.size > 0 && memchr(self->name.data, 0, self->name.size) != NULL)
        return wi_manifest_bad(entry, "a NUL byte in the name");
    return 0;
}

static int take_size(struct cursor *json, weir_manifest_entry *entry)
{
    skip_space(json);
    const char *begin = json->at;
    if (json->at == json->end || skip_scalar(json) != 0 ||
        wi_manifest_parse_size(begin, (size_t)(json->at - begin), &entry->size) != 0)
        return wi_manifest_bad(entry, "a size that isn't a number");
    return 0;
}

/* The value of `key`, which stands in self->value. Returns 0, WEIR_MANIFEST_BAD, -EINVAL or -ENOMEM. */
static int take_member(weir_manifest_reader *self, struct cursor *json, weir_manifest_entry *entry)
{
    const weir_text *key = &self->value;
    if (key->size == 4 && memcmp(key->data, "path", 4) == 0)
        return take_path(self, json, false, entry);
    if (key->size == 8 && memcmp(key->data, "path_b64", 8) == 0)
        return take_path(self, json, true, entry);
    if (key->size == 4 && memcmp(key->data, "size", 4) == 0)
        return take_size(json, entry);
    const weir_digest_algo *algo = key->size > 0 ? weir_digest_find_n(key->data, key->size) : NULL;
    if (algo == NULL)
        return skip_value(self, json);
    const int error = take_string(json, &self->value);
    return error != 0 ? error : wi_manifest_add_digest(entry, algo, self->value.data, self->value.size);
}

static int take_object(weir_manifest_reader *self, struct cursor *json, weir_manifest_entry *entry)
{
    if (!take_letter(json, '{'))
        return -EINVAL;
    do {
        int result = take_string(json, &self->value);
        if (result == 0)
            result = take_letter(json, ':') ? take_member(self, json, entry) : -EINVAL;
        if (result != 0)
            return result;
    } while (take_letter(json, ','));
    if (!take_letter(json, '}'))
        return -EINVAL;
    skip_space(json);
    return json->at == json->end ? 0 : -EINVAL;
}

int wi_manifest_parse_json(weir_manifest_reader *self, const char *line, size_t size, weir_manifest_entry *entry)
{
    struct cursor json = { line, line + size };
    const int result = take_object(self, &json, entry);
    if (result == -EINVAL)
        return wi_manifest_bad(entry, "not a JSON object as weir writes them");
    if (result != 0)
        return result;
    if (self->name.size == 0)
        return wi_manifest_bad(entry, "no name");
    if (entry->count == 0)
        return wi_manifest_bad(entry, "no digest");
    entry->format = WEIR_MANIFEST_JSON;
    return WEIR_MANIFEST_ENTRY;
}
