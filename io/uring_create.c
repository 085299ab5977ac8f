/* uring_create.c - asks the kernel for a ring, and finds out what this one can do. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "nowait.h"
#include "ring_uring.h"

#define ENTRIES_DEFAULT 256u
#define CQ_FACTOR 16u
#define DIRECT_MAX 1024u

static int set_up(struct io_uring *uring, unsigned entries)
{
    static const unsigned flags[] = {
        IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SUBMIT_ALL, /* 5.19 */
        IORING_SETUP_SUBMIT_ALL,                                                         /* 5.18 */
        0,
    };
    int error = -EINVAL;
    for (size_t i = 0; i < sizeof flags / sizeof flags[0] && error == -EINVAL; i++) {
        struct io_uring_params params = { .flags = flags[i] | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP |
                                                   IORING_SETUP_R_DISABLED, /* until it is confined */
                                          .cq_entries = entries * CQ_FACTOR };
        error = io_uring_queue_init_params(entries, uring, &params);
    }
    return error;
}

/*
 * What uring_step.c knows, and a ring takes nothing else. The kernel must have it, except for what has a kind here
 * (from Linux 5.15 on, the last one from 6.9): where it lacks that, the io lane does it.
 */
static const struct {
    uint8_t code, kind;
} operations[] = {
    { .code = IORING_OP_NOP },           { .code = IORING_OP_OPENAT2 },  { .code = IORING_OP_CLOSE },
    { .code = IORING_OP_READ },          { .code = IORING_OP_WRITE },    { .code = IORING_OP_FSYNC },
    { .code = IORING_OP_STATX },         { .code = IORING_OP_RENAMEAT }, { .code = IORING_OP_UNLINKAT },
    { .code = IORING_OP_POLL_ADD },      { .code = IORING_OP_FADVISE },  { .code = IORING_OP_ASYNC_CANCEL },
    { IORING_OP_MKDIRAT, OP_MKDIR },     { IORING_OP_LINKAT, OP_LINK },  { IORING_OP_SYMLINKAT, OP_SYMLINK },
    { URING_OP_FTRUNCATE, OP_TRUNCATE },
};
#define OPERATIONS (sizeof operations / sizeof operations[0])

static int probe(struct ring_uring *self)
{
    const unsigned features = IORING_FEAT_NODROP | IORING_FEAT_SUBMIT_STABLE | IORING_FEAT_EXT_ARG;
    if ((self->uring.features & features) != features)
        return -EOPNOTSUPP;
    struct io_uring_probe *probe_ = io_uring_get_probe_ring(&self->uring);
    if (probe_ == NULL)
        return -EOPNOTSUPP;
    int error = 0;
    for (size_t i = 0; i < OPERATIONS; i++) {
        if (io_uring_opcode_supported(probe_, operations[i].code))
            continue;
        if (operations[i].kind == 0)
            error = -EOPNOTSUPP;
        self->by_lane |= 1u << operations[i].kind;
    }
    io_uring_free_probe(probe_);
    return error;
}

/* A table of direct slots, as large as it may be without raising the limit of open files. */
static uint32_t make_direct_slots(struct ring_uring *self)
{
    struct rlimit limit;
    if (!self->has_skip || getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return 0;
    const uint32_t slots = limit.rlim_cur < DIRECT_MAX ? (uint32_t)limit.rlim_cur : DIRECT_MAX;
    if (slots == 0 || io_uring_register_files_sparse(&self->uring, slots) < 0)
        return 0;
    return slots;
}

/*
 * From here on the ring takes those operations and no others: what it does passes by seccomp, so a ring that could
 * open sockets would be a way around it. Then it is enabled.
 */
static int confine(const struct ring_uring *self)
{
    struct io_uring_restriction allowed[OPERATIONS + 2] = {
        { .opcode = IORING_RESTRICTION_SQE_FLAGS_ALLOWED,
          .sqe_flags = IOSQE_FIXED_FILE | IOSQE_IO_LINK | IOSQE_ASYNC | IOSQE_CQE_SKIP_SUCCESS },
        { .opcode = IORING_RESTRICTION_REGISTER_OP, .register_op = IORING_REGISTER_FILES_UPDATE },
    };
    unsigned count = 2;
    for (size_t i = 0; i < OPERATIONS; i++)
        if (!(self->by_lane >> operations[i].kind & 1)) /* it refuses a restriction to what it doesn't know */
            allowed[count++] =
                (struct io_uring_restriction){ .opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = operations[i].code };
    /* By hand: liburing 2.3 declares both calls, and exports neither. */
    const int fd = self->uring.ring_fd;
    const long confined = syscall(__NR_io_uring_register, fd, IORING_REGISTER_RESTRICTIONS, allowed, count);
    if (confined < 0 || syscall(__NR_io_uring_register, fd, IORING_REGISTER_ENABLE_RINGS, NULL, 0) < 0)
        return -errno;
    return 0;
}

/*
 * Tries what probing can't tell: that this thread may enter the ring at all, and
 * that a chain does what a slurp wants of it, with a directory that is always cached.
 */
static int try_out(struct ring_uring *self)
{
    struct op op = { .fd = AT_FDCWD, .path = "/", .index = 0 };
    if (self->direct_slots > 0) {
        wi_uring_push_open(self, &op, true);
    } else {
        struct io_uring_sqe *sqe = io_uring_get_sqe(&self->uring);
        io_uring_prep_nop(sqe);
        wi_uring_tag(sqe, &op, TAG_MAIN, 0);
    }
    const int error = io_uring_submit_and_wait(&self->uring, 1);
    if (error < 0)
        return error;
    struct io_uring_cqe *cqe;
    unsigned seen = 0;
    int wanted = 0;
    while (io_uring_peek_cqe(&self->uring, &cqe) == 0) {
        const enum tag tag = (enum tag)(cqe->user_data & TAG_MASK);
        if (tag == TAG_OPEN && cqe->res == -EACCES)
            wanted = -ECANCELED; /* a sandbox: the chain stopped as it should */
        else if (seen++ > 0 || cqe->res != wanted || tag == TAG_OPEN)
            self->direct_slots = 0;
        io_uring_cqe_seen(&self->uring, cqe);
    }
    wi_uring_close_direct(self);
    return 0;
}

int wi_ring_uring_create(unsigned entries, struct ring **ret_ring)
{
    struct ring_uring *self = aligned_alloc(64, (sizeof *self + 63) & ~(size_t)63);
    if (self == NULL)
        return -ENOMEM;
    memset(self, 0, sizeof *self);
    wi_ring_init(&self->ring, &wi_uring_type);
    op_list_init(&self->backlog);
    self->holders = 1;
    int error = set_up(&self->uring, entries == 0 ? ENTRIES_DEFAULT : entries);
    if (error < 0) {
        free(self);
        return error;
    }
    self->has_skip = (self->uring.features & IORING_FEAT_CQE_SKIP) != 0;
    self->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    error = self->wake_fd < 0 ? -errno : probe(self);
    if (error == 0) {
        self->direct_slots = make_direct_slots(self);
        error = confine(self);
    }
    if (error == 0) {
        error = try_out(self);
    }
    if (error < 0) {
        wi_uring_type.destroy(&self->ring);
        return error;
    }
    struct nowait nowait;
    wi_nowait_init(&nowait);
    self->ring.can_now = nowait.can_read;
    *ret_ring = &self->ring;
    return 0;
}
