/* inflater_zlib.c - decodes one gzip member at a time, by zlib. */
#include "inflater.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#define ZLIB_CONST
#include <zlib.h>

struct inflater {
    z_stream stream;
};

enum { WINDOW_BITS_GZIP = 15 + 16 };

struct inflater *inflater_create(void)
{
    struct inflater *self = calloc(1, sizeof *self);
    if (self != NULL && inflateInit2(&self->stream, WINDOW_BITS_GZIP) != Z_OK) {
        free(self);
        self = NULL;
    }
    return self;
}

void inflater_destroy(struct inflater *self)
{
    if (self != NULL)
        (void)inflateEnd(&self->stream);
    free(self);
}

void inflater_reset(struct inflater *self)
{
    (void)inflateReset(&self->stream);
}

static unsigned clamp(size_t size)
{
    return size < UINT_MAX ? (unsigned)size : UINT_MAX;
}

int inflater_run(struct inflater *self, weir_flow *flow, const char **ret_fault)
{
    z_stream *stream = &self->stream;
    stream->next_in = flow->in + flow->in_pos;
    stream->avail_in = clamp(flow->in_size - flow->in_pos);
    stream->next_out = flow->out + flow->out_pos;
    stream->avail_out = clamp(flow->out_size - flow->out_pos);
    const int code = inflate(stream, Z_NO_FLUSH);
    flow->in_pos = (size_t)(stream->next_in - flow->in);
    flow->out_pos = (size_t)(stream->next_out - flow->out);
    if (code == Z_STREAM_END || code == Z_OK || code == Z_BUF_ERROR)
        return code == Z_STREAM_END;
    const bool no_header = stream->msg != NULL && strcmp(stream->msg, "incorrect header check") == 0;
    *ret_fault = no_header ? NULL : stream->msg != NULL ? stream->msg : "it asks for a dictionary";
    return -EBADMSG;
}
