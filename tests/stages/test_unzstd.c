/* test_unzstd.c - stage "unzstd", fed with what "zstd" makes. */
#include "decoder_promises.h"

int main(void)
{
    return decoder_promises("zstd", "unzstd");
}
