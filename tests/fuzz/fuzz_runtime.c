/*
 * fuzz_runtime.c - bytes are a program of runtime calls (tests/support/sim_program.h): the first eight the seed of the
 * scheduler, the clock and the ring, the others what the tasks do. The model beside it ends the process where something
 * doesn't hold.
 */
#include <string.h>

#include "sim_program.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t seed = 0;
    struct sim_coverage coverage = { 0 };
    if (size < sizeof seed)
        return -1; /* not worth a place in the corpus */
    memcpy(&seed, data, sizeof seed);
    sim_program_run(data + sizeof seed, size - sizeof seed, seed, &coverage);
    return 0;
}
