/* test_spool.c - what is in a spool is there again, whatever byte the process was killed at; and goes when it may. */
#include "send/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "temp_tree.h"

static struct temp_tree tree;
static char dir[300];

static struct spool *open_spool(uint64_t bytes_max)
{
    struct spool *spool = NULL;
    char fault[SPOOL_FAULT_MAX] = "";
    if (wp_spool_open(dir, bytes_max, &spool, fault) < 0)
        CHECK_STR(fault, "");
    return spool;
}

/* A packet of some records, each a line with its number. */
static void put(struct spool *spool, uint32_t count)
{
    char text[4096];
    size_t size = 0;
    struct packet *packet = calloc(1, sizeof *packet);
    CHECK(packet != NULL && (packet->ends = calloc(count, sizeof *packet->ends)) != NULL);
    for (uint32_t i = 0; i < count; i++) {
        size += (size_t)snprintf(text + size, sizeof text - size, "%lu\n", (unsigned long)(spool->appended + 1 + i));
        packet->ends[i] = (uint32_t)size;
    }
    packet->count = count;
    packet->size = size;
    CHECK((packet->data = malloc(size)) != NULL);
    memcpy(packet->data, text, size);
    spool->in = packet;
    const int64_t error = wp_spool_work(spool, NULL);
    if (error < 0)
        CHECK_STR(spool->fault, "");
    wp_packet_free(packet);
    spool->in = NULL;
}

/* All that is there and wasn't given out, each record once. */
static void get_all(struct spool *spool)
{
    uint64_t next = spool->read + 1;
    spool->wants_out = true;
    while (spool->read < spool->appended) {
        CHECK_EQ(wp_spool_work(spool, NULL), 0);
        CHECK(spool->out != NULL);
        const struct packet *packet = spool->out;
        CHECK(packet->first <= next && packet->first + packet->count > next);
        const char *at = packet->data;
        for (uint32_t i = 0; i < packet->count; i++) {
            CHECK_EQ(strtoull(at, NULL, 10), packet->first + i);
            at = packet->data + packet->ends[i];
        }
        next = packet->first + packet->count;
        wp_packet_free(spool->out);
        spool->out = NULL;
    }
    CHECK_EQ(next, spool->appended + 1);
    spool->wants_out = false;
}

static void ack(struct spool *spool, uint64_t number)
{
    spool->ack = number;
    CHECK_EQ(wp_spool_work(spool, NULL), 0);
}

static void test_what_was_appended_is_there_the_next_time(void)
{
    temp_tree_clear(&tree);
    struct spool *spool = open_spool(1 << 20);
    for (uint32_t i = 0; i < 30; i++)
        put(spool, 1 + i);
    get_all(spool);
    ack(spool, 100); /* in the middle of a packet */
    wp_spool_unref(spool);
    spool = open_spool(1 << 20);
    CHECK_EQ(spool->acked, 100);
    CHECK_EQ(spool->appended, 465);
    get_all(spool);
    put(spool, 5);
    get_all(spool);
    ack(spool, 470);
    CHECK_EQ(spool->bytes, 0);
    CHECK_EQ(spool->count, 0);
    wp_spool_unref(spool);
    spool = open_spool(1 << 20);
    CHECK_EQ(spool->appended, 470);
    put(spool, 3);
    get_all(spool);
    wp_spool_unref(spool);
}

/* The last file ends after any number of bytes: whole packets stay, and what comes next stands behind them. */
static void test_a_write_that_was_cut_at_any_byte_is_taken_back(void)
{
    char path[400];
    struct stat meta;
    for (off_t cut = 0;; cut++) {
        temp_tree_clear(&tree);
        struct spool *spool = open_spool(1 << 20);
        put(spool, 2);
        put(spool, 3);
        snprintf(path, sizeof path, "%s/%020d.spool", dir, 1);
        wp_spool_unref(spool);
        CHECK_EQ(stat(path, &meta), 0);
        if (cut > meta.st_size)
            break;
        CHECK_EQ(truncate(path, cut), 0);
        spool = open_spool(1 << 20);
        const uint64_t whole = cut < 52 ? 0 : cut < meta.st_size ? 2 : 5;
        CHECK_EQ(spool->appended, whole);
        put(spool, 4);
        CHECK_EQ(spool->appended, whole + 4);
        get_all(spool);
        wp_spool_unref(spool);
        spool = open_spool(1 << 20);
        CHECK_EQ(spool->appended, whole + 4);
        get_all(spool);
        wp_spool_unref(spool);
    }
}

/* Files go as a whole, and only those of which everything is acknowledged; a full spool says so. */
static void test_it_is_bounded_and_what_is_acknowledged_goes(void)
{
    temp_tree_clear(&tree);
    struct spool *spool = open_spool(256 << 10);
    while (wp_spool_has_room(spool, 256, 1800))
        put(spool, 256);
    CHECK(spool->bytes > (250 << 10) && spool->bytes <= (256 << 10));
    CHECK(spool->count >= 4);
    const uint64_t bytes = spool->bytes, second = spool->files[1].first;
    ack(spool, second - 2);
    CHECK_EQ(spool->bytes, bytes);
    ack(spool, second - 1);
    CHECK(spool->bytes < bytes && spool->files[0].first == second && wp_spool_has_room(spool, 256, 1800));
    spool->read = spool->acked;
    get_all(spool);
    wp_spool_unref(spool);
}

