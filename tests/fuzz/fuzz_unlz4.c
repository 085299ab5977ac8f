/* fuzz_unlz4.c - any bytes into the stage "unlz4". */
#include "fuzz_decoder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_decoder("unlz4", data, size);
    return 0;
}
