/* fault_rings.c - operations on the rings of the product fail: see ring_fail.h. */
#include "fault_plan.h"
#include "ring_fail.h"

int __real_wi_ring_uring_create(unsigned entries, struct ring **ret_ring);
int __real_wi_ring_pool_create(weir_runtime *runtime, struct ring **ret_ring);
int __wrap_wi_ring_uring_create(unsigned entries, struct ring **ret_ring);
int __wrap_wi_ring_pool_create(weir_runtime *runtime, struct ring **ret_ring);

static bool is_due(const struct op *op)
{
    return op->kind == (enum op_kind)fault_plan.what && fault_is_due();
}

/* Returns `error`, or that of what it takes. */
static int make_fail(int error, struct ring **ring)
{
    static struct ring_fail fail;
    if (error < 0 || fault_plan.kind != FAULT_RING)
        return error;
    fail.is_due = is_due;
    fail.error = fault_plan.how == 0 ? RING_FAIL_SHORT : -fault_plan.how;
    error = ring_fail_wrap(*ring, &fail);
    if (error < 0)
        wi_ring_retire(*ring);
    return error;
}

#ifdef WEIR_URING
int __wrap_wi_ring_uring_create(unsigned entries, struct ring **ret_ring)
{
    return make_fail(__real_wi_ring_uring_create(entries, ret_ring), ret_ring);
}
#endif

int __wrap_wi_ring_pool_create(weir_runtime *runtime, struct ring **ret_ring)
{
    return make_fail(__real_wi_ring_pool_create(runtime, ret_ring), ret_ring);
}
