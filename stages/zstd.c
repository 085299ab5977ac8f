/*
 * zstd.c - stage "zstd": compress the stream into zstd frames.
 *
 * One frame; with `seekable` or `frames`, and in pieces, one for so many bytes of
 * input, so that a reader can begin at any of them.
 *
 * The one frame is made by libzstd's threads side by side, if the host allows for
 * any: in jobs of 2 MiB, each of which begins with what the one before it ended with.
 * What they write depends on the size of the jobs and not on how many threads there are.
 *
 * A frame of at most WHOLE_BYTES is held back until all of it is there, in one piece of
 * memory, and compressed by one call. Fed in windows libzstd copies them to a ring, and
 * level 3 looks for what it has seen on both sides of the end of that, which takes a
 * sixth longer and finds less.
 *
 * Of other frames the beginning is held back until there is more than HELD_MAX of it, or
 * all: of a small one libzstd is told the size, writes it into the header, and takes
 * tables that fit, where clearing large ones takes longer than compressing it.
 */
#include <weir/stage.h>

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "piece_take.h"
#include "zstd_seek_table.h"
#include "zstd_spare.h"

/* Of a frame without `seekable`: each begins without a history, which costs logs 0.3 % at most, sources of C 3 %. */
#define PIECE_BYTES ((uint64_t)4 << 20)
/* Beyond WHOLE_LEVEL_MAX: they look back further, and 4 MiB at once would take seconds, in which nobody can stop. */
#define PIECE_BYTES_SLOW ((uint64_t)8 << 20)
#define WHOLE_BYTES PIECE_BYTES
#define WHOLE_LEVEL_MAX 12

/* Of what one thread compresses at once: a window at level 3. Larger ones cost memory, and compress logs no better. */
#define JOB_BYTES (2 << 20)
/* Beyond it a job of that size would be little more than what it repeats of the one before. */
#define THREADS_LEVEL_MAX 12

#define HELD_MAX (64u << 10)

struct zstd {
    int64_t level, seekable;
    bool checksum, frames_wanted;

    ZSTD_CCtx *ctx;
    bool is_threaded;             /* it has threads of its own */
    uint64_t frame_in, frame_out; /* of the frame under way */
    bool is_whole;                /* frames are held and compressed whole */
    uint8_t *held;                /* its beginning, or all of it: of `held_size` bytes libzstd has `held_at` */
    size_t held_room, held_size, held_at;
    size_t made_size, made_at; /* of one that is whole, compressed, behind `held_room`: so much is written */
    bool is_streaming;         /* it is longer than that */
    bool is_ending;            /* it has all of its input */
    bool is_done;              /* so has the stream: what is left is the table */
    uint64_t frames;
    struct zstd_seek_table table;
};

static const weir_opt zstd_opts[] = {
    { "level", "higher is smaller and slower", WEIR_OPT_INT, offsetof(struct zstd, level), .def = 3, .min = 1,
      .max = 19, .positional = true },
    { "checksum", "a checksum of the content in each frame", WEIR_OPT_BOOL, offsetof(struct zstd, checksum), .def = 1 },
    { "frames", "a frame for each 4 MiB (8 MiB above level 12), which unzstd @par=N decompresses side by side",
      WEIR_OPT_BOOL, offsetof(struct zstd, frames_wanted), .def = 0 },
    { "seekable", "a frame for so many bytes, and a table of them at the end; 0 is a single frame", WEIR_OPT_SIZE,
      offsetof(struct zstd, seekable), .min = 0, .max = ZSTD_SEEK_FRAME_BYTES_MAX },
    { 0 },
};

static int zstd_fail(weir_flow *flow, size_t code)
{
    return weir_flow_fail(flow, -EIO, "%s", ZSTD_getErrorName(code));
}

/* How much input a piece takes. */
static uint64_t piece_bytes(const struct zstd *self)
{
    if (self->seekable > 0)
        return (uint64_t)self->seekable;
    return self->level > WHOLE_LEVEL_MAX ? PIECE_BYTES_SLOW : PIECE_BYTES;
}

/* How much input a frame takes; 0: all there is, which is a piece at most where the stream is one. */
static uint64_t frame_bytes(const struct zstd *self)
{
    return self->seekable > 0 || self->frames_wanted ? piece_bytes(self) : 0;
}

/* A libzstd without threads says no, and does it itself. */
static size_t set_threads(struct zstd *self, weir_flow *flow)
{
    if (flow->threads == 0 || flow->is_piece || frame_bytes(self) > 0 || self->level > THREADS_LEVEL_MAX ||
        ZSTD_isError(ZSTD_CCtx_setParameter(self->ctx, ZSTD_c_nbWorkers, flow->threads)))
        return 0;
    self->is_threaded = flow->waits = true;
    return ZSTD_CCtx_setParameter(self->ctx, ZSTD_c_jobSize, JOB_BYTES);
}

