/* spelling.h - how bytes are spelled in text: UTF-8 or not, base64, escapes of JSON, CSV and coreutils. */
#ifndef SPELLING_H
#define SPELLING_H

#include <weir/text.h>

/* Well-formed UTF-8: no overlong forms, no surrogates, nothing past U+10FFFF. */
bool wi_utf8_valid(const char *data, size_t size);

/* Writes `code` (a scalar value) in 1 to 4 bytes. Returns how many. */
size_t wi_utf8_put(uint32_t code, char *ret_bytes);

/* Bytes that wi_base64_encode() writes for `size` bytes, padding included. */
static inline size_t wi_base64_size(size_t size)
{
    return (size + 2) / 3 * 4;
}

/* RFC 4648, section 4. Returns the end of what it wrote. */
char *wi_base64_encode(const char *data, size_t size, char *ret_text);

/*
 * What stands between the quotes of a JSON string, at most 6 bytes a byte, for valid UTF-8. Returns the end of what
 * it wrote. Controls, DEL and U+0080 to U+009F move a terminal's cursor or worse: they are escaped though JSON asks
 * only for some.
 */
char *wi_json_put_string(char *at, const char *text, size_t size);

/*
 * A name as a member of an object, "key":"name", or "key_b64" where it isn't UTF-8; and as a field of CSV (RFC 4180).
 * At most WI_JSON_NAME_ROOM and WI_CSV_NAME_ROOM bytes. Both return the end of what they wrote.
 */
#define WI_JSON_NAME_ROOM(key, size) (strlen(key) + 12 + 6 * (size))
#define WI_CSV_NAME_ROOM(size) (2 + 2 * (size))
char *wi_json_put_name(char *at, const char *key, const char *name, size_t size);
char *wi_csv_put_name(char *at, const char *name, size_t size);

/* Appends the decoded bytes. Returns 0, -EINVAL for anything that the encoder would not write, or -ENOMEM. */
int wi_base64_decode(const char *text, size_t size, weir_text *bytes);

/* Appends a name that coreutils escaped: \\ \n \r. Returns 0, -EINVAL for any other escape, or -ENOMEM. */
int wi_unescape_name(const char *text, size_t size, weir_text *name);

#endif
