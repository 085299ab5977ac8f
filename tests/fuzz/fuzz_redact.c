/*
 * fuzz_redact.c - what is found of a kind lies within the text, one behind the other, and is what is replaced; JSON
 * stays JSON, with as many fields.
 *
 * The first byte is the kinds.
 */
#include "redact/redactor.h"

#include "fuzz.h"
#include "json/json_index.h"
#include "redact/finders.h"

enum { KINDS = 32 };

static const finder_fn finders[] = { wp_find_email, wp_find_ipv4, wp_find_ipv6, wp_find_card, wp_find_token };

/* Each finds its things one behind the other, within the text; the redactor finds some exactly if one of them does. */
static void check_text(const struct redactor *redactor, const char *text, size_t size)
{
    weir_text out = { 0 };
    bool any = false;
    for (unsigned kind = 0; kind < sizeof finders / sizeof finders[0]; kind++) {
        struct found found = { 0 };
        for (size_t at = 0; finders[kind](text, size, at, &found); at = found.to) {
            must(found.from >= at && found.from < found.to && found.to <= size);
            any |= (redactor->kinds >> kind & 1) != 0;
        }
    }
    must(wp_redact_text(redactor, text, size, &out) == any && (any || out.size == 0));
    weir_text_fini(&out);
}

static void check_json(const struct redactor *redactor, const char *text, size_t size)
{
    struct json_index index = { 0 }, again = { 0 };
    weir_text out = { 0 };
    if (wp_json_index(&index, text, size) == 0 && wp_redact_json(redactor, text, size, &out) == 1) {
        must(wp_json_index(&again, out.data, out.size) == 0);
        must(again.field_count == index.field_count && wp_json_is_object(&again) == wp_json_is_object(&index));
    }
    weir_text_fini(&out);
    wp_json_index_fini(&again);
    wp_json_index_fini(&index);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    const struct redactor redactor = { .kinds = data[0] % KINDS, .with = "[#]", .key = "" };
    char *text = fuzz_copy(data + 1, size - 1);
    check_text(&redactor, text, size - 1);
    check_json(&redactor, text, size - 1);
    free(text);
    return 0;
}
