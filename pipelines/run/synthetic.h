/* synthetic.h - bytes out of a seed: the same seed gives the same bytes, however they are asked for. */
#ifndef WP_SYNTHETIC_H
#define WP_SYNTHETIC_H

#include <weir/base.h>

enum synthetic_kind { SYNTHETIC_ZERO, SYNTHETIC_RANDOM, SYNTHETIC_TEXT, SYNTHETIC_NGINX, SYNTHETIC_JSON };
/* In the order of the enumeration, NULL at the end. */
extern const char *const wp_synthetic_names[];

#define SYNTHETIC_LINE_MAX 512
struct synthetic {
    enum synthetic_kind kind;
    uint64_t state;
    uint64_t line;                 /* how many were made */
    char text[SYNTHETIC_LINE_MAX]; /* the line under way, or the last word of random bytes */
    size_t size, done;             /* of it */
};

void wp_synthetic_init(struct synthetic *self, enum synthetic_kind kind, uint64_t seed);
/* The next `size` bytes. */
void wp_synthetic_fill(struct synthetic *self, uint8_t *ret_bytes, size_t size);
/* How many of them, at their end, are the begin of a line that goes on; 0 where there are no lines. */
size_t wp_synthetic_unfinished(const struct synthetic *self);
/* The rest of that line, of at most SYNTHETIC_LINE_MAX bytes: how many. */
size_t wp_synthetic_finish(struct synthetic *self, uint8_t *ret_bytes);

#endif
