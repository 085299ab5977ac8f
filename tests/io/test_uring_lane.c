/*
 * test_uring_lane.c - on kernels whose rings lack an operation: it is done by the io lane, and all else by the ring.
 *
 * WRAPS: io_uring_get_probe_ring
 * LABELS: stress
 */
#include <dirent.h>
#include <unistd.h>

#include "io_rig.h"
#include "io_runtime.h"
#include "temp_tree.h"

#ifdef WEIR_URING
#include "ring_uring.h"

static const uint8_t *lacking;
static size_t lacking_count;

struct io_uring_probe *__real_io_uring_get_probe_ring(struct io_uring *uring);
struct io_uring_probe *__wrap_io_uring_get_probe_ring(struct io_uring *uring);

/* The kernel says that it has none of `lacking`. */
struct io_uring_probe *__wrap_io_uring_get_probe_ring(struct io_uring *uring)
{
    struct io_uring_probe *probe = __real_io_uring_get_probe_ring(uring);
    for (size_t i = 0; i < lacking_count; i++)
        probe->ops[lacking[i]].flags = 0;
    return probe;
}

static const uint8_t optional[] = { IORING_OP_MKDIRAT, IORING_OP_LINKAT, IORING_OP_SYMLINKAT, URING_OP_FTRUNCATE };

static int top_fd;

/* One of each kind by its own name, one more on the ring, and all of it undone. */
WEIR_ASYNC(make_some, int64_t, int n, fd; char dir[16], hard[16], sym[16]; weir_io_future op; struct statx statx_;)
{
    WEIR_BEGIN(void)
    snprintf(self->dir, sizeof self->dir, "d%d", self->n);
    (void)snprintf(self->hard, sizeof self->hard, "h%d", self->n);
    (void)snprintf(self->sym, sizeof self->sym, "s%d", self->n);
    AWAIT(self->op, weir_mkdir(top_fd, self->dir, 0700));
    CHECK_EQ(self->op.output, 0);
    AWAIT(self->op, weir_mkdir(top_fd, self->dir, 0700));
    CHECK_EQ(self->op.output, -EEXIST);
    AWAIT(self->op, weir_symlink("file", top_fd, self->sym));
    CHECK_EQ(self->op.output, 0);
    AWAIT(self->op, weir_link(top_fd, "file", top_fd, self->hard, 0));
    CHECK_EQ(self->op.output, 0);
    AWAIT(self->op, weir_open(top_fd, self->hard, O_RDWR, 0));
    CHECK(self->op.output >= 0);
    self->fd = (int)self->op.output;
    AWAIT(self->op, weir_truncate(self->fd, 10, WEIR_IO_NO_HOLD));
    CHECK_EQ(self->op.output, 0);
    AWAIT(self->op, weir_close(self->fd));
    AWAIT(self->op, weir_statx(top_fd, self->sym, 0, STATX_SIZE, &self->statx_));
    CHECK_EQ(self->op.output, 0);
    CHECK_EQ(self->statx_.stx_size, 10);
    AWAIT(self->op, weir_unlink(top_fd, self->sym, 0));
    AWAIT(self->op, weir_unlink(top_fd, self->hard, 0));
    AWAIT(self->op, weir_unlink(top_fd, self->dir, AT_REMOVEDIR));
    RETURN(self->op.output);
    WEIR_FINALLY
    WEIR_END
}

/* More tasks than the lane has room for jobs: none is lost, none ends by "full". */
static void make_many(unsigned workers)
{
    enum { TASKS = 200 };
    struct io_runtime io;
    io.io = weir_io_defaults();
    io.io.mode = WEIR_IO_URING;
    io.drivers = weir_io_drivers(&io.io);
    weir_runtime_options options = workers == 0 ? weir_runtime_current_thread() : weir_runtime_defaults();
    options.workers = workers;
    options.drivers = &io.drivers;
    options.blocking_io_max = 2;
    options.blocking_queue_max = 4;
    CHECK_EQ(weir_runtime_create(&options, &io.runtime), 0);
    CHECK_STR(weir_io_backend(&io.io), "io_uring");
    weir_join_handle handles[TASKS];
    for (int i = 0; i < TASKS; i++)
        handles[i] = weir_spawn_on(io.runtime, WEIR_CALL(make_some, .n = i));
    for (int i = 0; i < TASKS; i++) {
        int64_t output = -1;
        int error = -1;
        CHECK_EQ(weir_block_on(io.runtime, weir_join(handles[i], &output), &error), 0);
        CHECK_EQ(error, 0);
        CHECK_EQ(output, 0);
    }
    io_runtime_fini(&io);
}

