/* framing.c - two ways to cut bytes into frames: lines, and lengths in front. */
#include <errno.h>
#include <string.h>
#include <weir/buffered.h>

/* --- lines --------------------------------------------------------------------------------- */

/* The rest of a line that was too long goes, its end included. */
static int64_t skip_line(weir_lines *self, const uint8_t *data, size_t size)
{
    const uint8_t *end = memchr(data, '\n', size);
    if (end == NULL)
        return (int64_t)size;
    self->skipping = false;
    return end - data + 1;
}

static int64_t decode_line(weir_decoder *decoder, const uint8_t *data, size_t size, bool at_end, weir_frame *ret_frame)
{
    weir_lines *self = weir_container_of(decoder, weir_lines, decoder);
    if (self->skipping)
        return skip_line(self, data, size);
    if (self->looked_at > size) /* it was of another reader */
        self->looked_at = 0;
    const uint8_t *end = memchr(data + self->looked_at, '\n', size - self->looked_at);
    size_t length = end == NULL ? size : (size_t)(end - data);
    const size_t used = end == NULL ? size : length + 1;
    self->looked_at = end == NULL ? size : 0;
    if (length > 0 && data[length - 1] == '\r' && (end != NULL || at_end))
        length--;
    /* A '\r' at the end of what is there may yet be part of the line's end. */
    if (length > self->line_max + (end == NULL && !at_end && data[length - 1] == '\r')) {
        self->looked_at = 0;
        self->skipping = true;
        return -EMSGSIZE;
    }
    if (end == NULL && !at_end)
        return 0;
    self->looked_at = 0;
    *ret_frame = (weir_frame){ data, length };
    return (int64_t)used;
}

weir_lines weir_line_decoder(size_t line_max)
{
    return (weir_lines){ .decoder = { decode_line }, .line_max = line_max };
}

/* --- lengths in front ------------------------------------------------------------------------ */

static int64_t decode_length(weir_decoder *decoder, const uint8_t *data, size_t size, bool at_end,
                             weir_frame *ret_frame)
{
    const weir_lengths *self = weir_container_of(decoder, weir_lengths, decoder);
    const size_t head = self->length_bytes;
    uint64_t length = 0;
    if (size < head)
        return at_end ? -EBADMSG : 0;
    for (size_t i = 0; i < head; i++)
        length = length << 8 | data[self->little ? head - 1 - i : i];
    if (length > self->frame_max)
        return -EMSGSIZE;
    if (size - head < length)
        return at_end ? -EBADMSG : 0;
    *ret_frame = (weir_frame){ data + head, (size_t)length };
    return (int64_t)(head + length);
}

weir_lengths weir_length_decoder(unsigned length_bytes, bool little, size_t frame_max)
{
    const uint8_t bytes = (uint8_t)(length_bytes < 1 ? 1 : length_bytes > 8 ? 8 : length_bytes);
    return (
        weir_lengths){ .decoder = { decode_length }, .frame_max = frame_max, .length_bytes = bytes, .little = little };
}

int weir_length_encode(unsigned length_bytes, bool little, uint64_t length, uint8_t *ret_bytes)
{
    if (length_bytes < 1 || length_bytes > 8)
        return -EINVAL;
    if (length_bytes < 8 && length >> (length_bytes * 8) != 0)
        return -EMSGSIZE;
    for (unsigned i = 0; i < length_bytes; i++)
        ret_bytes[little ? i : length_bytes - 1 - i] = (uint8_t)(length >> (i * 8));
    return 0;
}