static bool is_whole(const struct zstd *self, const weir_flow *flow)
{
    return (flow->is_piece || frame_bytes(self) > 0) && piece_bytes(self) <= WHOLE_BYTES &&
           self->level <= WHOLE_LEVEL_MAX;
}

static int zstd_open(void *state, weir_flow *flow)
{
    struct zstd *self = state;
    self->is_whole = is_whole(self, flow);
    self->ctx = zstd_spare_cctx();
    if (self->ctx == NULL)
        return weir_flow_fail(flow, -ENOMEM, "no memory for a compressor");
    size_t code = ZSTD_CCtx_setParameter(self->ctx, ZSTD_c_compressionLevel, (int)self->level);
    if (!ZSTD_isError(code))
        code = ZSTD_CCtx_setParameter(self->ctx, ZSTD_c_checksumFlag, self->checksum);
    if (!ZSTD_isError(code))
        code = set_threads(self, flow);
    return ZSTD_isError(code) ? zstd_fail(flow, code) : 0;
}

static void begin_frame(struct zstd *self)
{
    self->frame_in = self->frame_out = 0;
    self->held_size = self->held_at = self->made_size = self->made_at = 0;
    self->is_streaming = self->is_ending = false;
}

static int end_frame(struct zstd *self, weir_flow *flow)
{
    int error = 0;
    if (self->seekable > 0 && !flow->is_piece)
        error = zstd_seek_table_add(&self->table, self->frame_out, self->frame_in);
    begin_frame(self);
    flow->waits = self->is_threaded;
    self->frames++;
    return error < 0 ? weir_flow_fail(flow, error, "no room for a table of %lu frames", (unsigned long)self->frames)
                     : 0;
}

/* Up to where the window is of this frame. */
static size_t window_end(const struct zstd *self, const weir_flow *flow)
{
    const uint64_t most = frame_bytes(self);
    if (most > 0 && flow->in_size - flow->in_pos > most - self->frame_in)
        return flow->in_pos + (size_t)(most - self->frame_in);
    return flow->in_size;
}

/* Room for so much of a frame, and behind it for what is made of it, if that is done at once. 0 or -ENOMEM. */
static int grow(struct zstd *self, weir_flow *flow, size_t wanted)
{
    size_t room = self->held_room > 0 ? self->held_room : 1024;
    while (room < wanted)
        room *= 2;
    if (room == self->held_room)
        return 0;
    uint8_t *held = realloc(self->held, room + (self->is_whole ? ZSTD_compressBound(room) : 0));
    if (held == NULL)
        return weir_flow_fail(flow, -ENOMEM, "no memory for a frame");
    self->held = held;
    self->held_room = room;
    return 0;
}

/* Takes what the frame begins with, unless it turns out to be long. 0 or -ENOMEM. */
static int hold(struct zstd *self, weir_flow *flow)
{
    const size_t more = window_end(self, flow) - flow->in_pos, wanted = self->held_size + more;
    if (wanted > (self->is_whole ? WHOLE_BYTES : HELD_MAX)) {
        self->is_streaming = true;
        return 0;
    }
    const int error = grow(self, flow, wanted);
    if (error < 0)
        return error;
    if (more > 0)
        memcpy(self->held + self->held_size, flow->in + flow->in_pos, more);
    self->held_size = wanted;
    self->frame_in += more;
    flow->in_pos += more;
    flow->waits = self->is_threaded || self->held_size > HELD_MAX; /* whatever is in the windows, a step may be long */
    return 0;
}

/* What is held, then as much of the window as the frame takes. Returns what ZSTD_compressStream2() did. */
static size_t compress(struct zstd *self, weir_flow *flow)
{
    const bool is_held = self->held_at < self->held_size;
    ZSTD_inBuffer in = { flow->in, window_end(self, flow), flow->in_pos };
    if (is_held)
        in = (ZSTD_inBuffer){ self->held, self->held_size, self->held_at };
    ZSTD_outBuffer out = { flow->out, flow->out_size, flow->out_pos };
    /*
     * "end" in a call of its own: what it is given together with input, it may compress in another way. A frame that
     * is held is all in one call.
     */
    const size_t code = ZSTD_compressStream2(self->ctx, &out, &in, self->is_ending ? ZSTD_e_end : ZSTD_e_continue);
    if (is_held) {
        self->held_at = in.pos;
    } else {
        self->frame_in += in.pos - flow->in_pos;
        flow->in_pos = in.pos;
    }
    self->frame_out += out.pos - flow->out_pos;
    flow->out_pos = out.pos;
    return code;
}

