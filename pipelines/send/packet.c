/* packet.c - records as they go over the wire. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run/format.h"
#include "send/outbox.h"

const char *const wp_packet_format_names[] = { "auto", "raw", "json", "logfmt", NULL };

/* A record that nobody has looked into is its line. */
static int64_t format_of(unsigned format, const struct row *row)
{
    if (format == PACKET_LOGFMT)
        return 2;
    const bool is_line = row->decoder == NULL && row->fields == NULL && (row->flags & ROW_FIELDS) == 0;
    return format == PACKET_JSON || (format == PACKET_AUTO && !is_line) ? 1 : 0;
}

/* The record behind what is in `text`, without what ends it. 0 or a negative errno. */
static int append_record(struct format_state *state, unsigned format, weir_text *text, const struct row *row)
{
    const size_t from = text->size;
    const int error = wp_format_at(format_of(format, row))->append(state, text, row);
    if (error == 0 && text->size > from && text->data[text->size - 1] == '\n')
        text->size--;
    return error;
}

/* The frame of one record. 0 or -ENOMEM. */
static int append_frame(const struct packet_form *form, weir_text *out, const char *record, size_t size)
{
    char length[24];
    if (form->framing == FRAMING_LINES) {
        const int error = weir_text_append(out, record, size);
        return error == 0 ? weir_text_append(out, "\n", 1) : error;
    }
    const int digits = snprintf(length, sizeof length, "%zu ", size);
    const int error = weir_text_append(out, length, (size_t)digits);
    return error == 0 ? weir_text_append(out, record, size) : error;
}

static struct packet *packet_create(uint32_t count)
{
    struct packet *packet = calloc(1, sizeof *packet);
    if (packet == NULL)
        return NULL;
    packet->count = count;
    packet->ends = calloc(count, sizeof *packet->ends);
    if (packet->ends != NULL)
        return packet;
    free(packet);
    return NULL;
}

void wp_packet_free(struct packet *packet)
{
    if (packet == NULL)
        return;
    free(packet->data);
    free(packet->ends);
    free(packet);
}

struct packet *wp_packet_of_rows(const struct packet_form *form, const struct batch *batch, uint32_t *ret_split)
{
    struct packet *packet = packet_create(batch->count);
    struct format_state state = { 0 };
    weir_text out = { 0 }, record = { 0 };
    int error = packet == NULL ? -ENOMEM : 0;
    *ret_split = 0;
    for (uint32_t i = 0; error == 0 && i < batch->count; i++) {
        record.size = 0;
        error = append_record(&state, form->format, &record, &batch->rows[i]);
        *ret_split +=
            form->framing == FRAMING_LINES && record.size > 0 && memchr(record.data, '\n', record.size) != NULL;
        if (error == 0)
            error = append_frame(form, &out, record.data, record.size);
        if (error == 0)
            packet->ends[i] = (uint32_t)out.size;
    }
    wp_format_fini(&state);
    weir_text_fini(&record);
    if (error < 0 || out.size > UINT32_MAX) {
        weir_text_fini(&out);
        wp_packet_free(packet);
        return NULL;
    }
    packet->data = out.data;
    packet->size = out.size;
    return packet;
}

struct packet *wp_packet_of_bytes(const void *data, size_t size)
{
    struct packet *packet = packet_create(1);
    if (packet == NULL || (packet->data = malloc(size > 0 ? size : 1)) == NULL) {
        wp_packet_free(packet);
        return NULL;
    }
    memcpy(packet->data, data, size);
    packet->size = size;
    packet->ends[0] = (uint32_t)size;
    return packet;
}
