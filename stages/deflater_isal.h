/* deflater_isal.h - makes one gzip member at a time, by ISA-L: see deflater.h. */
#ifndef DEFLATER_ISAL_H
#define DEFLATER_ISAL_H

#include <weir/stage.h>

struct deflater_isal;

#ifdef WEIR_ISAL
enum { DEFLATER_ISAL_LEVEL_MAX = 3 };
struct deflater_isal *deflater_isal_create(int level);
void deflater_isal_destroy(struct deflater_isal *self);
void deflater_isal_reset(struct deflater_isal *self);
WEIR_MUST_USE int deflater_isal_run(struct deflater_isal *self, weir_flow *flow);
#else
enum { DEFLATER_ISAL_LEVEL_MAX = 0 };
static inline struct deflater_isal *deflater_isal_create(int level)
{
    (void)level;
    return NULL;
}
static inline void deflater_isal_destroy(struct deflater_isal *self)
{
    (void)self;
}
static inline void deflater_isal_reset(struct deflater_isal *self)
{
    (void)self;
}
static inline int deflater_isal_run(struct deflater_isal *self, weir_flow *flow)
{
    (void)self;
    (void)flow;
    return -ENOTSUP;
}
#endif

#endif
