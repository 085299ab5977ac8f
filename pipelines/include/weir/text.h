/* text.h - bytes that grow. Zero it to begin; `data` holds `size` bytes and no NUL unless somebody appended one. */
#ifndef WEIR_TEXT_H
#define WEIR_TEXT_H

#include <weir/base.h>

#pragma GCC visibility push(default)

typedef struct weir_text {
    char *data;
    size_t size;
    size_t capacity;
} weir_text;

/* weir_text_reserve() - room for `more` bytes behind the last. Returns 0 or -ENOMEM, and then nothing has changed. */
WEIR_MUST_USE int weir_text_reserve(weir_text *self, size_t more);

/* weir_text_append() - returns 0 or -ENOMEM. */
WEIR_MUST_USE int weir_text_append(weir_text *self, const void *data, size_t size);

/* weir_text_fini() - frees the bytes; the text is empty and may be used again. */
void weir_text_fini(weir_text *self);

#pragma GCC visibility pop

#endif
