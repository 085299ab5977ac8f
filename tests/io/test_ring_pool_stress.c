/*
 * test_ring_pool_stress.c - the ring without io_uring among threads: the owner, the lane, who else reaps, who drops.
 *
 * LABELS: stress
 */
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lane_rig.h"
#include "temp_tree.h"

static struct temp_tree tree;
static int stop;

static bool stopped(void)
{
    return __atomic_load_n(&stop, __ATOMIC_ACQUIRE) != 0;
}

static void set_stop(int value)
{
    __atomic_store_n(&stop, value, __ATOMIC_RELEASE);
}

static void wake_all(weir_wakes *wakes)
{
    while (wakes->count > 0) {
        weir_waker *waker = wakes->waker[--wakes->count];
        weir_wake(waker);
        weir_waker_release(waker);
    }
}

/* Another worker: it reaps whatever it finds, now and then. */
static void *reap_for_others(void *arg)
{
    struct ring *ring = arg;
    while (!stopped()) {
        weir_wakes wakes = { 0 };
        (void)wi_ring_reap(ring, &wakes);
        wake_all(&wakes);
        sched_yield();
    }
    return NULL;
}

/* --- no wake-up is lost -------------------------------------------------------------------- */

static void finish_and_wake(struct op *op, weir_wakes *wakes)
{
    (void)wakes;
    struct ring *ring = op->ring;
    __atomic_fetch_add((unsigned *)op->user, 1, __ATOMIC_RELEASE);
    wi_op_put(op);
    ring->type->wake(ring);
}

static void *write_bytes(void *arg)
{
    const int fd = *(int *)arg;
    while (!stopped()) {
        (void)!write(fd, "x", 1);
        sched_yield();
    }
    return NULL;
}

/*
 * The owner sleeps without a limit until its ops have ended, whoever reaps them:
 * what the lane, epoll and wake() tell it while it falls asleep must get through.
 */
