/*
 * test_write_errors.c - a disk that says EIO or ENOSPC to any call of a run with a state: it is told, and the next run
 * has each line once in its outputs, also when the power goes in between.
 *
 * WRAPS: open openat pwrite write fsync fdatasync ftruncate rename renameat unlink unlinkat mkdir mkdirat
 * WITH: disk_log.c disk_image.c
 *
 * A sync that fails has dropped what wasn't on the disk, as the kernel's does: no later one brings it there.
 */
#include <errno.h>

#include "kept_rig.h"

enum { LINES = 600, NTH_MAX = 12 /* of each call, where there are more they are taken at intervals */ };

struct failing {
    struct kept_rig *rig;
    const struct kept_shape *shape;
    weir_text wanted;
    enum disk_call call;
    unsigned nth;
    int error;
    unsigned told, borne; /* runs that failed, and that went on */
};

static int run_it(const struct failing *self, weir_text *words)
{
    return kept_run(self->shape, self->shape->text, true, self->shape->follows ? self->wanted.size : 0, words);
}

static void check_result(const struct failing *self, const char *when, int error, const weir_text *words)
{
    unsigned left = 0;
    weir_text got = kept_result(self->shape, &left);
    const bool is_right =
        error == 0 && left == 0 && got.size == self->wanted.size && memcmp(got.data, self->wanted.data, got.size) == 0;
    if (!is_right)
        fprintf(stderr, "%s, %s %u fails with %s: %s: error %d, %zu bytes and not %zu, %u left: %.*s\n",
                self->shape->name, disk_call_names[self->call], self->nth, strerror(self->error), when, error, got.size,
                self->wanted.size, left, (int)words->size, words->data);
    CHECK(is_right);
    weir_text_fini(&got);
}

/* The run that meets it; then one that meets no other. */
static void fail_once(struct failing *self, bool loses_power)
{
    weir_text words = { 0 }, later = { 0 };
    kept_rig_clear(self->rig, self->shape, LINES);
    disk_log_begin(self->rig->out);
    disk_log_fail(self->call, self->nth, self->error);
    const int error = run_it(self, &words);
    struct disk_log log = disk_log_end();
    if (error == 0) {
        self->borne++;
        check_result(self, "it isn't told", error, &words);
    } else {
        self->told++;
        CHECK(words.size > 0);
    }
    if (loses_power)
        disk_image_make(&log, log.count, (enum disk_loss)((self->nth + self->call) % DISK_LOSSES), self->nth);
    disk_log_begin(self->rig->out);
    const int again = run_it(self, &later);
    check_result(self, loses_power ? "after a loss of power" : "the next run", again, &later);
    struct disk_log second = disk_log_end();
    disk_log_free(&second);
    disk_log_free(&log);
    weir_text_fini(&words);
    weir_text_fini(&later);
}

static unsigned count_calls(struct failing *self)
{
    kept_rig_clear(self->rig, self->shape, LINES);
    disk_log_begin(self->rig->out);
    disk_log_fail(self->call, UINT32_MAX, EIO);
    CHECK_EQ(run_it(self, NULL), 0);
    const unsigned count = disk_log_seen();
    struct disk_log log = disk_log_end();
    disk_log_free(&log);
    return count;
}

static void check_call(struct failing *self)
{
    const unsigned count = count_calls(self), step = count > NTH_MAX ? count / NTH_MAX : 1;
    for (self->nth = 1; self->nth <= count; self->nth += step) {
        self->error = self->nth / step % 2 == 0 ? ENOSPC : EIO;
        fail_once(self, self->nth / step % 3 == 0);
    }
}

static void check_shape(const struct kept_shape *shape)
{
    struct kept_rig rig;
    struct failing self = { .rig = &rig, .shape = shape };
    kept_rig_init(&rig);
    self.wanted = kept_wanted(&rig, shape, LINES);
    for (unsigned call = 0; call < DISK_CALLS; call++) {
        self.call = (enum disk_call)call;
        check_call(&self);
    }
    printf("%s: %u told, %u borne\n", shape->name, self.told, self.borne);
    CHECK(self.told > self.borne);
    weir_text_fini(&self.wanted);
    kept_rig_fini(&rig);
}

static void test_what_fails_is_told_and_the_next_run_has_each_line_once(void)
{
    const char *only = getenv("SHAPE");
    for (unsigned i = 0; i < KEPT_SHAPES; i++)
        if (only == NULL || strcmp(only, kept_shapes[i].name) == 0)
            check_shape(&kept_shapes[i]);
}

int main(void)
{
    RUN(test_what_fails_is_told_and_the_next_run_has_each_line_once);
    return check_done();
}
