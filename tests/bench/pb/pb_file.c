/* pb_file.c - whole files of 4 KiB out of the page cache, from $PB_FSDIR/f0 to f19999. */
#include "pb.h"

#include <fcntl.h>
#include <string.h>
#include <weir/slurp.h>

#define FILES 20000
#define FILE_BYTES 4096

#define PATH_BYTES 256

/* What the tasks of a run share: the next file, whoever comes first. */
struct files {
    uint64_t next, end;
};

static bool next_path(struct files *files, char *ret_path)
{
    const uint64_t next = __atomic_fetch_add(&files->next, 1, __ATOMIC_RELAXED);
    if (next >= files->end)
        return false;
    const int length = snprintf(ret_path, PATH_BYTES, "%s/f%u", getenv("PB_FSDIR"), (unsigned)(next % FILES));
    pb_check(length > 0 && length < PATH_BYTES);
    return true;
}

static void take_copy(const weir_slurp_slot *slot)
{
    pb_check(slot->result == FILE_BYTES);
    void *data = malloc(FILE_BYTES);
    pb_check(data != NULL);
    memcpy(data, slot->data, FILE_BYTES);
    __asm__ volatile("" : : "r"(data) : "memory");
    free(data);
}

/*
 * A slurp is libweir's way to read small files whole; `flight` of them at a time. What it has read is copied into
 * memory of the file's size, since that is what the peers hand out.
 */
WEIR_ASYNC(read_files, weir_unit, struct files *files; unsigned flight; weir_slurp *slurp;
           weir_slurp_next_future read; char path[PATH_BYTES];)
{
    WEIR_BEGIN
    pb_check(getenv("PB_FSDIR") != NULL);
    pb_check(weir_slurp_create(&(weir_slurp_options){ .slots = self->flight, .slot_bytes = 16384 }, &self->slurp) == 0);
    for (;;) {
        while (weir_slurp_free_slots(self->slurp) > 0 && next_path(self->files, self->path))
            pb_check(weir_slurp_start(self->slurp, cx, AT_FDCWD, self->path, NULL) == 0);
        AWAIT(self->read, weir_slurp_next(self->slurp));
        if (self->read.output == NULL)
            break; /* nothing is in flight any more */
        for (weir_slurp_slot *slot = self->read.output; slot != NULL; slot = weir_slurp_take(self->slurp)) {
            take_copy(slot);
            weir_slurp_put(slot);
        }
    }
    WEIR_FINALLY
    weir_slurp_destroy(self->slurp);
    WEIR_END
}

static void read_by_one(struct pb_run *run, uint64_t ops, unsigned flight)
{
    struct files files = { .end = ops };
    PB_RUN(run, WEIR_CALL(read_files, .files = &files, .flight = flight));
}

/* A slurp is one task's, so there is one for each of two workers, where the peers have a task for each in flight. */
#define READERS 2

WEIR_ASYNC(read_in_two, weir_unit, struct files files; unsigned flight; unsigned i; weir_join_handle handles[READERS];
           weir_join_future join;)
{
    WEIR_BEGIN
    for (unsigned i = 0; i < READERS; i++)
        self->handles[i] = weir_spawn(WEIR_CALL(read_files, .files = &self->files, .flight = self->flight / READERS));
    for (self->i = 0; self->i < READERS; self->i++) {
        AWAIT(self->join, weir_join(self->handles[self->i], NULL));
        pb_check(self->join.output == 0);
    }
    WEIR_FINALLY
    WEIR_END
}

static void fs_read_seq(struct pb_run *run, uint64_t ops)
{
    read_by_one(run, ops, 1);
}

static void fs_read_par64(struct pb_run *run, uint64_t ops)
{
    if (weir_runtime_workers(run->runtime) < READERS)
        read_by_one(run, ops, 64);
    else
        PB_RUN(run, WEIR_CALL(read_in_two, .flight = 64, .files = { .end = ops }));
}

const struct pb_workload pb_file_workloads[] = {
    { "fs_read_seq", 20000, 1, false, fs_read_seq },
    { "fs_read_par64", 20000, 1, false, fs_read_par64 },
    { 0 },
};
