/*
 * slurp_rig.h - for the tests of slurps: every ring there is, a slurp of a handful of slots, 10,000 small files.
 */
#ifndef SLURP_RIG_H
#define SLURP_RIG_H

#include <fcntl.h>
#include <sys/stat.h>
#include <weir/slurp.h>

#include "io_rig.h"
#include "lane_rig.h"
#ifdef WEIR_URING
#include "ring_uring.h"
#endif

static char top[4096];
static int top_fd;

typedef void (*ring_test)(struct io_rig *rig);

/* `by_hand`: the io_uring ring as it is on a kernel that has no direct descriptors. */
static inline bool init_uring(struct io_rig *rig, bool by_hand)
{
    if (!io_rig_init_uring(rig))
        return false;
#ifdef WEIR_URING
    struct ring_uring *self = weir_container_of(rig->ring, struct ring_uring, ring);
    if (by_hand)
        self->direct_slots = 0;
    else if (self->direct_slots == 0)
        printf("no direct descriptors here\n");
#else
    (void)by_hand;
#endif
    return true;
}

static inline void on_every_ring(ring_test test, uint64_t seeds)
{
    struct io_rig rig;
    for (uint64_t seed = 0; seed <= seeds; seed++) {
        io_rig_init_fake(&rig, (struct ring_fake_options){ .seed = seed, .delay_max = 5 });
        test(&rig);
        io_rig_fini(&rig);
        CHECK_EQ(rig.counts.destroyed, 1);
    }
    struct lane_rig lane;
    lane_rig_init(&lane, 2, 64);
    io_rig_init_pool(&rig, &lane);
    test(&rig);
    io_rig_fini(&rig);
    lane_rig_fini(&lane);
    for (int by_hand = 0; by_hand < 2; by_hand++)
        if (init_uring(&rig, by_hand)) {
            test(&rig);
            io_rig_fini(&rig);
        }
}

static inline weir_slurp *make_slurp(unsigned slots, size_t slot_bytes)
{
    weir_slurp *slurp;
    const weir_slurp_options options = { .slots = slots, .slot_bytes = slot_bytes };
    CHECK_EQ(weir_slurp_create(&options, &slurp), 0);
    return slurp;
}

static inline weir_cx cx_of(struct io_rig *rig)
{
    return (weir_cx){ .waker = &rig->task.waker, .worker = &rig->worker, .budget = WEIR_BUDGET_UNCONSTRAINED };
}

static inline weir_slurp_slot *next_slot(struct io_rig *rig, weir_slurp *slurp)
{
    weir_slurp_next_future next = weir_slurp_next(slurp);
    io_rig_run(rig, WEIR_HEAD(next));
    return next.output;
}

/* One file, whole. The data is only good until the next call. */
static inline int64_t slurp_one(struct io_rig *rig, weir_slurp *slurp, const char *name, unsigned flags,
                                const uint8_t **ret_data)
{
    weir_cx cx = cx_of(rig);
    int tag;
    CHECK_EQ(weir_slurp_start_flags(slurp, &cx, top_fd, name, flags, &tag), 0);
    weir_slurp_slot *slot = next_slot(rig, slurp);
    CHECK(slot != NULL && slot->tag == &tag);
    const int64_t result = slot->result;
    if (ret_data != NULL)
        *ret_data = slot->data;
    weir_slurp_put(slot);
    CHECK(next_slot(rig, slurp) == NULL);
    return result;
}

static inline void write_file(const char *name, const void *data, size_t size)
{
    const int fd = openat(top_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CHECK(fd >= 0);
    CHECK_EQ(write(fd, data, size), (ssize_t)size);
    close(fd);
}

#define FILES 10000

static inline size_t size_of(unsigned i)
{
    return i % 50 == 0 ? 0 : i % 333 == 0 ? 4096 : (size_t)(i * 2654435761u) % 3000;
}

static inline uint8_t byte_of(unsigned i, size_t at)
{
    return (uint8_t)(i ^ (at * 31));
}

static inline void make_files(void)
{
    static uint8_t data[4096];
    for (unsigned i = 0; i < FILES; i++) {
        char name[16];
        for (size_t at = 0; at < size_of(i); at++)
            data[at] = byte_of(i, at);
        snprintf(name, sizeof name, "m%u", i);
        write_file(name, data, size_of(i));
    }
}

static inline void remove_files(void)
{
    for (unsigned i = 0; i < FILES; i++) {
        char name[16];
        snprintf(name, sizeof name, "m%u", i);
        CHECK_EQ(unlinkat(top_fd, name, 0), 0);
    }
}

static inline void check_slot(const weir_slurp_slot *slot)
{
    const unsigned i = (unsigned)(uintptr_t)slot->tag;
    CHECK(i < FILES);
    if (i % 77 == 0) { /* asked for under a name that is gone */
        CHECK_EQ(slot->result, -ENOENT);
        return;
    }
    CHECK_EQ(slot->result, size_of(i));
    bool same = true;
    for (size_t at = 0; at < size_of(i); at++)
        same &= slot->data[at] == byte_of(i, at);
    CHECK(same);
}

static inline void make_tree(void)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(top, sizeof top, "%s/weir_test_slurp_XXXXXX", tmp == NULL ? "/tmp" : tmp);
    CHECK(mkdtemp(top) != NULL);
    top_fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(top_fd >= 0);
    make_files();
}

static inline void remove_tree(void)
{
    remove_files();
    CHECK_EQ(rmdir(top), 0);
}

#endif
