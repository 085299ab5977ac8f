/* deflater.c - makes one gzip member at a time, by zlib or by ISA-L. */
#include "deflater.h"

#include <limits.h>
#include <stdlib.h>
#define ZLIB_CONST
#include <zlib.h>

#include "deflater_isal.h"

struct deflater {
    struct deflater_isal *isal; /* or NULL: zlib */
    z_stream stream;
};

enum { WINDOW_BITS_GZIP = 15 + 16, MEMORY_LEVEL = 8 };

struct deflater *deflater_create(int level)
{
    struct deflater *self = calloc(1, sizeof *self);
    if (self == NULL)
        return NULL;
    bool good;
    if (level <= DEFLATER_ISAL_LEVEL_MAX) {
        self->isal = deflater_isal_create(level);
        good = self->isal != NULL;
    } else {
        good =
            deflateInit2(&self->stream, level, Z_DEFLATED, WINDOW_BITS_GZIP, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) == Z_OK;
    }
    if (good)
        return self;
    free(self);
    return NULL;
}

void deflater_destroy(struct deflater *self)
{
    if (self == NULL)
        return;
    if (self->isal == NULL)
        (void)deflateEnd(&self->stream);
    deflater_isal_destroy(self->isal);
    free(self);
}

void deflater_reset(struct deflater *self)
{
    if (self->isal != NULL)
        deflater_isal_reset(self->isal);
    else
        (void)deflateReset(&self->stream);
}

static unsigned clamp(size_t size)
{
    return size < UINT_MAX ? (unsigned)size : UINT_MAX;
}

int deflater_run(struct deflater *self, weir_flow *flow)
{
    if (self->isal != NULL)
        return deflater_isal_run(self->isal, flow);
    z_stream *stream = &self->stream;
    stream->next_in = flow->in + flow->in_pos;
    stream->avail_in = clamp(flow->in_size - flow->in_pos);
    stream->next_out = flow->out + flow->out_pos;
    stream->avail_out = clamp(flow->out_size - flow->out_pos);
    const int code = deflate(stream, flow->in_last ? Z_FINISH : Z_NO_FLUSH);
    flow->in_pos = (size_t)(stream->next_in - flow->in);
    flow->out_pos = (size_t)(stream->next_out - flow->out);
    if (code == Z_STREAM_END)
        return 1;
    return code == Z_OK || code == Z_BUF_ERROR ? 0 : -EIO;
}
