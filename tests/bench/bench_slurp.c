/*
 * bench_slurp.c - files a second on one thread: bench_slurp DIR [slots] [runs] [uring|epoll|plain].
 *
 * Lists the tree first, then reads every file of it (as much as fits 64 KiB):
 * by a slurp on a current-thread runtime with io_uring, the same with epoll, and
 * by plain openat, read, close. Prints the best run of each. Nothing is hashed.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include <weir/io.h>
#include <weir/runtime.h>
#include <weir/slurp.h>

enum { SLOT_BYTES = 65536 };

struct file {
    int dirfd;
    const char *name;
};

static struct file *files;
static size_t file_count, file_room;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void add_file(int dirfd, const char *name)
{
    if (file_count == file_room) {
        file_room = file_room * 2 + 1024;
        files = realloc(files, file_room * sizeof files[0]);
        if (files == NULL)
            exit(1);
    }
    files[file_count++] = (struct file){ dirfd, strdup(name) };
}

static void list(int parent, const char *name)
{
    const int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (dir == NULL) {
        perror(name);
        return;
    }
    struct dirent *entry;
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_type == DT_REG)
            add_file(fd, entry->d_name);
        else if (entry->d_type == DT_DIR && strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            list(fd, entry->d_name);
    }
    /* The directory stays open: names are relative to it. */
}

struct totals {
    int64_t bytes, errors;
};

WEIR_ASYNC(slurp_all, struct totals, unsigned slots; weir_slurp *slurp; size_t at; int error;
           weir_slurp_next_future next; weir_slurp_slot *slot;)
{
    WEIR_BEGIN
    self->error =
        weir_slurp_create(&(weir_slurp_options){ .slots = self->slots, .slot_bytes = SLOT_BYTES }, &self->slurp);
    while (self->error == 0) {
        for (; self->at < file_count && weir_slurp_free_slots(self->slurp) > 0 && self->error == 0; self->at++)
            self->error = weir_slurp_start(self->slurp, cx, files[self->at].dirfd, files[self->at].name, NULL);
        AWAIT(self->next, weir_slurp_next(self->slurp));
        if (self->next.output == NULL)
            break;
        for (self->slot = self->next.output; self->slot != NULL; self->slot = weir_slurp_take(self->slurp)) {
            if (self->slot->result < 0)
                self->output.errors++;
            else
                self->output.bytes += self->slot->result;
            weir_slurp_put(self->slot);
        }
    }
    WEIR_FINALLY
    weir_slurp_destroy(self->slurp);
    WEIR_END
}

static void report(const char *name, double seconds, struct totals totals)
{
    printf("%-10s %8.3f s %10.0f files/s %6.0f ns/file  %lld bytes, %lld errors\n", name, seconds,
           (double)file_count / seconds, seconds * 1e9 / (double)file_count, (long long)totals.bytes,
           (long long)totals.errors);
}

static void bench_slurp(weir_io_mode mode, unsigned slots, int runs)
{
    weir_io_options io = weir_io_defaults();
    io.mode = mode;
    weir_driver_factory drivers = weir_io_drivers(&io);
    weir_runtime_options options = weir_runtime_current_thread();
    options.drivers = &drivers;
    weir_runtime *runtime;
    const int error = weir_runtime_create(&options, &runtime);
    if (error != 0) {
        printf("no runtime: %s\n", strerror(-error));
        return;
    }
    double best = 1e9;
    struct totals totals = { 0, 0 };
    for (int run = 0; run < runs; run++) {
        const double start = now();
        if (weir_block_on(runtime, WEIR_CALL(slurp_all, .slots = slots), &totals) != 0)
            exit(1);
        const double seconds = now() - start;
        best = seconds < best ? seconds : best;
    }
    report(weir_io_backend(&io), best, totals);
    weir_runtime_destroy(runtime);
}

static void bench_plain(int runs)
{
    char *buffer = malloc(SLOT_BYTES);
    double best = 1e9;
    struct totals totals = { 0, 0 };
    for (int run = 0; run < runs && buffer != NULL; run++) {
        totals = (struct totals){ 0, 0 };
        const double start = now();
        for (size_t i = 0; i < file_count; i++) {
            const int fd = openat(files[i].dirfd, files[i].name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
            const ssize_t got = fd < 0 ? -1 : read(fd, buffer, SLOT_BYTES);
            if (got < 0)
                totals.errors++;
            else
                totals.bytes += got;
            if (fd >= 0)
                close(fd);
        }
        const double seconds = now() - start;
        best = seconds < best ? seconds : best;
    }
    free(buffer);
    report("plain", best, totals);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: bench_slurp DIR [slots] [runs] [uring|epoll|plain]\n");
        return 2;
    }
    const unsigned slots = argc > 2 ? (unsigned)atoi(argv[2]) : 64;
    const int runs = argc > 3 ? atoi(argv[3]) : 3;
    const char *only = argc > 4 ? argv[4] : NULL;
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) { /* a descriptor a directory */
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    list(AT_FDCWD, argv[1]);
    if (file_count == 0)
        return 1;
    if (only == NULL || strcmp(only, "uring") == 0)
        bench_slurp(WEIR_IO_URING, slots, runs);
    if (only == NULL || strcmp(only, "epoll") == 0)
        bench_slurp(WEIR_IO_EPOLL, slots, runs);
    if (only == NULL || strcmp(only, "plain") == 0)
        bench_plain(runs);
    return 0;
}
