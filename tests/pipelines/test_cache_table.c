/* test_cache_table.c - records by their print: in memory, in a file too large for it, and after a fold. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "temp_tree.h"

#include "cache/cache_fold.h"
#include "cache/cache_table.h"
#include "hash/pair_set.h"

static struct algo_set algos;
static uint32_t record_bytes;

union room {
    struct cache_record record;
    char bytes[64];
};

/* Prints that begin alike: they have one home, and all but the first lie behind it. */
static union room make(uint64_t home, uint32_t number)
{
    union room room = { 0 };
    memcpy(room.record.print.bytes, &home, sizeof home);
    memcpy(room.record.print.bytes + 8, &number, sizeof number);
    room.record.owner = number % 3;
    room.record.volume = 1;
    memset(room.record.digests, (int)number, algos.digest_size);
    wp_cache_record_seal(&room.record, record_bytes);
    return room;
}

static void check_has(const struct cache_table *table, const union room *wanted)
{
    union room found;
    uint64_t slot;
    CHECK(wp_cache_table_find(table, &wanted->record.print, &found.record, &slot));
    CHECK_EQ(memcmp(found.record.digests, wanted->record.digests, algos.digest_size), 0);
}

static void check_lacks(const struct cache_table *table, const union room *other)
{
    union room found;
    uint64_t slot;
    CHECK(!wp_cache_table_find(table, &other->record.print, &found.record, &slot));
}

/* Homes at both ends: a search goes on from the last slot at the first. */
static const uint64_t homes[] = { 0, UINT64_MAX, UINT64_MAX / 2 };
#define HOMES (sizeof homes / sizeof homes[0])
#define ALIKE 20

static void fill(char *memory, uint64_t slots)
{
    for (size_t h = 0; h < HOMES; h++)
        for (uint32_t i = 0; i < ALIKE; i++) {
            const union room room = make(homes[h], i);
            CHECK(wp_cache_slots_put(memory, slots, &room.record, record_bytes));
            CHECK(!wp_cache_slots_put(memory, slots, &room.record, record_bytes));
        }
}

static void check_all(struct cache_table *table)
{
    for (size_t h = 0; h < HOMES; h++)
        for (uint32_t i = 0; i < ALIKE; i++) {
            const union room room = make(homes[h], i), other = make(homes[h], i + ALIKE);
            check_has(table, &room);
            check_lacks(table, &other);
        }
    CHECK(wp_cache_table_mark(table, 3) && !wp_cache_table_mark(table, 3));
    CHECK(wp_cache_table_is_seen(table, 3) && !wp_cache_table_is_seen(table, 4));
}

static void test_a_table_in_memory_finds_what_was_put(void)
{
    struct cache_table table;
    CHECK_EQ(wp_cache_table_init(&table, 3 * ALIKE + 1, record_bytes), 0);
    fill(table.memory, table.slots);
    check_all(&table);
    wp_cache_table_fini(&table);
}

