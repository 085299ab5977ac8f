/*
 * zstd_spare.h - contexts of libzstd that nobody uses now, kept for the next stage that does.
 *
 * A new one asks the processor what it can do (CPUID), which a virtual machine answers
 * by a trap: of a pipeline with a block a file that was a third of all time. Some few
 * are kept, small ones only. Any thread.
 */
#ifndef ZSTD_SPARE_H
#define ZSTD_SPARE_H

#include <zstd.h>

/* As new; NULL: no memory. */
ZSTD_CCtx *zstd_spare_cctx(void);
ZSTD_DCtx *zstd_spare_dctx(void);
/* They take NULL. One that was given workers is not to be kept: ZSTD_freeCCtx() ends those. */
void zstd_spare_put_cctx(ZSTD_CCtx *ctx);
void zstd_spare_put_dctx(ZSTD_DCtx *ctx);

#endif
