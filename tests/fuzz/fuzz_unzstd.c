/* fuzz_unzstd.c - any bytes into the stage "unzstd". */
#include "fuzz_decoder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_decoder("unzstd", data, size);
    return 0;
}
