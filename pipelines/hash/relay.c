/* relay.c - one large file on two threads. */
#include "hash/relay.h"

#include <stdlib.h>

#include "pread_full.h"

#define BLOCK_BYTES (512u * 1024)
/* A turn takes about 20 us; sleeping and being woken takes as long. */
#define SPINS_MAX 4000

struct relay {
    uint32_t refs;
    struct large *large; /* whoever has the turn adds to it */
    uint64_t next_block; /* [atomic] to be read */
    uint64_t turn;       /* [atomic] block to be hashed; written under the lock */
    uint32_t waiting;
    pthread_mutex_t lock;
    pthread_cond_t passed;
};

struct relay *wp_relay_create(struct large *large)
{
    struct relay *relay = calloc(1, sizeof *relay);
    if (relay == NULL)
        return NULL;
    relay->refs = 1;
    relay->large = wp_large_ref(large);
    (void)pthread_mutex_init(&relay->lock, NULL);
    (void)pthread_cond_init(&relay->passed, NULL);
    return relay;
}

struct relay *wp_relay_ref(struct relay *relay)
{
    (void)__atomic_fetch_add(&relay->refs, 1, __ATOMIC_RELAXED);
    return relay;
}

void wp_relay_unref(void *arg)
{
    struct relay *relay = arg;
    if (relay == NULL || __atomic_fetch_sub(&relay->refs, 1, __ATOMIC_ACQ_REL) != 1)
        return;
    wp_large_unref(relay->large);
    (void)pthread_cond_destroy(&relay->passed);
    (void)pthread_mutex_destroy(&relay->lock);
    free(relay);
}

static bool is_turn(const struct relay *relay, uint64_t block)
{
    return __atomic_load_n(&relay->turn, __ATOMIC_ACQUIRE) >= block;
}

static void await_turn(struct relay *relay, uint64_t block)
{
    for (int i = 0; i < SPINS_MAX; i++) {
        if (is_turn(relay, block))
            return;
#if defined(__x86_64__)
        __builtin_ia32_pause();
#endif
    }
    (void)pthread_mutex_lock(&relay->lock);
    relay->waiting++;
    while (!is_turn(relay, block))
        (void)pthread_cond_wait(&relay->passed, &relay->lock);
    relay->waiting--;
    (void)pthread_mutex_unlock(&relay->lock);
}

static void pass_turn(struct relay *relay, uint64_t block)
{
    (void)pthread_mutex_lock(&relay->lock);
    __atomic_store_n(&relay->turn, block + 1, __ATOMIC_RELEASE);
    if (relay->waiting > 0)
        (void)pthread_cond_broadcast(&relay->passed);
    (void)pthread_mutex_unlock(&relay->lock);
}

static void run(struct relay *relay, weir_job *cancel, char *buffer)
{
    struct large *large = relay->large;
    bool ended = false;
    while (!ended) {
        const uint64_t block = __atomic_fetch_add(&relay->next_block, 1, __ATOMIC_RELAXED);
        uint64_t lap_ns = wp_lap_now();
        const ssize_t got = weir_job_cancelled(cancel)
                                ? -ECANCELED
                                : wp_pread_full(large->fd, buffer, BLOCK_BYTES, block * BLOCK_BYTES);
        wp_lap_step(&lap_ns, &large->job->counters->read_ns, "read");
        await_turn(relay, block);
        if (!large->ended)
            wp_large_add(large, buffer, got, BLOCK_BYTES);
        ended = large->ended;
        pass_turn(relay, block);
    }
}

int64_t wp_relay_run(void *arg, weir_job *cancel)
{
    void *buffer = NULL;
    if (posix_memalign(&buffer, 4096, BLOCK_BYTES) != 0)
        return -ENOMEM; /* one runner is enough; that there was none shows in the report */
    run(arg, cancel, buffer);
    free(buffer);
    return 0;
}
