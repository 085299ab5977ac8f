/*
 * test_spool_power_cut.c - the power goes at any moment of a spool's life: what a journal counts on is there, numbers
 * go on where they were, and what isn't acknowledged is given out as it was put in.
 *
 * WRAPS: open openat pwrite write fsync fdatasync ftruncate rename renameat unlink unlinkat mkdir mkdirat
 * WITH: disk_log.c disk_image.c
 *
 * The calls of a run that appends, checkpoints and hears acknowledgements are logged, with how far each checkpoint had
 * come; for each cut of the log, and each way of losing what wasn't synced, the spool is opened as a start does.
 */
#include "send/spool.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "disk_log.h"
#include "temp_tree.h"

enum { STEPS = 120, ROOM = 1 << 16 };

static struct temp_tree tree;
static char dir[320];
static uint64_t seed = 1;

static uint32_t below(uint32_t count)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % count;
}

/* What the journal had behind so many calls, and was acknowledged. */
struct moment {
    size_t calls;
    uint64_t kept, acked;
};

static struct moment moments[STEPS + 1];
static unsigned moment_count;

static struct spool *open_spool(void)
{
    struct spool *spool = NULL;
    char fault[SPOOL_FAULT_MAX] = "";
    if (wp_spool_open(dir, ROOM, &spool, fault) < 0)
        CHECK_STR(fault, "");
    spool->syncs = true;
    return spool;
}

static void work(struct spool *spool)
{
    if (wp_spool_work(spool, NULL) < 0)
        CHECK_STR(spool->fault, "");
}

/* Records say which they are, over and over: files are full soon. */
static void put(struct spool *spool)
{
    static char text[1 << 16];
    const uint32_t count = 1 + below(5);
    struct packet *packet = calloc(1, sizeof *packet);
    CHECK(packet != NULL && (packet->ends = calloc(count, sizeof *packet->ends)) != NULL);
    for (uint32_t i = 0; i < count; i++) {
        const int size = snprintf(text + packet->size, 4096, "%*lu", 3000, (unsigned long)(spool->appended + 1 + i));
        packet->size += (size_t)size;
        packet->ends[i] = (uint32_t)packet->size;
    }
    packet->count = count;
    CHECK((packet->data = malloc(packet->size)) != NULL);
    memcpy(packet->data, text, packet->size);
    spool->in = packet;
    work(spool);
    wp_packet_free(spool->in);
    spool->in = NULL;
}

static void live(void)
{
    struct spool *spool = open_spool();
    uint64_t kept = 0;
    if (wp_spool_begin(spool) < 0)
        CHECK_STR(spool->fault, "");
    for (unsigned step = 0; step < STEPS; step++) {
        const uint32_t what = below(4);
        if (what < 2)
            put(spool);
        else if (what == 2) { /* a checkpoint: synced, and then the journal has it */
            spool->wants_sync = true;
            work(spool);
            spool->wants_sync = false;
            kept = spool->appended;
            spool->wants_commit = spool->is_begun;
        } else if (kept > spool->acked) { /* nothing else was sent */
            spool->ack = below(2) == 0 ? kept : spool->acked + 1 + below((uint32_t)(kept - spool->acked));
            work(spool);
            spool->wants_commit = false;
        }
        moments[moment_count++] = (struct moment){ disk_log_count(), kept, spool->acked };
    }
    wp_spool_unref(spool);
}

static void check_all_is_there(struct spool *spool)
{
    spool->wants_out = true;
    while (spool->read < spool->appended) {
        const uint64_t before = spool->read;
        work(spool);
        CHECK(spool->out != NULL);
        const struct packet *packet = spool->out;
        CHECK(packet->first <= before + 1 && packet->first + packet->count - 1 > before);
        for (uint32_t i = 0; i < packet->count; i++) {
            const char *text = packet->data + (i > 0 ? packet->ends[i - 1] : 0);
            CHECK_EQ(strtoull(text, NULL, 10), packet->first + i);
        }
        wp_packet_free(spool->out);
        spool->out = NULL;
    }
    spool->wants_out = false;
}

/* The last one before the cut: what a journal that is synced must find. */
static struct moment moment_at(size_t calls)
{
    struct moment last = { 0 };
    for (unsigned i = 0; i < moment_count && moments[i].calls <= calls; i++)
        last = moments[i];
    return last;
}

static void test_a_loss_of_power_takes_nothing_that_a_journal_has(void)
{
    unsigned cuts = 0;
    temp_tree_clear(&tree);
    disk_log_begin(tree.path);
    live();
    struct disk_log log = disk_log_end();
    for (size_t at = 0; at <= log.count; at++)
        for (unsigned loss = 0; loss < DISK_LOSSES; loss++) {
            const struct moment had = moment_at(at);
            disk_image_make(&log, at, (enum disk_loss)loss, at * DISK_LOSSES + loss + 1);
            struct spool *spool = open_spool();
            if (had.kept > 0) {
                CHECK(spool->acked <= had.kept + 5 * STEPS);
                if (spool->acked <= had.kept && wp_spool_cut(spool, had.kept) < 0)
                    CHECK_STR(spool->fault, "");
            } else if (wp_spool_begin(spool) < 0) {
                CHECK_STR(spool->fault, "");
            }
            CHECK(spool->appended >= had.kept); /* no number is given twice */
            check_all_is_there(spool);
            put(spool);
            check_all_is_there(spool);
            wp_spool_unref(spool);
            cuts++;
        }
    printf("%zu calls, %u cuts\n", log.count, cuts);
    disk_log_free(&log);
}

int main(void)
{
    temp_tree_init(&tree);
    char real[300];
    CHECK(realpath(tree.path, real) != NULL);
    snprintf(dir, sizeof dir, "%s/spool", real);
    RUN(test_a_loss_of_power_takes_nothing_that_a_journal_has);
    temp_tree_fini(&tree);
    return check_done();
}
