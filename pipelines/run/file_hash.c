/* file_hash.c - the digests of a row's file. */
#include "run/file_hash.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hash/whole.h"
#include "run/file_walk.h"

struct file_hasher {
    struct kits kits;
    pthread_mutex_t lock; /* of the sets; those that are there don't change */
    struct algo_set sets[FILE_HASHER_SETS_MAX];
    unsigned set_count;
};

struct file_hasher *wp_file_hasher_create(void)
{
    struct file_hasher *self = calloc(1, sizeof *self);
    if (self == NULL)
        return NULL;
    wp_kits_init(&self->kits);
    (void)pthread_mutex_init(&self->lock, NULL);
    return self;
}

void wp_file_hasher_destroy(struct file_hasher *self)
{
    if (self == NULL)
        return;
    wp_kits_fini(&self->kits);
    (void)pthread_mutex_destroy(&self->lock);
    free(self);
}

const struct algo_set *wp_file_hasher_set(struct file_hasher *self, const weir_digest_algo *const *algos,
                                          uint32_t count)
{
    const struct algo_set *found = NULL;
    (void)pthread_mutex_lock(&self->lock);
    for (unsigned i = 0; found == NULL && i < self->set_count; i++)
        if (self->sets[i].count == count && memcmp(self->sets[i].algos, algos, count * sizeof *algos) == 0)
            found = &self->sets[i];
    if (found == NULL && self->set_count < FILE_HASHER_SETS_MAX) {
        struct algo_set *set = &self->sets[self->set_count++];
        memcpy(set->algos, algos, count * sizeof *algos);
        set->count = count;
        for (uint32_t i = 0; i < count; i++)
            set->digest_size += algos[i]->digest_size;
        found = set;
    }
    (void)pthread_mutex_unlock(&self->lock);
    return found;
}

/* The first bytes of a file: up to `head`, which may lie past its end. */
static int hash_head(struct kit *kit, const struct node *node, int64_t head, uint64_t *ret_size,
                     weir_digest *ret_digests)
{
    struct stat meta;
    const int fd = wp_entry_open(node, 0);
    if (fd < 0)
        return fd;
    int error = fstat(fd, &meta) < 0 ? -errno : S_ISREG(meta.st_mode) ? 0 : -ESTALE;
    uint64_t size = 0;
    weir_hasher_reset(&kit->hasher);
    while (error == 0 && size < (uint64_t)head) {
        const uint64_t left = (uint64_t)head - size, wanted = left < KIT_BUFFER_BYTES ? left : KIT_BUFFER_BYTES;
        const ssize_t got = read(fd, kit->buffer, wanted);
        if (got < 0 && errno != EINTR)
            error = -errno;
        weir_hasher_update(&kit->hasher, kit->buffer, got > 0 ? (size_t)got : 0);
        size += got > 0 ? (uint64_t)got : 0;
        if (got == 0 || (got > 0 && (uint64_t)got < wanted && wp_kit_short_read_is_eof(kit, fd, meta.st_dev)))
            break;
    }
    (void)close(fd);
    *ret_size = size;
    return error == 0 ? weir_hasher_final(&kit->hasher, ret_digests) : error;
}

int wp_file_hash(struct file_hasher *hasher, const struct algo_set *algos, const struct row *row, int64_t head,
                 const weir_job *cancel, uint64_t *ret_size, weir_digest *ret_digests)
{
    struct list_of_files list = { .count = 1,
                                  .names = (const char **)(uintptr_t)&row->path,
                                  .regular = (row->flags & ROW_FOLLOW) == 0 };
    const struct node node = { .list = &list, .count = 1, .algos = algos };
    struct kit *kit = wp_kits_take(&hasher->kits);
    if (kit == NULL)
        return -ENOMEM;
    kit->may_direct = true;
    int error = wp_kit_use(kit, algos);
    if (error == 0)
        error = head > 0 ? hash_head(kit, &node, head, ret_size, ret_digests)
                         : wp_hash_whole(kit, &node, 0, UINT64_MAX, cancel, ret_size, ret_digests);
    wp_kits_put(&hasher->kits, kit);
    return error;
}

int wp_row_set_digest(struct batch *batch, struct row *row, const char *name, const weir_digest_algo *algo,
                      const weir_digest *digest)
{
    const size_t size = 2 * (size_t)algo->digest_size;
    char *hex = wp_arena_alloc(&batch->arena, size + 1);
    if (hex == NULL)
        return -ENOMEM;
    weir_digest_hex(digest->bytes, algo->digest_size, hex);
    return wp_row_set(batch, row, name, algo, datum_string(hex, size));
}

int wp_row_set_expected(struct batch *batch, struct row *row, const weir_digest_algo *const *algos, uint32_t count,
                        const uint8_t *digests)
{
    struct member *members = wp_arena_alloc(&batch->arena, count * sizeof *members);
    for (uint32_t i = 0; members != NULL && i < count; i++) {
        const size_t size = algos[i]->digest_size;
        char *hex = wp_arena_alloc(&batch->arena, 2 * size + 1);
        if (hex == NULL)
            return -ENOMEM;
        weir_digest_hex(digests, size, hex);
        members[i] = (struct member){ algos[i]->name, datum_string(hex, 2 * size) };
        digests += size;
    }
    const struct datum expected = { .kind = DATUM_MAP, .size = count, .members = members };
    return members != NULL ? wp_row_set(batch, row, "expected", NULL, expected) : -ENOMEM;
}

static int set_word(struct batch *batch, struct row *row, const char *name, const char *word)
{
    return wp_row_set(batch, row, name, NULL, datum_string(word, strlen(word)));
}

int wp_row_set_checked(struct batch *batch, struct row *row, int error, bool is_expected)
{
    if (error == -ENOMEM || error == -ECANCELED)
        return error;
    if (error == 0)
        return set_word(batch, row, "state", is_expected ? "ok" : "changed");
    if (error == -ENOENT || error == -ENOTDIR)
        return set_word(batch, row, "state", "missing");
    const char *words = wp_arena_copy(&batch->arena, wp_file_error(error), strlen(wp_file_error(error)));
    if (words == NULL || set_word(batch, row, "error", words) < 0)
        return -ENOMEM;
    return set_word(batch, row, "state", "unreadable");
}
