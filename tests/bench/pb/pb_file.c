/* pb_file.c - whole files of 4 KiB out of the page cache, from $PB_FSDIR/f0 to f19999. */
#include "pb.h"

#include <fcntl.h>
#include <string.h>
#include <weir/slurp.h>

#define FILES 20000
#define FILE_BYTES 4096

#define PATH_BYTES 256

static bool next_path(uint64_t *next, uint64_t end, char *ret_path)
{
    if (*next == end)
        return false;
    const int length = snprintf(ret_path, PATH_BYTES, "%s/f%u", getenv("PB_FSDIR"), (unsigned)((*next)++ % FILES));
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
WEIR_ASYNC(read_files, weir_unit, unsigned flight; uint64_t next; uint64_t end; uint64_t done; weir_slurp *slurp;
           weir_slurp_next_future read; char path[PATH_BYTES];)
{
    WEIR_BEGIN
    pb_check(getenv("PB_FSDIR") != NULL);
    pb_check(weir_slurp_create(&(weir_slurp_options){ .slots = self->flight, .slot_bytes = 16384 }, &self->slurp) == 0);
    while (self->done < self->end) {
        while (weir_slurp_free_slots(self->slurp) > 0 && next_path(&self->next, self->end, self->path))
            pb_check(weir_slurp_start(self->slurp, cx, AT_FDCWD, self->path, NULL) == 0);
        AWAIT(self->read, weir_slurp_next(self->slurp));
        for (weir_slurp_slot *slot = self->read.output; slot != NULL; slot = weir_slurp_take(self->slurp)) {
            take_copy(slot);
            weir_slurp_put(slot);
            self->done++;
        }
    }
    WEIR_FINALLY
    weir_slurp_destroy(self->slurp);
    WEIR_END
}

static void fs_read_seq(struct pb_run *run, uint64_t ops)
{
    PB_RUN(run, WEIR_CALL(read_files, .flight = 1, .end = ops));
}

static void fs_read_par64(struct pb_run *run, uint64_t ops)
{
    PB_RUN(run, WEIR_CALL(read_files, .flight = 64, .end = ops));
}

const struct pb_workload pb_file_workloads[] = {
    { "fs_read_seq", 20000, 1, false, fs_read_seq },
    { "fs_read_par64", 20000, 1, false, fs_read_par64 },
    { 0 },
};
