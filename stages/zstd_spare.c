/* zstd_spare.c - slots that are taken and filled by one exchange each. */
#include "zstd_spare.h"

#include <stdbool.h>
#include <stddef.h>

#define SPARE_MAX 4
#define SPARE_BYTES_MAX ((size_t)4 << 20) /* each: a compressor at level 3 has 3.5 MiB */

static void *cctxs[SPARE_MAX], *dctxs[SPARE_MAX];

static void *take(void **slots)
{
    for (size_t i = 0; i < SPARE_MAX; i++)
        if (__atomic_load_n(&slots[i], __ATOMIC_RELAXED) != NULL) {
            void *ctx = __atomic_exchange_n(&slots[i], NULL, __ATOMIC_ACQUIRE);
            if (ctx != NULL)
                return ctx;
        }
    return NULL;
}

/* False: there is no room. */
static bool put(void **slots, void *ctx)
{
    for (size_t i = 0; i < SPARE_MAX; i++) {
        void *empty = NULL;
        if (__atomic_compare_exchange_n(&slots[i], &empty, ctx, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
            return true;
    }
    return false;
}

ZSTD_CCtx *zstd_spare_cctx(void)
{
    ZSTD_CCtx *ctx = take(cctxs);
    return ctx != NULL ? ctx : ZSTD_createCCtx();
}

ZSTD_DCtx *zstd_spare_dctx(void)
{
    ZSTD_DCtx *ctx = take(dctxs);
    return ctx != NULL ? ctx : ZSTD_createDCtx();
}

void zstd_spare_put_cctx(ZSTD_CCtx *ctx)
{
    if (ctx != NULL && (ZSTD_sizeof_CCtx(ctx) > SPARE_BYTES_MAX ||
                        ZSTD_isError(ZSTD_CCtx_reset(ctx, ZSTD_reset_session_and_parameters)) || !put(cctxs, ctx)))
        (void)ZSTD_freeCCtx(ctx);
}

void zstd_spare_put_dctx(ZSTD_DCtx *ctx)
{
    if (ctx != NULL && (ZSTD_sizeof_DCtx(ctx) > SPARE_BYTES_MAX ||
                        ZSTD_isError(ZSTD_DCtx_reset(ctx, ZSTD_reset_session_and_parameters)) || !put(dctxs, ctx)))
        (void)ZSTD_freeDCtx(ctx);
}