/* The frame at once; then of what was made what there is room for. Returns as compress() does. */
static size_t compress_whole(struct zstd *self, weir_flow *flow)
{
    uint8_t *made = self->held + self->held_room;
    if (self->made_size == 0) {
        const size_t code =
            ZSTD_compress2(self->ctx, made, ZSTD_compressBound(self->held_size), self->held, self->held_size);
        if (ZSTD_isError(code))
            return code;
        self->made_size = code;
    }
    const size_t put = weir_flow_put(flow, made + self->made_at, self->made_size - self->made_at);
    self->made_at += put;
    self->frame_out += put;
    return self->made_size - self->made_at;
}

static bool has_room(const weir_flow *flow)
{
    return flow->out_pos < flow->out_size;
}

/* What stands behind the last frame. */
static int zstd_finish(void *state, weir_flow *flow)
{
    struct zstd *self = state;
    if (self->seekable == 0)
        return WEIR_WANT_NOTHING;
    const int put = zstd_seek_table_put(&self->table, flow);
    if (put < 0)
        return weir_flow_fail(flow, put, "no memory for the table of frames");
    return put == 0 ? WEIR_WANT_OUTPUT : WEIR_WANT_NOTHING;
}

static int zstd_step(void *state, weir_flow *flow)
{
    struct zstd *self = state;
    while (!self->is_done) {
        const bool all_taken = flow->in_pos == flow->in_size;
        if (all_taken && !self->is_ending && !flow->in_last)
            return WEIR_WANT_INPUT;
        /* An empty stream is a frame, too; a stream that ends with a frame needs no empty one behind it. */
        if (all_taken && !self->is_ending && self->frame_in == 0 && self->frames > 0) {
            self->is_done = true;
            break;
        }
        if (!self->is_ending && !self->is_streaming) {
            const int error = hold(self, flow);
            if (error < 0)
                return error;
            self->is_ending = all_taken || (frame_bytes(self) > 0 && self->frame_in == frame_bytes(self));
            if (!self->is_ending && !self->is_streaming)
                continue;
        } else if (all_taken) {
            self->is_ending = true;
        }
        const size_t left = self->is_whole && !self->is_streaming ? compress_whole(self, flow) : compress(self, flow);
        if (ZSTD_isError(left))
            return zstd_fail(flow, left);
        if (self->is_ending && left == 0) {
            const int error = end_frame(self, flow);
            if (error < 0)
                return error;
        } else if (!self->is_ending && frame_bytes(self) > 0 && self->frame_in == frame_bytes(self)) {
            self->is_ending = true;
        }
        if (!has_room(flow))
            return WEIR_WANT_OUTPUT;
    }
    return flow->is_piece ? WEIR_WANT_NOTHING : zstd_finish(self, flow);
}

static int zstd_reset(void *state, weir_flow *flow)
{
    struct zstd *self = state;
    (void)ZSTD_CCtx_reset(self->ctx, ZSTD_reset_session_only);
    begin_frame(self);
    flow->waits = self->is_threaded;
    self->frames = 0;
    self->is_done = false;
    zstd_seek_table_reset(&self->table);
    return 0;
}

static void zstd_close(void *state)
{
    struct zstd *self = state;
    if (self->is_threaded)
        (void)ZSTD_freeCCtx(self->ctx);
    else
        zstd_spare_put_cctx(self->ctx);
    free(self->held);
    zstd_seek_table_fini(&self->table);
}

/* --- pieces: a frame each ----------------------------------------------------------------------- */

static int zstd_find(void *state, weir_flow *flow)
{
    struct zstd *self = state;
    return piece_take(flow, &self->frame_in, piece_bytes(self));
}

static int zstd_joined(void *state, weir_flow *flow, uint64_t in_bytes, uint64_t out_bytes)
{
    struct zstd *self = state;
    self->frame_in = in_bytes;
    self->frame_out = out_bytes;
    return end_frame(self, flow);
}

static const weir_cut zstd_cut = { .find = zstd_find, .joined = zstd_joined, .finish = zstd_finish };

const weir_stage weir_stage_zstd = {
    .name = "zstd",
    .summary = "compress the stream with Zstandard",
    .in = WEIR_BYTES,
    .out = WEIR_BYTES,
    .cost = WEIR_CPU_HEAVY,
    .state_size = sizeof(struct zstd),
    .opts = zstd_opts,
    .open = zstd_open,
    .step = zstd_step,
    .reset = zstd_reset,
    .close = zstd_close,
    .cut = &zstd_cut,
    .restarts = true,
};
