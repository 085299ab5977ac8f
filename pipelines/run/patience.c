/* patience.c - @timeout and @retry of one operation. */
#include "run/patience.h"

#include <string.h>

#include "run/stop.h"

#define NAP_FIRST_NS WEIR_MS(100)
#define NAP_DOUBLINGS 7 /* 12.8 s, which is cut down to: */
#define NAP_LONGEST_NS WEIR_SEC(10)

weir_sleep wp_patience_limit(const struct run_node *node)
{
    const int64_t timeout_ns = node->plan->engine.timeout_ns;
    return timeout_ns != 0 ? weir_sleep_for(timeout_ns) : (weir_sleep){ 0 }; /* a branch that select leaves out */
}

bool wp_patience_again(struct patience *patience, const struct run_node *node, int64_t result)
{
    if (result >= 0 || result == -ECANCELED || patience->tries >= node->plan->engine.retries || wp_stop_is_asked(node))
        return false;
    patience->tries++;
    return true;
}

weir_sleep wp_patience_nap(const struct patience *patience)
{
    const unsigned doublings = patience->tries - 1 < NAP_DOUBLINGS ? patience->tries - 1 : NAP_DOUBLINGS;
    const int64_t nap_ns = NAP_FIRST_NS << doublings;
    return weir_sleep_for(nap_ns < NAP_LONGEST_NS ? nap_ns : NAP_LONGEST_NS);
}

const char *wp_patience_words(const struct run_node *node, int64_t error)
{
    if (error == -ETIMEDOUT && node->plan->engine.timeout_ns != 0)
        return "took longer than @timeout says";
    return strerror((int)-error);
}
