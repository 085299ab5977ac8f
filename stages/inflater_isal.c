/* inflater_isal.c - decodes one gzip member at a time, by ISA-L. */
#include "inflater.h"

#include <isa-l/igzip_lib.h>
#include <stdlib.h>

#include "gzip_header.h"

struct inflater {
    struct gzip_header header;
    struct inflate_state state;
};

struct inflater *inflater_create(void)
{
    struct inflater *self = malloc(sizeof *self);
    if (self == NULL)
        return NULL;
    isal_inflate_init(&self->state);
    self->state.crc_flag = ISAL_GZIP_NO_HDR_VER; /* no header, but the checksum behind it is looked at */
    gzip_header_init(&self->header);
    return self;
}

void inflater_destroy(struct inflater *self)
{
    free(self);
}

void inflater_reset(struct inflater *self)
{
    isal_inflate_reset(&self->state);
    self->state.crc_flag = ISAL_GZIP_NO_HDR_VER;
    gzip_header_init(&self->header);
}

static uint32_t clamp(size_t size)
{
    return size < UINT32_MAX ? (uint32_t)size : UINT32_MAX;
}

static const char *fault_of(int code)
{
    switch (code) {
    case ISAL_INVALID_BLOCK:
        return "invalid block";
    case ISAL_INVALID_SYMBOL:
        return "invalid symbol";
    case ISAL_INVALID_LOOKBACK:
        return "it looks back too far";
    case ISAL_INCORRECT_CHECKSUM:
        return "wrong checksum";
    default:
        return "invalid data";
    }
}

int inflater_run(struct inflater *self, weir_flow *flow, const char **ret_fault)
{
    struct inflate_state *state = &self->state;
    const int began = gzip_header_take(&self->header, flow, ret_fault);
    if (began <= 0)
        return began;
    state->next_in = (uint8_t *)(uintptr_t)(flow->in + flow->in_pos); /* it only reads there */
    state->avail_in = clamp(flow->in_size - flow->in_pos);
    state->next_out = flow->out + flow->out_pos;
    state->avail_out = clamp(flow->out_size - flow->out_pos);
    const int code = isal_inflate(state);
    flow->in_pos = (size_t)(state->next_in - flow->in);
    flow->out_pos = (size_t)(state->next_out - flow->out);
    if (code < 0) {
        *ret_fault = fault_of(code);
        return -EBADMSG;
    }
    return state->block_state == ISAL_BLOCK_FINISH;
}
