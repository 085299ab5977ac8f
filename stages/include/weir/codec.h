/* codec.h - which codecs this weir was built with. */
#ifndef WEIR_CODEC_H
#define WEIR_CODEC_H

#include <weir/base.h>

#pragma GCC visibility push(default)

typedef struct weir_codec {
    const char *name;    /* the stage that compresses */
    const char *backend; /* "libzstd 1.5.4" */
} weir_codec;

/* weir_codec_at() - codec `index`; NULL past the end. */
const weir_codec *weir_codec_at(size_t index);

#pragma GCC visibility pop

#endif
