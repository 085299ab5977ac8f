/*
 * fuzz_spool.c - a spool of any bytes: it opens or says why not, gives out what is whole, one behind the other, takes
 * more behind that, and is there again the next time.
 *
 * The input is the file `done` (32 bytes) and then one of packets, whose number is in the first of them.
 */
#include "send/spool.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "journal/record.h"

enum { DONE_BYTES = 32, HEAD_BYTES = 40, DIGEST_AT = 24 };

static char dir[64], name[128];

/* The digests that the fuzzer can't guess. */
static void seal(uint8_t *data, size_t size)
{
    const size_t done = size < DONE_BYTES ? size : DONE_BYTES;
    if (done == DONE_BYTES) {
        const struct record_digest digest = wp_record_digest(data, 16);
        memcpy(data + 16, &digest, sizeof digest);
    }
    for (size_t at = done; at + HEAD_BYTES <= size; at++) {
        uint32_t count;
        uint64_t bytes;
        memcpy(&count, data + at + 4, sizeof count);
        memcpy(&bytes, data + at + 16, sizeof bytes);
        const size_t room = size - at - HEAD_BYTES;
        if (memcmp(data + at, "wsp1", 4) != 0 || count > room / 4 || bytes > room - 4 * (size_t)count)
            continue;
        memset(data + at + DIGEST_AT, 0, 16);
        const struct record_digest digest = wp_record_digest(data + at, HEAD_BYTES + 4 * (size_t)count + bytes);
        memcpy(data + at + DIGEST_AT, &digest, sizeof digest);
    }
}

static void put_file(const char *path, const void *data, size_t size)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    must(fd >= 0 && write(fd, data, size) == (ssize_t)size && close(fd) == 0);
}

static void clear(void)
{
    DIR *files = opendir(dir);
    for (const struct dirent *entry; files != NULL && (entry = readdir(files)) != NULL;)
        (void)unlinkat(dirfd(files), entry->d_name, 0);
    if (files != NULL)
        (void)closedir(files);
}

/* All that is there. False: there is damage. */
static bool read_all(struct spool *spool)
{
    spool->wants_out = true;
    while (spool->read < spool->appended) {
        const uint64_t before = spool->read;
        if (wp_spool_work(spool, NULL) < 0)
            return false;
        const struct packet *packet = spool->out;
        must(packet != NULL && packet->first <= before + 1 && packet->first + packet->count - 1 == spool->read);
        must(spool->read > before && packet->ends[packet->count - 1] == packet->size);
        for (uint32_t i = 1; i < packet->count; i++)
            must(packet->ends[i - 1] <= packet->ends[i]);
        wp_packet_free(spool->out);
        spool->out = NULL;
    }
    spool->wants_out = false;
    return true;
}

static void append(struct spool *spool)
{
    spool->in = wp_packet_of_bytes("more\n", 5);
    must(spool->in != NULL && wp_spool_work(spool, NULL) == 0);
    wp_packet_free(spool->in);
    spool->in = NULL;
}

static void check(void)
{
    char fault[SPOOL_FAULT_MAX] = "";
    struct spool *spool = NULL;
    if (wp_spool_open(dir, 1 << 20, &spool, fault) < 0) {
        must(fault[0] != '\0');
        return;
    }
    const uint64_t appended = spool->appended, acked = spool->acked;
    const bool is_whole = read_all(spool);
    must(is_whole || spool->fault[0] != '\0');
    if (is_whole && appended < INT64_MAX - 1) {
        append(spool);
        must(read_all(spool) && spool->appended == appended + 1);
        wp_spool_unref(spool);
        must(wp_spool_open(dir, 1 << 20, &spool, fault) == 0 && spool->appended == appended + 1);
        must(wp_spool_cut(spool, appended) == 0 && spool->appended == appended && spool->acked == acked);
        must(read_all(spool));
    }
    wp_spool_unref(spool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = (uint8_t *)fuzz_copy((const char *)data, size);
    const size_t done = size < DONE_BYTES ? size : DONE_BYTES;
    uint64_t first = 1;
    if (dir[0] == '\0')
        (void)snprintf(dir, sizeof dir, "/tmp/fuzz_spool.%d", (int)getpid());
    (void)mkdir(dir, 0700);
    for (unsigned turn = 0; turn < 2; turn++) {
        clear();
        (void)snprintf(name, sizeof name, "%s/done", dir);
        put_file(name, copy, done);
        if (size >= DONE_BYTES + 16)
            memcpy(&first, copy + DONE_BYTES + 8, sizeof first);
        (void)snprintf(name, sizeof name, "%s/%020lu.spool", dir, (unsigned long)first);
        put_file(name, copy + done, size - done);
        check();
        seal(copy, size);
    }
    clear();
    (void)rmdir(dir);
    free(copy);
    return 0;
}
