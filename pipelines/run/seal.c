/* seal.c - what is done to a file that was written, before it gets its name. */
#include "run/seal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_BYTES ((size_t)256 << 10)

int wp_seal_set_mode(struct seal *seal, const char *text)
{
    char *end = NULL;
    const unsigned long mode = strtoul(text, &end, 8);
    if (*end != '\0' || end == text || mode > 07777)
        return -EINVAL;
    seal->mode = (mode_t)mode;
    seal->has_mode = true;
    return 0;
}

int wp_seal_verify(struct seal *seal)
{
    const weir_digest_algo *algo = weir_digest_at(0);
    seal->verify = true;
    return weir_hasher_init(&seal->hasher, &algo, 1);
}

void wp_seal_add(struct seal *seal, const void *data, size_t size)
{
    if (seal->verify)
        weir_hasher_update(&seal->hasher, data, size);
}

void wp_seal_fini(struct seal *seal)
{
    weir_hasher_fini(&seal->hasher);
}

/* From the disk, as far as the kernel lets go of its own copy. */
static int hash_back(struct seal *seal, int fd)
{
    char *buffer = malloc(READ_BYTES);
    int error = buffer == NULL ? -ENOMEM : fdatasync(fd) < 0 && errno != EINVAL ? -errno : 0;
    off_t at = 0;
    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    weir_hasher_reset(&seal->hasher);
    while (error == 0) {
        const ssize_t got = pread(fd, buffer, READ_BYTES, at);
        if (got == 0)
            break;
        if (got < 0 && errno != EINTR)
            error = -errno;
        weir_hasher_update(&seal->hasher, buffer, got > 0 ? (size_t)got : 0);
        at += got > 0 ? got : 0;
    }
    free(buffer);
    return error;
}

static int verify(struct seal *seal, int fd)
{
    weir_digest written, read_back;
    int error = weir_hasher_final(&seal->hasher, &written);
    if (error == 0)
        error = hash_back(seal, fd);
    if (error == 0)
        error = weir_hasher_final(&seal->hasher, &read_back);
    if (error == 0 && memcmp(written.bytes, read_back.bytes, weir_digest_at(0)->digest_size) != 0)
        error = -EBADMSG;
    return error;
}

int wp_seal_close(struct seal *seal, int fd)
{
    int error = seal->verify ? verify(seal, fd) : 0;
    if (error == 0 && seal->has_mode && fchmod(fd, seal->mode) < 0)
        error = -errno;
    if (error == 0 && seal->has_mtime) {
        const time_t seconds = (time_t)(seal->mtime_ns / 1000000000);
        const struct timespec times[] = { { .tv_nsec = UTIME_OMIT }, { seconds, seal->mtime_ns % 1000000000 } };
        if (futimens(fd, times) < 0)
            error = -errno;
    }
    if (error == 0 && seal->sync && fsync(fd) < 0 && errno != EINVAL)
        error = -errno;
    return error;
}
