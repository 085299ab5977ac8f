/* json_steps.h - the way through a text of a known shape (json_shape.h), and who goes it how. */
#ifndef WP_JSON_STEPS_H
#define WP_JSON_STEPS_H

#include "json/json_shape.h"

#define STEP_BYTES 64
/* The quotes of longer texts aren't noted. */
#define STEPS_QUOTED_MAX 4096
#define STEPS_PLACES (STEPS_QUOTED_MAX + 64)

enum step_kind { STEP_END, STEP_STRING, STEP_NUMBER };

/* Bytes that stand in a text, and the kind of the value behind them, or that it ends there. */
struct json_step {
    char bytes[STEP_BYTES]; /* the first of them */
    uint64_t mask;          /* which of those count */
    uint32_t size;
    uint32_t quotes; /* among them */
    enum step_kind kind;
    const char *rest;               /* what is beyond STEP_BYTES; NULL: nothing */
    struct json_step *other;        /* what may stand here in their place */
    struct json_step *next;         /* what may stand behind the value */
    const struct json_shape *shape; /* of the end */
};

#define STEPS_HIGH 1u    /* bytes beyond ASCII, which aren't checked */
#define STEPS_ESCAPED 2u /* maybe strings with escapes */

/*
 * Goes from step to step: the shape whose end the text reaches, in `ends` (with room for SHAPE_VALUES_MAX) where its
 * values end, and in *ret_has which of the above it has; NULL: it leaves the ways that are known, or isn't JSON.
 * SHAPE_SLACK bytes are readable behind the text. `places` has room for STEPS_PLACES.
 */
typedef const struct json_shape *json_steps_call(const struct json_step *first, const char *text, size_t size,
                                                 uint16_t *places, uint32_t *ends, unsigned *ret_has);

json_steps_call wp_json_steps_portable;
#ifdef __x86_64__
json_steps_call wp_json_steps_avx2, wp_json_steps_avx512;
#endif

/* The fastest first that this processor can run; NULL past the last, which is the portable one. */
json_steps_call *wp_json_steps_at(size_t index);

#endif
