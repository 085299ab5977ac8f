/*
 * test_hashing.c - the hashing job as a whole: what bounds its memory, and what it says of files that are not as they
 * were.
 * WRAPS: fsync
 */
#include "hash_rig.h"

#include <sys/stat.h>

/*
 * With no room ahead of the output only what the emitter waits for is read. A
 * directory that is larger than all the room was once the end: nobody told the
 * emitter that there was no other root.
 */
static void test_the_smallest_room_ahead_is_enough(void)
{
    for (int rings = 0; rings < RINGS; rings++)
        for (unsigned workers = 0; workers <= 3 && hash_has_ring(rings); workers++)
            for (size_t i = 0; i < HASH_CASES; i++) {
                struct hash_run run = { .rings = rings, .workers = workers, .ahead_max = 1 };
                const int error = hash_rig_run(&hash_cases[i], &run);
                CHECK_EQ(error, 0);
                CHECK_EQ(hash_rig.reports.count, 0);
                hash_rig_check(&hash_cases[i], error);
            }
}

int main(void)
{
    hash_rig_init();
    RUN(test_the_smallest_room_ahead_is_enough);
    hash_rig_fini();
    return check_done();
}
