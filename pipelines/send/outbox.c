/* outbox.c - packets that wait to be acknowledged. */
#include "send/outbox.h"

#include <stdlib.h>

void wp_outbox_init(struct outbox *self, uint64_t acked)
{
    *self = (struct outbox){ .next = acked + 1, .acked = acked, .has = acked, .limit = UINT64_MAX };
    self->tail = &self->oldest;
}

void wp_outbox_fini(struct outbox *self)
{
    while (self->oldest != NULL) {
        struct packet *packet = self->oldest;
        self->oldest = packet->next;
        wp_packet_free(packet);
    }
}

void wp_outbox_add(struct outbox *self, struct packet *packet)
{
    if (packet->first == 0)
        packet->first = self->next;
    const uint64_t last = packet->first + packet->count - 1,
                   start = self->has < self->next ? self->next : self->has + 1;
    self->next = last < self->next ? self->next : last + 1;
    if (last <= self->acked) { /* it was read when that wasn't known yet */
        wp_packet_free(packet);
        return;
    }
    packet->from = start > packet->first ? (uint32_t)(start - packet->first) : 0;
    packet->next = NULL;
    self->bytes += packet->size;
    *self->tail = packet;
    self->tail = &packet->next;
    if (self->cursor == NULL && last > self->has) {
        self->cursor = packet;
        self->at = packet->from > 0 ? packet->ends[packet->from - 1] : 0;
    }
}

size_t wp_outbox_peek(const struct outbox *self, const char **ret_data)
{
    if (self->cursor == NULL || self->cursor->first > self->limit)
        return 0;
    *ret_data = self->cursor->data + self->at;
    return self->cursor->size - self->at;
}

void wp_outbox_wrote(struct outbox *self, size_t bytes, uint64_t wire)
{
    struct packet *packet = self->cursor;
    const size_t from = packet->from > 0 ? packet->ends[packet->from - 1] : 0;
    if (self->at == from)
        packet->begin = wire - bytes;
    self->at += bytes;
    if (self->at < packet->size)
        return;
    packet->end = wire;
    self->cursor = packet->next;
    self->at = 0; /* only the first packet of a connection begins in its middle */
}

bool wp_outbox_ack(struct outbox *self, uint64_t number)
{
    if (number <= self->acked)
        return false;
    self->acked = number;
    self->next = self->next <= number ? number + 1 : self->next; /* those in between aren't here, and needn't be */
    while (self->oldest != NULL && self->oldest->first + self->oldest->count - 1 <= number) {
        struct packet *packet = self->oldest;
        self->oldest = packet->next;
        if (self->cursor == packet) { /* it was acknowledged before this connection had it */
            self->cursor = packet->next;
            self->at = 0;
        }
        self->bytes -= packet->size;
        wp_packet_free(packet);
    }
    if (self->oldest == NULL)
        self->tail = &self->oldest;
    return true;
}

/* Of one that is being written, or written: how many of its records the other side has. */
static uint32_t reached_of(const struct packet *packet, uint64_t wire)
{
    const size_t from = packet->from > 0 ? packet->ends[packet->from - 1] : 0;
    uint32_t count = packet->from;
    while (count < packet->count && packet->begin + (packet->ends[count] - from) <= wire)
        count++;
    return count;
}

uint64_t wp_outbox_reached(const struct outbox *self, uint64_t wire, bool exact)
{
    uint64_t number = self->acked > self->has ? self->acked : self->has;
    for (const struct packet *packet = self->oldest; packet != NULL; packet = packet->next) {
        const uint64_t last = packet->first + packet->count - 1;
        if (last <= self->has)
            continue;
        if (packet->end != 0 && packet->end <= wire) {
            number = last;
            continue;
        }
        const bool is_under_way = packet->end != 0 || (packet == self->cursor && self->at > 0);
        if (exact && is_under_way && packet->begin < wire && reached_of(packet, wire) > 0)
            number = packet->first + reached_of(packet, wire) - 1;
        break;
    }
    return number;
}

void wp_outbox_rewind(struct outbox *self, uint64_t number)
{
    const uint64_t next = (number > self->acked ? number : self->acked) + 1;
    self->has = next - 1;
    self->cursor = NULL;
    for (struct packet *packet = self->oldest; packet != NULL; packet = packet->next) {
        packet->begin = packet->end = 0;
        packet->from = 0;
        if (self->cursor != NULL || packet->first + packet->count <= next)
            continue;
        packet->from = next > packet->first ? (uint32_t)(next - packet->first) : 0;
        self->cursor = packet;
        self->at = packet->from > 0 ? packet->ends[packet->from - 1] : 0;
    }
}
