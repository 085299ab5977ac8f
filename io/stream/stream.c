/* stream.c - who owns a stream: references and halves. */
#include <weir/stream.h>

weir_stream *weir_stream_hold(weir_stream *stream)
{
    __atomic_fetch_add(&stream->refs, 1, __ATOMIC_RELAXED);
    return stream;
}

void weir_stream_put(weir_stream *stream)
{
    if (stream != NULL && __atomic_fetch_sub(&stream->refs, 1, __ATOMIC_ACQ_REL) == 1)
        stream->type->destroy(stream);
}

int weir_stream_shut_down(weir_stream *stream)
{
    return stream->type->shut_down == NULL ? 0 : stream->type->shut_down(stream);
}

void weir_stream_split(weir_stream *stream, weir_read_half *ret_read, weir_write_half *ret_write)
{
    ret_read->stream = stream;
    ret_write->stream = weir_stream_hold(stream);
}

weir_stream *weir_stream_unsplit(weir_read_half *read_half, weir_write_half *write_half)
{
    weir_stream *stream = read_half->stream;
    if (stream == NULL || stream != write_half->stream)
        return NULL;
    read_half->stream = NULL;
    write_half->stream = NULL;
    weir_stream_put(stream); /* one of the two references */
    return stream;
}

void weir_read_half_put(weir_read_half *half)
{
    weir_stream_put(half->stream);
    half->stream = NULL;
}

void weir_write_half_put(weir_write_half *half)
{
    if (half->stream != NULL)
        (void)weir_stream_shut_down(half->stream);
    weir_stream_put(half->stream);
    half->stream = NULL;
}
