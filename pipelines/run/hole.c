/* hole.c - zeros that a new file doesn't hold. */
#include "run/hole.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define HOLE_BLOCK ((uint64_t)4096)

/* Of the data that begins at `offset` of the file: the part in the file's next block. */
static size_t block_size(uint64_t offset, size_t size)
{
    const uint64_t block = HOLE_BLOCK - offset % HOLE_BLOCK;
    return block < size ? (size_t)block : size;
}

static bool is_zero(const uint8_t *data, size_t size)
{
    return data[0] == 0 && memcmp(data, data + 1, size - 1) == 0;
}

/* Blocks from the beginning on that are all zeros, or (false) none of which is. */
static size_t run_of(bool zeros, uint64_t offset, const uint8_t *data, size_t size)
{
    size_t at = 0;
    while (at < size) {
        const size_t block = block_size(offset + at, size - at);
        if (is_zero(data + at, block) != zeros)
            break;
        at += block;
    }
    return at;
}

size_t wp_hole_skip(weir_output *output, const uint8_t *data, size_t size)
{
    const size_t hole = run_of(true, output->offset, data, size);
    output->offset += hole;
    return hole;
}

size_t wp_hole_before(const weir_output *output, const uint8_t *data, size_t size)
{
    return run_of(false, output->offset, data, size);
}

int wp_hole_close(const weir_output *output)
{
    int done;
    do
        done = ftruncate(output->fd, (off_t)output->offset);
    while (done < 0 && errno == EINTR);
    return done < 0 ? -errno : 0;
}
