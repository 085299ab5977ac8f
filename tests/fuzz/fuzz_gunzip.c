/* fuzz_gunzip.c - any bytes into the stage "gunzip". */
#include "fuzz_decoder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_decoder("gunzip", data, size);
    return 0;
}
