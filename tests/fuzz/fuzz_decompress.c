/* fuzz_decompress.c - any bytes into the stage "decompress". */
#include "fuzz_decoder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_decoder("decompress", data, size);
    return 0;
}
