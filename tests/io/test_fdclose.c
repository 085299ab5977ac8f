/* test_fdclose.c - descriptors closed by the dozen: each once, none forgotten, none of anybody else. */
#include "fdclose.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "deny_syscall.h"

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

static int null_fd;

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

/* Opens every number of [first, first + count). They are far from those that the program uses. */
static void open_range(int first, int count)
{
    for (int fd = first; fd < first + count; fd++)
        CHECK_EQ(fcntl(null_fd, F_DUPFD_CLOEXEC, fd), fd);
}

static int count_open(int first, int count)
{
    int sum = 0;
    for (int fd = first; fd < first + count; fd++)
        sum += is_open(fd);
    return sum;
}

/* The last of 64 neighbours closes them all, in whatever order they came, and not the next word's. */
static void test_a_full_word_is_closed_at_once(void)
{
    open_range(639, 66);
    for (int i = 0; i < 64; i++) {
        CHECK(count_open(640, 64) == 64);
        wi_fd_close_later(640 + i * 37 % 64);
    }
    CHECK_EQ(count_open(640, 64), 0);
    CHECK(is_open(639) && is_open(704));
    CHECK(!wi_fd_close_pending());
    close(639);
    close(704);
}

/* What was marked is closed by a flush, with holes between; what wasn't is left alone. */
static void test_a_flush_closes_what_is_pending_and_nothing_else(void)
{
    open_range(640, 192);
    int marked = 0;
    for (int fd = 640; fd < 832; fd++)
        if (fd % 7 != 0 && fd % 11 != 5) {
            wi_fd_close_later(fd);
            marked++;
        }
    CHECK(wi_fd_close_pending());
    CHECK_EQ(count_open(640, 192), 192);
    CHECK_EQ(wi_fd_close_flush(), marked);
    for (int fd = 640; fd < 832; fd++)
        CHECK_EQ(is_open(fd), fd % 7 == 0 || fd % 11 == 5);
    CHECK(!wi_fd_close_pending());
    CHECK_EQ(wi_fd_close_flush(), 0);
    for (int fd = 640; fd < 832; fd++)
        close(fd);
}

/* Long-lived files in between must not make pending ones pile up: 1024 words never full would be 64,000 open files. */
static void test_pending_ones_stay_within_their_bound(void)
{
    int still_open = 0;
    for (int word = 10; word < 200; word++) {
        open_range(word * 64, 2);
        wi_fd_close_later(word * 64 + 1);
        still_open = 0;
        for (int marked = 10; marked <= word; marked++)
            still_open += is_open(marked * 64 + 1);
        CHECK(still_open <= WI_FD_CLOSE_PENDING_MAX / 64);
    }
    CHECK(still_open > 0);
    wi_fd_close_flush();
    CHECK_EQ(count_open(640, 200 * 64 - 640), 190);
    for (int word = 10; word < 200; word++)
        close(word * 64);
}

/* A number that comes back from the kernel can be marked again. */
static void test_a_number_can_be_closed_again_after_it_was_opened_again(void)
{
    for (int round = 0; round < 5; round++) {
        open_range(640, 64);
        for (int fd = 640; fd < 704; fd++)
            wi_fd_close_later(fd);
        CHECK_EQ(count_open(640, 64), 0);
    }
}

/* The bitmap has an end; past it a descriptor is closed there and then. And no descriptor at all is no harm. */
static void test_what_the_bitmap_has_no_bit_for_is_closed_at_once(void)
{
    wi_fd_close_later(-1);
    struct rlimit limit;
    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    const struct rlimit before = limit;
    limit.rlim_cur = 70000;
    if (limit.rlim_max < limit.rlim_cur)
        limit.rlim_max = limit.rlim_cur;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
        printf("skipped: no descriptors past 65535 for this user\n");
        return;
    }
    open_range(65535, 3);
    wi_fd_close_later(65536);
    wi_fd_close_later(65537);
    CHECK(!is_open(65536) && !is_open(65537) && is_open(65535));
    wi_fd_close_later(65535);
    CHECK_EQ(wi_fd_close_flush(), 1);
    CHECK(!is_open(65535));
    setrlimit(RLIMIT_NOFILE, &before);
}

static void deny_and_rerun(int error)
{
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) {
        if (!deny_syscall(SYS_close_range, error)) {
            printf("skipped: no seccomp filters\n");
            fflush(NULL);
            _exit(0);
        }
        test_a_full_word_is_closed_at_once();
        test_a_flush_closes_what_is_pending_and_nothing_else();
        _exit(0);
    }
    int status = -1;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
}

/* close_range came with Linux 5.9, and sandboxes refuse what they don't know, some with EPERM. */
static void test_without_close_range_each_is_closed_by_itself(void)
{
    deny_and_rerun(ENOSYS);
    deny_and_rerun(EPERM);
}

/* --- threads --------------------------------------------------------------------------- */

enum { THREADS = 4, ROUNDS = 8000 };
static int stop;

/*
 * Each thread has a file of its own. If any close hits a descriptor twice, it
 * hits, sooner or later, one that a thread has just opened: then that isn't its
 * file any more.
 */
static void *open_and_close(void *arg)
{
    const int own = *(int *)arg;
    struct stat wanted, got;
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", own);
    CHECK_EQ(fstat(own, &wanted), 0);
    for (int i = 0; i < ROUNDS; i++) {
        const int fd = open(path, O_RDONLY | O_CLOEXEC);
        CHECK(fd >= 0);
        CHECK_EQ(fstat(fd, &got), 0);
        CHECK(got.st_ino == wanted.st_ino && got.st_dev == wanted.st_dev);
        wi_fd_close_later(fd);
    }
    return NULL;
}

static void *flush_now_and_then(void *arg)
{
    (void)arg;
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        wi_fd_close_flush();
        usleep(100);
    }
    return NULL;
}

static void test_threads_close_each_descriptor_once(void)
{
    pthread_t threads[THREADS], flusher;
    int files[THREADS];
    const int before = count_open(0, 2000);
    for (int i = 0; i < THREADS; i++) {
        char name[] = "/tmp/weir-fdclose-XXXXXX";
        files[i] = mkstemp(name);
        CHECK(files[i] >= 0);
        unlink(name);
    }
    CHECK_EQ(pthread_create(&flusher, NULL, flush_now_and_then, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, open_and_close, &files[i]), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    pthread_join(flusher, NULL);
    for (int i = 0; i < THREADS; i++)
        close(files[i]);
    wi_fd_close_flush();
    CHECK(!wi_fd_close_pending());
    CHECK_EQ(count_open(0, 2000), before);
}

int main(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 16384) {
        limit.rlim_cur = limit.rlim_max < 16384 ? limit.rlim_max : 16384;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    RUN(test_a_full_word_is_closed_at_once);
    RUN(test_a_flush_closes_what_is_pending_and_nothing_else);
    RUN(test_pending_ones_stay_within_their_bound);
    RUN(test_a_number_can_be_closed_again_after_it_was_opened_again);
    RUN(test_what_the_bitmap_has_no_bit_for_is_closed_at_once);
    RUN(test_without_close_range_each_is_closed_by_itself);
    RUN(test_threads_close_each_descriptor_once);
    return check_done();
}
