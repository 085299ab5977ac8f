/* test_outbox.c - whatever breaks when, no record is lost, and each connection has whole ones in their order. */
#include "send/outbox.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"

static uint64_t seed;

static uint32_t below(uint32_t count)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % count;
}

static struct packet *packet_of(uint64_t first, uint32_t count)
{
    const struct packet_form form = { .framing = FRAMING_LINES, .format = PACKET_RAW };
    struct batch *batch = wp_batch_create();
    uint32_t split;
    CHECK(batch != NULL);
    for (uint32_t i = 0; i < count; i++) {
        char *line = wp_arena_alloc(&batch->arena, 24);
        CHECK(line != NULL);
        (void)wp_batch_add_record(batch, line, (size_t)snprintf(line, 24, "%lu", (unsigned long)(first + i)));
    }
    struct packet *packet = wp_packet_of_rows(&form, batch, &split);
    CHECK(packet != NULL && packet->count == count && split == 0);
    wp_batch_free(batch);
    return packet;
}

/* What one connection got: whole lines of numbers, one behind the other. The last number, or `before` if there is none.
 */
static uint64_t hear(const weir_text *wire, uint64_t before, bool *ret_any)
{
    uint64_t last = before;
    *ret_any = false;
    for (size_t at = 0; at < wire->size;) {
        const char *end = memchr(wire->data + at, '\n', wire->size - at);
        if (end == NULL)
            break;
        const uint64_t number = strtoull(wire->data + at, NULL, 10);
        CHECK(*ret_any ? number == last + 1 : number <= before + 1); /* no hole */
        last = number;
        *ret_any = true;
        at = (size_t)(end - wire->data) + 1;
    }
    return last > before ? last : before;
}

/*
 * A peer reads some of what is on the wire, and breaks; the kernel says how much it has, exactly or by packets, some of
 * the time. Whatever it had read it keeps.
 */
static void run(bool exact)
{
    struct outbox box;
    weir_text wire = { 0 };
    uint64_t next = 1, heard = 0;
    size_t read = 0;
    wp_outbox_init(&box, 0);
    for (unsigned step = 0; step < 3000; step++) {
        const char *data = NULL;
        const uint32_t what = below(10);
        if (what < 3 && next < 4000) {
            const uint32_t count = 1 + below(20);
            wp_outbox_add(&box, packet_of(next, count));
            next += count;
        } else if (what < 7 || step > 2900) {
            const size_t size = wp_outbox_peek(&box, &data), some = size > 0 ? 1 + below((uint32_t)size) : 0;
            if (size == 0)
                continue;
            CHECK_EQ(weir_text_append(&wire, data, some), 0);
            wp_outbox_wrote(&box, some, wire.size);
        } else if (what < 9) {
            read = read < wire.size ? read + below((uint32_t)(wire.size - read) + 1) : read;
            const uint64_t number = wp_outbox_reached(&box, read, exact);
            (void)wp_outbox_ack(&box, number);
            const weir_text part = { .data = wire.data, .size = read };
            bool any;
            CHECK(hear(&part, heard, &any) >= box.acked); /* nothing is acknowledged that wasn't read */
        } else {
            bool any;
            wire.size = read;
            heard = hear(&wire, heard, &any);
            wire.size = read = 0;
            wp_outbox_rewind(&box, below(2) == 0 ? 0 : heard);
        }
    }
    for (const char *data; wp_outbox_peek(&box, &data) > 0;) {
        const size_t size = wp_outbox_peek(&box, &data);
        CHECK_EQ(weir_text_append(&wire, data, size), 0);
        wp_outbox_wrote(&box, size, wire.size);
    }
    bool any;
    CHECK_EQ(hear(&wire, heard, &any), next - 1);
    (void)wp_outbox_ack(&box, wp_outbox_reached(&box, wire.size, exact));
    CHECK(box.oldest == NULL && box.bytes == 0 && wp_outbox_waiting(&box) == 0);
    weir_text_fini(&wire);
    wp_outbox_fini(&box);
}

static void test_a_connection_that_breaks_costs_no_record(void)
{
    for (seed = 1; seed < 400; seed += 7) {
        const uint64_t start = seed;
        run(false);
        seed = start;
        run(true);
        seed = start;
    }
}

/* What the other side says it has isn't sent again, also what isn't here yet; and nothing beyond the limit. */
static void test_what_the_other_side_has_is_not_sent(void)
{
    for (uint64_t has = 0; has <= 12; has++)
        for (unsigned early = 0; early < 2; early++) {
            struct outbox box;
            weir_text wire = { 0 };
            bool any;
            wp_outbox_init(&box, 2);
            box.limit = 8;
            if (early == 0)
                wp_outbox_rewind(&box, has);
            for (uint64_t first = 1; first <= 9; first += 4) { /* 1 to 4, of which two are done with, 5 to 8, 9 to 12 */
                struct packet *packet = packet_of(first, 4);
                packet->first = first; /* of a spool */
                wp_outbox_add(&box, packet);
            }
            if (early == 1)
                wp_outbox_rewind(&box, has);
            for (unsigned round = 0; round < 2; round++) {
                for (const char *data; wp_outbox_peek(&box, &data) > 0;) {
                    CHECK_EQ(weir_text_append(&wire, data, 1), 0);
                    wp_outbox_wrote(&box, 1, wire.size);
                    CHECK(wp_outbox_reached(&box, wire.size, true) <= box.next - 1);
                }
                const uint64_t begin = has > 2 ? has : 2, end = round == 0 ? 8 : 12;
                CHECK_EQ(hear(&wire, begin, &any), end > begin ? end : begin);
                CHECK(!any || strtoull(wire.data, NULL, 10) == begin + 1);
                CHECK_EQ(wp_outbox_reached(&box, wire.size, true), end > begin ? end : begin);
                box.limit = UINT64_MAX;
            }
            CHECK(wp_outbox_ack(&box, 40)); /* of a session whose spool isn't read that far */
            CHECK(box.oldest == NULL && box.bytes == 0 && box.next == 41);
            weir_text_fini(&wire);
            wp_outbox_fini(&box);
        }
}

int main(void)
{
    RUN(test_a_connection_that_breaks_costs_no_record);
    RUN(test_what_the_other_side_has_is_not_sent);
    return check_done();
}