/* Damage is told with its place; nothing behind it is given out as if nothing were missing. */
static void test_damage_in_the_middle_is_told(void)
{
    char path[400], byte;
    temp_tree_clear(&tree);
    struct spool *spool = open_spool(256 << 10);
    while (spool->count < 2)
        put(spool, 256);
    wp_spool_unref(spool);
    snprintf(path, sizeof path, "%s/%020d.spool", dir, 1);
    const int fd = open(path, O_RDWR | O_CLOEXEC);
    CHECK(fd >= 0 && pread(fd, &byte, 1, 3000) == 1);
    byte ^= 1;
    CHECK_EQ(pwrite(fd, &byte, 1, 3000), 1);
    CHECK_EQ(close(fd), 0);
    spool = open_spool(256 << 10);
    spool->wants_out = true;
    int64_t error = 0;
    while (error == 0) {
        error = wp_spool_work(spool, NULL);
        wp_packet_free(spool->out);
        spool->out = NULL;
    }
    CHECK_EQ(error, -EBADMSG);
    CHECK(strstr(spool->fault, "damaged") != NULL && strstr(spool->fault, ".spool: byte ") != NULL);
    CHECK_EQ(spool->read, 256);
    wp_spool_unref(spool);
}

/* A journal says where it ends: what is behind that, in the same file or in others, goes, and comes again. */
static void test_it_is_cut_to_what_a_journal_says(void)
{
    for (uint32_t keep = 0; keep <= 9; keep++) {
        temp_tree_clear(&tree);
        struct spool *spool = open_spool(256 << 10);
        for (uint32_t i = 0; i < 9; i++)
            put(spool, 256);
        CHECK(spool->count >= 1);
        wp_spool_unref(spool);
        spool = open_spool(256 << 10);
        CHECK_EQ(wp_spool_cut(spool, 256 * keep), 0);
        CHECK_EQ(spool->appended, 256 * keep);
        get_all(spool);
        put(spool, 3);
        get_all(spool);
        wp_spool_unref(spool);
        spool = open_spool(256 << 10);
        CHECK_EQ(spool->appended, 256 * keep + 3);
        CHECK_EQ(wp_spool_cut(spool, 256 * keep + 4), -EBADMSG); /* more than there is */
        CHECK(strstr(spool->fault, "the journal counts on record") != NULL);
        if (keep > 0)
            CHECK_EQ(wp_spool_cut(spool, 256 * keep - 1),
                     -EBADMSG); /* the middle of a packet is no place of a journal's */
        wp_spool_unref(spool);
    }
}

/* Until the first checkpoint no journal knows what is in it: then it goes with the next start; what was there stays. */
static void test_what_no_journal_has_goes(void)
{
    temp_tree_clear(&tree);
    struct spool *spool = open_spool(1 << 20);
    put(spool, 7); /* without a journal */
    for (unsigned turn = 0; turn < 3; turn++) {
        CHECK_EQ(wp_spool_begin(spool), 0);
        CHECK_EQ(spool->appended, 7);
        put(spool, 5);
        wp_spool_unref(spool); /* killed */
        spool = open_spool(1 << 20);
        CHECK(spool->is_begun);
        CHECK_EQ(spool->appended, 12);
    }
    spool->wants_commit = true;
    CHECK_EQ(wp_spool_work(spool, NULL), 0);
    wp_spool_unref(spool);
    spool = open_spool(1 << 20);
    CHECK(!spool->is_begun);
    CHECK_EQ(wp_spool_begin(spool), 0); /* another journal: what this one had is sent all the same */
    CHECK_EQ(spool->appended, 12);
    get_all(spool);
    wp_spool_unref(spool);
}

/* Two at once would write over each other. */
static void test_one_process_has_it(void)
{
    struct spool *other = NULL;
    char fault[SPOOL_FAULT_MAX] = "";
    temp_tree_clear(&tree);
    struct spool *spool = open_spool(1 << 20);
    CHECK_EQ(wp_spool_open(dir, 1 << 20, &other, fault), -EBUSY);
    CHECK(strstr(fault, "another process has this spool") != NULL);
    wp_spool_unref(spool);
}

int main(void)
{
    temp_tree_init(&tree);
    snprintf(dir, sizeof dir, "%s/spool", tree.path);
    RUN(test_what_was_appended_is_there_the_next_time);
    RUN(test_a_write_that_was_cut_at_any_byte_is_taken_back);
    RUN(test_it_is_bounded_and_what_is_acknowledged_goes);
    RUN(test_damage_in_the_middle_is_told);
    RUN(test_it_is_cut_to_what_a_journal_says);
    RUN(test_what_no_journal_has_goes);
    RUN(test_one_process_has_it);
    temp_tree_fini(&tree);
    return check_done();
}
