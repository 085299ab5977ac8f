/* hasher.c - several digests over one stream: allocated once, used for any number of streams. */
#include <weir/digest.h>

#include <stdlib.h>
#include <string.h>

enum {
    STATES_ALIGN = 64,
    /*
     * With several algorithms the data is taken in blocks that stay in the
     * first-level cache, so that the second one doesn't fetch them again.
     */
    BLOCK_SIZE = 16 * 1024,
    ZEROS_SIZE = 64 * 1024,
};

/* Never written, so the kernel maps one page of zeros to all of it, and the cache holds just that page. */
static uint8_t zeros[ZEROS_SIZE];

static size_t round_up(size_t size)
{
    return (size + STATES_ALIGN - 1) / STATES_ALIGN * STATES_ALIGN;
}

int weir_hasher_init(weir_hasher *self, const weir_digest_algo *const *algos, size_t count)
{
    if (count == 0 || count > WEIR_HASHER_ALGOS_MAX)
        return -EINVAL;
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += round_up(algos[i]->state_size);
    char *memory = aligned_alloc(STATES_ALIGN, size);
    if (memory == NULL)
        return -ENOMEM;
    memset(memory, 0, size);

    *self = (weir_hasher){ .memory = memory, .count = count };
    for (size_t i = 0; i < count; i++) {
        self->algos[i] = algos[i];
        self->states[i] = memory;
        memory += round_up(algos[i]->state_size);
    }
    weir_hasher_reset(self);
    const int error = self->error;
    if (error != 0)
        weir_hasher_fini(self);
    return error;
}

void weir_hasher_fini(weir_hasher *self)
{
    for (size_t i = 0; i < self->count; i++)
        if (self->algos[i]->fini != NULL)
            self->algos[i]->fini(self->states[i]);
    free(self->memory);
    *self = (weir_hasher){ 0 };
}

static void keep_error(weir_hasher *self, int error)
{
    if (weir_unlikely(error != 0) && self->error == 0)
        self->error = error;
}

void weir_hasher_reset(weir_hasher *self)
{
    self->error = 0;
    for (size_t i = 0; i < self->count; i++)
        keep_error(self, self->algos[i]->init(self->states[i]));
}

void weir_hasher_update(weir_hasher *self, const void *data, size_t size)
{
    if (weir_unlikely(self->error != 0) || size == 0)
        return;
    if (self->count == 1) {
        keep_error(self, self->algos[0]->update(self->states[0], data, size));
        return;
    }
    const uint8_t *bytes = data;
    while (size > 0) {
        const size_t block = size < BLOCK_SIZE ? size : BLOCK_SIZE;
        for (size_t i = 0; i < self->count; i++)
            keep_error(self, self->algos[i]->update(self->states[i], bytes, block));
        bytes += block;
        size -= block;
    }
}

void weir_hasher_update_zeros(weir_hasher *self, uint64_t size)
{
    while (size > 0) {
        const size_t block = size < ZEROS_SIZE ? (size_t)size : ZEROS_SIZE;
        weir_hasher_update(self, zeros, block);
        size -= block;
    }
}

int weir_hasher_final(weir_hasher *self, weir_digest *ret_digests)
{
    if (self->error != 0)
        return self->error;
    weir_digest digests[WEIR_HASHER_ALGOS_MAX];
    for (size_t i = 0; i < self->count; i++)
        keep_error(self, self->algos[i]->final(self->states[i], digests[i].bytes));
    if (self->error == 0)
        memcpy(ret_digests, digests, self->count * sizeof(digests[0]));
    return self->error;
}

int weir_hasher_oneshot(weir_hasher *self, const void *data, size_t size, weir_digest *ret_digests)
{
    if (self->count == 1 && self->algos[0]->fini == NULL)
        return self->algos[0]->oneshot(data, size, ret_digests[0].bytes);
    /* What owns a context reuses it here: its oneshot() would make and free one for each call. */
    weir_hasher_reset(self);
    weir_hasher_update(self, data, size);
    return weir_hasher_final(self, ret_digests);
}

uint32_t weir_hasher_ns_per_kib(const weir_hasher *self)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < self->count; i++)
        sum += self->algos[i]->ns_per_kib;
    return sum;
}
