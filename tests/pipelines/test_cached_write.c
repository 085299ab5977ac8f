/* test_cached_write.c - which writes a worker does itself. */
#include "run/cached_write.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

#define FAST_NS 100000
#define SLOW_NS 50000000

/* How many of the next writes go to the ring. */
static unsigned count_paused(struct cached_write *self)
{
    unsigned paused = 0;
    while (!wp_cached_write_is_due(self))
        paused++;
    return paused;
}

/* A disk that is too slow for what it gets is waited for elsewhere, the longer it is the more; and not for ever. */
static void test_the_longer_a_disk_is_slow_the_more_go_to_the_ring(void)
{
    struct cached_write self = { .is_local = true };
    unsigned before = 0;
    CHECK(count_paused(&self) == 0);
    for (int i = 0; i < 20; i++) {
        wp_cached_write_took(&self, SLOW_NS);
        const unsigned paused = count_paused(&self);
        CHECK(paused > before || (i > 0 && paused == before && paused >= 1000));
        before = paused;
    }
    for (int i = 0; i < 20; i++) {
        wp_cached_write_took(&self, FAST_NS);
        CHECK(count_paused(&self) == 0);
    }
    wp_cached_write_took(&self, SLOW_NS);
    CHECK(count_paused(&self) < before / 16); /* it is forgiven */
}

/* Whoever reads the other end of a FIFO may take all the time in the world, wherever its name lies. */
static void test_only_files_are_written_so(void)
{
    char folder[] = "/tmp/weir-cached-XXXXXX", path[64];
    struct cached_write self;
    CHECK(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "%s/fifo", folder);
    CHECK(mkfifo(path, 0600) == 0);
    int fd = open(path, O_RDWR);
    wp_cached_write_init(&self, fd);
    CHECK(!wp_cached_write_is_due(&self));
    close(fd);
    unlink(path);
    fd = open("/dev/null", O_WRONLY); /* which lies on a tmpfs */
    wp_cached_write_init(&self, fd);
    CHECK(!wp_cached_write_is_due(&self));
    close(fd);
    rmdir(folder);
}

static void test_bytes_go_where_they_belong(void)
{
    char path[] = "/tmp/weir-cached-XXXXXX", read[8] = { 0 };
    struct cached_write self;
    const int fd = mkstemp(path);
    CHECK(fd >= 0);
    wp_cached_write_init(&self, fd);
    CHECK(wp_cached_write(&self, fd, "cd", 2, 2) == 2);
    CHECK(wp_cached_write(&self, fd, "ab", 2, 0) == 2);
    CHECK(lseek(fd, 4, SEEK_SET) == 4);
    CHECK(wp_cached_write(&self, fd, "ef", 2, UINT64_MAX) == 2);
    CHECK(pread(fd, read, sizeof read, 0) == 6 && memcmp(read, "abcdef", 6) == 0);
    CHECK(wp_cached_write(&self, -1, "x", 1, 0) == -EBADF);
    close(fd);
    unlink(path);
}

int main(void)
{
    RUN(test_the_longer_a_disk_is_slow_the_more_go_to_the_ring);
    RUN(test_only_files_are_written_so);
    RUN(test_bytes_go_where_they_belong);
    return check_done();
}
