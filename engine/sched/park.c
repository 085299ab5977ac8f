/* park.c - the driver of a runtime without io: it only sleeps, on a futex. */
#include "park.h"

#include <stdlib.h>

#include "base/atomic.h"
#include "base/futex.h"

struct park {
    weir_driver driver;
    uint32_t notified;
};

static struct park *from_driver(weir_driver *driver)
{
    return weir_container_of(driver, struct park, driver);
}

static void park_submit(weir_driver *driver)
{
    (void)driver;
}

static bool park_reap(weir_driver *driver, weir_wakes *wakes)
{
    (void)driver;
    (void)wakes;
    return false;
}

static void park_wait(weir_driver *driver, int64_t timeout_ns)
{
    struct park *park = from_driver(driver);
    if (timeout_ns != 0)
        wi_futex_wait(&park->notified, 0, timeout_ns);
    (void)wi_xchg(&park->notified, 0u, ACQUIRE);
}

static void park_unpark(weir_driver *driver)
{
    struct park *park = from_driver(driver);
    if (wi_xchg(&park->notified, 1u, RELEASE) == 0)
        wi_futex_wake(&park->notified, 1);
}

static void park_destroy(weir_driver *driver)
{
    free(from_driver(driver));
}

static const weir_driver_type park_type = {
    .name = "futex",
    .submit = park_submit,
    .reap = park_reap,
    .wait = park_wait,
    .unpark = park_unpark,
    .destroy = park_destroy,
};

static int park_create(void *arg, unsigned index, unsigned workers, weir_driver **ret_driver)
{
    (void)arg;
    (void)index;
    (void)workers;
    struct park *park = calloc(1, sizeof *park);
    if (park == NULL)
        return -ENOMEM;
    park->driver.type = &park_type;
    *ret_driver = &park->driver;
    return 0;
}

const weir_driver_factory wi_park_drivers = { park_create, NULL };