/* Linux 5.11 to 5.14 have none of these, up to 6.8 they lack one: io_uring is used all the same. */
static void test_what_the_kernel_lacks_goes_by_the_lane(void)
{
    for (size_t missing = 0; missing <= sizeof optional; missing++) {
        lacking = optional + sizeof optional - missing;
        lacking_count = missing;
        make_many(0);
        make_many(2);
    }
}

/* What the ring isn't asked for it doesn't take, either. */
static void test_a_ring_takes_nothing_that_the_lane_does(void)
{
    lacking = optional;
    lacking_count = sizeof optional;
    struct io_rig rig;
    CHECK(io_rig_init_uring(&rig));
    struct io_uring *uring = &weir_container_of(rig.ring, struct ring_uring, ring)->uring;
    for (size_t i = 0; i < sizeof optional; i++) {
        struct io_uring_sqe *sqe = io_uring_get_sqe(uring);
        io_uring_prep_nop(sqe);
        sqe->opcode = optional[i];
        struct io_uring_cqe *cqe;
        CHECK_EQ(io_uring_submit_and_wait(uring, 1), 1);
        CHECK_EQ(io_uring_peek_cqe(uring, &cqe), 0);
        CHECK_EQ(cqe->res, -EACCES);
        io_uring_cqe_seen(uring, cqe);
    }
    io_rig_fini(&rig);
}

/* Without the rest there is no ring. */
static void test_what_must_be_there_is_asked_for(void)
{
    static const uint8_t needed[] = { IORING_OP_OPENAT2, IORING_OP_UNLINKAT, IORING_OP_ASYNC_CANCEL };
    for (size_t i = 0; i < sizeof needed; i++) {
        struct ring *ring;
        lacking = &needed[i];
        lacking_count = 1;
        CHECK_EQ(wi_ring_uring_create(0, &ring), -EOPNOTSUPP);
    }
}

WEIR_ASYNC(make_one, int64_t, int n; char dir[16]; weir_mkdir_future op;)
{
    WEIR_BEGIN(void)
    snprintf(self->dir, sizeof self->dir, "e%d", self->n);
    AWAIT(self->op, weir_mkdir(top_fd, self->dir, 0700));
    WEIR_FINALLY
    WEIR_END
}

/* A task that goes, or a runtime that does, leaves nothing behind: ASan would tell. */
static void test_the_end_takes_along_what_the_lane_has(void)
{
    lacking = optional;
    lacking_count = sizeof optional;
    for (int round = 0; round < 20; round++) {
        struct io_runtime io;
        CHECK(io_runtime_init(&io, WEIR_IO_URING, 2));
        weir_join_handle handles[50];
        for (int i = 0; i < 50; i++)
            handles[i] = weir_spawn_on(io.runtime, WEIR_CALL(make_one, .n = round * 50 + i));
        for (int i = 0; i < 50; i++) {
            if (i % 2)
                weir_abort(handles[i]);
            weir_detach(handles[i]);
        }
        io_runtime_fini(&io);
    }
}

int main(void)
{
    struct ring *ring;
    const int error = wi_ring_uring_create(0, &ring);
    if (error != 0) {
        printf("skipped: no io_uring here: %s\n", strerror(-error));
        return 0;
    }
    wi_ring_retire(ring);
    struct temp_tree tree;
    temp_tree_init(&tree);
    temp_tree_file(&tree, "file", "");
    top_fd = tree.fd;
    RUN(test_what_the_kernel_lacks_goes_by_the_lane);
    RUN(test_a_ring_takes_nothing_that_the_lane_does);
    RUN(test_what_must_be_there_is_asked_for);
    RUN(test_the_end_takes_along_what_the_lane_has);
    temp_tree_fini(&tree);
    return check_done();
}

#else

int main(void)
{
    printf("skipped: built without io_uring\n");
    return 0;
}

#endif
