/*
 * test_power_cut.c - the power goes at any moment, and takes what wasn't synced, in any order: in the end each line is
 * in the outputs once.
 *
 * WRAPS: open openat pwrite write fsync fdatasync ftruncate rename renameat unlink unlinkat mkdir mkdirat
 * WITH: disk_log.c disk_image.c
 *
 * The calls of a run are logged. For each cut of that log, and each way of losing what wasn't synced, the directory
 * becomes what such a loss leaves; a run goes on from there, which may be cut in the same way, and the last one is left
 * alone. SEEDS=100 in the environment tries each cut so often (else some of them once); SEED=7 begins with another one,
 * SHAPE=rotate tries one only.
 */
#include "kept_rig.h"

enum { LINES = 2000, CUTS = 40 /* of a shape, where one seed is enough */ };

struct cutting {
    struct kept_rig *rig;
    const struct kept_shape *shape;
    weir_text wanted;
    size_t wanted_size; /* for kept_run() */
    unsigned cuts;
};

static uint64_t number_from(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text != NULL && *text != '\0' ? strtoull(text, NULL, 10) : otherwise;
}

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static struct disk_log logged_run(struct cutting *self, int *ret_error, weir_text *words)
{
    disk_log_begin(self->rig->out);
    *ret_error = kept_run(self->shape, self->shape->text, true, self->wanted_size, words);
    return disk_log_end();
}

static void print_log(const struct disk_log *log, size_t cut)
{
    for (size_t i = 0; i <= cut && i < log->count; i++) {
        const struct disk_entry *entry = &log->entries[i];
        fprintf(stderr, "  %3zu %-8s file %u %s%s%s at %llu, %zu bytes\n", i, disk_call_names[entry->call], entry->file,
                entry->name != NULL ? entry->name : "", entry->new_name != NULL ? " -> " : "",
                entry->new_name != NULL ? entry->new_name : "", (unsigned long long)entry->offset, entry->size);
    }
}

struct cut {
    const struct disk_log *log;
    size_t at;
    enum disk_loss loss;
    uint64_t seed;
    const struct cut *before;
};

/* What has to be done again to see it, and what was found. */
static void tell(const struct cutting *self, const struct cut *cut, int error, const weir_text *words,
                 const weir_text *got)
{
    fprintf(stderr, "%s: error %d: %.*s\n", self->shape->name, error, (int)words->size, words->data);
    for (; cut != NULL; cut = cut->before) {
        fprintf(stderr, " cut behind %zu of %zu calls, loses %s, seed %llu\n", cut->at, cut->log->count,
                disk_loss_names[cut->loss], (unsigned long long)cut->seed);
        print_log(cut->log, cut->at);
    }
    size_t same = 0;
    while (same < got->size && same < self->wanted.size && got->data[same] == self->wanted.data[same])
        same++;
    fprintf(stderr, "%zu bytes, not %zu; the first %zu are the same\n", got->size, self->wanted.size, same);
}

static void check_end(struct cutting *self, const struct cut *cut, int error, const weir_text *words)
{
    unsigned left = 0;
    weir_text got = kept_result(self->shape, &left);
    const bool is_right =
        error == 0 && left == 0 && got.size == self->wanted.size && memcmp(got.data, self->wanted.data, got.size) == 0;
    if (!is_right)
        tell(self, cut, error, words, &got);
    CHECK(is_right);
    weir_text_fini(&got);
    self->cuts++;
}

/* The directory becomes what the cut leaves; then it is run to its end, or (with `depth`) cut again on the way. */
static void try_cut(struct cutting *self, struct cut *cut, unsigned depth)
{
    weir_text words = { 0 };
    int error;
    disk_image_make(cut->log, cut->at, cut->loss, cut->seed);
    struct disk_log log = logged_run(self, &error, &words);
    check_end(self, cut, error, &words);
    if (depth > 0 && log.count > 0) {
        uint64_t seed = cut->seed | 1;
        struct cut next = { .log = &log,
                            .at = next_random(&seed) % (log.count < 40 ? log.count : 40), /* where a start mends */
                            .loss = (enum disk_loss)(next_random(&seed) % DISK_LOSSES),
                            .seed = next_random(&seed),
                            .before = cut };
        try_cut(self, &next, depth - 1);
    }
    disk_log_free(&log);
    weir_text_fini(&words);
}

static void cut_everywhere(struct cutting *self, const struct disk_log *log, uint64_t seeds)
{
    uint64_t seed = number_from("SEED", 1) * UINT64_C(0x9e3779b97f4a7c15) | 1;
    const uint64_t stride = seeds > 1 || log->count <= CUTS ? 1 : log->count / CUTS;
    for (uint64_t round = 0; round < seeds; round++)
        for (size_t at = 0; at <= log->count; at += stride) {
            struct cut cut = { .log = log,
                               .at = at,
                               .loss = (enum disk_loss)((at / stride + round) % DISK_LOSSES),
                               .seed = next_random(&seed) };
            try_cut(self, &cut, seeds > 1 ? 2 : 1 + (unsigned)(at / stride % 3 == 0));
        }
}

static void check_shape(const struct kept_shape *shape)
{
    struct kept_rig rig;
    struct cutting self = { .rig = &rig, .shape = shape };
    int error;
    weir_text words = { 0 };
    kept_rig_init(&rig);
    self.wanted = kept_wanted(&rig, shape, LINES);
    self.wanted_size = shape->follows ? self.wanted.size : 0;
    struct disk_log log = logged_run(&self, &error, &words);
    check_end(&self, NULL, error, &words);
    cut_everywhere(&self, &log, number_from("SEEDS", 1));
    fflush(stdout);
    printf("%s: %zu calls, %u cuts\n", shape->name, log.count, self.cuts);
    disk_log_free(&log);
    weir_text_fini(&self.wanted);
    weir_text_fini(&words);
    kept_rig_fini(&rig);
}

static void test_each_line_is_there_once_whenever_the_power_goes(void)
{
    const char *only = getenv("SHAPE");
    for (unsigned i = 0; i < KEPT_SHAPES; i++)
        if (only == NULL || strcmp(only, kept_shapes[i].name) == 0)
            check_shape(&kept_shapes[i]);
}

int main(void)
{
    RUN(test_each_line_is_there_once_whenever_the_power_goes);
    return check_done();
}
