/* codec.c - which codecs this weir was built with. */
#include <weir/codec.h>

#include <zlib.h>
#ifdef WEIR_ISAL
#include <isa-l.h>
#endif
#ifdef WEIR_LZ4
#include <lz4.h>
#endif
#ifdef WEIR_ZSTD
#include <zstd.h>
#endif

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)

static const weir_codec codecs[] = {
#ifdef WEIR_ISAL
    { "gzip", "zlib " ZLIB_VERSION ", isa-l " TEXT(ISAL_MAJOR_VERSION) "." TEXT(ISAL_MINOR_VERSION) },
#else
    { "gzip", "zlib " ZLIB_VERSION },
#endif
#ifdef WEIR_LZ4
    { "lz4", "liblz4 " LZ4_VERSION_STRING },
#endif
#ifdef WEIR_ZSTD
    { "zstd", "libzstd " ZSTD_VERSION_STRING },
#endif
};

const weir_codec *weir_codec_at(size_t index)
{
    return index < sizeof codecs / sizeof codecs[0] ? &codecs[index] : NULL;
}