/* What is too large for memory is read where it is asked for, window by window, and around the end. */
static void test_a_table_that_stays_in_its_file_finds_the_same(void)
{
    struct temp_tree tree;
    struct cache_table table;
    struct cache_header header;
    temp_tree_init(&tree);
    const int fd = openat(tree.fd, "c", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    wp_cache_header_init(&header, &algos);
    header.slots = CACHE_MEMORY_MAX / record_bytes + 5;
    header.used = HOMES * ALIKE;
    char *slots = calloc(header.slots, record_bytes);
    CHECK(fd >= 0 && slots != NULL);
    fill(slots, header.slots);
    /* Zeros needn't be written: the file has a hole there. */
    CHECK_EQ(ftruncate(fd, (off_t)(sizeof header + header.slots * record_bytes)), 0);
    for (uint64_t i = 0; i < header.slots; i++)
        if (((const struct cache_record *)(const void *)(slots + i * record_bytes))->check != 0)
            CHECK_EQ(pwrite(fd, slots + i * record_bytes, record_bytes, (off_t)(sizeof header + i * record_bytes)),
                     record_bytes);
    free(slots);
    CHECK_EQ(wp_cache_table_load(&table, fd, &header), 0);
    CHECK(table.memory == NULL);
    CHECK_EQ(close(fd), 0);
    check_all(&table);
    wp_cache_table_fini(&table);
    temp_tree_fini(&tree);
}

static bool keep_some(void *arg, const struct cache_record *record)
{
    (void)arg;
    return record->owner != 1;
}

static int count(void *arg, const struct cache_record *record)
{
    (void)record;
    ++*(uint32_t *)arg;
    return 0;
}

/* Of the same print the last counts; what isn't kept is gone; a record that is cut off was none. */
static void test_a_fold_keeps_the_last_of_each(void)
{
    struct temp_tree tree;
    struct cache_log log;
    struct cache_table table;
    uint64_t size;
    uint32_t left = 0;
    char *path;
    temp_tree_init(&tree);
    CHECK(asprintf(&path, "%s/log", tree.path) > 0);
    CHECK_EQ(wp_cache_log_init(&log, path, &algos), 0);
    CHECK_EQ(wp_cache_log_lock(&log), 0);
    union room rooms[30];
    for (uint32_t i = 0; i < 30; i++) {
        rooms[i] = make(i * UINT64_C(0x123456789abcdef), i);
        CHECK_EQ(wp_cache_log_append(&log, &rooms[i], record_bytes), 0);
    }
    memset(rooms[0].record.digests, 77, algos.digest_size);
    wp_cache_record_seal(&rooms[0].record, record_bytes);
    CHECK_EQ(wp_cache_log_append(&log, &rooms[0], record_bytes - 3), 0); /* as a kill leaves it */
    CHECK_EQ(wp_cache_log_append(&log, &rooms[0], record_bytes), 0);
    CHECK_EQ(wp_cache_log_size(&log, &size), 0);
    CHECK_EQ(size, 31 * record_bytes);

    CHECK_EQ(wp_cache_fold(&log, keep_some, NULL), 0);
    CHECK_EQ(log.header.used, 20);
    CHECK_EQ(wp_cache_log_each(&log, 0, count, &left), 0);
    CHECK_EQ(left, 20);
    CHECK_EQ(wp_cache_table_load(&table, log.fd, &log.header), 0);
    for (uint32_t i = 0; i < 30; i++)
        (i % 3 == 1 ? check_lacks : check_has)(&table, &rooms[i]);
    wp_cache_table_fini(&table);
    wp_cache_log_unlock(&log);
    wp_cache_log_fini(&log);
    free(path);
    temp_tree_fini(&tree);
}

/* Who has a file open that another folds meanwhile writes to the new one, or what he found out would be lost. */
static void test_a_writer_follows_the_name(void)
{
    struct temp_tree tree;
    struct cache_log logs[2];
    uint32_t left = 0;
    char *path;
    temp_tree_init(&tree);
    CHECK(asprintf(&path, "%s/log", tree.path) > 0);
    for (uint32_t i = 0; i < 2; i++) {
        const union room room = make(i, i);
        CHECK_EQ(wp_cache_log_init(&logs[i], path, &algos), 0);
        CHECK_EQ(wp_cache_log_lock(&logs[i]), 0);
        CHECK_EQ(wp_cache_log_append(&logs[i], &room, record_bytes), 0);
        wp_cache_log_unlock(&logs[i]);
    }
    for (uint32_t turn = 0; turn < 4; turn++) {
        struct cache_log *log = &logs[turn % 2];
        const union room room = make(turn + 2, turn + 2);
        CHECK_EQ(wp_cache_log_lock(log), 0);
        CHECK_EQ(wp_cache_fold(log, NULL, NULL), 0);
        CHECK_EQ(log->header.used, turn + 2);
        CHECK_EQ(wp_cache_log_append(log, &room, record_bytes), 0);
        wp_cache_log_unlock(log);
    }
    CHECK_EQ(wp_cache_log_lock(&logs[0]), 0);
    CHECK_EQ(wp_cache_log_each(&logs[0], 0, count, &left), 0);
    CHECK_EQ(left, 6);
    for (uint32_t i = 0; i < 2; i++)
        wp_cache_log_fini(&logs[i]);
    free(path);
    temp_tree_fini(&tree);
}

/* A header of other algorithms, of a later version, or damaged is told apart, and refused. */
static void test_headers_are_told_apart(void)
{
    const struct algo_set others = { { weir_digest_find("sha256") }, 1, 32 };
    struct cache_header header, broken;
    wp_cache_header_init(&header, &algos);
    CHECK_EQ(wp_cache_header_check(&header, &algos), 0);
    CHECK_EQ(wp_cache_header_check(&header, &others), -EMEDIUMTYPE);
    for (size_t i = 0; i < sizeof header; i++) {
        broken = header;
        ((char *)&broken)[i] ^= 1;
        CHECK(wp_cache_header_check(&broken, &algos) < 0);
    }
    broken = header;
    broken.version++;
    CHECK_EQ(wp_cache_header_check(&broken, &algos), -EPROTONOSUPPORT);
    broken = header;
    broken.used = 5; /* of no slots */
    wp_cache_header_seal(&broken);
    CHECK_EQ(wp_cache_header_check(&broken, &algos), -EBADMSG);
}

/* A damaged record is none, whichever bit it is. */
static void test_damaged_records_are_none(void)
{
    for (uint32_t i = 0; i < record_bytes; i++) {
        union room room = make(7, 7);
        CHECK(wp_cache_record_is_whole(&room.record, record_bytes));
        room.bytes[i] ^= 64;
        CHECK(!wp_cache_record_is_whole(&room.record, record_bytes));
    }
}

static void test_pairs_are_new_once(void)
{
    struct pair_set set = { 0 };
    for (int turn = 0; turn < 2; turn++)
        for (uint64_t i = 0; i < 5000; i++) {
            CHECK_EQ(wp_pair_set_add(&set, (struct pair){ i % 70, i / 70 }), turn == 0);
            CHECK(wp_pair_set_has(&set, (struct pair){ i % 70, i / 70 }));
        }
    CHECK(!wp_pair_set_has(&set, (struct pair){ 70, 0 }));
    wp_pair_set_fini(&set);
}

int main(void)
{
    algos = (struct algo_set){ { weir_digest_find("xxh128") }, 1, 16 };
    record_bytes = wp_cache_record_bytes(&algos);
    RUN(test_a_table_in_memory_finds_what_was_put);
    RUN(test_a_table_that_stays_in_its_file_finds_the_same);
    RUN(test_a_fold_keeps_the_last_of_each);
    RUN(test_a_writer_follows_the_name);
    RUN(test_headers_are_told_apart);
    RUN(test_damaged_records_are_none);
    RUN(test_pairs_are_new_once);
    return check_done();
}
