/* unpack_file.c - the stage "decompress", from one file to another. */
#include "tail/unpack_file.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <weir/output.h>
#include <weir/stage.h>

#define WINDOW_BYTES ((size_t)256 << 10)

struct unpacking {
    int fd, to_fd;
    uint64_t skip; /* bytes of the content that nobody wants */
    weir_tail_unpacked *unpacked;
    const weir_stage *stage;
    void *state;
    weir_flow flow;
    uint8_t *in, *out;
    bool opened;
};

static int set_up(struct unpacking *self)
{
    self->in = malloc(WINDOW_BYTES);
    self->out = malloc(WINDOW_BYTES);
    self->state = calloc(1, self->stage->state_size);
    if (self->in == NULL || self->out == NULL || self->state == NULL)
        return -ENOMEM;
    weir_stage_set_defaults(self->stage, self->state);
    self->flow = (weir_flow){ .in = self->in, .out = self->out, .out_size = WINDOW_BYTES };
    self->opened = true;
    return self->stage->open != NULL ? self->stage->open(self->state, &self->flow) : 0;
}

static void tear_down(struct unpacking *self)
{
    if (self->opened && self->stage->close != NULL)
        self->stage->close(self->state);
    free(self->state);
    free(self->in);
    free(self->out);
}

/* The next window of the file, behind what is left of the last one: nothing. */
static int refill(struct unpacking *self)
{
    ssize_t got;
    do
        got = read(self->fd, self->in, WINDOW_BYTES);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return -errno;
    self->flow.in_offset += self->flow.in_size;
    self->flow.in_size = (size_t)got;
    self->flow.in_pos = 0;
    self->flow.in_last = got == 0;
    return 0;
}

/* What has come out: into the head, and behind `skip` into the file. */
static int drain(struct unpacking *self)
{
    weir_tail_unpacked *unpacked = self->unpacked;
    const size_t size = self->flow.out_pos, room = WEIR_TAIL_HEAD_BYTES - unpacked->head_size;
    memcpy(unpacked->head + unpacked->head_size, self->out, size < room ? size : room);
    unpacked->head_size += size < room ? size : room;
    const uint64_t behind = unpacked->size + size > self->skip ? unpacked->size + size - self->skip : 0;
    const size_t wanted = behind < size ? (size_t)behind : size;
    unpacked->size += size;
    self->flow.out_pos = 0;
    return self->to_fd >= 0 ? weir_write_all(self->to_fd, self->out + size - wanted, wanted) : 0;
}

static int go_on(struct unpacking *self)
{
    for (;;) {
        const int want = self->stage->step(self->state, &self->flow);
        int error = want < 0 ? want : drain(self);
        if (error < 0 || want == WEIR_WANT_NOTHING)
            return error;
        if (self->to_fd < 0 && self->unpacked->head_size == WEIR_TAIL_HEAD_BYTES)
            return 0;
        if (want == WEIR_WANT_INPUT)
            error = refill(self);
        if (error < 0)
            return error;
    }
}

int wp_unpack_file(void *arg, int fd, uint64_t skip, int to_fd, weir_tail_unpacked *ret_unpacked)
{
    struct unpacking self = { .fd = fd, .to_fd = to_fd, .skip = skip, .unpacked = ret_unpacked };
    (void)arg;
    self.stage = weir_stage_find("decompress");
    if (self.stage == NULL)
        return -EBADMSG;
    *ret_unpacked = (weir_tail_unpacked){ .head_size = 0 };
    int error = lseek(fd, 0, SEEK_SET) < 0 ? -errno : set_up(&self);
    if (error == 0)
        error = go_on(&self);
    tear_down(&self);
    return error;
}