static void test_the_owner_never_sleeps_on(void)
{
    struct lane_rig lane;
    lane_rig_init(&lane, 2, 3);
    struct ring *ring = lane_rig_ring(&lane);
    int fds[2];
    CHECK_EQ(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
    set_stop(0);
    pthread_t reaper, writer;
    CHECK_EQ(pthread_create(&reaper, NULL, reap_for_others, ring), 0);
    CHECK_EQ(pthread_create(&writer, NULL, write_bytes, &fds[1]), 0);
    unsigned done = 0, wanted = 0;
    char bytes[4];
    for (int round = 0; round < 1500; round++) {
        for (int i = 0; i < 4; i++) {
            const enum op_kind kind = i == 0 ? OP_POLL : i == 1 ? OP_READ : OP_FSYNC;
            struct op *op = wi_op_take(ring, kind);
            CHECK(op != NULL);
            op->fd = kind == OP_FSYNC ? -1 : fds[0]; /* nothing but a way to the lane and back */
            op->mask = POLLIN;
            op->buffer = &bytes[i];
            op->length = 1;
            op->offset = UINT64_MAX;
            op->user = &done;
            op->complete = finish_and_wake;
            wi_op_start(op);
            wanted++;
        }
        while (__atomic_load_n(&done, __ATOMIC_ACQUIRE) != wanted) {
            ring->type->wait(ring, -1);
            weir_wakes wakes = { 0 };
            (void)wi_ring_reap(ring, &wakes);
        }
    }
    set_stop(1);
    pthread_join(reaper, NULL);
    pthread_join(writer, NULL);
    wi_ring_retire(ring);
    lane_rig_fini(&lane);
    close(fds[0]);
    close(fds[1]);
}

/* --- everything at once ---------------------------------------------------------------------- */

enum { OPS = 6000, BOX = 64 };
static struct op *_Atomic box[BOX]; /* from the owner to who drops */
static unsigned holds_put;

static void count_put(void *arg)
{
    (void)arg;
    __atomic_fetch_add(&holds_put, 1, __ATOMIC_RELAXED);
}

static void *drop_from_elsewhere(void *arg)
{
    (void)arg;
    for (unsigned at = 0; !stopped(); at = (at + 1) % BOX) {
        struct op *op = atomic_exchange(&box[at], NULL);
        if (op != NULL)
            wi_op_drop(op);
        else if (at == 0)
            sched_yield();
    }
    return NULL;
}

static struct op *random_op(struct io_rig *rig, unsigned dice, const int fds[2], void *buffer)
{
    static const enum op_kind kinds[] = { OP_SLURP, OP_OPEN, OP_OPEN, OP_READ, OP_READ, OP_WRITE, OP_STATX, OP_POLL };
    const enum op_kind kind = kinds[dice % 8];
    struct op *op = wi_op_take(rig->ring, kind);
    CHECK(op != NULL);
    op->complete = wi_op_finish;
    op->hold_put = count_put;
    op->buffer = buffer;
    op->length = 64;
    op->offset = dice % 8 == 3 || kind == OP_WRITE ? UINT64_MAX : 0;
    op->mask = kind == OP_STATX ? STATX_SIZE : POLLIN;
    op->fd = kind == OP_WRITE ? fds[1] : kind == OP_READ || kind == OP_POLL ? fds[0] : tree.fd;
    if (dice % 8 == 4)
        op->fd = tree.fd; /* -EISDIR, from wherever */
    op->how = (struct open_how){ .flags = O_RDWR | O_CLOEXEC | (dice % 8 == 1 ? O_CREAT : 0),
                                 .mode = dice % 8 == 1 ? 0600 : 0 };
    CHECK_EQ(wi_op_set_path(op, "file"), 0);
    return op;
}

/* The results don't matter here: each op comes back once, each hold is put once, each file is closed. */
static void test_random_ops_and_drops_by_many_threads(void)
{
    static uint8_t buffer[512];
    struct lane_rig lane;
    struct io_rig rig;
    lane_rig_init(&lane, 3, 4);
    io_rig_init_pool(&rig, &lane);
    const unsigned open_fds = io_rig_open_fds();
    int fds[2];
    CHECK_EQ(pipe2(fds, O_CLOEXEC), 0);
    set_stop(0);
    pthread_t reaper, dropper;
    CHECK_EQ(pthread_create(&reaper, NULL, reap_for_others, rig.ring), 0);
    CHECK_EQ(pthread_create(&dropper, NULL, drop_from_elsewhere, NULL), 0);
    unsigned seed = 1;
    struct op *kept[16] = { 0 };
    for (unsigned i = 0; i < OPS; i++) {
        seed = seed * 1103515245 + 12345;
        struct op *op = random_op(&rig, seed >> 16, fds, buffer);
        wi_op_start(op);
        if ((seed >> 20) % 4 == 0)
            rig.worker.driver->type->submit(rig.worker.driver);
        const unsigned place = (seed >> 22) % 3;
        if (place == 0) {
            wi_op_drop(op);
        } else if (place == 1) {
            struct op *before = atomic_exchange(&box[i % BOX], op);
            if (before != NULL)
                wi_op_drop(before);
        } else { /* looked at now and then, dropped in the end, done or not */
            int64_t result;
            struct op **slot = &kept[i % 16];
            if (*slot != NULL && wi_op_poll(*slot, &rig.task.waker, &result)) {
                if ((*slot)->kind == OP_OPEN && result >= 0)
                    close((int)result);
                wi_op_put(*slot);
            } else if (*slot != NULL) {
                wi_op_drop(*slot);
            }
            *slot = op;
        }
    }
    for (int i = 0; i < 16; i++)
        if (kept[i] != NULL)
            wi_op_drop(kept[i]);
    for (int i = 0; i < BOX; i++) {
        struct op *op = atomic_exchange(&box[i], NULL);
        if (op != NULL)
            wi_op_drop(op);
    }
    set_stop(1);
    pthread_join(dropper, NULL);
    pthread_join(reaper, NULL);
    io_rig_settle(&rig);
    close(fds[0]);
    close(fds[1]);
    CHECK_EQ(io_rig_open_fds(), open_fds);
    CHECK_EQ(holds_put, OPS);
    io_rig_fini(&rig);
    lane_rig_fini(&lane);
}

/* A ring ends while threads of the lane are in its last lines, over and over. */
static void test_rings_that_end_with_work_on_the_lane(void)
{
    struct lane_rig lane;
    lane_rig_init(&lane, 4, 100);
    const unsigned open_fds = io_rig_open_fds();
    static uint8_t buffer[64];
    for (int round = 0; round < 150; round++) {
        struct io_rig rig;
        io_rig_init_pool(&rig, &lane);
        for (int i = 0; i < 8; i++) {
            struct op *op = wi_op_take(rig.ring, i % 2 == 0 ? OP_OPEN : OP_SLURP);
            op->complete = wi_op_finish;
            op->fd = tree.fd;
            op->how = (struct open_how){ .flags = O_RDWR | O_CREAT | O_CLOEXEC, .mode = 0600 };
            op->buffer = buffer;
            op->length = 8;
            CHECK_EQ(wi_op_set_path(op, "file"), 0);
            wi_op_start(op);
            if (i == 3)
                rig.worker.driver->type->submit(rig.worker.driver);
            wi_op_drop(op);
        }
        io_rig_fini(&rig);
    }
    lane_rig_fini(&lane);
    CHECK_EQ(io_rig_open_fds(), open_fds);
}

int main(void)
{
    temp_tree_init(&tree);
    temp_tree_file(&tree, "file", "0123456789");
    RUN(test_the_owner_never_sleeps_on);
    RUN(test_random_ops_and_drops_by_many_threads);
    RUN(test_rings_that_end_with_work_on_the_lane);
    temp_tree_fini(&tree);
    return check_done();
}
